"""Reads a machine file into a chart (§2). Only what a legal file needs: a wrong one gets an error without a place."""

import ast
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.reference.expression import Scope, Value, holds, names_in, parse, states_in
from tests.reference.tree import Action, Assign, Cancel, Hold, If, Raise, Row, Send, State, Typed
from wanctl.engine.unit import UNITS, parse_quantity, time_ns


class ChartError(ValueError):
    """A machine file that is not legal."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What an input, a parameter or a datum may hold."""

    kind: str  # number, bool, enum, text
    low: float = float("-inf")
    high: float = float("inf")
    members: tuple[str, ...] = ()
    default: Value = None
    factor: float = 1.0  # from the declared unit

    def fits(self, value: Value) -> bool:
        """Whether a known value may be stored (§3)."""
        match self.kind:
            case "number":
                return isinstance(value, float) and not isinstance(value, bool) and self.low <= value <= self.high
            case "bool":
                return isinstance(value, bool)
            case "enum":
                return value in self.members
            case _:
                return isinstance(value, str)


@dataclass(slots=True)
class Chart:
    """A machine, read and resolved."""

    name: str
    root: State
    scxml: bool
    bound: int  # §7: 128, a setting
    inputs: dict[str, Declaration]
    params: dict[str, Declaration]
    data: dict[str, Declaration]
    define: dict[str, ast.expr]
    states: list[State] = field(default_factory=list)  # in document order; without the machine and history states
    send_ids: set[str] = field(default_factory=set)  # written in the file
    found: dict[tuple[State, str], State] = field(default_factory=dict)

    def state_meant(self, place: State, name: str) -> State:
        """Which state a name in a row or action of `place` means (§2)."""
        if (place, name) not in self.found:
            self.found[place, name] = _look_outward(place, name)
        return self.found[place, name]


def read_chart(text: str, params: dict[str, Value] | None = None, conflicts: str | None = None) -> Chart:
    """Read a machine file. `conflicts` overrides the file's rule; `params` holds canonical values."""
    document = yaml.load(text, Loader=yaml.CBaseLoader)
    if not isinstance(document, dict):
        raise ChartError("a machine file is a map")
    root = _skeleton("", None, document)
    for order, state in enumerate(list(root.family())):
        state.order = order
    chart = Chart(
        name=document.get("machine", ""),
        root=root,
        scxml=(conflicts or document.get("conflicts", "lca")) == "scxml",
        bound=int(document.get("max_microsteps", 128)),
        inputs={name: _declaration(spec) for name, spec in _map(document.get("inputs")).items()},
        params={name: _declaration(spec) for name, spec in _map(document.get("params")).items()},
        data={name: _declaration(spec) for name, spec in _map(document.get("data")).items()},
        define={name: parse(text) for name, text in _map(document.get("define")).items()},
    )
    for name, value in (params or {}).items():
        chart.params[name] = Declaration(**{**_fields(chart.params[name]), "default": value})
    _Reader(chart).read(document)
    return chart


def _fields(declaration: Declaration) -> dict[str, Any]:
    return {name: getattr(declaration, name) for name in Declaration.__slots__}


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _skeleton(name: str, parent: State | None, spec: Any) -> State:
    spec = _map(spec)
    below = _map(spec.get("states"))
    kind = spec.get("type") or ("compound" if below else "atomic")
    path = name if parent is None or parent.parent is None else f"{parent.path}.{name}"
    state = State(name, parent, kind, path, deep=spec.get("depth") == "deep")
    # Document order must count history states where they stand: the numbering follows the file, not the two lists.
    for order, (child_name, child_spec) in enumerate(below.items()):
        child = _skeleton(child_name, state, child_spec)
        child.order = order
        (state.histories if child.kind == "history" else state.children).append(child)
    return state


def _declaration(spec: dict[str, Any]) -> Declaration:
    default = spec.get("default")
    if "enum" in spec:
        return Declaration("enum", members=tuple(spec["enum"]), default=default)
    kind = spec.get("type", "number")
    if kind == "text":
        return Declaration("text", default=default)
    if kind == "bool":
        return Declaration("bool", default=None if default is None else default == "true")
    unit = spec.get("unit", "")
    low, high = (_number(end, unit) for end in spec["range"]) if "range" in spec else (float("-inf"), float("inf"))
    default = None if default is None else _number(default, unit)
    return Declaration("number", low, high, default=default, factor=UNITS[unit][1])


def _number(text: str, unit: str) -> float:
    """A plain number is in the declared unit."""
    quantity = parse_quantity(text)
    return quantity.value if quantity.dimension or not unit else parse_quantity(text + unit).value


def _look_outward(place: State, name: str) -> State:
    for around in (place, *place.ancestors):
        found = _nearest(around, name)
        if found is not None:
            return found
    raise ChartError(f"no state '{name}'")


def _nearest(top: State, name: str, *, with_top: bool = True) -> State | None:
    """Of `top` and all below the match nearest to `top`; None without a match."""
    words = name.split(".")
    family = [s for s in top.family() if s.parent is not None and (with_top or s is not top)]
    found = sorted((s for s in family if s.path.split(".")[-len(words) :] == words), key=lambda s: s.depth)
    if not found:
        return None
    if len(found) > 1 and found[1].depth == found[0].depth:
        raise ChartError(f"'{name}' is {found[0].path} and {found[1].path}")
    return found[0]


