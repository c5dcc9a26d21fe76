"""Expressions as Python closures: the general way, for everything outside the tick path.

An evaluator takes a `Context` and returns a value or None for unknown. What cannot be computed raises
`EvaluationError`, which the step turns into an `error.execution` event.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Protocol

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
)
from wanctl.engine.record import Value


class EvaluationError(Exception):
    """An expression that has no value: not unknown, but wrong."""


class Event(Protocol):
    """What an expression may ask of the event at hand."""

    @property
    def name(self) -> str:
        """Its name, words with dots between them."""
        ...

    @property
    def data(self) -> Mapping[str, Value]:
        """What came with it."""
        ...


class Context(Protocol):
    """What an expression reads: the running machine."""

    @property
    def values(self) -> dict[str, Value]:
        """Inputs and data by name."""
        ...

    @property
    def current_event(self) -> Event | None:
        """The event taken last; None at the start and for timers."""
        ...

    @property
    def active(self) -> list[bool]:
        """By index of the state."""
        ...


class _Nowhere:
    """A context with nothing in it."""

    __slots__ = ("active", "current_event", "values")

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self.current_event: Event | None = None
        self.active: list[bool] = []


NOWHERE = _Nowhere()
"""Where expressions of literals and parameters are evaluated: there is nothing else to read."""

LONGEST_SHOWN = 60
Evaluator = Callable[[Context], Value]
Parameters = Mapping[str, Value]


def evaluator(expr: Expr, params: Parameters) -> Evaluator:
    """Compile an expression with its parameters bound."""
    match expr:
        case Constant(value):
            return lambda _context: value
        case Name(symbol):
            return _name(symbol, params)
        case EventField(key):
            return _event_name if key is None else _event_data(key)
        case Active():
            return _active(expr)
        case Known(operand):
            inner = evaluator(operand, params)
            return lambda context: inner(context) is not None
        case Compare():
            return _compare(expr, params)
        case Logic():
            return _logic(expr, params)
        case Arithmetic():
            return _arithmetic(expr, params)


def condition(expr: Expr, params: Parameters) -> Callable[[Context], bool]:
    """Compile an expression whose value decides; unknown counts as false."""
    inner = evaluator(expr, params)
    return lambda context: truth(inner(context))


def truth(value: Value) -> bool:
    """A value as a condition: unknown is false, a number or a text is an error."""
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    raise EvaluationError(f"a condition is neither true nor false but {shown(value)}")


def shown(value: Value) -> str:
    """A value for a reason, cut short: a reason may be the value that the next one is about."""
    written = repr(value)
    return written if len(written) <= LONGEST_SHOWN else f"{written[:LONGEST_SHOWN]}..."


def equal(left: Value, right: Value) -> bool:
    """Equality that never mixes kinds: 1 is not true, and '1' is not 1."""
    return _kind(left) == _kind(right) and left == right


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return "bool"
    return "text" if isinstance(value, str) else "number"


def _number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EvaluationError(f"a number is needed, not {shown(value)}")
    return value


def _name(symbol: Symbol, params: Parameters) -> Evaluator:
    if symbol.definition is not None:
        return evaluator(symbol.definition, params)
    name = symbol.name
    if symbol.role == "param":
        bound = params[name]
        return lambda _context: bound
    return lambda context: context.values[name]


def _event_name(context: Context) -> Value:
    return None if context.current_event is None else context.current_event.name


def _event_data(key: str) -> Evaluator:
    def read(context: Context) -> Value:
        event = context.current_event
        return None if event is None else event.data.get(key)

    return read


def _active(expr: Active) -> Evaluator:
    assert expr.state >= 0, f"active('{expr.name}') was never resolved"
    state = expr.state
    return lambda context: context.active[state]


_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def holds(left: Value, operator: str, right: Value) -> bool:
    """One comparison; false when a side is unknown."""
    if left is None or right is None:
        return False
    if operator == "==":
        return equal(left, right)
    if operator == "!=":
        return not equal(left, right)
    return _ORDER[operator](_number(left), _number(right))


def _compare(expr: Compare, params: Parameters) -> Evaluator:
    operands = [evaluator(item, params) for item in expr.operands]
    operators = expr.operators

    def compare(context: Context) -> Value:
        left = operands[0](context)
        for operator, operand in zip(operators, operands[1:], strict=True):
            right = operand(context)
            if not holds(left, operator, right):
                return False
            left = right
        return True

    return compare


def _logic(expr: Logic, params: Parameters) -> Evaluator:
    operands = [condition(item, params) for item in expr.operands]
    if expr.operator == "not":
        inner = operands[0]
        return lambda context: not inner(context)
    if expr.operator == "and":
        return lambda context: all(item(context) for item in operands)
    return lambda context: any(item(context) for item in operands)


_COMPUTE: dict[str, Callable[..., float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "neg": lambda value: -value,
    "min": min,
    "max": max,
    "abs": abs,
}


def _arithmetic(expr: Arithmetic, params: Parameters) -> Evaluator:
    operands = [evaluator(item, params) for item in expr.operands]
    operator, compute = expr.operator, _COMPUTE[expr.operator]

    def arithmetic(context: Context) -> Value:
        values = [item(context) for item in operands]
        if None in values:
            return None
        numbers = [_number(value) for value in values]
        try:
            result = compute(*numbers)
        except ZeroDivisionError:
            raise EvaluationError("a division by zero") from None
        except OverflowError:
            raise EvaluationError(f"the result of '{operator}' is too large") from None
        if not isfinite(result):
            raise EvaluationError(f"the result of '{operator}' is not a finite number")
        return result

    return arithmetic
