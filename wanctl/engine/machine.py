"""A running machine: queues, time, ticks.

The engine reads no clock: each call hands in `now_ns`, which never goes back. Everything that falls due on the way
(timers, delayed sends) happens at its own due time, before what the call is about. Running produces `Outcome`s; nothing
here acts on the world.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from wanctl.engine.program import LiveRow, Plan, Program
from wanctl.engine.queue import NEVER_NS, Entry, ExternalQueue, QueuedEvent
from wanctl.engine.record import NOTHING, Fault, Intent, Outcome, Transition, Value
from wanctl.engine.step import enter_states, hold_start, initial_set, is_true, microstep, observe, select
from wanctl.engine.ticks import MERGED, TickFunction, bind

if TYPE_CHECKING:
    from wanctl.engine.chart import Configuration

LASTING_NS = 2_000_000_000  # a configuration that is still there after this gets a tick function of its own
MAX_FAILURES = 1_024  # internal events of one macrostep that nothing takes and that make a guard fail

Decide = Callable[[int], Sequence[int | None] | None]


TICK = QueuedEvent("tick", {})


class Machine:
    """One instance of a program.

    `inputs` has one attribute for each declared input, in canonical units (ms, bit/s, ratio); None is "unknown". Set
    them before a tick; the tick sees them frozen.
    """

    # Slots: a calm tick reads five of them, and that is a good part of what it costs.
    __slots__ = (
        "_decide", "_entered", "_exited", "_external", "_faults", "_functions", "_handled", "_idle", "_internal",
        "_lasting_ns", "_may_merge", "_merged", "_tick_functions", "_transitions", "_wake_ns", "active", "chart",
        "configuration", "current_event", "ended", "entered_ns", "fired", "history", "holds", "inputs", "intents",
        "leaf_indices", "model", "name", "now_ns", "plan", "program", "ready", "started", "values",
    )  # fmt: skip

    def __init__(self, program: Program, now_ns: int = 0, instance: str = "", *, start: bool = True) -> None:
        """`start` enters the initial states; without it the caller sets a configuration and calls `resume`."""
        self.program, self.model = program, program.model
        self.name = f"{instance}/{program.model.name}" if instance else program.model.name
        self.now_ns = now_ns
        self.inputs = make_inputs(program)
        self.values: dict[str, Value] = dict.fromkeys(self.model.inputs)
        self.values.update({name: symbol.default for name, symbol in self.model.data.items()})
        self.active: list[bool] = [False] * len(self.model.states)
        self.entered_ns: list[int] = [now_ns] * len(self.model.states)
        self.holds: list[int] = [hold_start(row) for row in program.rows]
        self.ready: list[int] = [-NEVER_NS] * len(program.rows)  # when the cooldown of a row ends
        self.history: dict[int, tuple[int, ...]] = {}
        self.current_event: QueuedEvent | None = None
        self.ended = False
        self.intents: list[Intent] = []
        self.fired: set[int] = set()  # states of which a row fired in this tick
        self._internal: deque[QueuedEvent] = deque()
        self._external = ExternalQueue()
        self._lasting_ns = NEVER_NS  # when the present configuration has earned a tick function of its own
        self._wake_ns = NEVER_NS  # the first of both: until then a tick may take the short way
        self._handled = 0  # entries handled in this call at the present instant
        self._transitions: list[Transition] = []
        self._faults: list[Fault] = []
        self._entered: list[str] = []
        self._exited: list[str] = []
        assert program.chart is not None
        assert program.ticks is not None
        self.chart = program.chart
        self.configuration: Configuration = program.chart.join()
        self._functions = program.ticks.bind(*self._memory)
        self._merged: dict[tuple[int, ...], Decide] = {}
        self._may_merge = True
        self.plan: Plan
        self._tick_functions: tuple[TickFunction, ...] = ()
        self._decide: Decide = self._decide_by_segments
        self._idle: Outcome | None = None  # what a calm tick gives; None: it has to be worked out each time
        self.leaf_indices: tuple[int, ...] = ()
        self.started = self._start() if start else NOTHING

    # -- what the host calls -------------------------------------------------------------------------------------
    def tick(self, now_ns: int) -> Outcome:
        """Sample the inputs once: due work first, then rows under `tick`, then `during`.

        A tick that changes nothing returns the same `Outcome` object each time.
        """
        if self._wake_ns <= now_ns:
            return self._full_tick(now_ns)
        assert now_ns >= self.now_ns, "time never goes back"
        self.now_ns = now_ns
        winners = self._decide(now_ns)
        if winners is None and self._idle is not None:
            return self._idle
        self._handled = 1
        self._freeze()
        return self._decided_tick(self._rows(winners))

    def event(self, now_ns: int, name: str, data: Mapping[str, Value] | None = None) -> Outcome:
        """Deliver a named event, behind everything that is due by now."""
        assert name != "tick", "a tick is delivered by tick()"
        assert now_ns >= self.now_ns, "time never goes back"
        if self.ended:
            return NOTHING
        self._handled = 0
        self._run_due(now_ns)
        if not self.ended and self._may_handle():
            self._handle(Entry(now_ns, 0, QueuedEvent(name, dict(data or {}))))
            self._run_due(now_ns)
        return self._outcome()

    def advance(self, now_ns: int) -> Outcome:
        """Let time pass: timers and delayed sends that fall due on the way happen."""
        assert now_ns >= self.now_ns, "time never goes back"
        self._handled = 0
        self._run_due(now_ns)
        return self._outcome()

    @property
    def leaves(self) -> tuple[str, ...]:
        """Paths of the active leaves, in document order."""
        return self.plan.paths

    def is_active(self, path: str) -> bool:
        """Whether the state with this path is active."""
        return self.active[self.model.state(path).index]

    def set_inputs(self, values: Mapping[str, Value]) -> None:
        """Set inputs with checks: every input that is not named becomes unknown; ValueError says what does not fit."""
        for name in values:
            if name not in self.model.inputs:
                raise ValueError(f"{self.model.name} has no input '{name}'")
        for name, symbol in self.model.inputs.items():
            value = values.get(name)
            refusal = symbol.refuses(value)
            if refusal:
                raise ValueError(refusal)
            setattr(self.inputs, name, value)

    # -- what actions and steps call -----------------------------------------------------------------------------
    def enqueue(self, name: str, data: Mapping[str, Value]) -> None:
        """Put an event into the internal queue."""
        self._internal.append(QueuedEvent(name, data))

    def fail(self, action: str, reason: str) -> None:
        """An expression failed: that is data, and an event."""
        self.enqueue("error.execution", {"action": action, "reason": reason})

    def send(self, name: str, data: Mapping[str, Value], delay_ns: int, identity: str) -> None:
        """Put an event into the external queue, due after a delay."""
        self._external.push(Entry(self.now_ns + delay_ns, 0, QueuedEvent(name, data), identity))
        self._note_due()

    def cancel(self, identity: str) -> None:
        """Take back all pending sends with an id."""
        self._external.keep(lambda entry: entry.event is None or entry.id != identity)
        self._note_due()

    def fresh_id(self) -> str:
        """An id that no other send has."""
        return self._external.fresh_id()

    def begin(self, index: int) -> None:
        """A state became active: note the time, start its timers."""
        self.entered_ns[index] = self.now_ns
        for number, (delay_ns, _) in enumerate(self.program.states[index].timers):
            self._external.push(Entry(self.now_ns + delay_ns, 0, None, "", index, number))
            self._note_due()

    def forget(self, index: int) -> None:
        """A state became inactive: its timers and holds are gone."""
        live = self.program.states[index]
        if live.timers:
            self._external.keep(lambda entry: entry.state != index)
            self._note_due()
        for row in live.holds:
            self.holds[row.index] = hold_start(row)

    def end(self) -> None:
        """A final child of the machine was entered: after this microstep nothing happens any more."""
        self.ended = True

    @property
    def pending(self) -> tuple[Entry, ...]:
        """Timers and sends that wait, unordered."""
        return self._external.entries

    @property
    def next_id(self) -> int:
        """How many ids `id_to` has given out."""
        return self._external.ids

    def resume(self, pending: list[Entry], next_id: int, *, ended: bool) -> None:
        """Take over what a snapshot says waits; the configuration has been set already."""
        self._external.resume(pending, next_id)
        self.ended = ended
        self.settle([], [])
        self._outcome()

    def settle(self, exited: list[int], entered: list[int]) -> None:
        """Take over the configuration a microstep has made."""
        states = self.model.states
        self.plan = self.program.plan(self.active)
        self.leaf_indices = self.plan.leaves
        self._tick_functions = tuple(self._functions[bottom] for bottom in self.plan.segments)
        self._idle = None if self.program.reads_inputs_late else self.plan.idle
        merged = self._merged.get(self.plan.leaves)
        self._decide = merged or self._decide_by_segments
        may_last = self._may_merge and merged is None and self._tick_functions
        self._lasting_ns = self.now_ns + LASTING_NS if may_last else NEVER_NS
        self._note_due()
        self._exited += [states[index].path for index in exited]
        self._entered += [states[index].path for index in entered]
        self.chart.move(self.configuration, self.plan.paths, exited, entered)

    def record(self, transition: Transition) -> None:
        """Keep the record of a row that fired."""
        self._transitions.append(transition)

    def never_merge(self) -> None:
        """Make no tick functions for configurations that last: to make one takes tens of ms, and saves one us a tick.

        For whoever must not be late: a replay has a million ticks to win it back, a daemon has twenty a second.
        """
        self._may_merge, self._lasting_ns = False, NEVER_NS
        self._note_due()

    # -- ticks ---------------------------------------------------------------------------------------------------
    def _full_tick(self, now_ns: int) -> Outcome:
        assert now_ns >= self.now_ns, "time never goes back"
        self._handled = 0
        if self._lasting_ns <= now_ns:
            self._merge()
        self._run_due(now_ns)
        if self.ended or not self._may_handle():
            return self._outcome()
        self._freeze()
        if self.program.fast:
            return self._decided_tick(self._rows(self._decide(self.now_ns)))
        self.current_event = TICK
        observe(self)
        return self._decided_tick(select(self, "tick"))

    def _decide_by_segments(self, now_ns: int) -> Sequence[int | None] | None:
        """The first true row of each segment; None when there is none in any."""
        winners = [decide(now_ns) for decide in self._tick_functions]
        return None if winners.count(None) == len(winners) else winners

    def _rows(self, winners: Sequence[int | None] | None) -> list[LiveRow]:
        """From the true rows of segments to those selected: for each leaf the nearest, each once."""
        found: list[LiveRow] = []
        for chain in self.plan.chains if winners is not None else ():
            assert winners is not None
            index = next((winners[at] for at in chain if winners[at] is not None), None)
            if index is not None and self.program.rows[index] not in found:
                found.append(self.program.rows[index])
        return found

    def _merge(self) -> None:
        """The configuration lasts: from now on one function decides its ticks."""
        made = bind(self.program.merged_ticks(self.plan), *self._memory)
        self._decide = self._merged[self.plan.leaves] = made[MERGED]
        self._lasting_ns = NEVER_NS
        self._note_due()

    @property
    def _memory(self) -> tuple[object, dict[str, Value], list[int], list[int], list[bool]]:
        """What tick functions read and write."""
        return self.inputs, self.values, self.holds, self.ready, self.active

    def _note_due(self) -> None:
        general = self.ended or not self.program.fast
        self._wake_ns = -NEVER_NS if general else min(self._external.due_ns, self._lasting_ns)

    def _decided_tick(self, rows: list[LiveRow]) -> Outcome:
        """What is left of a tick when its rows have been selected."""
        self.fired.clear()
        self.current_event = TICK
        began, left_before = self.plan.during, len(self._exited)
        if rows:
            microstep(self, rows, "tick")
        self._to_rest()
        self._during(began, left_before)
        if self._external.due_ns <= self.now_ns:
            self._run_due(self.now_ns)
        return self._outcome()

    def _during(self, began: tuple[int, ...], left_before: int) -> None:
        """Run the `during` lists of states that were active when the tick began, have stayed, and fired no row."""
        if self.ended:
            return
        left = set(self._exited[left_before:]) if began else ()
        states = self.model.states
        for index in began:
            if self.active[index] and index not in self.fired and states[index].path not in left:
                self.program.states[index].during(self)
        self._to_rest()

    def _freeze(self) -> None:
        for name in self.model.inputs:
            self.values[name] = getattr(self.inputs, name)

    # -- queues and rest -----------------------------------------------------------------------------------------
    def _start(self) -> Outcome:
        self.active[0] = True
        self.begin(0)
        self.program.states[0].entry(self)
        entering = initial_set(self)
        enter_states(self, entering)
        self.settle([], entering)
        self._to_rest()
        self._run_due(self.now_ns)
        return self._outcome()

    def _may_handle(self) -> bool:
        """Count one more entry at this instant; False, with a fault, when there were too many."""
        bound = self.model.max_microsteps
        if self._handled >= bound:
            self._external.keep(lambda entry: entry.due_ns > self.now_ns)
            self._note_due()
            if self._handled == bound:
                self._fault(f"more than {bound} events at one instant: the rest was dropped")
            self._handled = bound + 1  # the fault of this instant has been told
            return False
        self._handled += 1
        return True

    def _run_due(self, now_ns: int) -> None:
        """Handle what is due up to `now_ns`, each at its own time with its whole macrostep."""
        while self._external.due_ns <= now_ns and not self.ended:
            if self._external.due_ns > self.now_ns:
                self.now_ns, self._handled = self._external.due_ns, 0
            if not self._may_handle():
                continue
            entry = self._external.pop()
            self._note_due()
            self._handle(entry)
        if now_ns > self.now_ns:
            self.now_ns, self._handled = now_ns, 0

    def _handle(self, entry: Entry) -> None:
        if entry.event is None:
            self.current_event = None
            tried = self.program.states[entry.state].timers[entry.timer][1]
            fired: LiveRow | None = next((row for row in tried if is_true(self, row)), None)
            if fired is not None:
                microstep(self, [fired], "")
        else:
            self.current_event = entry.event
            rows = select(self, "event", entry.event.name)
            if rows:
                microstep(self, rows, entry.event.name)
        self._to_rest()

    def _to_rest(self) -> None:
        """Go on until no `always` row is true and the internal queue is empty."""
        bound = self.model.max_microsteps
        steps = failures = 0
        while not self.ended:
            waiting = len(self._internal)
            rows, event = (select(self, "always") if self.plan.always else []), "always"
            if not rows:
                if not self._internal:
                    return
                self.current_event = self._internal.popleft()
                event = self.current_event.name
                rows = select(self, "event", event)
            if not rows:
                # A guard that fails makes an event, which may make it fail again.
                failures += len(self._internal) >= waiting
                if failures <= MAX_FAILURES:
                    continue
            if steps >= bound or not rows:
                self._internal.clear()
                self._fault(f"no rest after {steps} microsteps: the internal queue was dropped")
                return
            microstep(self, rows, event)
            steps += 1
        self._drop_all()

    def _drop_all(self) -> None:
        self._internal.clear()
        self._external.keep(lambda _entry: False)
        self._note_due()

    def _fault(self, reason: str) -> None:
        self._faults.append(Fault(self.now_ns, self.name, reason))

    def _outcome(self) -> Outcome:
        made = (self.intents, self._transitions, self._entered, self._exited, self._faults)
        if not any(made):
            return NOTHING
        outcome = Outcome(*(tuple(items) for items in made))  # type: ignore[arg-type]
        for items in made:
            items.clear()
        return outcome


def make_inputs(program: Program) -> object:
    """A fresh object with one slot for each input, all unknown."""
    inputs = _inputs_class(tuple(program.model.inputs))()
    for name in program.model.inputs:
        setattr(inputs, name, None)
    return inputs


def _inputs_class(names: tuple[str, ...]) -> type:
    return type("Inputs", (), {"__slots__": names})


__all__ = ["Entry", "Machine", "QueuedEvent"]
