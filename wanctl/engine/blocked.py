"""What keeps a machine where it is: for each row of its active states, what is missing until it fires.

`Still.of` copies a machine's memory, which is quick; `blocked` then works on the copy, so that a thread that has time
can do it while the machine goes on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from wanctl.engine.evaluate import EvaluationError, Event, evaluator, truth
from wanctl.engine.expression import Active, Compare, Constant, Expr, Known, Logic, Name, is_constant, text
from wanctl.engine.machine import Machine
from wanctl.engine.program import LiveRow, Program
from wanctl.engine.record import Value
from wanctl.engine.unit import format_quantity

MOST_ALTERNATIVES = 8  # of one guard; those with the fewest needs are told
_INVERSE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


class Need(NamedTuple):
    """One part of a guard that is not yet as the row needs it."""

    text: str  # "delta > hard (80 ms)"
    now: str  # "52.4 ms", "no", "unknown"
    margin: float | None = None  # of a comparison of numbers: left side minus right side, in canonical units


class Held(NamedTuple):
    """How much of a hold has passed: nanoseconds, or observations (`window` > 0: of the last so many)."""

    done: int
    needed: int
    counts_ticks: bool
    window: int = 0


class Blocked(NamedTuple):
    """One row of an active state."""

    row: str  # "download.GREEN#2"
    source: str
    targets: tuple[str, ...]  # empty: it stays and acts
    trigger: str  # "tick", an event's name, "always", or "after 10s"
    guard: str  # as written with its hold, "" when there is none
    why: str
    needs: tuple[tuple[Need, ...], ...]  # one of these alternatives has to come true; empty: the guard is true now
    held: Held | None
    cooldown_ns: int  # what is left of it
    due_ns: int | None  # of a row under `after`: how long until it is tried


@dataclass(frozen=True, slots=True)
class Still:
    """The memory of a running machine at one moment. It reads like the machine, and nothing changes it."""

    name: str
    program: Program
    now_ns: int
    values: dict[str, Value]  # inputs and data
    active: list[bool]
    entered_ns: list[int]
    holds: list[int]
    ready: list[int]
    timers: Mapping[tuple[int, int], int]  # state, number of its timer: when it is due
    current_event: Event | None = None

    @staticmethod
    def of(machine: Machine) -> "Still":
        """A copy of what the machine remembers, with its inputs as they are now."""
        inputs = {name: getattr(machine.inputs, name) for name in machine.model.inputs}
        return Still(
            machine.name,
            machine.program,
            machine.now_ns,
            {**machine.values, **inputs},
            list(machine.active),
            list(machine.entered_ns),
            list(machine.holds),
            list(machine.ready),
            {(entry.state, entry.timer): entry.due_ns for entry in machine.pending if entry.event is None},
        )


def blocked(still: Still) -> tuple[Blocked, ...]:
    """Every row of every active state, in document order, with what is missing until it fires."""
    program = still.program
    found = []
    for state in program.model.states:
        if still.active[state.index]:
            due = _due(still, state.index)
            found += [_blocked(still, program.rows[row.index], due.get(row.index)) for row in state.rows()]
    return tuple(found)


def _due(still: Still, state: int) -> dict[int, int]:
    """How long until each row under `after` is tried, by the row's index; one whose time has passed is not in it."""
    found: dict[int, int] = {}
    for number, (_, rows) in enumerate(still.program.states[state].timers):
        due_ns = still.timers.get((state, number))
        if due_ns is not None:
            found |= {row.index: max(0, due_ns - still.now_ns) for row in rows}
    return found


def _blocked(still: Still, live: LiveRow, due_ns: int | None) -> Blocked:
    row, states = live.row, still.program.model.states
    needs = [()] if row.guard is None else _needs(still, row.guard, wanted=True)
    return Blocked(
        row.id,
        states[row.state].path,
        tuple(states[target].path for target in row.targets),
        row.trigger,
        f"{row.guard_text} {row.hold_text}".strip(),
        row.why,
        () if () in needs else tuple(needs),
        _held(still, live) if live.held else None,
        max(0, still.ready[live.index] - still.now_ns),
        due_ns,
    )


