"""The checked form of an expression: a small tree that the evaluator, the compiler, the diagram and the prover share.

Values are numbers (canonical units), texts, truth values, or unknown (None). Each node knows its kind, and numbers know
their dimension. `any` is the kind of `event.data.KEY`, which is known only when the event is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from wanctl.engine.diagnostic import Place
from wanctl.engine.record import Value
from wanctl.engine.unit import format_quantity

LARGE = 1e15  # beyond any delay in ms or rate in bit/s

ExprKind = Literal["number", "bool", "text", "any"]
Role = Literal["input", "param", "data", "define"]


@dataclass(slots=True, eq=False)
class Symbol:
    """A declared name: what it is, and for a number its dimension and range in canonical units."""

    name: str
    role: Role
    kind: ExprKind
    place: Place
    dimension: str = ""
    unit: str = ""  # as declared; values outside the engine's own files are in this unit
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    default: Value = None
    has_default: bool = False
    doc: str = ""
    definition: "Expr | None" = None  # of a `define`
    written: str = ""  # the text of a `define`

    def refuses(self, value: Value) -> str:
        """Why a value does not fit the declaration; "" when it does. Unknown always fits."""
        if value is None:
            return ""
        kind = "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
        if kind != self.kind:
            return f"'{self.name}' is a {self.kind}, not a {kind}"
        if self.choices and value not in self.choices:
            return f"'{self.name}' is one of {', '.join(self.choices)}, not '{str(value)[:60]}'"
        if kind == "number":
            assert isinstance(value, int | float)
            if not isfinite(value):
                return f"'{self.name}' must be a finite number"
            below, above = self.low is not None and value < self.low, self.high is not None and value > self.high
            if below or above:
                written = format_quantity(float(value), self.dimension)
                return f"'{self.name}' = {written} is out of range ({self.range_text()})"
        return ""

    def range_text(self) -> str:
        """The range as people write it."""
        ends = [("" if end is None else format_quantity(end, self.dimension)) for end in (self.low, self.high)]
        return f"{ends[0]}..{ends[1]}"


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; `written` is how the file has it ("15ms")."""

    value: Value
    kind: ExprKind
    dimension: str = ""
    written: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A declared name."""

    symbol: Symbol

    @property
    def kind(self) -> ExprKind:
        """The declared kind."""
        return self.symbol.kind

    @property
    def dimension(self) -> str:
        """The declared dimension."""
        return self.symbol.dimension


@dataclass(frozen=True, slots=True)
class EventField:
    """`event.name` (key None) or `event.data.KEY`."""

    key: str | None

    @property
    def kind(self) -> ExprKind:
        """The name is a text; data are what the sender made them."""
        return "text" if self.key is None else "any"

    dimension = ""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+ - * /` of two operands, or a function `min max abs` of one or more; unknown when an operand is."""

    operator: str  # "+", "-", "*", "/", "min", "max", "abs", "neg"
    operands: tuple["Expr", ...]
    dimension: str = ""
    kind: ExprKind = "number"


@dataclass(frozen=True, slots=True)
class Compare:
    """`a < b <= c`: every neighbouring pair holds; false when an operand of a pair is unknown."""

    operands: tuple["Expr", ...]
    operators: tuple[str, ...]
    kind: ExprKind = "bool"
    dimension: str = ""

    def pairs(self) -> Iterator[tuple["Expr", str, "Expr"]]:
        """Each neighbouring pair with its operator."""
        yield from zip(self.operands, self.operators, self.operands[1:], strict=False)


@dataclass(frozen=True, slots=True)
class Logic:
    """`and`, `or` (left to right, stopping when decided) or `not`; an unknown operand counts as false."""

    operator: Literal["and", "or", "not"]
    operands: tuple["Expr", ...]
    kind: ExprKind = "bool"
    dimension: str = ""


