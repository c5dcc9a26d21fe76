"""Checked expressions as Python source, for the tick path.

The text is made from the checked tree, never from the text of a file, and only of guards that cannot fail (`is_total`).
Defined words are written out where they stand: worked out beforehand they would cost more than they save, because
most rows of a calm tick are decided by their first comparison.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
from wanctl.engine.record import Value


def read_names(guards: Iterable[Expr]) -> list[str]:
    """Lines that put each input and datum of the guards into a local, once."""
    read = {s.name: s for guard in guards for s in symbols(guard) if s.role != "param"}
    return [
        f"{_local(symbol)} = " + (f"I.{symbol.name}" if symbol.role == "input" else f"V[{symbol.name!r}]")
        for symbol in read.values()
    ]


@dataclass(frozen=True, slots=True)
class Source:
    """Writes conditions with the parameters bound."""

    params: Mapping[str, Value]

    def condition(self, expr: Expr) -> str:
        """Source that is truthy exactly when the condition is true; unknown is false."""
        match expr:
            case Constant(value):
                return repr(bool(value))
            case Name(symbol) if symbol.definition is not None:
                return self.condition(symbol.definition)
            case Name(symbol) if symbol.role == "param":
                return repr(bool(self.params[symbol.name]))
            case Name(symbol):
                return _local(symbol)
            case Active():
                return f"A[{expr.state}]"
            case Logic("not", operands):
                return f"(not {self.condition(operands[0])})"
            case Logic(operator, operands):
                return "(" + f" {operator} ".join(self.condition(item) for item in operands) + ")"
            case Known(operand):
                return "(" + _is_known(operand) + ")"
            case Compare():
                return "(" + " and ".join(self._pair(left, sign, right) for left, sign, right in expr.pairs()) + ")"
            case Arithmetic() | EventField():
                raise AssertionError("not a condition")

    def _pair(self, left: Expr, sign: str, right: Expr) -> str:
        known = [part for part in dict.fromkeys((_is_known(left), _is_known(right))) if part != "True"]
        if left.kind != right.kind:  # only == and != get here, and they never mix kinds
            return " and ".join([*known, repr(sign == "!=")])
        return " and ".join([*known, f"{self._value(left)} {sign} {self._value(right)}"])

    def _value(self, expr: Expr) -> str:
        match expr:
            case Constant(value):
                return repr(value)
            case Name(symbol) if symbol.definition is not None:
                return self._value(symbol.definition)
            case Name(symbol) if symbol.role == "param":
                return repr(self.params[symbol.name])
            case Name(symbol):
                return _local(symbol)
            case Arithmetic("neg", operands):
                return f"(-{self._value(operands[0])})"
            case Arithmetic(operator, operands) if operator in ("min", "max", "abs"):
                return f"{operator}({', '.join(self._value(item) for item in operands)})"
            case Arithmetic(operator, operands):
                return f"({self._value(operands[0])} {operator} {self._value(operands[1])})"
            case _:
                return f"bool({self.condition(expr)})" if expr.kind == "bool" else self.condition(expr)


def _local(symbol: Symbol) -> str:
    return f"v_{symbol.name}"


def _is_known(expr: Expr) -> str:
    """Source for "every name in it has a value"; a comparison or `and` is never unknown."""
    if isinstance(expr, Compare | Logic | Known | Active | Constant):
        return "True"
    if isinstance(expr, Name) and expr.symbol.definition is not None:
        return _is_known(expr.symbol.definition)
    names = [_local(symbol) for symbol in symbols(expr) if symbol.role != "param"]
    return " and ".join(f"{name} is not None" for name in names) or "True"
