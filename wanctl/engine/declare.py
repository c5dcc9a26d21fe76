"""The declarations of a machine: inputs, params, data, define, where."""

import keyword
import re
from dataclasses import dataclass, field
from math import isfinite

from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.document import List, Map, Node, Text
from wanctl.engine.expression import Constant, Expr, ExprKind, Role, Symbol, is_constant
from wanctl.engine.guard import parse_condition, parse_expression, words_in
from wanctl.engine.record import Value
from wanctl.engine.scope import RESERVED, Scope
from wanctl.engine.unit import UNITS, UnitError, parse_quantity

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MOST_WORDS_DEEP = 100
_KEYS = frozenset({"unit", "range", "enum", "type", "default", "doc"})


@dataclass(slots=True)
class Declarations:
    """The declared names of a machine, those of its templates included."""

    inputs: dict[str, Symbol] = field(default_factory=dict)
    params: dict[str, Symbol] = field(default_factory=dict)
    data: dict[str, Symbol] = field(default_factory=dict)
    defines: dict[str, Symbol] = field(default_factory=dict)
    where: list[tuple[Expr, str, Place]] = field(default_factory=list)

    def table(self, role: Role) -> dict[str, Symbol]:
        """The symbols of one role."""
        return {"input": self.inputs, "param": self.params, "data": self.data, "define": self.defines}[role]

    def taken(self, name: str) -> Symbol | None:
        """Whoever has a name already."""
        return next(
            (table[name] for table in (self.inputs, self.params, self.data, self.defines) if name in table), None
        )


