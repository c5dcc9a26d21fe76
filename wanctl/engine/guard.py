"""Text to checked expression.

The text is read with Python's `ast`, of which a short list of nodes is allowed; nothing is ever evaluated from the file
as written. Quantities (`15ms`) are taken out before `ast` sees the text, columns kept. Names, kinds and units are
checked here, so that a misspelt word or a delay compared with a rate is an error at load with its column.
"""

import ast
import keyword
import re
import warnings
from dataclasses import dataclass
from math import isfinite

from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.document import Text
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
    children,
    is_constant,
)
from wanctl.engine.scope import Scope
from wanctl.engine.unit import QUANTITY, UNITS, scale

MAX_LENGTH = 2_000  # characters of one expression
# With every defined word opened: words that are made of words double at each step, and compiled guards nest as deep.
MAX_PARTS = 2_000
MAX_DEPTH = 80
_TOKEN = re.compile(rf"(?P<text>'[^']*'|\"[^\"]*\")|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<quantity>{QUANTITY.pattern})")
_EVENT_KEY = re.compile(r"\bevent\.data\.(?P<key>[A-Za-z_][A-Za-z0-9_]*)")
_KEYWORD = "\u01c0"  # a letter that no file has in a name; it makes a keyword an identifier
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_FUNCTIONS = ("active", "known", "min", "max", "abs")
_PLAIN = ("", "ratio")  # a share is a plain number: `load > 0.9` and `load > 90%` are both fine


