"""What a machine may do next, for all inputs at once.

A `Spot` is where the machine stands in a cone: active leaves and recorded histories. From a spot it goes on by ticks,
by timers and by named events. `Steps` lists them in two ways. What it *may* do leaves out nothing: a row with a
hold or a cooldown may fire whenever its guard is true, or not. What it *must* be able to do holds for every reading of
its timers: the inputs of such a step, held constant for long enough, lead there and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from wanctl.engine.expression import Expr
from wanctl.engine.machine import Machine
from wanctl.engine.program import LiveRow, Program
from wanctl.verify.cone import Cone
from wanctl.verify.formula import Query, Space
from wanctl.verify.move import Mover, Spot, delivered, internal_events

_End = tuple[Spot, Query, tuple[int, ...], bool]  # where it comes to rest, inputs, rows, whether it may never rest


@dataclass(frozen=True, slots=True)
class Edge:
    """One step. For a tick `query` says which inputs it needs; `rows` fire, in order."""

    source: Spot
    target: Spot
    kind: str  # "tick", "timer" or an event's name
    query: Query
    rows: tuple[int, ...] = ()
    held: bool = False  # some row needs its inputs for a time
    restless: bool = False  # `always` rows or internal events may go on for ever


@dataclass(slots=True, eq=False)
class Steps:
    """The steps of a cone. `pinned` is what every query contains: literals about parameters, say."""

    space: Space
    program: Program
    cone: Cone
    pinned: Query = field(default_factory=Query)
    events: tuple[str, ...] = ()
    _mover: Mover = field(init=False)
    _own: frozenset[str] = frozenset()
    _chains: tuple[tuple[int, ...], ...] = ()  # by index of the state: it and the states around it, from the inside out

    def __post_init__(self) -> None:
        self._mover = Mover(self.program, self.cone)
        self.events = tuple(sorted(delivered(self.program.model, self.cone)))
        model = self.program.model
        self._own = internal_events(model)
        self._chains = tuple((state.index, *model.ancestors(state.index)) for state in model.states)

    def initial(self) -> Spot:
        """Where the machine stands when it has been started."""
        return self.spot(self.program.start(0))

    def spot(self, machine: Machine) -> Spot:
        """Where a running machine stands."""
        inside = self.cone.inside
        history = tuple(sorted((i, held) for i, held in machine.history.items() if i in inside))
        return Spot(tuple(leaf for leaf in machine.leaf_indices if leaf in inside), history, machine.ended)

    def active(self, spot: Spot) -> list[bool]:
        """By index of the state: whether it is active there."""
        return self._mover.active(spot)

    # -- may -----------------------------------------------------------------------------------------------------------
    def may(self, spot: Spot) -> Iterator[Edge]:
        """Every step that cannot be excluded, a tick without a row among them."""
        if spot.ended:
            return
        for rows, query in self._winners(spot, "tick", "", self.pinned):
            held = any(self.program.rows[index].held or self.program.rows[index].cooldown_ns for index in rows)
            for target, narrowed, fired, restless in self._complete(spot, rows, query):
                yield Edge(spot, target, "tick", narrowed, fired, held, restless)
        for row in self._timer_rows(spot):
            guard = self._guard(row, spot, self.pinned, true=True)
            if guard is not None and self.space.possible(guard):
                for target, narrowed, fired, restless in self._complete(spot, (row.index,), self.pinned):
                    yield Edge(spot, target, "timer", narrowed, fired, restless=restless)
        for event in self.events:
            for rows, query in self._winners(spot, "event", event, self.pinned):
                for target, narrowed, fired, restless in self._complete(spot, rows, query) if rows else ():
                    yield Edge(spot, target, event, narrowed, fired, restless=restless)

    def _complete(self, spot: Spot, rows: tuple[int, ...], query: Query, *, must: bool = False) -> Iterator[_End]:
        """Fire rows, then `always` and internal events until there is rest."""
        after, choices = self._mover.fire(spot, rows)
        for events in choices:
            yield from self._to_rest(after, events, query, rows, frozenset(), must=must)

    def _to_rest(
        self,
        spot: Spot,
        queue: tuple[str, ...],
        query: Query,
        fired: tuple[int, ...],
        seen: frozenset[object],
        *,
        must: bool,
    ) -> Iterator[_End]:
        if (spot, queue) in seen or len(fired) > self.program.model.max_microsteps:
            yield spot, query, fired, True
            return
        if spot.ended or (not queue and not self._has_always(spot)):
            yield spot, query, fired, False
            return
        seen |= {(spot, queue)}
        for rows, narrowed in self._winners(spot, "always", "", query, must=must):
            if rows:
                after, choices = self._mover.fire(spot, rows)
                for events in choices:
                    yield from self._to_rest(after, queue + events, narrowed, fired + rows, seen, must=must)
            elif not queue:
                yield spot, narrowed, fired, False
            else:
                for taken, further in self._winners(spot, "event", queue[0], narrowed, must=must):
                    after, choices = self._mover.fire(spot, taken)
                    for events in choices:
                        yield from self._to_rest(after, queue[1:] + events, further, fired + taken, seen, must=must)

    def _has_always(self, spot: Spot) -> bool:
        states = self.program.states
        return any(on and states[index].always for index, on in enumerate(self.active(spot)))

    def _winners(
        self, spot: Spot, kind: str, event: str, query: Query, *, must: bool = False
    ) -> Iterator[tuple[tuple[int, ...], Query]]:
        """Which rows fire together, with the inputs that make them; () is none."""
        asked: list[int] = []  # states in the order in which the engine asks them
        for leaf in spot.leaves:
            asked += [s for s in self._chains[leaf] if s not in asked]
        rows = {state: self._rows(state, kind, event) for state in asked}
        active = self.active(spot)
        yield from self._choose(spot, rows, active, 0, {}, query, must=must)

    def _choose(
        self,
        spot: Spot,
        rows: dict[int, list[LiveRow]],
        active: list[bool],
        number: int,
        answers: dict[int, int],
        query: Query,
        *,
        must: bool,
    ) -> Iterator[tuple[tuple[int, ...], Query]]:
        """Go through the leaves; for each ask the states from the inside out until one has a row."""
        if number == len(spot.leaves):
            found: list[int] = []
            for leaf in spot.leaves:
                row = next((answers[s] for s in self._chains[leaf] if answers.get(s, -1) >= 0), -1)
                if row >= 0 and row not in found:
                    found.append(row)
            yield tuple(found), query
            return
        leaf = spot.leaves[number]
        for state in self._chains[leaf]:
            if answers.get(state, -1) >= 0:
                break
            if state not in answers and rows[state]:
                for row, narrowed in self._first_true(rows[state], active, query, must=must):
                    yield from self._choose(spot, rows, active, number, {**answers, state: row}, narrowed, must=must)
                return
        yield from self._choose(spot, rows, active, number + 1, answers, query, must=must)

    def _first_true(
        self, rows: list[LiveRow], active: list[bool], query: Query, *, must: bool
    ) -> Iterator[tuple[int, Query]]:
        """The first true row of a state, or -1."""
        rest: Query | None = query
        for row in rows:
            if rest is None:
                return
            literal = -1 if row.guard is None else self.space.literal(_guard_of(row), active)
            waits = row.held or bool(row.cooldown_ns)
            if not (must and waits):
                found = rest if row.window else self.space.both(rest, literal, true=True)
                if found is not None and self.space.possible(found):
                    yield row.index, found
            if must and row.window:
                return
            if must or not waits:
                rest = self.space.both(rest, literal, true=False)
        if rest is not None and self.space.possible(rest):
            yield -1, rest

    def _rows(self, state: int, kind: str, event: str) -> list[LiveRow]:
        live = self.program.states[state]
        if kind == "tick":
            return list(live.ticks)
        if kind == "always":
            return list(live.always)
        words = tuple(event.split("."))
        return [row for descriptor, rows in live.events if words[: len(descriptor)] == descriptor for row in rows]

    def _timer_rows(self, spot: Spot) -> list[LiveRow]:
        found = []
        for index, on in enumerate(self.active(spot)):
            if on:
                found += [row for _, rows in self.program.states[index].timers for row in rows]
        return found

    def _guard(self, row: LiveRow, spot: Spot, query: Query, *, true: bool) -> Query | None:
        if row.guard is None:
            return query if true else None
        return self.space.both(query, self.space.literal(_guard_of(row), self.active(spot)), true=true)

    # -- must ----------------------------------------------------------------------------------------------------------
    def must(self, spot: Spot) -> Iterator[Edge]:
        """Steps that can be brought about in every reading of the timers, one reason for each."""
        if spot.ended:
            return
        active = self.active(spot)
        live = [row for index, on in enumerate(active) if on for row in self.program.states[index].ticks]
        timers = [t for index, on in enumerate(active) if on for t in self.program.states[index].timers]
        if not timers:  # one that runs may fire before the next tick
            for rows, needs in self._winners(spot, "tick", "", self.pinned, must=True):
                yield from self._sure(spot, rows, needs, "tick")
            for row in live:
                waits = row.held or row.cooldown_ns
                query: Query | None = self._alone(row, live, active) if waits and not row.window else None
                if query is not None:
                    yield from self._sure(spot, (row.index,), query, "tick", held=True)
        elif len(timers) == 1 and timers[0][1][0].guard is None and not timers[0][1][0].cooldown_ns:
            query = self._alone(None, live, active)
            if query is not None:
                yield from self._sure(spot, (timers[0][1][0].index,), query, "timer")
        for event in self.events:
            if event in self._own or event.startswith(("error", "done.state")):
                continue  # nobody outside can be asked to send it
            for rows, needs in self._winners(spot, "event", event, self.pinned, must=True):
                if rows and needs == self.pinned:
                    yield from self._sure(spot, rows, needs, event)

    def _sure(
        self, spot: Spot, rows: tuple[int, ...], query: Query, kind: str, *, held: bool = False
    ) -> Iterator[Edge]:
        results = list(self._complete(spot, rows, query, must=True))
        needs = [narrowed for _, narrowed, _, _ in results]
        for target, narrowed, fired, restless in results:
            if (narrowed.true | narrowed.false) & self.space.about_data:
                continue  # nobody outside can choose data
            # Two ends for the same inputs: an `if` decides, and it is not looked into.
            if not restless and needs.count(narrowed) == 1:
                yield Edge(spot, target, kind, narrowed, fired, held)

    def calm(self, spot: Spot) -> Query | None:
        """Inputs under which no row of a spot has a true guard; None when there are none."""
        active = self.active(spot)
        live = [row for index, on in enumerate(active) if on for row in self.program.states[index].ticks]
        return self._alone(None, live, active)

    def without_others(self, edge: Edge, query: Query) -> Query:
        """The query of a step, with the guards of other waiting rows false where that is possible."""
        active = self.active(edge.source)
        for index, on in enumerate(active):
            for row in self.program.states[index].ticks if on else ():
                if row.held and row.index not in edge.rows and row.guard is not None:
                    further = self.space.both(query, self.space.literal(_guard_of(row), active), true=False)
                    query = further if further is not None and self.space.possible(further) else query
        return query

    def _alone(self, wanted: LiveRow | None, live: list[LiveRow], active: list[bool]) -> Query | None:
        """The inputs under which one row's guard is true and no other's, or none's at all."""
        query: Query | None = self.pinned
        for row in live:
            if row.window and row is not wanted:
                return None
            literal = -1 if row.guard is None else self.space.literal(_guard_of(row), active)
            query = None if query is None else self.space.both(query, literal, true=row is wanted)
        return query if query is not None and self.space.possible(query) else None


def _guard_of(row: LiveRow) -> Expr:
    assert row.row.guard is not None
    return row.row.guard
