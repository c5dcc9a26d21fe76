"""The exact level: the real engine, walked through every memory it can have.

From each memory it makes one tick with one representative of each kind of input that its guards, and the property, can
tell apart. Nothing is modelled here but time: long holds are cut short (`clockwork.scaled`), and the verdict says so.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from wanctl.engine.expression import Active, Expr, Logic, Name, symbols, walk
from wanctl.engine.machine import Machine
from wanctl.engine.model import Assign, If, Model
from wanctl.engine.record import Outcome, Value
from wanctl.verify.clockwork import Clockwork, Memory, scaled
from wanctl.verify.cone import Cone, decides, flatten, lists_of
from wanctl.verify.formula import Query
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.move import Spot
from wanctl.verify.replay import Holds, Player, Replayer
from wanctl.verify.result import Run, Status

MOST_TICKS = 200_000  # that a walk makes
MOST_INPUTS = 600  # representatives of one configuration
SHORT_TICKS = 3  # holds of up to so many ticks are walked through as they are

Walked = list[tuple[dict[str, Value], str, Memory, tuple[str, ...]]]  # inputs or an event, memory after, rows


@dataclass(slots=True, eq=False)
class Product:
    """The timed product of a cone and its inputs."""

    inquiry: Inquiry
    cone: Cone
    conditions: list[Expr]
    clockwork: Clockwork
    scaling: str
    parents: dict[Memory, tuple[Memory, dict[str, Value], str, tuple[str, ...]] | None] = field(default_factory=dict)
    after: dict[Memory, set[Memory]] = field(default_factory=dict)
    ticks: int = 0
    complete: bool = False
    partial: str = ""  # why the inputs are not all that matter
    _inputs: dict[tuple[int, ...], list[dict[str, Value]]] = field(default_factory=dict)

    @classmethod
    def of(cls, inquiry: Inquiry, cone: Cone, conditions: Sequence[Expr]) -> "Product":
        """The product of a cone; the conditions' own distinctions are part of the inputs."""
        program, scaling = scaled(inquiry.program, cone, SHORT_TICKS)
        partial = "a value of an input is assigned" if _keeps_inputs(inquiry.model, cone) else ""
        return cls(inquiry, cone, list(conditions), Clockwork(program, cone), scaling, partial=partial)

    def search(self, is_bad: Callable[[Machine, dict[str, Value], Outcome], bool] | None = None) -> Walked | None:
        """The shortest walk to a bad tick; None when there is none, or when the walk had to stop (see `verdict`)."""
        first = self.clockwork.first
        self.parents[first] = None
        waiting = deque([first])
        while waiting:
            memory = waiting.popleft()
            nexts = self.after[memory] = set()
            for values, event in self._moves(memory):
                if self.ticks >= MOST_TICKS or self.inquiry.out_of_time():
                    return None
                self.ticks += 1
                if event:
                    reached, outcome = self.clockwork.event(memory, event)
                else:
                    reached, outcome = self.clockwork.tick(memory, values)
                rows = tuple(item.row for item in outcome.transitions)
                nexts.add(reached)
                if is_bad is not None and not event and is_bad(self.clockwork.machine, values, outcome):
                    return [*self._walk(memory), (values, event, reached, rows)]
                if reached not in self.parents:
                    self.parents[reached] = (memory, values, event, rows)
                    waiting.append(reached)
        self.complete = True
        return None

    def verdict(self) -> tuple[Status, str]:
        """What a search without a find means."""
        told = f"{len(self.parents)} timed configurations, {self.ticks} ticks of the engine"
        if not self.complete:
            return "undecided", f"not finished after {told}"
        if self.partial:
            return "undecided", f"{told}, but not with all inputs: {self.partial}"
        return "proved", f"{told}{', ' if self.scaling else ''}{self.scaling}"

    def walk_to(self, memory: Memory) -> Walked:
        """The shortest walk from the start to a memory."""
        return self._walk(memory)

    def _walk(self, memory: Memory) -> Walked:
        found: Walked = []
        parent = self.parents[memory]
        while parent is not None:
            before, values, event, rows = parent
            found.append((values, event, memory, rows))
            memory, parent = before, self.parents[before]
        return found[::-1]

    def _moves(self, memory: Memory) -> Iterator[tuple[dict[str, Value], str]]:
        if memory.ended:
            return
        events = self.inquiry.graph(self.cone).steps.events
        for values in self.representatives(self.clockwork.leaves_at_tick(memory)):
            yield values, ""
        for event in events:
            yield {}, event

    def representatives(self, leaves: tuple[int, ...]) -> list[dict[str, Value]]:
        """Inputs of which no two look alike to the rows of a configuration and to the conditions."""
        if leaves not in self._inputs:
            steps = self.inquiry.graph(self.cone).steps
            active = steps.active(Spot(leaves))
            guards = _asked_in_one_tick(self.inquiry.model, self.cone, active)
            for expr in self.conditions:
                guards += _input_parts(expr)
            literals = [self.inquiry.space.literal(guard, active) for guard in guards]
            found: list[dict[str, Value]] = []
            self._enumerate(
                [literal for literal in dict.fromkeys(literals) if literal >= 0], 0, self.inquiry.settled, found
            )
            self._inputs[leaves] = found
        return self._inputs[leaves]

    def _enumerate(self, literals: list[int], number: int, query: Query, found: list[dict[str, Value]]) -> None:
        if len(found) >= MOST_INPUTS:
            self.partial = f"more than {MOST_INPUTS} kinds of input in one configuration"
            return
        witness = self.inquiry.space.find(query)
        if witness is None:
            return
        if number == len(literals):
            found.append({name: witness.values[name] for name in self.inquiry.model.inputs})
            return
        for true in (False, True):
            narrowed = self.inquiry.space.both(query, literals[number], true=true)
            if narrowed is not None:
                self._enumerate(literals, number + 1, narrowed, found)

    def on_the_real_clock(self, walked: Walked, replayer: Replayer, is_bad: Holds) -> Run | None:
        """The run with all times as they are: where a row waits longer, its inputs stay longer."""
        player = Player.start(self.inquiry.program, replayer.names)
        outcome = player.machine.started
        events: tuple[str, ...] = ()
        for values, event, memory, rows in walked:
            if event:  # it comes before the next tick
                events += (event,)
                continue
            wanted = {row for row in rows if self._is_ours(row)}
            for _ in range(replayer.patience() if wanted else 1):
                outcome = player.tick(values, events)
                events = ()
                if not wanted or wanted & set(player.run.steps[-1].rows):
                    break
            if replayer.steps.spot(player.machine).leaves != memory.leaves:
                return None
        return player.run if is_bad(player.machine, dict(player.run.steps[-1].inputs), outcome) else None

    def _is_ours(self, row: str) -> bool:
        return self.inquiry.program.rows_by_id[row].state in self.cone.inside