class _RefusedError(Exception):
    """The expression is wrong at a column; raised inside this module only."""

    def __init__(self, code: str, message: str, column: int, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.column, self.hint = code, message, column, hint


def parse_expression(node: Text, scope: Scope, findings: Findings, *, linear: bool) -> Expr | None:
    """The checked expression of a text; None, with the reason in `findings`, when it is not acceptable.

    `linear` asks for what guards must be: sums of names times constants, so that the prover can always decide.
    """
    try:
        return _Reader(node.value, node.content, scope, linear).read()
    except _RefusedError as refused:
        place = node.content
        if "\n" not in node.value:
            place = Place(place.file, place.line, place.column + refused.column)
        findings.error(refused.code, refused.message, place, refused.hint)
        return None


def parse_condition(node: Text, scope: Scope, findings: Findings, *, linear: bool = True) -> Expr | None:
    """An expression that is true or false."""
    expr = parse_expression(node, scope, findings, linear=linear)
    if expr is not None and expr.kind not in ("bool", "any"):
        findings.error(
            "WC310", f"a condition is needed, this is a {expr.kind}", node.content, "compare it with something"
        )
        return None
    return expr


@dataclass(slots=True)
class _Reader:
    source: str
    place: Place
    scope: Scope
    linear: bool
    quantities: dict[int, Constant] | None = None

    def read(self) -> Expr:
        if len(self.source) > MAX_LENGTH:
            raise _RefusedError("WC301", f"an expression of more than {MAX_LENGTH} characters", 0, "use `define`")
        if not self.source.strip():
            raise _RefusedError("WC301", "an empty expression", 0)
        shift = len(self.source) - len(self.source.lstrip())
        prepared = self._prepare().strip()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(prepared, mode="eval")
        except SyntaxError as error:
            column = max(0, (error.offset or 1) - 1) + shift
            raise _RefusedError("WC301", f"not an expression: {error.msg}", column, self._syntax_hint()) from None
        except (ValueError, RecursionError, MemoryError):
            raise _RefusedError("WC301", "not an expression: nested too deeply, or not text", 0) from None
        self._shift = shift
        try:
            expr = self._node(tree.body)
        except RecursionError:
            raise _RefusedError("WC301", "nested too deeply", 0) from None
        _check_size(expr)
        return expr

    _shift: int = 0

    def _prepare(self) -> str:
        self.quantities = {}
        shift = len(self.source) - len(self.source.lstrip())

        def replace(match: re.Match[str]) -> str:
            if match["quantity"] is None:
                return match[0]
            dimension, factor = UNITS[match["unit"]]
            assert self.quantities is not None
            value = scale(match["number"], factor)
            if not isfinite(value):
                raise _RefusedError("WC303", "a number that is too large", match.start())
            self.quantities[match.start() - shift] = Constant(value, "number", dimension, match[0])
            return "0".ljust(len(match[0]))

        prepared = _TOKEN.sub(replace, self.source).replace("\n", " ").replace("\t", " ")
        # Senders choose the keys of an event's data: `from` and `class` are good ones, whatever `ast` thinks of them.
        return _EVENT_KEY.sub(lambda m: m[0] + _KEYWORD if keyword.iskeyword(m["key"]) else m[0], prepared)

    def _syntax_hint(self) -> str:
        for wrong, right in (("&&", "and"), ("||", "or"), ("!", "not")):
            if wrong in self.source.replace("!=", ""):
                return f"write '{right}' for '{wrong}'"
        if re.search(r"(?<![<>=!])=(?!=)", self.source):
            return "compare with '=='"
        return ""

    def _column(self, node: ast.AST) -> int:
        return int(getattr(node, "col_offset", 0)) + self._shift

    def _refuse(self, code: str, message: str, node: ast.AST, hint: str = "") -> _RefusedError:
        return _RefusedError(code, message, self._column(node), hint)

    def _node(self, node: ast.expr) -> Expr:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._name(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.BoolOp():
                operator = "and" if isinstance(node.op, ast.And) else "or"
                return Logic(operator, tuple(self._truth(item) for item in node.values))  # type: ignore[arg-type]
            case ast.UnaryOp(op=ast.Not()):
                return Logic("not", (self._truth(node.operand),))
            case ast.UnaryOp(op=ast.USub()):
                return self._negative(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.Compare():
                return self._compare(node)
            case ast.Call():
                return self._call(node)
            case _:
                name = type(node).__name__
                raise self._refuse("WC302", f"{name} is not part of the expression language", node, _LANGUAGE)

    def _constant(self, node: ast.Constant) -> Expr:
        value = node.value
        assert self.quantities is not None
        if node.col_offset in self.quantities:
            return self.quantities[node.col_offset]
        if isinstance(value, bool) or value is None or value is ...:
            raise self._refuse(
                "WC302", f"'{value}' is not part of the expression language", node, "write true or false"
            )
        if isinstance(value, str):
            return Constant(value, "text", "", f"'{value}'")
        if isinstance(value, int | float):
            if (isinstance(value, int) and abs(value) > 10**18) or not isfinite(value):
                raise self._refuse("WC303", "a number that is too large", node)
            return Constant(value, "number", "", ast.unparse(node))
        raise self._refuse("WC302", f"a {type(value).__name__} is not part of the expression language", node, _LANGUAGE)

    def _name(self, node: ast.Name) -> Expr:
        if node.id in ("true", "false"):
            return Constant(node.id == "true", "bool", "", node.id)
        found = self.scope.lookup(node.id)
        if found is not None:
            return found
        if node.id in _FUNCTIONS or node.id == "event":
            raise self._refuse("WC304", f"'{node.id}' cannot stand alone", node, _LANGUAGE)
        for name, expr in self.scope.names.items():
            if isinstance(expr, Name) and node.id in expr.symbol.choices:
                hint = f"a value of '{name}' is a text: write '{node.id}' in single quotes"
                raise self._refuse("WC304", f"unknown name '{node.id}'", node, hint)
        raise self._refuse("WC304", f"unknown name '{node.id}'", node, did_you_mean(node.id, self.scope.names))

    def _attribute(self, node: ast.Attribute) -> Expr:
        match node:
            case ast.Attribute(value=ast.Name(id="event"), attr="name"):
                return EventField(None)
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="event"), attr="data"), attr=key):
                return EventField(key.removesuffix(_KEYWORD))
            case _:
                raise self._refuse("WC302", "a dot is allowed in event.name and event.data.KEY only", node)

    def _negative(self, node: ast.UnaryOp) -> Expr:
        operand = self._number(node.operand)
        if isinstance(operand, Constant):
            assert isinstance(operand.value, int | float)
            return Constant(-operand.value, "number", operand.dimension, f"-{operand.written}")
        return Arithmetic("neg", (operand,), operand.dimension)

    def _truth(self, node: ast.expr) -> Expr:
        expr = self._node(node)
        if expr.kind not in ("bool", "any"):
            raise self._refuse(
                "WC310", f"a condition is needed, this is a {expr.kind}", node, "compare it with something"
            )
        return expr

    def _number(self, node: ast.expr) -> Expr:
        expr = self._node(node)
        if expr.kind not in ("number", "any"):
            raise self._refuse("WC311", f"a number is needed, this is a {expr.kind}", node)
        return expr

    def _binary(self, node: ast.BinOp) -> Expr:
        operator = _BINARY.get(type(node.op))
        if operator is None:
            raise self._refuse("WC302", f"{type(node.op).__name__} is not part of the language", node, _LANGUAGE)
        left, right = self._number(node.left), self._number(node.right)
        if operator == "/" and isinstance(right, Constant) and right.value == 0:
            raise self._refuse("WC312", "a division by zero", node.right)
        if self.linear:
            self._check_linear(operator, left, right, node)
        return Arithmetic(operator, (left, right), self._dimension(operator, left, right, node))

    def _check_linear(self, operator: str, left: Expr, right: Expr, node: ast.BinOp) -> None:
        if operator == "*" and not (is_literal(left) or is_literal(right)):
            raise self._refuse("WC313", "a product of two names is not linear", node, _LINEAR)
        if operator == "/" and not is_literal(right):
            raise self._refuse("WC313", "a division by a name is not linear", node, _LINEAR)

    def _dimension(self, operator: str, left: Expr, right: Expr, node: ast.BinOp) -> str:
        one, two = left.dimension, right.dimension
        if operator in "+-":
            self._same_dimension(left, right, node)
            return two if _is_zero(left) or (one in _PLAIN and two not in _PLAIN) else one
        if "any" in (left.kind, right.kind):
            return two if left.kind == "any" else one
        if two in _PLAIN:
            return one
        if operator == "*" and one in _PLAIN:
            return two
        if operator == "/" and one == two:
            return "ratio"
        raise self._refuse("WC314", f"{_called(one)} {operator} {_called(two)} has no meaning here", node)

    def _same_dimension(self, left: Expr, right: Expr, node: ast.AST) -> None:
        if left.kind != "number" or right.kind != "number" or _is_zero(left) or _is_zero(right):
            return
        one, two = left.dimension, right.dimension
        if one == two or (one in _PLAIN and two in _PLAIN):
            return
        hint = ""
        for plain, other in ((left, right), (right, left)):
            if isinstance(plain, Constant) and plain.dimension == "":
                hint = f"write the number with its unit, e.g. {plain.written}{_EXAMPLE_UNIT[other.dimension]}"
        raise self._refuse("WC314", f"{_called(one)} and {_called(two)} do not compare", node, hint)

    def _compare(self, node: ast.Compare) -> Expr:
        operators: list[str] = []
        for operator in node.ops:
            if type(operator) not in _COMPARE:
                raise self._refuse(
                    "WC302", f"'{_word(operator)}' is not part of the expression language", node, _LANGUAGE
                )
            operators.append(_COMPARE[type(operator)])
        nodes = [node.left, *node.comparators]
        operands = tuple(self._node(item) for item in nodes)
        compare = Compare(operands, tuple(operators))
        for index, (left, sign, right) in enumerate(compare.pairs()):
            self._check_pair(left, sign, right, nodes[index + 1])
        return compare

    def _check_pair(self, left: Expr, sign: str, right: Expr, node: ast.expr) -> None:
        if sign not in ("==", "!="):
            for side in (left, right):
                if side.kind not in ("number", "any"):
                    raise self._refuse("WC311", f"'{sign}' compares numbers, this is a {side.kind}", node)
        self._same_dimension(left, right, node)
        for name, value in ((left, right), (right, left)):
            if isinstance(name, Name) and isinstance(value, Constant) and _is_never(name, value):
                hint = did_you_mean(str(value.value), name.symbol.choices)
                raise self._refuse("WC315", f"'{name.symbol.name}' is never '{value.value}'", node, hint)

    def _call(self, node: ast.Call) -> Expr:
        if not isinstance(node.func, ast.Name) or node.func.id not in _FUNCTIONS:
            written = ast.unparse(node.func)[:40]
            raise self._refuse("WC305", f"unknown function '{written}'", node, did_you_mean(written, _FUNCTIONS))
        name = node.func.id
        least, most = (1, 1) if name in ("active", "known", "abs") else (2, 16)
        if node.keywords or not least <= len(node.args) <= most:
            wanted = "one argument" if most == 1 else "two arguments or more"
            raise self._refuse("WC306", f"'{name}' takes {wanted}", node)
        if name == "active":
            argument = node.args[0]
            if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                raise self._refuse("WC306", "'active' takes the name of a state in quotes", node, "active('UP')")
            column = self.place.column + self._column(argument)
            return Active(argument.value, Place(self.place.file, self.place.line, column))
        if name == "known":
            return Known(self._node(node.args[0]))
        operands = tuple(self._number(item) for item in node.args)
        dimension = operands[0].dimension
        for item in operands[1:]:
            self._same_dimension(operands[0], item, node)
            dimension = dimension or item.dimension
        return Arithmetic(name, operands, dimension)