def _held(still: Still, row: LiveRow) -> Held:
    value = still.holds[row.index]
    if row.window:
        return Held(value.bit_count(), row.hold_ticks, counts_ticks=True, window=row.window)
    if row.hold_ticks:
        return Held(min(value, row.hold_ticks), row.hold_ticks, counts_ticks=True)
    return Held(min(still.now_ns - value, row.hold_ns) if value >= 0 else 0, row.hold_ns, counts_ticks=False)


# -- what is missing ---------------------------------------------------------------------------------------------------

_Alternatives = list[tuple[Need, ...]]


def _needs(still: Still, expr: Expr, *, wanted: bool) -> _Alternatives:
    """The ways to make `expr` as wanted, the shortest first; an empty one among them: it is so already."""
    match expr:
        case Name(symbol) if symbol.definition is not None:
            return _needs(still, symbol.definition, wanted=wanted)
        case Logic("not", (operand,)):
            return _needs(still, operand, wanted=not wanted)
        case Logic(operator, operands):
            parts = [_needs(still, operand, wanted=wanted) for operand in operands]
            if (operator == "and") != wanted:
                return _shortest(way for part in parts for way in part)
            ways: _Alternatives = [()]
            for part in parts:  # cut down at each step: a long guard must not make millions of them
                ways = _shortest(tuple(dict.fromkeys(one + two)) for one, two in product(ways, part))
            return ways
        case Compare() if wanted or len(expr.operators) == 1:
            pairs = [_pair(still, left, operator, right, wanted) for left, operator, right in expr.pairs()]
            return [tuple(need for need in pairs if need is not None)]
        case _:
            need = _word(still, expr, wanted)
            return [() if need is None else (need,)]


def _shortest(ways: Iterator[tuple[Need, ...]]) -> _Alternatives:
    return sorted(dict.fromkeys(ways), key=len)[:MOST_ALTERNATIVES]


def _pair(still: Still, left: Expr, operator: str, right: Expr, wanted: bool) -> Need | None:
    """One comparison; None when it is as wanted."""
    if _is_true(still, Compare((left, right), (operator,))) == wanted:
        return None
    subject, other = (right, left) if is_constant(left) and not is_constant(right) else (left, right)
    one, two = _value(still, left), _value(still, right)
    numbers = isinstance(one, int | float) and isinstance(two, int | float)
    shown = {id(subject): text(subject, 5), id(other): _with_value(still, other)}
    return Need(
        f"{shown[id(left)]} {operator if wanted else _INVERSE[operator]} {shown[id(right)]}",
        _written(_value(still, subject), subject.dimension or other.dimension),
        one - two if numbers else None,  # type: ignore[operator]
    )


def _word(still: Still, expr: Expr, wanted: bool) -> Need | None:
    """Anything else that is true or false; None when it is as wanted."""
    if _is_true(still, expr) == wanted:
        return None
    asked = expr.operand if isinstance(expr, Known) else expr
    now = "" if isinstance(expr, Active) else _written(_value(still, asked), asked.dimension)
    return Need(text(expr) if wanted else f"not {text(expr, 3)}", now or ("no" if wanted else "yes"))


def _with_value(still: Still, expr: Expr) -> str:
    """An operand with what it is worth now: `hard (80 ms)`."""
    if isinstance(expr, Constant):
        return text(expr, 5)
    return f"{text(expr, 5)} ({_written(_value(still, expr), expr.dimension)})"


def _value(still: Still, expr: Expr) -> Value:
    """The value now; a text that says so where there is none because something is wrong."""
    try:
        return evaluator(expr, still.program.params)(still)
    except EvaluationError as error:
        return f"nothing: {error}"


def _is_true(still: Still, expr: Expr) -> bool:
    try:
        return truth(evaluator(expr, still.program.params)(still))
    except EvaluationError:
        return False  # as the step takes it


def _written(value: Value, dimension: str) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format_quantity(float(value), dimension) if isinstance(value, int | float) else value


__all__ = ["Blocked", "Held", "Need", "Still", "blocked"]
