"""Expressions of the machine language, evaluated by walking Python's own syntax tree (§2, §3)."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from wanctl.engine.unit import QUANTITY, UNITS, scale

Value = float | str | bool | None  # None is "unknown"


class Failure(Exception):
    """An expression failed while it ran (§3); the text is for people."""


class ExpressionError(ValueError):
    """A text that is no expression of the language."""


# A text, a name or a quantity is taken whole where it stands: '5 ms' in a text and the name `a5s` stay as they are.
_TOKEN = re.compile(rf"(?P<text>'[^']*'|\"[^\"]*\")|(?P<name>[A-Za-z_][A-Za-z0-9_.]*)|{QUANTITY.pattern}")
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can see: names, the event at hand, and which states are active."""

    values: Mapping[str, Value]
    define: Mapping[str, ast.expr]
    event: Callable[[], tuple[str, Mapping[str, Value]] | None]
    active: Callable[[str], bool]  # for names as the row's own state understands them
    active_in_define: Callable[[str], bool]  # a `define` stands in the machine, so its names are looked up there

    def of_define(self) -> "Scope":
        return replace(self, active=self.active_in_define)


# A key may be a keyword of Python: `event.data.from`.
_KEY = re.compile(r"event\.data\.(\w+)")


@cache
def parse(text: str) -> ast.expr:
    """The tree of one expression; a number with a unit becomes a plain number in the unit of its dimension."""

    def plain(match: re.Match[str]) -> str:
        if match["unit"] is None:
            return match[0]
        return repr(scale(match["number"], UNITS[match["unit"]][1]))

    one_line = text.strip().replace("\n", " ")
    try:
        tree = ast.parse(_KEY.sub(r"event.data.key_\1", _TOKEN.sub(plain, one_line)), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"cannot read '{text}': {error.msg}") from error
    _check(tree, text)
    return tree


def _check(node: ast.expr, text: str) -> None:
    for part in _parts(node, text):
        _check(part, text)


def _parts(node: ast.expr, text: str) -> list[ast.expr]:
    """The expressions an expression is made of; `ExpressionError` for what the language does not have."""
    match node:
        case ast.Constant(value=float() | int() | str() as value) if not isinstance(value, bool):
            return []
        case ast.Name() | ast.Attribute(value=ast.Name(id="event"), attr="name"):
            return []
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="event"), attr="data")):
            return []
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            return [operand]
        case ast.BoolOp(values=values):
            return values
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _ARITHMETIC):
            return [left, right]
        case ast.Compare(left=left, ops=ops, comparators=comparators) if all(isinstance(o, _COMPARISONS) for o in ops):
            return [left, *comparators]
        case ast.Call(func=ast.Name(id="active"), args=[ast.Constant(value=str())], keywords=[]):
            return []
        case ast.Call(func=ast.Name(id="known" | "abs"), args=[_] as arguments, keywords=[]):
            return arguments
        case ast.Call(func=ast.Name(id="min" | "max"), args=[_, *_] as arguments, keywords=[]):
            return arguments
    raise ExpressionError(f"'{text}': {ast.unparse(node)} is not part of the language")


def names_in(node: ast.expr) -> list[str]:
    """The names an expression reads, without functions and `event`."""
    functions = {id(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and id(n) not in functions]
    return [name for name in names if name not in ("true", "false", "event")]


def states_in(node: ast.expr) -> list[str]:
    """The state names that `active` asks for."""
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    return [call.args[0].value for call in calls if call.func.id == "active"]  # type: ignore[attr-defined]


def holds(node: ast.expr, scope: Scope) -> bool:
    """Whether a condition is true: unknown counts as false, anything but true, false and unknown fails (§3)."""
    return _truth(evaluate(node, scope))


def _truth(value: Value) -> bool:
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    raise Failure(f"{value!r:.60} is neither true nor false")


def evaluate(node: ast.expr, scope: Scope) -> Value:
    """The value of an expression; `Failure` where §3 says that it fails."""
    return _EVALUATE[type(node)](node, scope)


def _constant(node: ast.Constant, _scope: Scope) -> Value:
    return node.value if isinstance(node.value, str) else float(node.value)  # type: ignore[arg-type]


def _field(node: ast.Attribute, scope: Scope) -> Value:
    event = scope.event()
    if event is None:
        return None
    name, data = event
    return (
        name if node.attr == "name" and isinstance(node.value, ast.Name) else data.get(node.attr.removeprefix("key_"))
    )


def _unary(node: ast.UnaryOp, scope: Scope) -> Value:
    value = evaluate(node.operand, scope)
    if isinstance(node.op, ast.Not):
        return not _truth(value)
    return None if value is None else -_number(value)


def _logic(node: ast.BoolOp, scope: Scope) -> bool:
    """Left to right, and no further than needed."""
    decides = isinstance(node.op, ast.Or)
    for operand in node.values:
        if _truth(evaluate(operand, scope)) is decides:
            return decides
    return not decides


def _named(node: ast.Name, scope: Scope) -> Value:
    name = node.id
    if name in ("true", "false"):
        return name == "true"
    return evaluate(scope.define[name], scope.of_define()) if name in scope.define else scope.values[name]


def _compare_chain(node: ast.Compare, scope: Scope) -> bool:
    """`a < b < c` is `a < b and b < c`, each side evaluated once."""
    left = evaluate(node.left, scope)
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = evaluate(comparator, scope)
        if not _compare(op, left, right):
            return False
        left = right
    return True


def _compare(op: ast.cmpop, left: Value, right: Value) -> bool:
    if left is None or right is None:
        return False  # §3: also `!=`
    if isinstance(op, ast.Eq):
        return type(left) is type(right) and left == right
    if isinstance(op, ast.NotEq):
        return type(left) is not type(right) or left != right
    a, b = _number(left), _number(right)
    if isinstance(op, ast.Lt):
        return a < b
    if isinstance(op, ast.LtE):
        return a <= b
    if isinstance(op, ast.Gt):
        return a > b
    return a >= b


def _arithmetic(node: ast.BinOp, scope: Scope) -> Value:
    op, left, right = node.op, evaluate(node.left, scope), evaluate(node.right, scope)
    if left is None or right is None:
        return None
    a, b = _number(left), _number(right)
    if isinstance(op, ast.Add):
        return a + b
    if isinstance(op, ast.Sub):
        return a - b
    if isinstance(op, ast.Mult):
        return a * b
    if b == 0.0:
        raise Failure("division by zero")
    return a / b


def _call(node: ast.Call, scope: Scope) -> Value:
    function = node.func.id  # type: ignore[attr-defined]
    if function == "active":
        return scope.active(node.args[0].value)  # type: ignore[attr-defined]
    values = [evaluate(argument, scope) for argument in node.args]
    if function == "known":
        return values[0] is not None
    if any(value is None for value in values):
        return None
    numbers = [_number(value) for value in values]
    if function == "abs":
        return abs(numbers[0])
    return min(numbers) if function == "min" else max(numbers)


def _number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, float):
        raise Failure(f"{value!r:.60} is not a number")
    return value


_EVALUATE: dict[type[ast.expr], Callable[..., Value]] = {
    ast.Constant: _constant,
    ast.Name: _named,
    ast.Attribute: _field,
    ast.UnaryOp: _unary,
    ast.BoolOp: _logic,
    ast.Compare: _compare_chain,
    ast.BinOp: _arithmetic,
    ast.Call: _call,
}