def _check_size(expr: Expr) -> None:
    """Refuse what would take ages to compile; stops counting at the limit."""
    waiting, parts = [(expr, 1)], 0
    while waiting:
        part, depth = waiting.pop()
        parts += 1
        if depth > MAX_DEPTH:
            raise _RefusedError("WC301", f"nested more than {MAX_DEPTH} deep with every word opened", 0)
        if parts > MAX_PARTS:
            raise _RefusedError("WC301", f"more than {MAX_PARTS} parts with every word opened", 0)
        deeper = depth if isinstance(part, Name) else depth + 1
        waiting += [(child, deeper) for child in children(part)]


def is_literal(expr: Expr) -> bool:
    """Whether an expression is made of numbers alone."""
    return is_constant(expr) and not any(isinstance(item, Name) for item in (expr, *_operands(expr)))


def _operands(expr: Expr) -> tuple[Expr, ...]:
    if isinstance(expr, Arithmetic):
        return tuple(item for operand in expr.operands for item in (operand, *_operands(operand)))
    return ()


def _is_never(name: Name, value: Constant) -> bool:
    """Whether an enum can never be a text. A datum may be asked all the same: what comes from outside is a slip."""
    symbol = name.symbol
    asked = symbol.role in ("input", "param") and symbol.choices and value.kind == "text"
    return bool(asked) and value.value not in symbol.choices


def _is_zero(expr: Expr) -> bool:
    return isinstance(expr, Constant) and expr.kind == "number" and expr.value == 0 and expr.dimension == ""


def _word(operator: ast.cmpop) -> str:
    return {"In": "in", "NotIn": "not in", "Is": "is", "IsNot": "is not"}.get(type(operator).__name__, "?")


def _called(dimension: str) -> str:
    return {"": "a plain number", "ratio": "a share", "ticks": "a number of ticks"}.get(dimension, f"a {dimension}")


def words_in(source: str) -> list[str]:
    """The words of an expression that may be names, in order; texts and keys of events are none."""
    found = (match["word"] for match in _TOKEN.finditer(_EVENT_KEY.sub("", source)))
    return [word for word in found if word is not None]


_EXAMPLE_UNIT = {
    "time": "ms",
    "rate": "Mbit",
    "size": "MB",
    "ratio": "%",
    "slope": "ms/s",
    "ticks": " ticks",
    "frequency": "Hz",
    "": "",
}
_LANGUAGE = (
    "allowed: and or not, < <= > >= == !=, + - * /, min max abs, known(x), active('STATE'), event.name, event.data.KEY"
)
_LINEAR = "guards are linear: one side of * and the right side of / must be a number"