class _Reader:
    """Fills in what may name other states: initial, rows, actions."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.names = {*chart.inputs, *chart.params, *chart.data, *chart.define}

    def read(self, document: dict[str, Any]) -> None:
        for tree in self.chart.define.values():
            self.check(self.chart.root, tree)
        for law in document.get("where", []):
            values = {name: declaration.default for name, declaration in self.chart.params.items()}
            if not holds(parse(law), Scope(values, {}, lambda: None, lambda _: False, lambda _: False)):
                raise ChartError(f"where: {law}")
        self.state(self.chart.root, document)
        self.chart.states = [s for s in self.chart.root.family() if s.parent is not None and s.kind != "history"]

    def state(self, state: State, spec: Any) -> None:
        spec = _map(spec)
        state.initial = self.initial(state, spec)
        state.entry, state.exit, state.during = (self.actions(state, spec.get(k)) for k in ("entry", "exit", "during"))
        number = 0
        for key in spec:  # row ids count in file order
            if key == "on":
                for descriptor, rows in _map(spec["on"]).items():
                    state.on.append((descriptor, self.rows(state, rows, number)))
                    number += len(rows)
            elif key == "always":
                state.always = self.rows(state, spec["always"], number)
                number += len(state.always)
            elif key == "after":
                for delay, rows in _map(spec["after"]).items():
                    state.after.append((time_ns(parse_quantity(delay)), self.rows(state, rows, number)))
                    number += len(rows)
        for child in (*state.children, *state.histories):
            self.state(child, spec["states"][child.name])

    def initial(self, state: State, spec: dict[str, Any]) -> tuple[State, ...]:
        names = _names(spec.get("initial"))
        top = state.parent if state.kind == "history" else state
        assert top is not None
        if names:
            found = tuple(_nearest(top, name, with_top=False) for name in names)
            if None in found:
                raise ChartError(f"initial of {state}: no state {names} below")
            return found  # type: ignore[return-value]
        if state.kind == "history":
            raise ChartError(f"{state} must have `initial`")
        return (state.children[0],) if state.kind == "compound" else ()

    def rows(self, state: State, specs: list[Any], before: int) -> list[Row]:
        return [self.row(state, _map(spec), before + place) for place, spec in enumerate(specs, start=1)]

    def row(self, state: State, spec: dict[str, Any], number: int) -> Row:
        when = self.expression(state, spec["when"]) if "when" in spec else None
        targets = tuple(self.chart.state_meant(state, name) for name in _names(spec.get("to")))
        cooldown_ns = time_ns(parse_quantity(spec["cooldown"])) if "cooldown" in spec else None
        internal = spec.get("kind") == "internal"
        return Row(
            state, number, when, targets, self.actions(state, spec.get("do")), internal, _hold(spec), cooldown_ns
        )

    def actions(self, state: State, specs: Any) -> tuple[Action, ...]:
        return tuple(action for spec in specs or [] for action in self.action(state, spec))

    def action(self, state: State, spec: dict[str, Any]) -> list[Action]:
        if "if" in spec:
            then, otherwise = self.actions(state, spec.get("then")), self.actions(state, spec.get("else"))
            return [If(self.expression(state, spec["if"]), then, otherwise)]
        ((word, value),) = spec.items()
        match word:
            case "assign":  # §2: one after the other, as several `assign`s
                return [Assign(name, self.expression(state, text)) for name, text in value.items()]
            case "raise":
                fields = value if isinstance(value, dict) else {"event": value}
                return [Raise(fields["event"], self.data(state, fields))]
            case "send":
                fields = value if isinstance(value, dict) else {"event": value}
                delay_ns = 0 if fields.get("delay", "0") == "0" else time_ns(parse_quantity(fields["delay"]))
                if "id" in fields:
                    self.chart.send_ids.add(fields["id"])
                return [
                    Send(fields["event"], delay_ns, fields.get("id"), fields.get("id_to"), self.data(state, fields))
                ]
            case "cancel":
                return [Cancel(value)]
        return [Typed(word, tuple(_map(value).items()))]

    def data(self, state: State, fields: dict[str, Any]) -> tuple[tuple[str, ast.expr], ...]:
        return tuple((key, self.expression(state, text)) for key, text in _map(fields.get("data")).items())

    def expression(self, state: State, text: str) -> ast.expr:
        tree = parse(text)
        self.check(state, tree)
        return tree

    def check(self, state: State, tree: ast.expr) -> None:
        for name in names_in(tree):
            if name not in self.names:
                raise ChartError(f"unknown name '{name}'")
        for name in states_in(tree):
            self.chart.state_meant(state, name)


def _names(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else value


def _hold(spec: dict[str, Any]) -> Hold | None:
    if "for" in spec:
        length = parse_quantity(spec["for"])
        if length.dimension == "time":
            return Hold(lasting_ns=time_ns(length))
        return Hold(needed=int(length.value), of=int(length.value))
    if "of" in spec:
        match = re.fullmatch(r"\s*(\d+)\s+in\s+(\d+)\s*ticks?\s*", spec["of"])
        if not match:
            raise ChartError(f"of: {spec['of']}")
        return Hold(needed=int(match[1]), of=int(match[2]))
    return None