@dataclass(slots=True, eq=False)
class Active:
    """`active('NAME')`: whether a state is active. `state` is filled in once the tree of states is complete."""

    name: str
    place: Place
    state: int = -1
    kind: ExprKind = "bool"
    dimension: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """`known(x)`: whether x has a value."""

    operand: "Expr"
    kind: ExprKind = "bool"
    dimension: str = ""


Expr = Constant | Name | EventField | Arithmetic | Compare | Logic | Active | Known


def children(expr: Expr) -> tuple[Expr, ...]:
    """The operands; a defined word has its definition."""
    match expr:
        case Arithmetic() | Compare() | Logic():
            return expr.operands
        case Known():
            return (expr.operand,)
        case Name(symbol) if symbol.definition is not None:
            return (symbol.definition,)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """The node and all below it, defined words opened."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def symbols(expr: Expr) -> tuple[Symbol, ...]:
    """The inputs, params and data an expression reads, in order, each once."""
    seen: dict[int, Symbol] = {}
    for node in walk(expr):
        if isinstance(node, Name) and node.symbol.role != "define":
            seen.setdefault(id(node.symbol), node.symbol)
    return tuple(seen.values())


def is_constant(expr: Expr) -> bool:
    """Whether an expression has the same value always: literals and params alone."""
    return all(
        not isinstance(node, EventField | Active)
        and not (isinstance(node, Name) and node.symbol.role in ("input", "data"))
        for node in walk(expr)
    )


def is_total(expr: Expr) -> bool:
    """Whether evaluating can never fail, so that the tick path needs no net under it."""
    for node in walk(expr):
        if node.kind == "any" or isinstance(node, EventField):
            return False
        if isinstance(node, Arithmetic) and node.operator == "/" and not isinstance(node.operands[1], Constant):
            return False
        # Products of such numbers overflow, and an overflow is a failure.
        if isinstance(node, Constant) and isinstance(node.value, float | int) and abs(node.value) > LARGE:
            return False
    return True


_PRECEDENCE = {"or": 1, "and": 2, "not": 3, "compare": 4, "+": 5, "-": 5, "*": 6, "/": 6, "neg": 7}


def text(expr: Expr, outer: int = 0) -> str:
    """The expression as a person would write it."""
    match expr:
        case Constant(value, kind, dimension, written):
            if written:
                return written
            return f"'{value}'" if kind == "text" else _constant(value, dimension)
        case Name(symbol):
            return symbol.name
        case EventField(key):
            return "event.name" if key is None else f"event.data.{key}"
        case Active(name):
            return f"active('{name}')"
        case Known(operand):
            return f"known({text(operand)})"
        case Compare():
            parts = [text(expr.operands[0], 5)]
            for operator, operand in zip(expr.operators, expr.operands[1:], strict=True):
                parts += [operator, text(operand, 5)]
            return _wrap(" ".join(parts), 4, outer)
        case Logic("not", operands):
            return _wrap(f"not {text(operands[0], 3)}", 3, outer)
        case Logic(operator, operands):
            level = _PRECEDENCE[operator]
            return _wrap(f" {operator} ".join(text(item, level + 1) for item in operands), level, outer)
        case Arithmetic(operator, operands):
            return _arithmetic(operator, operands, outer)


def _constant(value: Value, dimension: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    assert isinstance(value, float | int)
    return format_quantity(float(value), dimension).replace(" ", "")


def _arithmetic(operator: str, operands: tuple[Expr, ...], outer: int) -> str:
    if operator == "neg":
        return _wrap(f"-{text(operands[0], 7)}", 7, outer)
    if operator in ("min", "max", "abs"):
        return f"{operator}({', '.join(text(item) for item in operands)})"
    level = _PRECEDENCE[operator]
    return _wrap(f"{text(operands[0], level)} {operator} {text(operands[1], level + 1)}", level, outer)


def _wrap(inner: str, level: int, outer: int) -> str:
    return f"({inner})" if level < outer else inner