@dataclass(slots=True)
class Declarer:
    """Reads the declaring sections of one file into `into`, and its names into `scope`.

    `prefix` keeps a template's names apart ("download_"); names that `scope` has already are those that `with` bound.
    """

    into: Declarations
    scope: Scope
    findings: Findings
    prefix: str = ""

    def read(self, root: Map) -> None:
        """Read every declaring section of the machine's map."""
        for section, role in (("inputs", "input"), ("params", "param"), ("data", "data")):
            for name, node, place in self._entries(root.get(section), section):
                self._value(name, node, place, role)  # type: ignore[arg-type]
        self._defines(self._entries(root.get("define"), "define"))
        self._where(root.get("where"))

    def _entries(self, section: Node | None, name: str) -> list[tuple[str, Node, Place]]:
        if section is None or (isinstance(section, Text) and section.value == ""):
            return []
        if not isinstance(section, Map):
            self.findings.error("WC201", f"'{name}' must be a map of names", section.place)
            return []
        return [(key, section[key], section.keys[key]) for key in section]

    def _free(self, name: str, place: Place) -> bool:
        if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in RESERVED:
            hint = "letters, digits and '_', not starting with a digit, and no word of the expression language"
            self.findings.error("WC210", f"'{name}' cannot be a name", place, hint)
            return False
        taken = self.into.taken(self.prefix + name)
        if taken is not None:
            where = f"first on line {taken.place.line}" if taken.place.file == place.file else f"in {taken.place}"
            self.findings.error("WC211", f"'{self.prefix + name}' is declared twice ({where})", place)
            return False
        return True

    def _value(self, name: str, node: Node, place: Place, role: Role) -> None:
        if self.prefix and self.scope.lookup(name) is not None:
            return  # bound by `with`
        if not self._free(name, place):
            return
        symbol = self._symbol(name, node, place, role)
        self.into.table(role)[symbol.name] = symbol
        self.scope.declare(name, symbol)

    def _symbol(self, name: str, node: Node, place: Place, role: Role) -> Symbol:
        symbol = Symbol(self.prefix + name, role, "number", place)
        if isinstance(node, Text) and node.value == "":
            return symbol
        if not isinstance(node, Map):
            self.findings.error("WC201", f"'{name}' must be a map such as {{unit: ms, range: [0, 100]}}", node.place)
            return symbol
        for key in node:
            if key not in _KEYS or (key == "default" and role == "input"):
                self.findings.error("WC202", f"unknown key '{key}'", node.keys[key], did_you_mean(key, _KEYS))
        symbol.kind = self._kind(node)
        symbol.unit = self._unit(node)
        symbol.dimension = UNITS[symbol.unit][0]
        symbol.choices = self._choices(node)
        symbol.low, symbol.high = self._range(node, symbol)
        doc = node.get("doc")
        symbol.doc = doc.value if isinstance(doc, Text) else ""
        self._default(node, symbol)
        return symbol

    def _kind(self, node: Map) -> ExprKind:
        if "enum" in node:
            return "text"
        kind = node.get("type")
        if kind is None:
            return "number"
        if isinstance(kind, Text) and kind.value in ("number", "bool", "text"):
            return kind.value  # type: ignore[return-value]
        self.findings.error("WC212", "a type is one of number, bool, text", kind.place)
        return "number"

    def _unit(self, node: Map) -> str:
        unit = node.get("unit")
        if unit is None:
            return ""
        if isinstance(unit, Text) and unit.value in UNITS:
            return unit.value
        written = unit.value if isinstance(unit, Text) else "?"
        self.findings.error("WC213", f"unknown unit '{written}'", unit.place, did_you_mean(written, UNITS))
        return ""

    def _choices(self, node: Map) -> tuple[str, ...]:
        choices = node.get("enum")
        if choices is None:
            return ()
        if isinstance(choices, List) and len(choices) and all(isinstance(item, Text) for item in choices):
            return tuple(item.value for item in choices if isinstance(item, Text))
        self.findings.error("WC214", "'enum' must be a list of texts", choices.place)
        return ()

    def _range(self, node: Map, symbol: Symbol) -> tuple[float | None, float | None]:
        ends = node.get("range")
        if ends is None:
            return None, None
        if not isinstance(ends, List) or len(ends) != 2 or symbol.kind != "number":
            self.findings.error("WC215", "'range' must be two numbers: [lowest, highest]", ends.place)
            return None, None
        low, high = (self._number(item, symbol) for item in ends)
        if low is not None and high is not None and low > high:
            self.findings.error("WC215", "the range is empty: its first number is the larger one", ends.place)
        return low, high

    def _number(self, node: Node, symbol: Symbol) -> float | None:
        if not isinstance(node, Text):
            self.findings.error("WC215", "a number is needed here", node.place)
            return None
        try:
            quantity = parse_quantity(node.value)
        except UnitError as error:
            self.findings.error("WC213", str(error), node.content)
            return None
        if not isfinite(quantity.value):
            self.findings.error("WC303", "a number that is too large", node.content)
            return None
        if quantity.dimension == "" and symbol.unit:
            return parse_quantity(f"{node.value}{symbol.unit}").value
        if quantity.dimension != symbol.dimension and {quantity.dimension, symbol.dimension} != {"", "ratio"}:
            wanted = symbol.dimension or "plain number"
            message = f"'{node.value}' is a {quantity.dimension or 'plain number'}, '{symbol.name}' is a {wanted}"
            self.findings.error("WC314", message, node.content)
            return None
        return quantity.value

    def _default(self, node: Map, symbol: Symbol) -> None:
        default = node.get("default")
        if default is None:
            return
        value: Value = None
        if not isinstance(default, Text):
            self.findings.error("WC216", "a default is a single value", default.place)
        elif symbol.kind == "number":
            value = self._number(default, symbol)
        elif symbol.kind == "bool":
            value = default.value == "true"
            if default.value not in ("true", "false"):
                self.findings.error("WC216", f"'{default.value}' is neither true nor false", default.place)
        else:
            value = default.value
        refusal = symbol.refuses(value)
        if refusal:
            self.findings.error("WC216", f"the default does not fit: {refusal}", default.place)
        symbol.default, symbol.has_default = value, True

    def _defines(self, entries: list[tuple[str, Node, Place]]) -> None:
        """Read words in an order in which each comes after those it is made of."""
        waiting = {name: (node, place) for name, node, place in entries}
        way: list[str] = []  # the words on the way to the present one
        circular: set[str] = set()

        def visit(name: str) -> None:
            node, place = waiting[name]
            way.append(name)
            for word in words_in(node.value) if isinstance(node, Text) else ():
                if word in way:
                    circle = " → ".join([*way[way.index(word) :], word])
                    self.findings.error("WC217", f"'{word}' is defined by itself: {circle}", place)
                    circular.add(name)
                elif word in waiting and len(way) < MOST_WORDS_DEEP:
                    visit(word)
            way.pop()
            del waiting[name]
            # A word of a circle stays known, so that the circle is told once.
            self._define(name, Text("false", node.place) if name in circular else node, place)

        while waiting:
            visit(next(iter(waiting)))

    def _define(self, name: str, node: Node, place: Place) -> None:
        if (self.prefix and self.scope.lookup(name) is not None) or not self._free(name, place):
            return
        if not isinstance(node, Text):
            self.findings.error("WC201", f"'{name}' must be an expression", node.place)
            return
        expr = parse_expression(node, self.scope, self.findings, linear=True)
        symbol = Symbol(self.prefix + name, "define", "bool", place, written=" ".join(node.value.split()))
        # A word whose expression is wrong stays known, so that one slip is reported once and not at each use.
        symbol.definition = expr if expr is not None else Constant(False, "bool", "", "false")
        symbol.kind, symbol.dimension = ("any", "") if expr is None else (expr.kind, expr.dimension)
        self.into.defines[symbol.name] = symbol
        self.scope.declare(name, symbol)

    def _where(self, node: Node | None) -> None:
        if node is None or (isinstance(node, Text) and node.value == ""):
            return
        if not isinstance(node, List):
            self.findings.error("WC201", "'where' must be a list of conditions on params", node.place)
            return
        for item in node:
            if not isinstance(item, Text):
                self.findings.error("WC201", "a condition must be a text", item.place)
                continue
            expr = parse_condition(item, self.scope, self.findings)
            if expr is None:
                continue
            if not is_constant(expr):
                self.findings.error("WC218", "'where' is a law of params: nothing else has a value yet", item.content)
                continue
            self.into.where.append((expr, " ".join(item.value.split()), item.content))
