"""One microstep: which rows fire, what they leave, what they enter.

Two phases. Selection looks at one frozen picture and runs no action; then exits, `do` lists and entries run in document
order. Conflicts between regions are resolved before anything moves: descendant first, then document order; under the
`lca` rule a parallel state may be the common ancestor and its other regions stay untouched.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from wanctl.engine.evaluate import EvaluationError
from wanctl.engine.model import Model, State
from wanctl.engine.record import Transition

if TYPE_CHECKING:
    from wanctl.engine.machine import Machine
    from wanctl.engine.program import Kind, LiveRow


def select(machine: "Machine", kind: "Kind", event: str = "") -> list["LiveRow"]:
    """The rows that are true: for each active leaf in document order the nearest state that has one.

    A guard is evaluated at most once, rows behind the winner not at all.
    """
    answers: dict[int, LiveRow | None] = {}
    found: list[LiveRow] = []
    for chain in machine.plan.asked[kind]:
        for index in chain:
            if index not in answers:
                answers[index] = _first_true(machine, _rows(machine, index, kind, event))
            row = answers[index]
            if row is not None:
                if row not in found:
                    found.append(row)
                break
    return found


def _rows(machine: "Machine", index: int, kind: "Kind", event: str) -> Iterable["LiveRow"]:
    live = machine.program.states[index]
    if kind == "tick":
        return live.ticks
    if kind == "always":
        return live.always
    return _matching(live.events, event)


def _matching(events: tuple[tuple[tuple[str, ...], tuple["LiveRow", ...]], ...], event: str) -> Iterator["LiveRow"]:
    words = tuple(event.split("."))
    for descriptor, rows in events:
        if words[: len(descriptor)] == descriptor:
            yield from rows


def _first_true(machine: "Machine", rows: Iterable["LiveRow"]) -> "LiveRow | None":
    for row in rows:
        if is_true(machine, row):
            return row
    return None


def is_true(machine: "Machine", row: "LiveRow") -> bool:
    """Whether a row may fire now: its cooldown is over, and its hold or its guard says so."""
    if machine.ready[row.index] > machine.now_ns:
        return False
    if row.held:
        return _hold_is_true(machine, row)
    return row.guard is None or guard_holds(machine, row)


def guard_holds(machine: "Machine", row: "LiveRow") -> bool:
    """The guard's value; a failing guard counts as false and leaves `error.execution` behind."""
    if row.guard is None:
        return True
    try:
        return row.guard(machine)
    except EvaluationError as error:
        machine.fail("when", str(error))
        return False


def _hold_is_true(machine: "Machine", row: "LiveRow") -> bool:
    value = machine.holds[row.index]
    if row.window:
        return value.bit_count() >= row.hold_ticks
    if row.hold_ticks:
        return value >= row.hold_ticks
    return value >= 0 and machine.now_ns - value >= row.hold_ns


def observe(machine: "Machine") -> None:
    """Let every row with a hold of every active state observe its guard once (the general way)."""
    for index, on in enumerate(machine.active):
        if not on:
            continue
        for row in machine.program.states[index].holds:
            seen = guard_holds(machine, row)
            value = machine.holds[row.index]
            if row.window:
                value = (value << 1 | seen) & ((1 << row.window) - 1)
            elif row.hold_ticks:
                value = value + 1 if seen else 0
            else:
                value = (value if value >= 0 else machine.now_ns) if seen else -1
            machine.holds[row.index] = value


def hold_start(row: "LiveRow") -> int:
    """The value of a hold that has seen nothing yet."""
    return -1 if row.hold_ns >= 0 else 0


# -- what a row leaves -----------------------------------------------------------------------------------------------


class Move:
    """A selected row with its effective targets, its domain and the states it would leave."""

    __slots__ = ("domain", "leaves", "row", "targets")

    def __init__(self, machine: "Machine", row: "LiveRow") -> None:
        self.row = row
        self.targets = tuple(effective_targets(machine, row.row.targets))
        self.domain = -1
        self.leaves: frozenset[int] = frozenset()
        if self.targets:
            self.domain = _domain(machine.model, row, self.targets)
            self.leaves = frozenset(_left(machine, row, self.targets, self.domain))


