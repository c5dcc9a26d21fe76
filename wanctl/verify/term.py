"""Expressions as terms of z3, unknown values included.

A number is a real variable, a truth value a Boolean one, a text an integer that numbers the texts of the machine. Each
input and datum has a Boolean beside it that says whether its value is known; a comparison with an unknown side is
false.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

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
    walk,
)
from wanctl.engine.model import Model
from wanctl.engine.record import Value

if TYPE_CHECKING:
    import z3

_WIDEST = 10**9  # of a number without a declared range


class _Term(NamedTuple):
    value: Any
    known: "z3.BoolRef"


class Terms:
    """The variables of one moment. Parameters have no moment: all moments of a run share them."""

    def __init__(self, model: Model, moment: str = "") -> None:
        import z3

        self._model = model
        self._texts: list[str] = sorted(_texts(model))
        self._variables: dict[str, _Term] = {}
        for symbol in (*model.inputs.values(), *model.data.values(), *model.params.values()):
            fixed = symbol.role == "param"
            name = symbol.name if fixed else f"{symbol.name}{moment}"
            sort = {"number": z3.Real, "bool": z3.Bool}.get(symbol.kind, z3.Int)
            known = z3.BoolVal(val=True) if fixed else z3.Bool(f"known {name}")
            self._variables[symbol.name] = _Term(sort(name), known)
        self._words: dict[int, tuple[tuple[int, ...], dict[tuple[bool, ...], z3.BoolRef]]] = {}
        self._declarations: list[tuple[str, Any, Any, Any]] = []
        self._fresh = 0
        self._moment = moment

    def facts(self) -> Iterator["z3.BoolRef"]:
        """What holds in every situation: ranges, texts, and `where`."""
        yield from self.ranges(self._variables)
        for expr, _, _ in self._model.where:
            yield self.condition(expr, ())

    def ranges(self, names: Iterable[str]) -> Iterator["z3.BoolRef"]:
        """That these variables have values as declared."""
        import z3

        symbols = {**self._model.inputs, **self._model.data, **self._model.params}
        for name in names:
            symbol, value = symbols[name], self._variables[name].value
            if symbol.kind == "number":
                low = -_WIDEST if symbol.low is None else symbol.low
                high = max(_WIDEST, low) if symbol.high is None else symbol.high
                yield z3.And(value >= _real(low), value <= _real(high))
            elif symbol.kind != "bool":
                choices = symbol.choices or (*self._texts, "")
                yield z3.Or([value == self._text(item) for item in choices])

    def variables(self, names: Iterable[str]) -> list[Any]:
        """The variables of these inputs, and those that say whether they are known."""
        return [item for name in sorted(names) for item in self._variables[name]]

    def equals(self, symbol: Symbol, value: Value) -> "z3.BoolRef":
        """The condition that a variable has a value."""
        return self._variables[symbol.name].value == self._constant(value).value

    def variable(self, name: str) -> Any:
        """The variable of an input, a datum or a parameter."""
        return self._variables[name].value

    def number(self, expr: Expr) -> Any:
        """The term of an expression of parameters."""
        return self._term(expr, ()).value

    def condition(self, expr: Expr, active: Sequence[bool]) -> "z3.BoolRef":
        """When an expression counts as true; unknown is false."""
        import z3

        match expr:
            case Logic("not", operands):
                return z3.Not(self.condition(operands[0], active))
            case Logic(operator, operands):
                parts = [self.condition(item, active) for item in operands]
                return z3.And(parts) if operator == "and" else z3.Or(parts)
            case Compare():
                return z3.And([self._pair(left, sign, right, active) for left, sign, right in expr.pairs()])
            case Known(operand):
                return self._term(operand, active).known
            case Active(state=state):
                return z3.BoolVal(val=bool(active[state]))
            case Name(symbol) if symbol.definition is not None:
                return self._defined(symbol.definition, active)
            case Constant(value):
                return z3.BoolVal(val=bool(value))
            case Name():
                term = self._term(expr, active)
                return z3.And(term.known, term.value)
            case EventField() | Arithmetic():
                return self._free("bool").value

    def _defined(self, definition: Expr, active: Sequence[bool]) -> "z3.BoolRef":
        """The term of a defined word, made once for all configurations that it cannot tell apart."""
        known = self._words.get(id(definition))
        if known is None:
            states = tuple(node.state for node in walk(definition) if isinstance(node, Active))
            known = self._words[id(definition)] = (states, {})
        states, terms = known
        key = tuple([active[state] for state in states])
        if key not in terms:
            terms[key] = self.condition(definition, active)
        return terms[key]

    def _pair(self, left: Expr, sign: str, right: Expr, active: Sequence[bool]) -> "z3.BoolRef":
        import z3

        if "any" in (left.kind, right.kind):
            return self._free("bool").value
        one, two = self._term(left, active), self._term(right, active)
        if left.kind != right.kind:  # only == and != get here, and they never mix kinds
            return z3.And(one.known, two.known, z3.BoolVal(val=sign == "!="))
        compared = {
            "<": lambda: one.value < two.value,
            "<=": lambda: one.value <= two.value,
            ">": lambda: one.value > two.value,
            ">=": lambda: one.value >= two.value,
            "==": lambda: one.value == two.value,
            "!=": lambda: one.value != two.value,
        }[sign]()
        return z3.And(one.known, two.known, compared)

    def _term(self, expr: Expr, active: Sequence[bool]) -> _Term:
        import z3

        match expr:
            case Constant(value):
                return self._constant(value)
            case Name(symbol) if symbol.definition is not None:
                return self._term(symbol.definition, active)
            case Name(symbol):
                return self._variables[symbol.name]
            case Arithmetic(operator, operands):
                terms = [self._term(item, active) for item in operands]
                value = _compute(operator, [term.value for term in terms])
                return _Term(value, z3.And([term.known for term in terms]))
            case EventField():
                return self._free("text")
            case _:  # a comparison or a conjunction as an operand of == is never unknown
                return _Term(self.condition(expr, active), z3.BoolVal(val=True))

    def _constant(self, value: Value) -> _Term:
        import z3

        known = z3.BoolVal(val=value is not None)
        if isinstance(value, bool):
            return _Term(z3.BoolVal(val=value), known)
        if isinstance(value, str):
            return _Term(z3.IntVal(self._text(value)), known)
        return _Term(_real(value or 0.0), known)

    def _text(self, text: str) -> int:
        return self._texts.index(text) if text in self._texts else len(self._texts)

    def _free(self, kind: str) -> _Term:
        """What comes with an event may be anything."""
        import z3

        self._fresh += 1
        name = f"event {self._fresh}{self._moment}"
        return _Term(z3.Bool(name) if kind == "bool" else z3.Int(name), z3.Bool(f"known {name}"))

    def values(self, found: "z3.ModelRef") -> dict[str, Value]:
        """The values of a solution."""
        import z3

        if not self._declarations:  # asking a term for its declaration is what takes long
            self._declarations = [
                (name, None if z3.is_true(term.known) else term.known.decl(), term.value.decl(), term.value)
                for name, term in self._variables.items()
            ]
        values: dict[str, Value] = {}
        for name, known, declared, variable in self._declarations:
            if known is None or z3.is_true(found.get_interp(known)):
                value = found.get_interp(declared)
                if value is None:  # anything will do
                    value = found.eval(variable, model_completion=True)
                values[name] = self._value(value)
            else:
                values[name] = None
        return values

    def _value(self, value: Any) -> Value:
        import z3

        if z3.is_bool(value):
            return bool(z3.is_true(value))
        above, _, below = value.as_string().partition("/")
        if value.is_int():
            number = int(above)
            return self._texts[number] if number < len(self._texts) else ""
        return int(above) / int(below or 1)


def _real(value: float) -> "z3.RatNumRef":
    import z3

    # A float stands for the shortest decimal that means it: 0.6 is 6/10 here, as the file says.
    fraction = Fraction(repr(float(value)))
    return z3.RatVal(fraction.numerator, fraction.denominator)


def _compute(operator: str, values: list[Any]) -> Any:
    import z3

    match operator:
        case "+":
            return values[0] + values[1]
        case "-":
            return values[0] - values[1]
        case "*":
            return values[0] * values[1]
        case "/":
            return values[0] / values[1]
        case "neg":
            return -values[0]
        case "abs":
            return z3.If(values[0] >= 0, values[0], -values[0])
    best = values[0]
    for value in values[1:]:
        best = z3.If(value < best if operator == "min" else value > best, value, best)
    return best


def _texts(model: Model) -> set[str]:
    found: set[str] = set()
    for symbol in (*model.inputs.values(), *model.params.values(), *model.data.values()):
        found |= set(symbol.choices)
        if isinstance(symbol.default, str):
            found.add(symbol.default)
    conditions = [row.guard for row in model.rows if row.guard is not None]
    conditions += [item.when for item in model.never]
    conditions += [expr for item in model.eventually for expr in (item.start, item.to) if expr is not None]
    for expr in conditions:
        found |= {str(n.value) for n in walk(expr) if isinstance(n, Constant) and n.kind == "text"}
    return found
