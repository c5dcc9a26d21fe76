"""Severity is monotonic, and nobody moves a rate blindly: which rate actions a step may ask for.

"A worse state never shapes faster than a better one" is two things. How much an action moves a rate is the law's
business: `effect.py` says which way each may go, and the laws are tested against that. Which actions a machine asks for
is proved here, for every step that it may make: one that ends in a worse state than it began asks only for what never
raises a rate, one that ends in the same state or a better one may settle, and only the best state climbs.
"""

from collections.abc import Iterator, Sequence

from wanctl.engine.evaluate import evaluator
from wanctl.engine.machine import Machine
from wanctl.engine.model import Emit, Model, State
from wanctl.engine.record import Outcome, Value
from wanctl.verify.asked import Asked, asked_in
from wanctl.verify.cone import cone_of, emitted, flatten, lists_of, region_of
from wanctl.verify.effect import WAYS, may_move_a_rate
from wanctl.verify.graph import Graph
from wanctl.verify.inquiry import Inquiry, Moment
from wanctl.verify.move import Spot
from wanctl.verify.result import Fault, Result
from wanctl.verify.situation import Edge

SCALE = ("GREEN", "YELLOW", "SOFT_RED", "RED")  # from the best to the worst
UNSEEN = ("HOLD", "BLIND", "OUTAGE")
MOST_FAULTS = 5


def check_severity(inquiry: Inquiry) -> Result | None:
    """For each set of neighbours with names of the scale; None where there is none, or nobody asks for a rate."""
    model = inquiry.model
    found = list(scales(model))
    if not found or not any(may_move_a_rate(action) for action in _all_asked(model)):
        return None
    result = Result("a worse state never shapes faster", "severity", "proved", "abstract")
    steps = floors = 0
    for parent, ranks in found:
        graph = inquiry.graph(cone_of(model, (), ranks))
        for edge in _distinct(graph):
            before, after = _rank(graph, edge.source, ranks), _rank(graph, edge.target, ranks)
            if before < 0 or after < 0:
                continue
            steps += 1
            asked = [item for item in asked_in(graph, edge) if _inside(item.state, model.states[parent])]
            for item in asked:
                wrong = _wrong(inquiry, item, before, after, graph.steps.active(edge.source))
                floors += WAYS.get(item.emit.action) == "floored"
                if wrong:
                    _note(inquiry, graph, edge, item, wrong, result)
    if result.faults:
        result.status, result.text = "violated", result.faults[0].text
    else:
        result.text = f"{steps} steps between {', '.join(SCALE)}"
        if floors:
            result.text += "; floors as they are by default: `where` does not order them"
    return result


def check_unseen(inquiry: Inquiry) -> Result | None:
    """No step that ends where nobody sees the link, or the operator holds, moves a rate, in whatever region."""
    model = inquiry.model
    held = [state for state in model.states if state.name in UNSEEN and state.kind != "history"]
    movers = {
        region_of(model, state.index): state.index
        for state in model.states
        if any(may_move_a_rate(action) for _, actions in lists_of(state) for action in emitted(actions))
    }
    if not held or not movers:
        return None
    names = ", ".join(dict.fromkeys(state.name for state in held))
    result = Result("no rate moves while nobody sees the link", "unseen", "proved", "abstract")
    steps = 0
    for state in held:
        own = region_of(model, state.index)
        # A direction's own HOLD is its own affair; what others see is everybody's.
        for region, mover in movers.items():
            if own in movers and region != own:
                continue
            graph = inquiry.graph(cone_of(model, (), [state.index, mover]))
            for edge in _distinct(graph):
                if graph.steps.active(edge.target)[state.index]:
                    steps += 1
                    for item in asked_in(graph, edge):
                        if may_move_a_rate(item.emit.action) and region_of(model, item.state.index) == region:
                            _note(inquiry, graph, edge, item, f"in a step that ends in {state.path}", result)
    if result.faults:
        result.status, result.text = "violated", result.faults[0].text
    else:
        result.text = f"{steps} steps end in {names}"
    return result


def scales(model: Model) -> Iterator[tuple[int, dict[int, int]]]:
    """Each state with children of the scale, and the rank of each of these; a template's come once for each use."""
    for state in model.states:
        ranks = {c: SCALE.index(model.states[c].name) for c in state.children if model.states[c].name in SCALE}
        if len(ranks) > 1:
            yield state.index, ranks


def _all_asked(model: Model) -> Iterator[str]:
    for state in model.states:
        for _, actions in lists_of(state):
            yield from emitted(actions)


def _distinct(graph: Graph) -> Iterator[Edge]:
    """One edge for each way of firing the same rows between the same configurations."""
    seen = set()
    for edges in graph.edges.values():
        for edge in edges:
            key = (edge.source.leaves, edge.target.leaves, edge.kind == "tick", edge.rows)
            if key not in seen:
                seen.add(key)
                yield edge


def _rank(graph: Graph, spot: Spot, ranks: dict[int, int]) -> int:
    active = graph.steps.active(spot)
    return next((rank for state, rank in ranks.items() if active[state]), -1)


def _inside(state: State, parent: State) -> bool:
    return parent.index < state.index <= parent.last


def _wrong(inquiry: Inquiry, item: Asked, before: int, after: int, was: Sequence[bool]) -> str:
    """Why a step between two ranks must not ask for this; "" when it may."""
    action = item.emit.action
    if not action.startswith("rate."):
        return ""
    way = WAYS.get(action)
    worse = f"from {SCALE[before]} to {SCALE[after]}"
    if way is None:
        return f"{worse}, and nobody says which way it moves a rate"
    if way == "up" and (before or after):
        return f"{worse}, which raises a rate"
    if way == "either" and after > before:
        return f"{worse}, which may raise a rate"
    if way == "floored" and after > before:
        return _floor_rises(inquiry, item, was)
    return ""


def _floor_rises(inquiry: Inquiry, item: Asked, was: Sequence[bool]) -> str:
    """A floor that lies above one of the state before may lift a rate."""
    model, region = inquiry.model, region_of(inquiry.model, item.state.index)
    before = [
        _floor(inquiry, action)
        for state in model.states
        if was[state.index] and state.index and region_of(model, state.index) == region
        for _, actions in lists_of(state)
        for action in flatten(actions)
        if isinstance(action, Emit) and WAYS.get(action.action) == "floored"
    ]
    new = _floor(inquiry, item.emit)
    return f"with a floor of {new:g} bit/s, above the one before" if before and new > min(before) else ""


def _floor(inquiry: Inquiry, emit: Emit) -> float:
    value = evaluator(dict(emit.arguments)["floor"], inquiry.program.params)(Moment({}, []))
    assert isinstance(value, float | int)
    return float(value)


def _note(inquiry: Inquiry, graph: Graph, edge: Edge, item: Asked, wrong: str, result: Result) -> None:
    """One fault for each list that asks for what it must not, with a run of the engine in which it does."""
    text = f"{item.text} asks for {item.emit.action} {wrong}"
    if len(result.faults) >= MOST_FAULTS or any(fault.text == text for fault in result.faults):
        return
    path, action = item.state.path, item.emit.action

    def asks(_machine: Machine, _inputs: dict[str, Value], outcome: Outcome) -> bool:
        return any(intent.action == action and intent.state == path for intent in outcome.intents)

    replayer, run = inquiry.replayer(graph), None
    for way in graph.ways(edge.source):
        run = run or replayer.play([*way, edge], edge.query, asks)
    if run is not None:
        run.expect = {"tick": len(run.steps), "intents": []}
    result.faults.append(Fault(path, text, item.state.place, run))