def _asked_in_one_tick(model: Model, cone: Cone, active: list[bool]) -> list[Expr]:
    """What one tick may ask: the rows of active states, and whatever else may follow in the same tick."""
    found: list[Expr] = []
    for index in sorted(cone.inside):
        state = model.states[index]
        rows = [*state.always, *(row for _, event_rows in state.events for row in event_rows)]
        if active[index]:
            rows += [*state.ticks, *(row for timer in state.timers for row in timer.rows)]
        found += [row.guard for row in rows if row.guard is not None]
        for _, actions in lists_of(state):
            found += [item.condition for item in flatten(actions) if isinstance(item, If) and decides((item,))]
    return found


def _keeps_inputs(model: Model, cone: Cone) -> bool:
    """Whether the value of an input is put into data: then two inputs that look alike may not be alike."""
    actions = [item for index in cone.inside for _, items in lists_of(model.states[index]) for item in flatten(items)]
    return any(isinstance(a, Assign) and any(s.role == "input" for s in symbols(a.expr)) for a in actions)


def _input_parts(expr: Expr) -> list[Expr]:
    """The largest parts of a condition that ask for inputs alone."""
    if not any(isinstance(node, Active) for node in walk(expr)):
        return [expr]
    match expr:
        case Logic(_, operands):
            return [part for item in operands for part in _input_parts(item)]
        case Name(symbol) if symbol.definition is not None:
            return _input_parts(symbol.definition)
        case _:
            return []
