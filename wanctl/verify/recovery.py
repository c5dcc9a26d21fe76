"""Bounded recovery: how long a machine takes back to a goal when the inputs are calm.

Calm is a constant input under which the goal, once reached, is kept. The engine runs from every configuration that may
be reached, its timers just begun, and the best such input is reported with the longest way back.
"""

from collections import Counter
from dataclasses import dataclass

from wanctl.engine.model import Eventually
from wanctl.engine.record import Value
from wanctl.verify.clockwork import NOW_NS, Clockwork, Memory
from wanctl.verify.cone import cone_of
from wanctl.verify.formula import FALSE, TRUE, Query, merge
from wanctl.verify.graph import Graph, OutOfTimeError, backwards
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.move import Spot
from wanctl.verify.replay import TICK_NS, leaves_of
from wanctl.verify.result import Result, Status
from wanctl.verify.situation import Edge, Steps
from wanctl.verify.tidy import tidy

MOST_INPUTS = 4  # calm inputs that are tried from everywhere
MOST_CHANGES = 40  # of one way back
ORDERS = ("farthest first", "nearest first", "what helps most first")
MOST_TRIED = 300  # inputs that are tried from one configuration


@dataclass(slots=True)
class _Recovery:
    back: dict[Spot, int]  # ticks
    values: dict[str, Value]

    @property
    def worst(self) -> int:
        return max(self.back.values(), default=0)


def check_recovery(inquiry: Inquiry, item: Eventually, name: str) -> Result | None:
    """For an `eventually` from anywhere to some states; None for the others."""
    graph = inquiry.graph(cone_of(inquiry.model, [item.to]), settled=True)
    space, steps = inquiry.space, graph.steps
    truth = {spot: space.literal(item.to, steps.active(spot)) for spot in graph.edges}
    if item.start is not None or not set(truth.values()) <= {TRUE, FALSE} or TRUE not in truth.values():
        return None
    clockwork = Clockwork(inquiry.program, steps.cone)
    spots = [spot for spot in graph.edges if not spot.ended]
    goals = frozenset(spot.leaves for spot, literal in truth.items() if literal == TRUE)
    names = inquiry.inputs_of(steps.cone)
    own = [edge for spot in spots for edge in graph.must(spot) if edge.kind in ("tick", "timer")]
    alone = backwards(((edge.source, edge.target) for edge in own), (spot for spot in spots if spot.leaves in goals))
    far = [spot for spot in spots if spot in alone]
    if not far:
        return None  # the goal ends the machine: nobody comes back from it, and nobody stays
    farthest = far[-1]
    promising = [
        values
        for calmly in (True, False)
        for order in ORDERS
        for values in _promising(graph, goals, order, calm=calmly)
    ]
    calm: list[tuple[int, dict[str, Value]]] = []
    seen: list[dict[str, Value]] = []
    settled = [witness.values for witness in space.witnesses if inquiry.settled.holds(witness.mask)]
    for found in [*promising, *settled]:
        values = {name: found[name] for name in names}
        if values not in seen and len(seen) < MOST_TRIED:
            seen.append(values)
            ticks = _ticks_back(inquiry, clockwork, farthest, values, goals)
            calm += [(ticks, values)] if ticks >= 0 else []
    calm.sort(key=lambda item: item[0])
    chosen = [*promising, *(values for _, values in calm[:MOST_INPUTS])]
    tried = [_from_everywhere(inquiry, clockwork, spots, values, goals) for values in chosen]
    if not calm:
        return None  # the goal is passed through, not stayed in
    best = max(tried, key=lambda item: (len(item.back), -item.worst))
    longest = max(best.back, key=lambda spot: best.back[spot])
    told = f"within {best.worst * TICK_NS / 1e9:g} s of calm from {len(best.back)} of {len(spots)} configurations"
    told += f", longest from {leaves_of(inquiry.program, longest)}"
    status: Status = "proved"
    lost = [spot for spot in spots if spot in alone and spot not in best.back]
    if lost:
        status = "remark"
        told += f"; no constant input that was tried brings it back from {leaves_of(inquiry.program, lost[0])}"
        told += f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    helped = _only_in(spots, set(spots) - alone)
    if helped:
        told += f"; from {_paths(inquiry, helped)} with an event from outside alone"
    return Result(f"back when calm: {name}", "recovery", status, "exact", told)


def _only_in(spots: list[Spot], some: set[Spot]) -> set[int]:
    """The leaves that only these spots have."""
    others = {leaf for spot in spots if spot not in some for leaf in spot.leaves}
    return {leaf for spot in some for leaf in spot.leaves} - others


def _paths(inquiry: Inquiry, leaves: set[int]) -> str:
    return ", ".join(inquiry.model.states[leaf].path for leaf in sorted(leaves))


