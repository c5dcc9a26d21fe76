"""States: each is reached and left, the worst of a scale among them."""

from wanctl.verify.cone import cone_of
from wanctl.verify.expectation import elsewhere, state_words
from wanctl.verify.graph import Graph
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.move import Spot
from wanctl.verify.replay import Player
from wanctl.verify.result import Fault, Result, Run
from wanctl.verify.severity import SCALE, scales


def check_states(inquiry: Inquiry) -> Result:
    """Every state is reached in some run, and none of them is a dead end."""
    model = inquiry.model
    result = Result("every state can be reached and left", "states", "proved", "abstract")
    sure: set[int] = set()
    for region, graph in inquiry.region_graphs():
        reached = {leaf for spot in graph.edges for leaf in spot.leaves}
        settled = inquiry.graph(graph.steps.cone, settled=True)
        sure |= {leaf for spot in settled.surely_reached() for leaf in spot.leaves}
        for state in model.states:
            if not (region <= state.index <= model.states[region].last) or state.kind not in ("atomic", "final"):
                continue
            if state.index not in reached:
                result.faults.append(Fault(state.path, "is never reached", state.place))
            elif state.kind != "final" and _is_dead_end(graph, region, state.index, model.states[region].last):
                run = _run_into(inquiry, graph, region, state.index)
                result.faults.append(Fault(state.path, "is a dead end: no row leads out of it", state.place, run))
    leaves = {s.index for s in model.states if s.kind in ("atomic", "final")}
    result.text = f"{len(leaves)} states"
    if result.faults:
        result.status, result.text = "violated", f"{len(result.faults)} of {len(leaves)} states"
    elif leaves - sure:
        paths = ", ".join(model.states[leaf].path for leaf in sorted(leaves - sure))
        result.status, result.text = "undecided", f"perhaps never reached: {paths}"
    return result


def _is_dead_end(graph: Graph, region: int, leaf: int, last: int) -> bool:
    """Whether no step leads from a leaf to another one of its region."""
    spots = [spot for spot in graph.edges if leaf in spot.leaves]
    alone = all(sum(region <= item <= last for item in spot.leaves) == 1 for spot in spots)
    others = any(region <= item <= last and item != leaf for spot in graph.edges for item in spot.leaves)
    return alone and others and all(leaf in edge.target.leaves for spot in spots for edge in graph.edges[spot])


def _run_into(inquiry: Inquiry, graph: Graph, region: int, leaf: int) -> Run | None:
    """A run into a dead end, with a test that waits for the end of it, for longer than any row waits."""
    replayer, run = inquiry.replayer(graph), None
    for spot in (spot for spot in graph.edges if leaf in spot.leaves):
        for way in graph.ways(spot):
            run = run or (
                replayer.play(way, way[-1].query) if way else Player.start(inquiry.program, replayer.names).run
            )
        if run is not None:
            wanted = elsewhere(inquiry.model, leaf, region)
            index = next((state.index for state in inquiry.model.states if state.path == wanted), 0)
            tick = max(len(run.steps), 1) + replayer.patience()
            run.expect = {"tick": tick, **state_words(inquiry.model, region, index)} if index else {}
            return run if run.expect else None
    return None


def check_worst(inquiry: Inquiry) -> Result | None:
    """The worst state of each scale can be reached, and how; None without a scale."""
    worst = [state for _, ranks in scales(inquiry.model) for state, rank in ranks.items() if rank == len(SCALE) - 1]
    if not worst:
        return None
    result = Result(f"{SCALE[-1]} can be reached", "worst", "proved", "abstract")
    ticks = []
    for state in (inquiry.model.states[index] for index in worst):
        graph = inquiry.graph(cone_of(inquiry.model, (), [state.index]), settled=True)
        spots = [spot for spot in graph.edges if graph.steps.active(spot)[state.index]]
        sure = graph.surely_reached()
        run = _shortest(inquiry, graph, [spot for spot in spots if spot in sure])
        if run is not None:
            ticks.append(len(run.steps))
            result.faults.append(Fault(state.path, f"reached after {ticks[-1]} ticks", state.place, run))
            continue
        result.status = "undecided" if spots else "violated"
        result.faults.append(
            Fault(state.path, "is perhaps never reached" if spots else "is never reached", state.place)
        )
    if result.status == "proved":
        result.text = f"after {max(ticks)} tick{'s' if max(ticks) > 1 else ''}"
    else:
        result.text = result.faults[-1].text
    return result


def _shortest(inquiry: Inquiry, graph: Graph, spots: list[Spot]) -> Run | None:
    replayer = inquiry.replayer(graph)
    for spot in spots:
        for way in graph.ways(spot):
            run = replayer.play(way, way[-1].query) if way else None
            if run is not None:
                return run
    return None
