"""A running machine's memory as a value, and back: what the exact level walks over.

Times are kept relative to now, and capped where they no longer make a difference: a hold that is over cannot be more
over. `Clockwork` sets a real machine to such a memory, lets it run one tick, and reads the memory off again.
"""

from typing import NamedTuple

from wanctl.engine.expression import Expr, symbols
from wanctl.engine.machine import Entry, Machine, QueuedEvent
from wanctl.engine.model import Assign, If
from wanctl.engine.program import LiveRow, Program, compile_model
from wanctl.engine.record import Outcome, Value
from wanctl.engine.ticks import compile_ticks
from wanctl.verify.cone import Cone, decides, flatten, lists_of
from wanctl.verify.replay import TICK_NS

NOW_NS = 1 << 50  # every tick of the walk happens just after this time
PAST_NS = -(1 << 62)


class Memory(NamedTuple):
    """Everything of a machine that its future depends on, as far as a cone is concerned."""

    leaves: tuple[int, ...]
    holds: tuple[tuple[int, int], ...]  # row, count or age in ns
    history: tuple[tuple[int, tuple[int, ...]], ...]
    ready: tuple[tuple[int, int], ...]  # row, ns until its cooldown is over
    pending: tuple[tuple[int, int, int, str], ...]  # due in ns, state, timer, event
    data: tuple[Value, ...]  # and inputs that may be asked for between two ticks
    ended: bool


class Clockwork:
    """One machine of a program, wound to any memory."""

    def __init__(self, program: Program, cone: Cone) -> None:
        self.program, self._cone = program, cone
        self._machine = program.start(NOW_NS)
        self._others = tuple(leaf for leaf in self._machine.leaf_indices if leaf not in cone.inside)
        self._data = (*program.model.data, *_late_inputs(program, cone))
        self.first = self.read()

    @property
    def machine(self) -> Machine:
        """The machine, as the last tick has left it."""
        return self._machine

    def leaves(self) -> tuple[int, ...]:
        """The active leaves of the cone."""
        return tuple(leaf for leaf in self._machine.leaf_indices if leaf in self._cone.inside)

    def read(self) -> Memory:
        """The memory of the machine."""
        machine, inside = self._machine, self._cone.inside
        rows = [row for row in self.program.rows if row.state in inside and machine.active[row.state]]
        holds = tuple((row.index, self._age(row)) for row in rows if row.held)
        ready = ((row.index, machine.ready[row.index] - machine.now_ns) for row in self.program.rows if row.cooldown_ns)
        pending = sorted(machine.pending)
        return Memory(
            self.leaves(),
            holds,
            tuple(sorted((index, held) for index, held in machine.history.items() if index in inside)),
            tuple((index, left) for index, left in ready if left > 0 and self.program.rows[index].state in inside),
            tuple(
                (
                    entry.due_ns - machine.now_ns,
                    entry.state,
                    entry.timer,
                    "" if entry.event is None else entry.event.name,
                )
                for entry in pending
                if entry.state in inside or entry.event is not None
            ),
            tuple(machine.values[name] for name in self._data),
            machine.ended,
        )

    def _age(self, row: LiveRow) -> int:
        value = self._machine.holds[row.index]
        if row.window:
            return value
        if row.hold_ticks:
            return min(value, row.hold_ticks)
        return -1 if value < 0 else min(self._machine.now_ns - value, row.hold_ns)

    def leaves_at_tick(self, memory: Memory) -> tuple[int, ...]:
        """The active leaves of the cone when the next tick asks its rows: timers may have fired by then."""
        if not any(due_ns <= TICK_NS for due_ns, _, _, _ in memory.pending):
            return memory.leaves
        self.wind(memory)
        self._machine.advance(NOW_NS + TICK_NS)
        return self.leaves()

    def wind(self, memory: Memory) -> None:
        """Set the machine to a memory; regions outside of the cone are as after the start."""
        machine, model = self._machine, self.program.model
        machine.now_ns = NOW_NS
        machine.active[:] = [False] * len(model.states)
        for leaf in (*memory.leaves, *self._others):
            for index in (leaf, *model.ancestors(leaf)):
                machine.active[index] = True
        machine.holds[:] = [0 if row.hold_ns < 0 else -1 for row in self.program.rows]
        for index, age in memory.holds:
            timed = self.program.rows[index].hold_ns >= 0
            machine.holds[index] = NOW_NS - age if timed and age >= 0 else age
        machine.history.clear()
        machine.history.update(dict(memory.history))
        machine.ready[:] = [PAST_NS] * len(self.program.rows)
        for index, left in memory.ready:
            machine.ready[index] = NOW_NS + left
        for name, value in zip(self._data, memory.data, strict=True):
            machine.values[name] = value
        pending = [
            Entry(NOW_NS + left, order, QueuedEvent(event, {}) if event else None, "", state, timer)
            for order, (left, state, timer, event) in enumerate(memory.pending)
        ]
        machine.resume(pending, 0, ended=memory.ended)

    def event(self, memory: Memory, name: str) -> tuple[Memory, Outcome]:
        """The memory after a named event that comes between two ticks."""
        self.wind(memory)
        outcome = self._machine.event(NOW_NS, name)
        return self.read(), outcome

    def tick(self, memory: Memory, values: dict[str, Value]) -> tuple[Memory, Outcome]:
        """The memory after one tick, and what came of it."""
        self.wind(memory)
        machine = self._machine
        for name in machine.model.inputs:
            setattr(machine.inputs, name, values.get(name))
        outcome = machine.tick(NOW_NS + TICK_NS)
        return self.read(), outcome


