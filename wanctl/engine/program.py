"""A model with its parameters bound, compiled: what every running machine of one kind shares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import TYPE_CHECKING, Literal

from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.evaluate import NOWHERE, EvaluationError, Evaluator, condition, evaluator
from wanctl.engine.execute import Runner, compile_actions
from wanctl.engine.expression import Compare, Expr, Symbol, is_total, symbols, text, walk
from wanctl.engine.model import Model, Row
from wanctl.engine.record import NOTHING, Intent, Outcome, Value
from wanctl.engine.ticks import TickCode, compile_ticks, merge
from wanctl.engine.unit import LONGEST_MS, Quantity, UnitError, format_quantity, parse_quantity, time_ns

if TYPE_CHECKING:
    from wanctl.engine.chart import Statechart
    from wanctl.engine.machine import Machine


@dataclass(slots=True, eq=False)
class LiveRow:
    """A row as a running machine uses it."""

    row: Row
    index: int
    state: int
    guard: Callable[..., bool] | None
    do: Runner
    hold_ticks: int  # 0: none of that kind
    hold_ns: int  # -1: none of that kind
    window: int
    cooldown_ns: int
    reads: tuple[Symbol, ...]  # for the record
    margins: tuple[tuple[str, Evaluator, Evaluator], ...]

    @property
    def held(self) -> bool:
        """Whether the row observes its guard at each tick."""
        return self.row.hold is not None


@dataclass(slots=True, eq=False)
class LiveState:
    """A state's lists, compiled."""

    entry: Runner
    exit: Runner
    during: Runner
    has_during: bool
    ticks: tuple[LiveRow, ...]
    always: tuple[LiveRow, ...]
    events: tuple[tuple[tuple[str, ...], tuple[LiveRow, ...]], ...]  # words of the descriptor; () matches all
    timers: tuple[tuple[int, tuple[LiveRow, ...]], ...]  # delay_ns, rows
    holds: tuple[LiveRow, ...]


Kind = Literal["tick", "event", "always"]


@dataclass(slots=True, eq=False)
class Plan:
    """What a tick or an event has to do in one configuration."""

    leaves: tuple[int, ...]
    paths: tuple[str, ...]
    asked: Mapping[Kind, tuple[tuple[int, ...], ...]]  # for each leaf, inner first, the states that have such rows
    segments: tuple[int, ...]  # bottoms of the tick functions to call
    chains: tuple[tuple[int, ...], ...]  # for each leaf, positions in `segments`, inner first
    always: bool  # some active state has an `always` row
    during: tuple[int, ...]  # states with a `during` list, in document order
    idle: Outcome | None  # what a tick without a row gives, when that is always the same
    merged: CodeType | None = None  # one tick function for all of it, made when the configuration lasts


@dataclass(slots=True, eq=False)
class Program:
    """A compiled machine. `start` gives running instances; the program itself never changes."""

    model: Model
    params: Mapping[str, Value]
    states: list[LiveState] = field(default_factory=list)
    rows: list[LiveRow] = field(default_factory=list)
    ticks: TickCode | None = None
    fast: bool = False  # no guard of a tick can fail, so the tick functions may decide
    reads_inputs_late: bool = False  # some guard or action outside ticks reads an input
    plans: dict[tuple[int, ...], Plan] = field(default_factory=dict)
    chart: "Statechart | None" = None

    def start(self, now_ns: int = 0, instance: str = "") -> "Machine":
        """A running machine, its initial states entered at `now_ns`."""
        from wanctl.engine.machine import Machine

        return Machine(self, now_ns, instance)

    def plan(self, active: list[bool]) -> Plan:
        """The plan of a configuration; made once and kept."""
        states = self.model.states
        leaves = tuple(s.index for s in states if active[s.index] and s.kind in ("atomic", "final"))
        plan = self.plans.get(leaves)
        if plan is None:
            plan = self.plans[leaves] = self._make_plan(leaves, active)
        return plan

    def merged_ticks(self, plan: Plan) -> CodeType:
        """The one tick function of a configuration that lasts; made once and kept."""
        if plan.merged is None:
            plan.merged = merge(self.model, self.rows, self.params, plan.segments)
        return plan.merged

    def _make_plan(self, leaves: tuple[int, ...], active: list[bool]) -> Plan:
        assert self.ticks is not None
        states = self.model.states
        chains: list[tuple[int, ...]] = []
        segments: list[int] = []
        for leaf in leaves:
            chain = []
            for bottom in (leaf, *(a for a in self.model.ancestors(leaf) if states[a].kind == "parallel")):
                if bottom in self.ticks.bottoms:
                    if bottom not in segments:
                        segments.append(bottom)
                    chain.append(segments.index(bottom))
            chains.append(tuple(chain))
        during = tuple(index for index, on in enumerate(active) if on and self.states[index].has_during)
        always = any(on and self.states[index].always for index, on in enumerate(active))
        return Plan(
            leaves,
            tuple(states[leaf].path for leaf in leaves),
            {kind: self._asked(leaves, kind) for kind in ("tick", "event", "always")},
            tuple(segments),
            tuple(chains),
            always,
            during,
            None if always else self._idle(during),
        )

    def _asked(self, leaves: tuple[int, ...], kind: Kind) -> tuple[tuple[int, ...], ...]:
        def has_rows(index: int) -> bool:
            live = self.states[index]
            return bool({"tick": live.ticks, "event": live.events, "always": live.always}[kind])

        ways = ((leaf, *self.model.ancestors(leaf)) for leaf in leaves)
        return tuple(tuple(index for index in way if has_rows(index)) for way in ways)

    def _idle(self, during: tuple[int, ...]) -> Outcome | None:
        intents: list[Intent] = []
        for index in during:
            constant = self.states[index].during.constant_intents
            if constant is None:
                return None
            intents += constant
        return Outcome(tuple(intents)) if intents else NOTHING

    @property
    def rows_by_id(self) -> dict[str, LiveRow]:
        """Rows by their id."""
        return {live.row.id: live for live in self.rows}


