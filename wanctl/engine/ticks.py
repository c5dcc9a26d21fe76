"""The tick path: guards as generated Python.

For each leaf one function asks the rows of the leaf and of its ancestors up to the next parallel state; a parallel
state has a function of its own. Each returns the index of a true row, or None: nothing to do. Holds are observed first,
because every row observes at every tick, whichever wins. A configuration that lasts gets one function for all its rows
(`merge`), which reads each input once. The source is made from checked expressions, never from the text of a file; it
exists only where no guard can fail (`is_total`).

A calm tick of a four-region machine is four calls, or one, and nothing else happens in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

from wanctl.engine.expression import (
    Active,
    Arithmetic,
    Compare,
    Constant,
    EventField,
    Expr,
    Known,
    Logic,
    Name,
    Symbol,
    symbols,
)
from wanctl.engine.model import Model
from wanctl.engine.record import Value

if TYPE_CHECKING:
    from wanctl.engine.program import LiveRow

TickFunction = Callable[[int], int | None]
MERGED = -1  # the place of a configuration's own function


@dataclass(slots=True, eq=False)
class TickCode:
    """Compiled tick functions; `bind` makes them for one running machine."""

    code: CodeType | None
    bottoms: frozenset[int]

    @classmethod
    def empty(cls) -> "TickCode":
        """No tick functions: the machine decides in the general way."""
        return cls(None, frozenset())

    def bind(
        self, inputs: object, values: dict[str, Value], holds: list[int], ready: list[int], active: list[bool]
    ) -> dict[int, TickFunction]:
        """The functions over one machine's inputs, data, holds, cooldowns and configuration, by bottom state."""
        if self.code is None:
            return {}
        return bind(self.code, inputs, values, holds, ready, active)


def bind(
    code: CodeType, inputs: object, values: dict[str, Value], holds: list[int], ready: list[int], active: list[bool]
) -> dict[int, Any]:
    """The functions of generated code over one machine's memory, by bottom state; the merged one is at `MERGED`."""
    namespace: dict[str, Any] = {"__builtins__": {"min": min, "max": max, "abs": abs}}
    exec(code, namespace)  # noqa: S102  (generated from checked expressions only)
    made: dict[int, Any] = namespace["make"](inputs, values, holds, ready, active)
    return made


def compile_ticks(model: Model, rows: "list[LiveRow]", params: Mapping[str, Value]) -> TickCode:
    """Generate and compile the tick functions of a machine whose guards are all total."""
    functions: dict[int, list[str]] = {}
    for state in model.states:
        if state.kind in ("atomic", "final", "parallel"):
            chain_rows = [rows[row.index] for index in _chain(model, state.index) for row in model.states[index].ticks]
            if chain_rows:
                lines = _head(f"tick_{state.index}", chain_rows, params)
                lines += [f"        if {_row_condition(live, params)}: return {live.index}" for live in chain_rows]
                functions[state.index] = [*lines, f"    made[{state.index}] = tick_{state.index}"]
    return TickCode(_compile(model, [line for lines in functions.values() for line in lines]), frozenset(functions))


def merge(model: Model, rows: "list[LiveRow]", params: Mapping[str, Value], segments: Sequence[int]) -> CodeType:
    """One function for a configuration; `segments` are the bottoms whose functions it replaces.

    It returns the true row of each segment, or None when there is none in any.
    """
    chains = [[rows[row.index] for i in _chain(model, bottom) for row in model.states[i].ticks] for bottom in segments]
    lines = _head("tick", [live for chain in chains for live in chain], params)
    winners = [f"w_{at}" for at in range(len(chains))]
    lines.append(f"        {' = '.join(winners)} = None")
    for winner, chain in zip(winners, chains, strict=True):
        for number, live in enumerate(chain):
            word = "elif" if number else "if"
            lines.append(f"        {word} {_row_condition(live, params)}: {winner} = {live.index}")
    lines.append(f"        if {' is None and '.join(winners)} is None: return None")
    lines.append(f"        return ({', '.join(winners)},)")
    return _compile(model, [*lines, f"    made[{MERGED}] = tick"])


def _chain(model: Model, bottom: int) -> list[int]:
    """A leaf or a parallel state, and its ancestors up to the next parallel one."""
    chain = [bottom]
    for ancestor in model.ancestors(bottom):
        if model.states[ancestor].kind == "parallel":
            break
        chain.append(ancestor)
    return chain


def _compile(model: Model, functions: list[str]) -> CodeType:
    lines = ["def make(I, V, H, R, A):", "    made = {}", *functions, "    return made", ""]
    return compile("\n".join(lines), f"<ticks of {model.name}>", "exec")