def scaled(program: Program, cone: Cone, most_ticks: int) -> tuple[Program, str]:
    """The program with its long times cut short, and what that means in words; "" when there is none.

    Times of up to `most_ticks` ticks stay as they are. The longer ones follow them in their order, one tick apart, so
    that what is longer than something else still is.
    """
    made = compile_model(program.model, program.params)
    lengths = sorted(_lengths(made, cone))
    long = [ticks for ticks in lengths if ticks > most_ticks]
    if not long:
        return made, ""
    short = {ticks: min(ticks, most_ticks + 1 + number) for number, ticks in enumerate(long)}
    for row in made.rows:
        if row.hold_ns >= 0:
            row.hold_ns = _cut(row.hold_ns, short)
        elif row.hold_ticks and not row.window:
            row.hold_ticks = short.get(row.hold_ticks, row.hold_ticks)
        row.cooldown_ns = _cut(row.cooldown_ns, short)
    for state in made.states:
        state.timers = tuple((_cut(delay_ns, short), rows) for delay_ns, rows in state.timers)
    if made.fast:
        made.ticks = compile_ticks(made.model, made.rows, made.params)
    told = ", ".join(f"{ticks * TICK_NS / 1e9:g} s as {short[ticks]} ticks" for ticks in long)
    return made, f"times over {most_ticks} ticks cut short ({told})"


def _late_inputs(program: Program, cone: Cone) -> tuple[str, ...]:
    """Inputs that rows under timers and events, or assignments, read; they see those of the last tick."""
    read: list[Expr] = []
    for index in cone.inside:
        state = program.model.states[index]
        rows = [row for timer in state.timers for row in timer.rows] + [row for _, rows in state.events for row in rows]
        read += [row.guard for row in rows if row.guard is not None]
        for _, actions in lists_of(state):
            for item in flatten(actions):
                read += [item.expr] if isinstance(item, Assign) else []
                read += [item.condition] if isinstance(item, If) and decides((item,)) else []
    names = {symbol.name for expr in read for symbol in symbols(expr) if symbol.role == "input"}
    return tuple(name for name in program.model.inputs if name in names)


def _lengths(program: Program, cone: Cone) -> set[int]:
    found = set()
    for row in program.rows:
        if row.state in cone.inside:
            found |= {_ticks(row.hold_ns), _ticks(row.cooldown_ns), 0 if row.window else row.hold_ticks}
    for index in cone.inside:
        found |= {_ticks(delay_ns) for delay_ns, _ in program.states[index].timers}
    return found


def _ticks(time_ns: int) -> int:
    return -(-time_ns // TICK_NS) if time_ns > 0 else 0


def _cut(time_ns: int, short: dict[int, int]) -> int:
    ticks = _ticks(time_ns)
    return short[ticks] * TICK_NS if ticks in short else time_ns