def compile_model(model: Model, values: Mapping[str, object] | None = None) -> Program:
    """Bind parameters and compile. Raises `FileError` when a value does not fit its declaration or `where` fails.

    Values are canonical numbers (ms, bit/s, ratio), texts with a unit ("15ms"), or truth values.
    """
    from wanctl.engine.chart import Statechart  # 100 ms, and most commands need no running machine

    findings = Findings(sources={model.file: model.source})
    params = bind(model, values or {}, findings)
    findings.raise_errors()
    _check_constants(model, params, findings)
    findings.raise_errors()
    program = Program(model, params)
    program.rows = [_live_row(row, params, model.states[row.state].path) for row in model.rows]
    by_row = {id(live.row): live for live in program.rows}

    def live(rows: tuple[Row, ...]) -> tuple[LiveRow, ...]:
        return tuple(by_row[id(row)] for row in rows)

    for state in model.states:
        program.states.append(
            LiveState(
                compile_actions(state.entry, params, state.path),
                compile_actions(state.exit, params, state.path),
                compile_actions(state.during, params, state.path),
                bool(state.during),
                live(state.ticks),
                live(state.always),
                tuple((_words(descriptor), live(rows)) for descriptor, rows in state.events),
                tuple((_constant_ns(timer.delay, params), live(timer.rows)) for timer in state.timers),
                tuple(item for item in live(state.ticks) if item.held),
            )
        )
    program.fast = all(row.guard is None or is_total(row.guard) for state in model.states for row in state.ticks)
    program.reads_inputs_late = _reads_inputs_late(model)
    program.ticks = compile_ticks(model, program.rows, params) if program.fast else TickCode.empty()
    program.chart = Statechart(model)
    return program


def bind(model: Model, values: Mapping[str, object], findings: Findings) -> dict[str, Value]:
    """The value of each parameter, checked against its declaration and against `where`."""
    params: dict[str, Value] = {}
    for name in values:
        if name not in model.params:
            hint = did_you_mean(name, model.params)
            findings.error("WC280", f"{model.name} has no parameter '{name}'", Place(model.file), hint)
    for name, symbol in model.params.items():
        if name in values:
            params[name] = _param_value(symbol, values[name], findings)
        elif symbol.has_default:
            params[name] = symbol.default
        else:
            findings.error("WC281", f"the parameter '{name}' of {model.name} has no value", symbol.place)
    if findings.errors:
        return params
    for expr, written, place in model.where:
        try:
            holds = condition(expr, params)(NOWHERE)
        except EvaluationError as error:
            findings.error("WC282", f"'{written}' cannot be computed: {error}", place)
            continue
        if not holds:
            shown = ", ".join(f"{s.name} = {_shown(params.get(s.name), s)}" for s in symbols(expr))
            findings.error("WC282", f"'{written}' does not hold: {shown}", place)
    return params


def _param_value(symbol: Symbol, value: object, findings: Findings) -> Value:
    found: Value = None
    if isinstance(value, str) and symbol.kind == "number":
        try:
            quantity = parse_quantity(value)
        except UnitError as error:
            findings.error("WC283", f"'{symbol.name}': {error}", symbol.place)
            return None
        plain = {quantity.dimension, symbol.dimension} <= {"", "ratio"}
        if quantity.dimension != symbol.dimension and not plain:
            wanted = symbol.dimension or "plain number"
            findings.error("WC283", f"'{symbol.name}' is a {wanted}, not '{value}'", symbol.place)
            return None
        found = quantity.value
    elif isinstance(value, str | bool | int | float):
        found = value
    refusal = symbol.refuses(found)
    if refusal or found is None:
        findings.error("WC283", refusal or f"'{symbol.name}' needs a value", symbol.place)
    return found


