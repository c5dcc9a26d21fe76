"""From an abstract way to a run of the real engine.

The abstract way says which inputs each step needs; z3 gives values with one set of parameters for all of them; the
engine then runs, and a step whose row waits for a hold keeps its inputs until the row fires. Only what the engine
itself has done counts as a violation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wanctl.engine.machine import Machine
from wanctl.engine.program import Program, compile_model
from wanctl.engine.record import Outcome, Value
from wanctl.verify.formula import Query
from wanctl.verify.move import Spot
from wanctl.verify.result import Run, Step
from wanctl.verify.situation import Edge, Steps
from wanctl.verify.tidy import tidy

TICK_NS = 50_000_000
MOST_TICKS = 100_000

Holds = Callable[[Machine, dict[str, Value], Outcome], bool]  # after a tick, with its inputs


@dataclass(slots=True, eq=False)
class Player:
    """Runs one machine and writes down what happens."""

    machine: Machine
    names: tuple[str, ...]  # inputs that matter
    run: Run

    @classmethod
    def start(cls, program: Program, names: Sequence[str]) -> "Player":
        """A machine that has been started at 0; its first tick is at 0, too."""
        defaults = {name: symbol.default for name, symbol in program.model.params.items()}
        params = {name: value for name, value in program.params.items() if value != defaults[name]}
        machine = program.start(0)
        return cls(machine, tuple(names), Run(started=machine.leaves, params=params))

    def tick(self, values: dict[str, Value], events: tuple[str, ...] = ()) -> Outcome:
        """One tick of 50 ms with these inputs; the others are unknown."""
        number = len(self.run.steps) + 1
        now_ns = (number - 1) * TICK_NS
        rows: list[str] = []
        for event in events:
            rows += [item.row for item in self.machine.event(now_ns, event).transitions]
        inputs = {name: values.get(name) for name in self.names}
        for name in self.machine.model.inputs:
            setattr(self.machine.inputs, name, inputs.get(name))
        outcome = self.machine.tick(now_ns)
        rows += [item.row for item in outcome.transitions]
        self.run.steps.append(Step(number, inputs, events, tuple(rows), self.machine.leaves))
        return outcome


@dataclass(slots=True, eq=False)
class Replayer:
    """Turns ways of one cone into runs."""

    steps: Steps
    program: Program
    names: tuple[str, ...]

    def play(
        self,
        way: Sequence[Edge],
        last: Query,
        holds: Holds | None = None,
        *,
        constant_from: int = -1,
        constant: Query | None = None,
    ) -> Run | None:
        """The run of a way whose last step has inputs that fit `last`; None when the engine does not go that way.

        `holds` is asked after the last tick whether the fault is there. From step `constant_from` on the inputs stay as
        they are, and fit `constant`.
        """
        queries = self._queries(way, last)
        if queries is None:
            return None
        if constant is not None:
            queries[constant_from:] = [constant] * (len(queries) - constant_from)
        for defaults in (True, False):
            values = self.steps.space.together(queries, defaults=defaults)
            if values is None:
                continue
            params = {name: values[0][name] for name in self.program.model.params} if values else {}
            program = self.program if defaults else compile_model(self.program.model, params)
            tidied = [tidy(self.steps.space, query, item) for query, item in zip(queries, values, strict=True)]
            if constant is not None:
                tidied[constant_from:] = [tidied[constant_from]] * (len(tidied) - constant_from)
            run = self._run(program, way, tidied, holds)
            if run is not None:
                return run
        return None

    def _queries(self, way: Sequence[Edge], last: Query) -> list[Query] | None:
        """What the inputs of each step have to be; other rows that wait are kept from firing where that is possible."""
        found: list[Query] = []
        for number, edge in enumerate(way):
            query: Query | None = last if number == len(way) - 1 else edge.query
            if edge.kind != "tick":
                query = self.steps.calm(edge.source)
            elif edge.held and query is not None:
                query = self.steps.without_others(edge, query)
            if query is None:
                return None
            found.append(query)
        return found

    def _run(
        self, program: Program, way: Sequence[Edge], values: Sequence[dict[str, Value]], holds: Holds | None
    ) -> Run | None:
        player = Player.start(program, self.names)
        events: tuple[str, ...] = ()
        outcome = player.machine.started
        for number, (edge, inputs) in enumerate(zip(way, values, strict=True)):
            if edge.kind not in ("tick", "timer"):
                events += (edge.kind,)
                if number == len(way) - 1:
                    outcome = player.tick(inputs, events)
                continue
            reached = self._go(player, edge, inputs, events)
            if reached is None:
                return None
            outcome, events = reached, ()
        if not way:
            return player.run
        if holds is not None:
            return player.run if holds(player.machine, dict(player.run.steps[-1].inputs), outcome) else None
        return player.run if self.steps.spot(player.machine) == way[-1].target else None

    def _go(self, player: Player, edge: Edge, inputs: dict[str, Value], events: tuple[str, ...]) -> Outcome | None:
        wanted = {self.program.rows[row].row.id for row in edge.rows}
        for _ in range(self.patience() if edge.held or edge.kind == "timer" else 1):
            outcome = player.tick(inputs, events)
            events = ()
            fired = {row for row in player.run.steps[-1].rows if self._is_ours(row)}
            if edge.restless or (self.steps.spot(player.machine) == edge.target and fired == wanted):
                return outcome
            if fired:
                return None
        return None

    def _is_ours(self, row: str) -> bool:
        return self.program.rows_by_id[row].state in self.steps.cone.inside

    def patience(self) -> int:
        """The longest that a row can wait, in ticks."""
        longest = 0
        for row in self.program.rows:
            longest = max(longest, row.hold_ticks, row.hold_ns // TICK_NS, row.cooldown_ns // TICK_NS)
        for state in self.program.states:
            longest = max([longest, *(delay // TICK_NS for delay, _ in state.timers)])
        return min(longest + 3, MOST_TICKS)


def leaves_of(program: Program, spot: Spot) -> str:
    """A spot for people."""
    return ", ".join(program.model.states[leaf].path for leaf in spot.leaves)
