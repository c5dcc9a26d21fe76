"""`eventually`: from every situation of a kind, one of another kind can be reached again."""

from dataclasses import dataclass

from wanctl.engine.expression import Expr
from wanctl.engine.machine import Machine
from wanctl.engine.model import Eventually
from wanctl.engine.record import Outcome, Value
from wanctl.verify.clockwork import Memory
from wanctl.verify.cone import active_states, cone_of, region_of
from wanctl.verify.exact import Product
from wanctl.verify.expectation import state_words
from wanctl.verify.formula import FALSE, TRUE
from wanctl.verify.graph import Graph, backwards
from wanctl.verify.inquiry import Inquiry, is_true_after
from wanctl.verify.move import Spot
from wanctl.verify.replay import Player, Replayer, leaves_of
from wanctl.verify.result import Fault, Result, Run
from wanctl.verify.situation import Edge

MOST_TRIES = 12


def check_eventually(inquiry: Inquiry, item: Eventually, name: str) -> Result:
    """Reverse reachability: what surely leads to the goal proves, what cannot lead there refutes."""
    conditions = [item.to, *(() if item.start is None else (item.start,))]
    graph = inquiry.graph(cone_of(inquiry.model, conditions), settled=True)
    starts = [spot for spot in graph.edges if item.start is None or _may_hold(graph, item.start, spot)]
    result = Result(name, "eventually", "proved", "abstract")
    if not starts:
        result.status, result.text = "vacuous", "no situation that can be reached is one to start from"
        return result
    goals = _Goals(graph, item)
    may = graph.may_reach(goals.of([edge for edges in graph.edges.values() for edge in edges]))
    traps = [spot for spot in starts if spot not in may]
    if traps:
        return _trapped(inquiry, item, graph, traps, result)
    sure = graph.must_reach(goals.of([edge for spot in graph.edges for edge in graph.must(spot)]))
    unsure = [spot for spot in starts if spot not in sure]
    if not unsure:
        result.text = _proof(inquiry, graph, goals, starts)
        return result
    return _exactly(inquiry, item, graph, result)


@dataclass(slots=True)
class _Goals:
    graph: Graph
    item: Eventually

    def of(self, edges: list[Edge]) -> set[Spot]:
        """Spots that are a goal, or from which one of these ticks makes one."""
        steps = self.graph.steps
        found = {spot for spot in self.graph.edges if steps.space.literal(self.item.to, steps.active(spot)) == TRUE}
        for edge in edges:
            literal = steps.space.literal(self.item.to, steps.active(edge.target))
            if edge.kind == "tick" and literal >= 0:
                query = steps.space.both(edge.query, literal, true=True)
                if query is not None and steps.space.possible(query):
                    found.add(edge.source)
        return found


def _may_hold(graph: Graph, expr: Expr, spot: Spot) -> bool:
    return graph.steps.space.literal(expr, graph.steps.active(spot)) != FALSE


def _proof(inquiry: Inquiry, graph: Graph, goals: _Goals, starts: list[Spot]) -> str:
    """How many configurations, and which of them need an event from outside."""
    own = [edge for spot in graph.edges for edge in graph.must(spot) if edge.kind in ("tick", "timer")]
    alone = backwards(((edge.source, edge.target) for edge in own), goals.of(own))
    helped = {leaf for spot in starts if spot not in alone for leaf in spot.leaves}
    helped -= {leaf for spot in starts if spot in alone for leaf in spot.leaves}
    told = f"from all {len(starts)} configurations of {graph.steps.cone.name(inquiry.model)}"
    if helped:
        told += (
            f", with the help of an event from {', '.join(inquiry.model.states[leaf].path for leaf in sorted(helped))}"
        )
    return told


def _trapped(inquiry: Inquiry, item: Eventually, graph: Graph, traps: list[Spot], result: Result) -> Result:
    replayer = inquiry.replayer(graph)
    for spot in traps[:MOST_TRIES]:
        runs = (replayer.play(way, way[-1].query) for way in graph.ways(spot) if way)
        run = next((run for run in runs if run is not None), None)
        if spot == next(iter(graph.edges)):
            run = Player.start(inquiry.program, replayer.names).run
        if run is not None:
            result.status = "violated"
            where = leaves_of(inquiry.program, spot)
            result.text = f"no way leads from {where} to {item.written}"
            _expect_goal(inquiry, item, run, replayer)
            result.faults.append(Fault(item.written, f"once in {where} it is never reached again", item.place, run))
            return result
    return _exactly(inquiry, item, graph, result)


def _expect_goal(inquiry: Inquiry, item: Eventually, run: Run, replayer: Replayer) -> None:
    """A test that waits for the goal, for longer than any row waits."""
    wanted = active_states([item.to])
    tick = max(len(run.steps), 1) + replayer.patience()
    if wanted and wanted[0]:
        region = region_of(inquiry.model, wanted[0])
        run.expect = {"tick": tick, **state_words(inquiry.model, region, wanted[0])}


def _exactly(inquiry: Inquiry, item: Eventually, graph: Graph, result: Result) -> Result:
    result.status = "undecided"
    if not inquiry.exact:
        result.text = "some steps depend on timers"
        return result
    result.level = "exact"
    conditions = [item.to, *(() if item.start is None else (item.start,))]
    product = Product.of(inquiry, graph.steps.cone, conditions)
    goals: set[Memory] = set()
    starts: set[Memory] = set()

    def note(machine: Machine, inputs: dict[str, Value], _outcome: Outcome) -> bool:
        memory = product.clockwork.read()
        if is_true_after(machine, item.to, inputs):
            goals.add(memory)
        if item.start is None or is_true_after(machine, item.start, inputs):
            starts.add(memory)
        return False

    product.search(note)
    status, result.text = product.verdict()
    if status != "proved":
        return result
    space, steps = inquiry.space, graph.steps
    for memory in product.parents:  # also those that no tick has led to
        active = steps.active(Spot(memory.leaves))
        if space.literal(item.to, active) == TRUE:
            goals.add(memory)
        if item.start is None or space.literal(item.start, active) == TRUE:
            starts.add(memory)
    pairs = ((before, after) for before, afters in product.after.items() for after in afters)
    reach = backwards(pairs, goals)
    lost = [memory for memory in product.parents if memory in starts and memory not in reach]
    if not lost:
        result.status = "proved"
        return result
    run = product.on_the_real_clock(product.walk_to(lost[0]), inquiry.replayer(graph), lambda *_: True)
    where = leaves_of(inquiry.program, Spot(lost[0].leaves))
    result.text = f"no way leads from {where} to {item.written}"
    if run is not None:
        result.status = "violated"
        _expect_goal(inquiry, item, run, inquiry.replayer(graph))
        result.faults.append(Fault(item.written, f"once in {where} it is never reached again", item.place, run))
    return result