def _promising(graph: Graph, goals: frozenset[tuple[int, ...]], order: str, *, calm: bool) -> list[dict[str, Value]]:
    """Inputs that (if `calm`) let the goals rest and lead there from as many configurations as one input can.

    The second of two is the first with simpler values: what does not matter is unknown, or nothing.
    """
    steps, query = graph.steps, graph.steps.pinned
    for spot in graph.edges:
        if calm and spot.leaves in goals:
            query = _with(steps, query, steps.calm(spot))
    layers = _layers(graph, goals)
    if order == "farthest first":  # the farthest has the fewest ways
        layers.reverse()
    elif order == "what helps most first":
        helps = Counter(rows for _, edges in layers for rows in {edge.rows for edge in edges})
        layers = [(spot, sorted(edges, key=lambda edge: -helps[edge.rows])) for spot, edges in layers]
        layers.sort(key=lambda layer: -helps[layer[1][0].rows])
    for _, edges in layers:
        for edge in edges:
            further = merge(query, edge.query)
            if further is not None and steps.space.possible(further):
                query = further
                break
    witness = steps.space.find(query)
    return [] if witness is None else [witness.values, tidy(steps.space, query, witness.values)]


def _layers(graph: Graph, goals: frozenset[tuple[int, ...]]) -> list[tuple[Spot, list[Edge]]]:
    """The other spots in the order of their distance, with the steps that lead nearer."""
    near = {spot for spot in graph.edges if spot.leaves in goals}
    found: list[tuple[Spot, list[Edge]]] = []
    while True:
        far = [spot for spot in graph.edges if spot not in near]
        ways = [(spot, [edge for edge in graph.must(spot) if edge.target in near]) for spot in far]
        layer = [(spot, edges) for spot, edges in ways if edges]
        if not layer:
            return found
        found += layer
        near.update(spot for spot, _ in layer)


def _with(steps: Steps, query: Query, also: Query | None) -> Query:
    both = None if also is None else merge(query, also)
    return both if both is not None and steps.space.possible(both) else query


def _from_everywhere(
    inquiry: Inquiry,
    clockwork: Clockwork,
    spots: list[Spot],
    values: dict[str, Value],
    goals: frozenset[tuple[int, ...]],
) -> _Recovery:
    back = {spot: _ticks_back(inquiry, clockwork, spot, values, goals) for spot in spots}
    return _Recovery({spot: ticks for spot, ticks in back.items() if ticks >= 0}, values)


def _ticks_back(
    inquiry: Inquiry,
    clockwork: Clockwork,
    spot: Spot,
    values: dict[str, Value],
    goals: frozenset[tuple[int, ...]],
) -> int:
    """Ticks until a goal that is kept; -1 when there is none."""
    if inquiry.out_of_time():
        raise OutOfTimeError
    clockwork.wind(_fresh(inquiry, clockwork, spot))
    machine = clockwork.machine
    for name in machine.model.inputs:
        setattr(machine.inputs, name, values.get(name))
    since, last_change = (0 if spot.leaves in goals else -1), 0
    leaves, patience = spot.leaves, _patience(inquiry, spot.leaves)
    tick = changes = 0
    while changes < MOST_CHANGES:
        tick += 1
        machine.tick(NOW_NS + tick * TICK_NS)
        now = clockwork.leaves()
        if now != leaves:
            leaves, last_change, patience, changes = now, tick, _patience(inquiry, now), changes + 1
            if now not in goals:
                since = -1
            elif since < 0:
                since = tick
        if tick - last_change > patience:
            return since
    return -1


def _patience(inquiry: Inquiry, leaves: tuple[int, ...]) -> int:
    """How many ticks of the same inputs may pass in a configuration until nothing more can happen."""
    longest = 1
    for index in {index for leaf in leaves for index in (leaf, *inquiry.model.ancestors(leaf))}:
        live = inquiry.program.states[index]
        times = [max(row.hold_ns, row.cooldown_ns) for row in live.ticks] + [delay_ns for delay_ns, _ in live.timers]
        counts = [row.window or row.hold_ticks for row in live.ticks]
        longest = max([longest, *counts, *(-(-time_ns // TICK_NS) for time_ns in times)])
    return longest + 1


def _fresh(inquiry: Inquiry, clockwork: Clockwork, spot: Spot) -> Memory:
    """The memory of a machine that has just come to a spot."""
    model, pending = inquiry.model, []
    active = {index for leaf in spot.leaves for index in (leaf, *model.ancestors(leaf))}
    for index in sorted(active):
        for number, (delay_ns, _) in enumerate(inquiry.program.states[index].timers):
            pending.append((delay_ns, index, number, ""))
    data = clockwork.first.data
    return Memory(spot.leaves, (), spot.history, (), tuple(sorted(pending)), data, spot.ended)
