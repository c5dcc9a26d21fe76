"""`forbid`: actions that a state must never ask for.

A state asks for what stands in its own lists, in those of the states below it, and, while it stays active, in the
`during` lists and the rows without a target of the states around it. Other regions are not its doing.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from wanctl.engine.machine import Machine
from wanctl.engine.model import Forbid, Model
from wanctl.engine.record import Outcome, Value
from wanctl.verify.cone import cone_of, emitted, lists_of
from wanctl.verify.graph import Graph
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.result import Fault, Result, Run
from wanctl.verify.situation import Edge

MOST_TRIES = 12


def check_forbid(inquiry: Inquiry, item: Forbid, name: str) -> Result:
    """Which lists ask for it, and a run in which one does."""
    model = inquiry.model
    everything = [action for state in model.states for _, actions in lists_of(state) for action in emitted(actions)]
    result = Result(name, "forbid", "proved", "static")
    if not any(_matches(action, item) for action in everything):
        result.status = "vacuous"
        result.text = f"nothing in the machine asks for {', '.join(item.actions)}"
        return result
    graph = inquiry.graph(cone_of(model, (), [item.state]))
    for owner, where, action in _asked(model, item):
        run = _run(inquiry, graph, item, owner, where, action)
        path = model.states[owner].path
        text = f"{where if '#' in where else f'{path} {where}'} asks for {action}"
        result.faults.append(Fault(path, text, item.place, run))
    if result.faults:
        result.status = "violated"
        result.text = result.faults[0].text
    return result


def _matches(action: str, item: Forbid) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in item.actions)


def _asked(model: Model, item: Forbid) -> Iterator[tuple[int, str, str]]:
    """State, list and action of all that the state asks for against the rule."""
    around = set(model.ancestors(item.state))
    for state in model.states:
        inside = state.index == item.state or model.is_below(state.index, item.state)
        if not inside and state.index not in around:
            continue
        rows = {row.id: row for row in state.rows()}
        for where, actions in lists_of(state):
            stays = where == "during" or (where in rows and not rows[where].targets)
            for action in dict.fromkeys(emitted(actions) if inside or stays else ()):
                if _matches(action, item):
                    yield state.index, where, action


def _run(inquiry: Inquiry, graph: Graph, item: Forbid, owner: int, where: str, action: str) -> Run | None:
    model = inquiry.model
    path = model.states[owner].path

    def asks(_machine: Machine, _inputs: dict[str, Value], outcome: Outcome) -> bool:
        return any(intent.action == action and intent.state == path for intent in outcome.intents)

    row = next((row.index for row in model.states[owner].rows() if row.id == where), -1)
    replayer = inquiry.replayer(graph)
    tried = 0
    for edge in (edge for edges in graph.edges.values() for edge in edges):
        if edge.kind == "tick" and _shows(graph, edge, item.state, owner, where, row):
            tried += 1
            for way in graph.ways(edge.source):
                run = replayer.play([*way, edge], edge.query, asks)
                if run is not None:
                    run.expect = {"tick": len(run.steps), "intents": []}
                    return run
            if tried >= MOST_TRIES:
                break
    return None


def _shows(graph: Graph, edge: Edge, state: int, owner: int, where: str, row: int) -> bool:
    before, after = graph.steps.active(edge.source), graph.steps.active(edge.target)
    if row >= 0:
        return row in edge.rows and before[state]
    if where == "entry":
        return after[owner] and not before[owner]
    if where == "exit":
        return before[owner] and not after[owner]
    return before[owner] and after[owner] and before[state] and after[state]
