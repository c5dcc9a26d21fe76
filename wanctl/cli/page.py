"""Pages about a code, a state and a row, as lines of text."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from wanctl.engine.expression import Arithmetic, Compare, Expr, Known, Logic, Name, Symbol, symbols, text
from wanctl.engine.model import Action, Actions, Assign, Cancel, Emit, If, Model, Raise, Row, Send, State
from wanctl.engine.record import Value
from wanctl.engine.unit import format_quantity

FIELD = 9  # width of the names at the left


class Explained(Protocol):
    """What is known of a code."""

    @property
    def title(self) -> str:
        """A few words."""
        ...

    @property
    def explanation(self) -> str:
        """What it means and what to do."""
        ...

    @property
    def bad(self) -> str:
        """Lines that raise it; "" where there are none."""
        ...

    @property
    def good(self) -> str:
        """The same lines as they should be."""
        ...


def all_codes() -> dict[str, Explained]:
    """Every code, in order."""
    from wanctl.config.code import CODES as CONFIG
    from wanctl.engine.code import CODES as ENGINE
    from wanctl.replay.code import CODES as REPLAY
    from wanctl.suite.code import CODES as SUITE

    found: dict[str, Explained] = {}
    for codes in (ENGINE, CONFIG, SUITE, REPLAY):
        found |= codes
    return dict(sorted(found.items()))


def code_page(code: str, entry: Explained) -> Iterator[str]:
    """A code: what it means, what to do, an example that has it and one that has not."""
    yield f"{code}: {entry.title}"
    yield ""
    yield entry.explanation
    for what, lines in (("wrong", entry.bad), ("right", entry.good)):
        if lines:
            yield ""
            yield f"{what}:"
            yield from (f"  {line}" for line in lines.rstrip().splitlines())


def state_page(model: Model, state: State, params: Mapping[str, Value]) -> Iterator[str]:
    """A state: what it is, what it does, and its rows."""
    yield f"{model.name}.{state.path}" if state.path else model.name
    yield _field("file", f"{state.place.file}:{state.place.line}")
    doc = state.doc or (model.summary if not state.path else "")
    if doc:
        yield _field("is", doc)
    if state.kind != "atomic":
        yield _field("kind", state.kind)
    children = [model.states[child].name for child in state.children]
    if children:
        initial = ", ".join(model.states[index].path for index in state.initial)
        yield _field("holds", ", ".join(children) + (f" (first {initial})" if initial else ""))
    for name, actions in (("entry", state.entry), ("during", state.during), ("exit", state.exit)):
        if actions:
            yield _field(name, "; ".join(action_text(item) for item in actions))
    for row in state.rows():
        yield ""
        yield from _row_lines(model, row, params)
    around = [index for index in model.ancestors(state.index) if model.states[index].rows()]
    if around:
        yield ""
        names = ", ".join(model.states[index].path or model.name for index in around)
        yield f"When none of these is true, the rows of {names} are asked."


def row_page(model: Model, row: Row, params: Mapping[str, Value]) -> Iterator[str]:
    """A row: its guard as written and with every word opened, what it reads, what it does."""
    yield from _row_lines(model, row, params)
    read = _read(row)
    for what, role in (("inputs", "input"), ("data", "data"), ("params", "param")):
        for number, symbol in enumerate(item for item in read if item.role == role):
            yield _field("" if number else what, _symbol_text(symbol, params))


def _row_lines(model: Model, row: Row, params: Mapping[str, Value]) -> Iterator[str]:
    yield f"{row.id}  {row.place.file}:{row.place.line}"
    yield _field("on", row.trigger)
    if row.guard is not None:
        yield _field("when", row.guard_text)
        opened = text(expanded(row.guard))
        if opened != row.guard_text:
            yield _field("", f"= {opened}")
    if row.hold_text:
        amount = row.hold.amount if row.hold is not None else None
        value = "" if amount is None else _constant(amount, params)
        told = row.hold_text if not value or value in row.hold_text.replace(" ", "") else f"{row.hold_text} (= {value})"
        yield _field("held", told)
    if row.cooldown_text:
        yield _field("cooldown", row.cooldown_text)
    yield _field("to", ", ".join(model.states[target].path for target in row.targets) or "(stays)")
    if row.do:
        yield _field("do", "; ".join(action_text(item) for item in row.do))
    if row.why:
        yield _field("why", row.why)


def _field(name: str, told: str) -> str:
    return f"  {name:<{FIELD}}{told}".rstrip()


def expanded(expr: Expr) -> Expr:
    """An expression with every defined word replaced by its definition."""
    match expr:
        case Name(symbol) if symbol.definition is not None:
            return expanded(symbol.definition)
        case Logic() | Compare() | Arithmetic():
            return replace(expr, operands=tuple(expanded(item) for item in expr.operands))
        case Known(operand):
            return Known(expanded(operand))
        case _:
            return expr


def _read(row: Row) -> list[Symbol]:
    found: dict[str, Symbol] = {}
    for expr in (row.guard, row.hold.amount if row.hold else None, row.cooldown):
        if expr is not None:
            found |= {symbol.name: symbol for symbol in symbols(expr)}
    for action in row.do:
        for expr in _expressions(action):
            found |= {symbol.name: symbol for symbol in symbols(expr)}
    return list(found.values())


def _expressions(action: Action) -> list[Expr]:
    match action:
        case Emit(_, arguments):
            return [expr for _, expr in arguments]
        case Assign(_, expr):
            return [expr]
        case Raise(_, data) | Send(_, data):
            return [expr for _, expr in data]
        case If(condition, then, otherwise):
            return [condition, *(expr for item in (*then, *otherwise) for expr in _expressions(item))]
        case Cancel():
            return []


def _symbol_text(symbol: Symbol, params: Mapping[str, Value]) -> str:
    value = params.get(symbol.name) if symbol.role == "param" else None
    told = symbol.name if value is None else f"{symbol.name} = {_value(value, symbol.dimension)}"
    doc = f": {symbol.doc}" if symbol.doc else ""
    unit = f" ({symbol.unit})" if symbol.unit and value is None else ""
    return f"{told}{unit}{doc}"


def _value(value: Value, dimension: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_quantity(float(value), dimension) if isinstance(value, int | float) else str(value)


def _constant(expr: Expr, params: Mapping[str, Value]) -> str:
    """The value of a parameter on its own; "" for anything else."""
    if isinstance(expr, Name) and expr.symbol.role == "param":
        return _value(params.get(expr.symbol.name), expr.symbol.dimension)
    return ""


def action_text(action: Action) -> str:
    """An action as its file has it: `rate.creep {step: creep}`."""
    match action:
        case Emit(name, arguments):
            inner = ", ".join(f"{key}: {text(expr)}" for key, expr in arguments)
            return f"{name} {{{inner}}}" if inner else name
        case Assign(symbol, expr):
            return f"{symbol.name} := {text(expr)}"
        case Raise(event, data):
            return f"raise {event}{_data_text(data)}"
        case Send(event, data, delay_ns):
            delay = f" in {format_quantity(delay_ns / 1e6, 'time')}" if delay_ns else ""
            return f"send {event}{_data_text(data)}{delay}"
        case Cancel(identity):
            return f"cancel {identity}"
        case If(condition, then, otherwise):
            other = f", else {_list_text(otherwise)}" if otherwise else ""
            return f"if {text(condition)}: {_list_text(then)}{other}"


def _list_text(actions: Actions) -> str:
    return ", ".join(action_text(item) for item in actions) or "nothing"


def _data_text(data: tuple[tuple[str, Expr], ...]) -> str:
    inner = ", ".join(f"{key}: {text(expr)}" for key, expr in data)
    return f" {{{inner}}}" if inner else ""