def _shown(value: Value, symbol: Symbol) -> str:
    if isinstance(value, float | int) and not isinstance(value, bool):
        return str(Quantity(float(value), symbol.dimension))
    return str(value)


def _constant_ns(expr: Expr, params: Mapping[str, Value]) -> int:
    value = evaluator(expr, params)(NOWHERE)
    assert isinstance(value, float | int)
    return time_ns(Quantity(float(value), "time"))


def _check_constants(model: Model, params: Mapping[str, Value], findings: Findings) -> None:
    """Refuse times and counts that cannot be computed with these parameters, are negative or never over."""
    for state in model.states:
        for timer in state.timers:
            place = timer.rows[0].place if timer.rows else state.place
            _check_constant(timer.delay, f"after: {timer.delay_text}", place, params, findings)
        for row in state.rows():
            if row.hold is not None and row.hold.kind != "of":
                _check_constant(row.hold.amount, row.hold_text, row.place, params, findings)
            if row.cooldown is not None:
                _check_constant(row.cooldown, f"cooldown: {row.cooldown_text}", row.place, params, findings)


def _check_constant(expr: Expr, written: str, place: Place, params: Mapping[str, Value], findings: Findings) -> None:
    try:
        value = evaluator(expr, params)(NOWHERE)
    except EvaluationError as error:
        findings.error("WC284", f"'{written}' cannot be computed: {error}", place)
        return
    assert isinstance(value, float | int)
    if value < 0:
        findings.error("WC284", f"'{written}' is negative: {format_quantity(value, expr.dimension)}", place)
    elif value > LONGEST_MS:
        findings.error("WC284", f"'{written}' is longer than a hundred years", place)


def _words(descriptor: str) -> tuple[str, ...]:
    return tuple(word for word in descriptor.split(".") if word != "*")


def _live_row(row: Row, params: Mapping[str, Value], state: str) -> LiveRow:
    hold_ticks, hold_ns, window = 0, -1, 0
    if row.hold is not None:
        if row.hold.kind == "time":
            hold_ns = _constant_ns(row.hold.amount, params)
        else:
            amount = evaluator(row.hold.amount, params)(NOWHERE)
            assert isinstance(amount, float | int)
            hold_ticks, window = max(1, round(amount)), row.hold.window
    return LiveRow(
        row,
        row.index,
        row.state,
        None if row.guard is None else condition(row.guard, params),
        compile_actions(row.do, params, state),
        hold_ticks,
        hold_ns,
        window,
        0 if row.cooldown is None else _constant_ns(row.cooldown, params),
        () if row.guard is None else symbols(row.guard),
        () if row.guard is None else _margins(row.guard, params),
    )


def _margins(guard: Expr, params: Mapping[str, Value]) -> tuple[tuple[str, Evaluator, Evaluator], ...]:
    found = []
    for node in walk(guard):
        if isinstance(node, Compare):
            for left, operator, right in node.pairs():
                if left.kind == "number" and right.kind == "number":
                    written = f"{text(left, 5)} {operator} {text(right, 5)}"
                    found.append((written, evaluator(left, params), evaluator(right, params)))
    return tuple(found)


def _reads_inputs_late(model: Model) -> bool:
    """Whether anything that can run outside a tick reads an input: then each tick must leave a copy behind."""
    late: list[Expr | None] = []
    for state in model.states:
        late += [row.guard for _, rows in state.events for row in rows]
        late += [row.guard for timer in state.timers for row in timer.rows]
        late += [row.guard for row in state.always]
        for actions in (state.entry, state.exit, *(row.do for row in state.rows())):
            late += _expressions(actions)
    return any(expr is not None and any(s.role == "input" for s in symbols(expr)) for expr in late)


def _expressions(actions: object) -> list[Expr]:
    from wanctl.engine.model import Assign, Emit, If, Raise, Send

    found: list[Expr] = []
    assert isinstance(actions, tuple)
    for action in actions:
        match action:
            case Assign(_, expr):
                found.append(expr)
            case If(test, then, otherwise):
                found += [test, *_expressions(then), *_expressions(otherwise)]
            case Raise(_, data) | Send(_, data):
                found += [expr for _, expr in data]
            case Emit(_, arguments):
                found += [expr for _, expr in arguments]
    return found