def _head(name: str, rows: "list[LiveRow]", params: Mapping[str, Value]) -> list[str]:
    """What every tick function begins with: read each name once, then let each hold observe."""
    out = [f"    def {name}(now):"]
    read: dict[str, Symbol] = {}
    for live in rows:
        if live.row.guard is not None:
            read |= {s.name: s for s in symbols(live.row.guard) if s.role != "param"}
    for symbol in read.values():
        source = f"I.{symbol.name}" if symbol.role == "input" else f"V[{symbol.name!r}]"
        out.append(f"        {_local(symbol)} = {source}")
    for live in rows:
        if live.held:
            out += _observe(live, params)
    return out


def _local(symbol: Symbol) -> str:
    return f"v_{symbol.name}"


def _observe(live: "LiveRow", params: Mapping[str, Value]) -> list[str]:
    guard = "True" if live.row.guard is None else condition_source(live.row.guard, params)
    slot = f"H[{live.index}]"
    if live.window:
        mask = (1 << live.window) - 1
        return [f"        {slot} = ({slot} << 1 | (1 if {guard} else 0)) & {mask}"]
    if live.hold_ticks:
        return [f"        {slot} = {slot} + 1 if {guard} else 0"]
    held = f"h_{live.index}"
    return [
        f"        if {guard}:",
        f"            if {slot} < 0: {slot} = now",
        f"            {held} = now - {slot} >= {live.hold_ns}",
        "        else:",
        f"            {slot} = -1",
        f"            {held} = False",
    ]


def _row_condition(live: "LiveRow", params: Mapping[str, Value]) -> str:
    slot, parts = f"H[{live.index}]", []
    if live.row.cooldown is not None:
        parts.append(f"now >= R[{live.index}]")
    if live.window:
        parts.append(f"{slot}.bit_count() >= {live.hold_ticks}")
    elif live.hold_ticks:
        parts.append(f"{slot} >= {live.hold_ticks}")
    elif live.hold_ns >= 0:
        parts.append(f"h_{live.index}")
    elif live.row.guard is not None:
        parts.append(condition_source(live.row.guard, params))
    return " and ".join(parts) or "True"


def condition_source(expr: Expr, params: Mapping[str, Value]) -> str:
    """Source that is truthy exactly when the condition is true; unknown is false."""
    match expr:
        case Constant(value):
            return repr(bool(value))
        case Name(symbol) if symbol.definition is not None:
            return condition_source(symbol.definition, params)
        case Name(symbol) if symbol.role == "param":
            return repr(bool(params[symbol.name]))
        case Name(symbol):
            return _local(symbol)
        case Active():
            return f"A[{expr.state}]"
        case Logic("not", operands):
            return f"(not {condition_source(operands[0], params)})"
        case Logic(operator, operands):
            return "(" + f" {operator} ".join(condition_source(item, params) for item in operands) + ")"
        case Known(operand):
            return "(" + _is_known(operand) + ")"
        case Compare():
            return "(" + " and ".join(_pair(left, sign, right, params) for left, sign, right in expr.pairs()) + ")"
        case Arithmetic() | EventField():
            raise AssertionError("not a condition")


def _is_known(expr: Expr) -> str:
    """Source for "every name in it has a value"; a comparison or `and` is never unknown."""
    if isinstance(expr, Compare | Logic | Known | Active | Constant):
        return "True"
    if isinstance(expr, Name) and expr.symbol.definition is not None:
        return _is_known(expr.symbol.definition)
    names = [_local(symbol) for symbol in symbols(expr) if symbol.role != "param"]
    return " and ".join(f"{name} is not None" for name in names) or "True"


def _pair(left: Expr, sign: str, right: Expr, params: Mapping[str, Value]) -> str:
    known = [part for part in dict.fromkeys((_is_known(left), _is_known(right))) if part != "True"]
    if left.kind != right.kind:  # only == and != get here, and they never mix kinds
        return " and ".join([*known, repr(sign == "!=")])
    return " and ".join([*known, f"{_value(left, params)} {sign} {_value(right, params)}"])


def _value(expr: Expr, params: Mapping[str, Value]) -> str:
    match expr:
        case Constant(value):
            return repr(value)
        case Name(symbol) if symbol.definition is not None:
            return _value(symbol.definition, params)
        case Name(symbol) if symbol.role == "param":
            return repr(params[symbol.name])
        case Name(symbol):
            return _local(symbol)
        case Arithmetic("neg", operands):
            return f"(-{_value(operands[0], params)})"
        case Arithmetic(operator, operands) if operator in ("min", "max", "abs"):
            return f"{operator}({', '.join(_value(item, params) for item in operands)})"
        case Arithmetic(operator, operands):
            return f"({_value(operands[0], params)} {operator} {_value(operands[1], params)})"
        case _:
            return f"bool({condition_source(expr, params)})" if expr.kind == "bool" else condition_source(expr, params)
