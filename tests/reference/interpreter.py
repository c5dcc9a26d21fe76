"""Runs a chart, word by word as the specification says (§3-§8)."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.reference.chart import Chart, read_chart
from tests.reference.expression import Failure, Scope, Value, evaluate, holds
from tests.reference.places import Places
from tests.reference.tree import Action, Assign, Cancel, If, Raise, Row, Send, State, Typed

Event = tuple[str, Mapping[str, Value]]


@dataclass(slots=True)
class Seen:
    """What one step showed (§1)."""

    entered: list[str] = field(default_factory=list)
    exited: list[str] = field(default_factory=list)
    intents: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)  # ids of the rows that fired
    faults: int = 0

    @property
    def marks(self) -> list[str]:
        return [values["name"] for word, values in self.intents if word == "mark"]


@dataclass(eq=False, slots=True)
class Entry:
    """One entry of the external queue: a send, a timer, or the event of the step (§7)."""

    due_ns: int
    order: int
    event: Event | None = None  # of a send or a step
    id: str | None = None  # of a send
    timer: tuple[State, list[Row]] | None = None
    tick: Mapping[str, Value] | None = None  # the inputs, of a step that is a tick


class Interpreter:
    """One running machine on virtual time, whole nanoseconds from 0."""

    def __init__(self, text: str, params: dict[str, Value] | None = None, conflicts: str | None = None) -> None:
        self.chart: Chart = read_chart(text, params, conflicts)
        self.places = Places(self.chart)
        self.bound = self.chart.bound
        self.now_ns = 0
        self.active: set[State] = set()
        self.values: dict[str, Value] = {  # of everything that has a name; inputs are unknown before the first tick
            **dict.fromkeys(self.chart.inputs),
            **{name: spec.default for name, spec in (*self.chart.params.items(), *self.chart.data.items())},
        }
        self.event: Event | None = None
        self.internal: list[Event] = []
        self.external: list[Entry] = []
        self.ended = False
        self.observed: dict[
            Row, list[tuple[int, bool]]
        ] = {}  # of rows with a hold: when, and whether the guard was true
        self.fired_ns: dict[Row, int] = {}  # of rows with a cooldown
        self.left: set[State] = set()  # since the tick began
        self.fired_in: set[State] = set()  # since the tick began
        self.restless = {s for s in self.chart.root.family() if s.always}
        self.takers: dict[str, set[State]] = {}  # by event, the states that have rows for it
        self.scopes: dict[State, Scope] = {}  # of `_scope`, made before
        self.sends = 0
        self.order = 0
        self.seen = Seen()

    # -- steps ---------------------------------------------------------------------------------------------------------

    def start(self) -> Seen:
        """§7: the machine's timers and its `entry`, then the initial states, then to rest. Time is 0."""
        self.seen = Seen()
        self._enter(self.chart.root)
        for state in self.places.in_order(self.places.default_below(self.chart.root)):
            self._enter(state)
        self._end_if_final()
        self._rest()
        self._turn(0, None)  # what was sent without delay is due now
        return self.seen

    def advance(self, to_ns: int) -> Seen:
        """Let time pass."""
        self.seen = Seen()
        self._turn(to_ns, None)
        return self.seen

    def deliver(self, event: str, data: Mapping[str, Value] | None = None, at_ns: int | None = None) -> Seen:
        """Let time pass, then deliver one event."""
        assert event != "tick"
        self.seen = Seen()
        to_ns = self.now_ns if at_ns is None else at_ns
        self._turn(to_ns, Entry(to_ns, 0, event=(event, _plain(data or {}))))
        return self.seen

    def tick(self, inputs: Mapping[str, Value] | None = None, at_ns: int | None = None) -> Seen:
        """Let time pass, then tick with these inputs; one that is missing is unknown."""
        self.seen = Seen()
        to_ns = self.now_ns if at_ns is None else at_ns
        self._turn(to_ns, Entry(to_ns, 0, event=("tick", {}), tick=_plain(inputs or {})))
        return self.seen

    @property
    def data(self) -> dict[str, Value]:
        """The data and their values; None is unknown."""
        return {name: self.values[name] for name in self.chart.data}

    @property
    def leaves(self) -> list[str]:
        """Paths of the active states without children of their own, in document order."""
        return [state.path for state in self._leaves() if state.parent is not None]

    # -- the external queue --------------------------------------------------------------------------------------------

    def _turn(self, until_ns: int, step: Entry | None) -> None:
        """§7: each entry at its own due time, with its whole macrostep; the step's event behind all that is due."""
        assert until_ns >= self.now_ns
        instant_ns, handled = -1, 0
        while not self.ended:
            due = [entry for entry in self.external if entry.due_ns <= until_ns]
            if due:
                entry = min(due, key=lambda e: (e.due_ns, e.order))
            elif step is not None:
                entry = step
            else:
                break
            if entry.due_ns != instant_ns:
                instant_ns, handled = entry.due_ns, 0
            if handled == self.bound:  # §7: what else is due then is dropped, with a FAULT
                self.external = [e for e in self.external if e.due_ns != instant_ns]
                if instant_ns == until_ns:
                    step = None
                self.seen.faults += 1
                continue
            handled += 1
            self.now_ns = entry.due_ns
            if entry is step:
                step = None
            else:
                self.external.remove(entry)
            self._handle(entry)
        self.now_ns = until_ns

    def _handle(self, entry: Entry) -> None:
        if entry.tick is not None:
            self._tick(entry.tick)
            return
        self.event = entry.event
        if entry.timer is not None:  # §7: its rows are tried once, the first true one fires
            state, rows = entry.timer
            self._microstep(self._select(lambda s: rows if s is state else [], starts=[state]))
        else:
            assert entry.event is not None
            self._microstep(self._select_for(entry.event[0]))
        self._rest()

    def _rest(self) -> None:
        """§7: `always` rows, else the oldest internal event, until neither is left."""
        microsteps = 0
        fruitless = 0
        while not self.ended:
            queued = len(self.internal)
            rows = [] if self.active.isdisjoint(self.restless) else self._select(lambda state: state.always)
            if not rows:
                if not self.internal:
                    return
                self.event = self.internal.pop(0)
                rows = self._select_for(self.event[0])
            # An event that nobody takes makes no microstep, so it does not count. Only a guard that fails each time,
            # and so queues an event each time, could go on for ever like that: such rounds have the same bound.
            if not rows and len(self.internal) < queued:
                continue
            if (microsteps if rows else fruitless) == self.bound:
                self.internal.clear()
                self.seen.faults += 1
                return
            if rows:
                microsteps += 1
                self._microstep(rows)
            else:
                fruitless += 1

    def _tick(self, inputs: Mapping[str, Value]) -> None:
        """§8, after what was due has been handled."""
        self.event = ("tick", {})
        self.values.update({name: inputs.get(name) for name in self.chart.inputs})
        began = self.places.in_order(self.active)
        self.left, self.fired_in = set(), set()
        for state in began:
            for row in state.rows_for("tick"):
                if row.hold is not None:
                    self.observed.setdefault(row, []).append((self.now_ns, self._guard(row)))
        self._microstep(self._select_for("tick"))
        self._rest()
        if self.ended:
            return
        for state in began:
            if state not in self.left and state not in self.fired_in:
                self._run(state, state.during)
        self._rest()

    # -- selection -----------------------------------------------------------------------------------------------------

    def _select_for(self, event: str) -> list[Row]:
        if event not in self.takers:
            self.takers[event] = {s for s in self.chart.root.family() if s.rows_for(event)}
        return [] if self.active.isdisjoint(self.takers[event]) else self._select(lambda state: state.rows_for(event))

    def _select(self, rows_of: Callable[[State], list[Row]], starts: list[State] | None = None) -> list[Row]:
        """§4: for each active leaf the first state outward with a true row; then without conflicts (§6)."""
        asked: dict[Row, bool] = {}
        selected: list[Row] = []
        for leaf in starts if starts is not None else self._leaves():
            for state in leaf.lineage:
                rows = rows_of(state)
                row = next((row for row in rows if self._is_true_once(row, asked)), None) if rows else None
                if row is not None:
                    if row not in selected:
                        selected.append(row)
                    break
        return self._without_conflicts(selected)

    def _is_true_once(self, row: Row, asked: dict[Row, bool]) -> bool:
        """§4: a guard is evaluated at most once per selection."""
        if row not in asked:
            asked[row] = self._is_true(row)
        return asked[row]

    def _is_true(self, row: Row) -> bool:
        """§8: cooldown first, its guard unasked; then what was observed, or else the guard."""
        if row in self.fired_ns and self.now_ns - self.fired_ns[row] < (row.cooldown_ns or 0):
            return False
        if row.hold is None:
            return self._guard(row)
        observed = self.observed[row]
        if row.hold.lasting_ns is not None:
            return any(
                self.now_ns - at_ns >= row.hold.lasting_ns and all(true for _, true in observed[place:])
                for place, (at_ns, _) in enumerate(observed)
            )
        recent = observed[-row.hold.of :]
        return sum(true for _, true in recent) >= row.hold.needed

    def _guard(self, row: Row) -> bool:
        if row.when is None:
            return True
        try:
            return holds(row.when, self._scope(row.state))
        except Failure as failure:  # §3: a failing guard counts as false
            self._error("when", failure)
            return False

    def _without_conflicts(self, selected: list[Row]) -> list[Row]:
        """§6: two rows conflict when they would leave a common state."""
        if len(selected) < 2:
            return selected
        accepted: list[Row] = []
        for row in selected:
            leaves = self._would_leave(row)
            rivals = [other for other in accepted if leaves & self._would_leave(other)]
            if all(row.state.is_below(rival.state) for rival in rivals):
                accepted = [other for other in accepted if other not in rivals]
                accepted.append(row)
        return accepted

    def _would_leave(self, row: Row) -> set[State]:
        return self.places.left_by(row, self.active)

    # -- microstep -----------------------------------------------------------------------------------------------------

    def _microstep(self, rows: list[Row]) -> None:
        """§5; no rows make none."""
        if not rows:
            return
        leaving = self.places.in_order(set().union(*(self._would_leave(row) for row in rows)))
        for state in leaving:  # before the first exit runs
            self.places.record(state, self.active)
        for state in reversed(leaving):
            self._exit(state)
        for row in rows:
            self.seen.rows.append(row.id)
            self.fired_in.add(row.state)
            self.observed.pop(row, None)  # §8: a row that fires starts its hold afresh
            if row.cooldown_ns is not None:
                self.fired_ns[row] = self.now_ns
            self._run(row.state, row.do)
        entering: set[State] = set().union(*(self.places.entered_by(row) for row in rows))
        for state in self.places.in_order(entering):
            self._enter(state)
        self._end_if_final()

    def _exit(self, state: State) -> None:
        self._run(state, state.exit)
        self.active.remove(state)
        self.left.add(state)
        if state.after:
            self.external = [entry for entry in self.external if entry.timer is None or entry.timer[0] is not state]
        for row in [row for row in self.observed if row.state is state]:
            del self.observed[row]
        self.seen.exited.append(state.path)

    def _enter(self, state: State) -> None:
        self.active.add(state)
        for delay_ns, rows in state.after:
            self._queue(Entry(self.now_ns + delay_ns, 0, timer=(state, rows)))
        if state.parent is not None:
            self.seen.entered.append(state.path)
        self._run(state, state.entry)
        if state.kind == "final":
            self._raise_done(state)

    def _raise_done(self, final: State) -> None:
        """§5.4: of the parent, then outward through parallel states, never for the machine."""
        parent = final.parent
        assert parent is not None
        while parent.parent is not None:
            self.internal.append((f"done.state.{parent.name}", {"state": parent.path}))
            around = parent.parent
            if around.kind != "parallel" or not self._is_done(around):
                return
            parent = around

    def _is_done(self, state: State) -> bool:
        if state.kind == "parallel":
            return all(self._is_done(region) for region in state.children)
        return any(child.kind == "final" and child in self.active for child in state.children)

    def _end_if_final(self) -> None:
        """§5.5: a final child of the machine ends it; queues and timers are dropped, no exit runs, the leaves stay."""
        if any(child.kind == "final" and child in self.active for child in self.chart.root.children):
            self.ended = True
            self.internal.clear()
            self.external.clear()

    # -- actions -------------------------------------------------------------------------------------------------------

    def _run(self, state: State, actions: tuple[Action, ...]) -> bool:
        """Run a list; False when an action failed, which ends this list and every list around it (§3)."""
        for action in actions:
            try:
                completed = self._do(state, action)
            except Failure as failure:
                self._error(type(action).__name__.lower(), failure)
                return False
            if not completed:
                return False
        return True

    def _do(self, state: State, action: Action) -> bool:
        scope = self._scope(state)
        match action:
            case Assign(name=name, value=tree):
                value = evaluate(tree, scope)
                if value is not None and not self.chart.data[name].fits(value):
                    raise Failure(f"{value!r:.60} does not fit {name}")
                self.values[name] = value
            case Raise(event=event, data=data):
                self.internal.append((event, _evaluated(data, scope)))
            case Send():
                self._send(action, _evaluated(action.data, scope))
            case Cancel(id=id_):
                self.external = [entry for entry in self.external if entry.id != id_]
            case If(condition=condition, then=then, otherwise=otherwise):
                return self._run(state, then if holds(condition, scope) else otherwise)
            case Typed(word=word, values=values):
                self.seen.intents.append((word, dict(values)))
        return True

    def _send(self, send: Send, data: Mapping[str, Value]) -> None:
        id_ = send.id
        if send.id_to is not None:
            while id_ is None or id_ in self.chart.send_ids:
                self.sends += 1
                id_ = f"send-{self.sends}"
            self.values[send.id_to] = id_
        self._queue(Entry(self.now_ns + send.delay_ns, 0, event=(send.event, data), id=id_))

    def _queue(self, entry: Entry) -> None:
        self.order += 1
        entry.order = self.order
        self.external.append(entry)

    def _error(self, word: str, failure: Failure) -> None:
        self.internal.append(("error.execution", {"action": word, "reason": str(failure)}))

    # -- what an expression sees ---------------------------------------------------------------------------------------

    def _scope(self, place: State) -> Scope:
        if place not in self.scopes:
            chart, active = self.chart, self.active
            self.scopes[place] = Scope(
                self.values,
                chart.define,
                lambda: self.event,
                lambda name: chart.state_meant(place, name) in active,
                lambda name: chart.state_meant(chart.root, name) in active,
            )
        return self.scopes[place]

    def _leaves(self) -> list[State]:
        return [state for state in self.places.in_order(self.active) if not state.children]


def _evaluated(data: tuple[tuple[str, ast.expr], ...], scope: Scope) -> dict[str, Value]:
    """§2: a key whose value is unknown is left out."""
    values = {key: evaluate(tree, scope) for key, tree in data}
    return {key: value for key, value in values.items() if value is not None}


def _plain(values: Mapping[str, Value]) -> dict[str, Value]:
    """Numbers as floats, so that 1 and true stay apart."""
    return {key: float(v) if isinstance(v, int) and not isinstance(v, bool) else v for key, v in values.items()}