def effective_targets(machine: "Machine", targets: Iterable[int]) -> Iterator[int]:
    """Targets with a history standing for the states it would restore."""
    for target in targets:
        state = machine.model.states[target]
        if state.kind != "history":
            yield target
            continue
        recorded = machine.history.get(target)
        if recorded is not None:
            yield from recorded
        else:
            yield from effective_targets(machine, state.initial)


def _domain(model: Model, row: "LiveRow", targets: tuple[int, ...]) -> int:
    source = model.states[row.state]
    may_stay = source.kind == "compound" or (source.kind == "parallel" and model.conflicts == "lca")
    if row.row.internal and may_stay and all(model.is_below(target, source.index) for target in targets):
        return source.index
    for ancestor in model.ancestors(source.index):
        passed_over = model.states[ancestor].kind == "parallel" and model.conflicts == "scxml" and ancestor != 0
        if not passed_over and all(model.is_below(target, ancestor) for target in targets):
            return ancestor
    return 0  # the machine is the domain of its own rows


def _left(machine: "Machine", row: "LiveRow", targets: tuple[int, ...], domain: int) -> Iterator[int]:
    model = machine.model
    state = model.states[domain]
    spans = [(domain + 1, state.last)]
    if state.kind == "parallel" and model.conflicts == "lca":
        spans = []
        for region in state.children:
            last = model.states[region].last
            if any(region <= index <= last for index in (row.state, *targets)):
                spans.append((region, last))
    for first, last in spans:
        for index in range(first, last + 1):
            if machine.active[index]:
                yield index


def without_conflicts(machine: "Machine", rows: list["LiveRow"]) -> list[Move]:
    """The rows that may fire together, in selection order."""
    accepted: list[Move] = []
    for row in rows:
        move = Move(machine, row)
        rivals = [other for other in accepted if other.leaves & move.leaves]
        if all(machine.model.is_below(row.state, other.row.state) for other in rivals):
            accepted = [other for other in accepted if other not in rivals]
            accepted.append(move)
    return accepted


# -- the step --------------------------------------------------------------------------------------------------------


def microstep(machine: "Machine", rows: list["LiveRow"], event: str) -> None:
    """Fire the selected rows together: exits, `do` lists, entries, done events, records."""
    moves = without_conflicts(machine, rows)
    seen = [_values(machine, move.row) for move in moves]  # before any action changes them
    intents_before = len(machine.intents)
    leaving = sorted({index for move in moves for index in move.leaves}, reverse=True)
    exit_states(machine, leaving)
    for move in moves:
        row = move.row
        machine.fired.add(row.state)
        if row.held:
            machine.holds[row.index] = hold_start(row)
        if row.cooldown_ns:
            machine.ready[row.index] = machine.now_ns + row.cooldown_ns
        row.do(machine)
    entering = entry_set(machine, moves)
    enter_states(machine, entering)
    if leaving or entering:
        machine.settle(leaving, entering)
    names = tuple(intent.action for intent in machine.intents[intents_before:])
    for move, (values, margins) in zip(moves, seen, strict=True):
        machine.record(_transition(machine, move, event, values, margins, leaving, entering, names))


def exit_states(machine: "Machine", leaving: list[int]) -> None:
    """Leave states, innermost and last in document order first; histories are recorded before the first exit."""
    states = machine.model.states
    for index in leaving:
        for child in states[index].children:
            if states[child].kind == "history":
                machine.history[child] = tuple(_recorded(machine, states[index], deep=states[child].deep))
    for index in leaving:
        machine.program.states[index].exit(machine)
        machine.active[index] = False
        machine.forget(index)


def _recorded(machine: "Machine", state: State, *, deep: bool) -> Iterator[int]:
    if not deep:
        yield from (child for child in state.children if machine.active[child])
        return
    for index in range(state.index + 1, state.last + 1):
        if machine.active[index] and machine.model.states[index].kind in ("atomic", "final"):
            yield index


