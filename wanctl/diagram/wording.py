"""The words of a diagram: rows, actions and tooltips as people read them, the way the machine's file has them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from wanctl.engine.expression import Constant, Expr, Name, Symbol, text, walk
from wanctl.engine.model import Action, Actions, Assign, Cancel, Emit, If, Model, Raise, Row, Send, State
from wanctl.engine.record import Value
from wanctl.engine.unit import format_quantity

Part = Literal["event", "guard", "hold", "action", "why"]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One part of a label: what it is, and its text."""

    part: Part
    text: str


def row_id(row: Row) -> str:
    """The id of a row in a document: `row-download.GREEN-2` for download.GREEN#2; XML has no `#` in an id."""
    return f"row-{row.id.replace('#', '-')}"


def state_id(state: State) -> str:
    """The id of a state in a document: `state-download.GREEN`."""
    return f"state-{state.path}"


def label(model: Model, row: Row) -> tuple[Phrase, ...]:
    """What a row says: its event unless it is the tick, its guard, how long that holds, its actions, and why."""
    parts = [
        Phrase("event", trigger(row)),
        Phrase("guard", row.guard_text),
        Phrase("hold", hold(row)),
        Phrase("action", actions(model, row.state, row.do)),
        Phrase("why", row.why),
    ]
    found = tuple(phrase for phrase in parts if phrase.text)
    return found or (Phrase("guard", "at once" if row.trigger == "always" else "at the next tick"),)


def names(model: Model, states: Sequence[int]) -> str:
    """States by name: `GREEN, RED or HOLD`."""
    *others, last = (model.states[state].name for state in states)
    return f"{', '.join(others)} or {last}" if others else last


def trigger(row: Row) -> str:
    """The event of a row; "" for the tick, which needs no words."""
    return "" if row.trigger == "tick" else row.trigger


def hold(row: Row) -> str:
    """How long or how often the guard holds before the row fires, and how long it rests after that."""
    rest = f"at most once in {row.cooldown_text}" if row.cooldown_text else ""
    return ", ".join(part for part in (row.hold_text, rest) if part)


def actions(model: Model, state: int, found: Actions) -> str:
    """A list of actions in short: `rate.cut, source.use echo`."""
    return ", ".join(_short(action, _prefixes(model, state)) for action in found)


def sentence(model: Model, row: Row) -> str:
    """A row in one line, without why: `severe for 100ms / rate.cut`."""
    guard = " ".join(phrase.text for phrase in label(model, row) if phrase.part in ("event", "guard", "hold"))
    does = actions(model, row.state, row.do)
    return f"{guard} / {does}" if does else guard


def explain_row(model: Model, row: Row) -> str:
    """The tooltip of a row: its id, everything it says, and what its words mean, parameters at their defaults."""
    targets = ", ".join(model.states[target].path for target in row.targets)
    lines = [f"{row.id} → {targets}" if targets else row.id, sentence(model, row)]
    hold_amount = None if row.hold is None else row.hold.amount
    read = [expr for expr in (row.guard, hold_amount, row.cooldown) if expr is not None]
    lines += [f"  {meaning}" for meaning in _meanings(read, _prefixes(model, row.state))]
    return "\n".join([*lines, row.why] if row.why else lines)


def explain_state(state: State) -> str:
    """The tooltip of a state: its path and what its file says about it."""
    return f"{state.path}\n{state.doc}" if state.doc else state.path


def _meanings(read: list[Expr], prefixes: tuple[str, ...]) -> Iterator[str]:
    """The definition of each defined word and the default of each parameter in these expressions, each once."""
    seen: set[str] = set()
    for node in (node for expr in read for node in walk(expr)):
        symbol = _symbol(node)
        if symbol is None or symbol.name in seen:
            continue
        seen.add(symbol.name)
        if symbol.written:
            yield f"{_local(symbol.name, prefixes)}: {symbol.written}"
        elif symbol.role == "param" and symbol.has_default:
            yield f"{_local(symbol.name, prefixes)} = {value(symbol)}"


def _symbol(node: Expr) -> Symbol | None:
    return node.symbol if isinstance(node, Name) else None


def value(symbol: Symbol) -> str:
    """The default of a parameter with its unit."""
    return _value(symbol.default, symbol.dimension)


def _value(found: Value, dimension: str) -> str:
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int | float):
        return format_quantity(float(found), dimension)
    return str(found)


def _prefixes(model: Model, state: int) -> tuple[str, ...]:
    """What the names of a template used here begin with in the machine that uses it: they are shown without it."""
    around = [state, *model.ancestors(state)]
    return tuple(f"{model.states[index].name}_" for index in around if model.states[index].name)


def _local(name: str, prefixes: tuple[str, ...]) -> str:
    for prefix in prefixes:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def _written(expr: Expr, prefixes: tuple[str, ...]) -> str:
    written = text(expr)
    for node in walk(expr):
        symbol = _symbol(node)
        if symbol is not None:
            written = re.sub(rf"\b{symbol.name}\b", _local(symbol.name, prefixes), written)
    return written


def _short(action: Action, prefixes: tuple[str, ...]) -> str:
    match action:
        case Emit(name, arguments):
            # A word given is worth its room (source.use echo); quantities are in the file and its documentation.
            words = [str(e.value) for _, e in arguments if isinstance(e, Constant) and e.kind == "text"]
            return " ".join([name, *words])
        case Assign(symbol, expr):
            return f"{_local(symbol.name, prefixes)} := {_written(expr, prefixes)}"
        case Raise(event):
            return f"raise {event}"
        case Send(event, _, delay_ns):
            return f"send {event}" + (f" in {format_quantity(delay_ns / 1e6, 'time')}" if delay_ns else "")
        case Cancel(id):
            return f"cancel {id}"
        case If(condition, then, otherwise):
            inner = ", ".join(_short(item, prefixes) for item in then)
            other = ", ".join(_short(item, prefixes) for item in otherwise)
            return f"{inner} if {_written(condition, prefixes)}" + (f", else {other}" if other else "")