def entry_set(machine: "Machine", moves: Iterable[Move]) -> list[int]:
    """The states to enter, in document order: the targets, the way to them, and everything by default below."""
    wanted: set[int] = set()
    moving = [move for move in moves if move.targets]
    for move in moving:
        # Asked again: a history whose parent has just been left knows more than before.
        for target in effective_targets(machine, move.row.row.targets):
            _add_way(machine.model, target, move.domain, wanted)
    for move in moving:  # defaults last: another row of this step may have chosen a way into the same domain
        _complete(machine, move.domain, wanted)
    return sorted(wanted)


def initial_set(machine: "Machine") -> list[int]:
    """The states to enter at the start."""
    wanted: set[int] = set()
    _complete(machine, 0, wanted)
    return sorted(wanted)


def _add_way(model: Model, target: int, top: int, wanted: set[int]) -> None:
    """Add a state and its ancestors below `top`."""
    while target != top:
        wanted.add(target)
        target = model.states[target].parent


def _complete(machine: "Machine", index: int, wanted: set[int]) -> None:
    """Add what lies below a state that is or will be active and has no way chosen yet."""
    model = machine.model
    state = model.states[index]
    if state.kind == "compound":
        if not any(child in wanted for child in state.children):
            for target in effective_targets(machine, state.initial):
                _add_way(model, target, index, wanted)
        for child in state.children:
            if child in wanted:
                _complete(machine, child, wanted)
    elif state.kind == "parallel":
        for region in state.children:
            if model.states[region].kind == "history" or (machine.active[region] and region not in wanted):
                continue  # an untouched region
            wanted.add(region)
            _complete(machine, region, wanted)


def enter_states(machine: "Machine", entering: list[int]) -> None:
    """Enter states in document order; a final state tells its parents."""
    for index in entering:
        machine.active[index] = True
        machine.begin(index)
        machine.program.states[index].entry(machine)
        if machine.model.states[index].kind == "final":
            _done(machine, machine.model.states[index].parent)


def _done(machine: "Machine", index: int) -> None:
    states = machine.model.states
    if index == 0:
        machine.end()
        return
    _raise_done(machine, states[index])
    index = states[index].parent
    while index > 0 and states[index].kind == "parallel" and is_done(machine, index):
        _raise_done(machine, states[index])
        index = states[index].parent


def _raise_done(machine: "Machine", state: State) -> None:
    machine.enqueue(f"done.state.{state.name}", {"state": state.path})


def is_done(machine: "Machine", index: int) -> bool:
    """A compound state is done when a final child is active, a parallel one when all its regions are."""
    states = machine.model.states
    children = states[index].children
    if states[index].kind == "parallel":
        return all(is_done(machine, child) for child in children if states[child].kind != "history")
    return any(machine.active[child] and states[child].kind == "final" for child in children)


# -- records ---------------------------------------------------------------------------------------------------------

_Seen = tuple[tuple[tuple[str, object], ...], tuple[tuple[str, float], ...]]


def _values(machine: "Machine", row: "LiveRow") -> _Seen:
    values, params = machine.values, machine.program.params
    read = tuple((s.name, params[s.name] if s.role == "param" else values[s.name]) for s in row.reads)
    margins = []
    for written, left, right in row.margins:
        try:
            one, two = left(machine), right(machine)
        except EvaluationError:
            continue
        if isinstance(one, int | float) and isinstance(two, int | float):
            margins.append((written, one - two))
    return read, tuple(margins)


def _transition(
    machine: "Machine",
    move: Move,
    event: str,
    values: tuple[tuple[str, object], ...],
    margins: tuple[tuple[str, float], ...],
    leaving: list[int],
    entering: list[int],
    actions: tuple[str, ...],
) -> Transition:
    states, row = machine.model.states, move.row.row
    below = range(move.domain + 1, states[max(move.domain, 0)].last + 1) if move.targets else range(0)
    guard = row.guard_text
    if row.hold_text:
        guard = f"{guard} {row.hold_text}".strip()
    return Transition(
        machine.now_ns,
        machine.name,
        row.id,
        event or row.trigger,
        states[row.state].path,
        tuple(states[target].path for target in row.targets),
        guard,
        row.why,
        values,  # type: ignore[arg-type]
        margins,
        tuple(states[index].path for index in leaving if index in move.leaves),
        tuple(states[index].path for index in entering if index in below),
        actions,
    )
