"""What one step asks for: the lists of actions that run in it."""

from typing import NamedTuple

from wanctl.engine.model import Actions, Emit, State
from wanctl.verify.cone import flatten
from wanctl.verify.graph import Graph
from wanctl.verify.situation import Edge


class Asked(NamedTuple):
    """One typed action, the state whose list it stands in, and which list that is."""

    state: State
    where: str  # "entry", "exit", "during" or a row's id
    emit: Emit

    @property
    def text(self) -> str:
        """How people call the list."""
        return self.where if "#" in self.where else f"{self.state.path} {self.where}".strip()


def asked_in(graph: Graph, edge: Edge) -> list[Asked]:
    """What a step may ask for; a list that may run, or not, counts."""
    steps = graph.steps
    model, rows = steps.program.model, [steps.program.rows[index].row for index in edge.rows]
    before, after = steps.active(edge.source), steps.active(edge.target)
    touched = {state.index for state in model.states if before[state.index] != after[state.index]}
    for row in rows:
        if row.targets:
            top = next((a for a in (row.state, *model.ancestors(row.state)) if _holds(model.states[a], row.targets)), 0)
            if top == row.state and not row.internal and top != 0:
                top = model.states[top].parent
            inside = range(top + 1, model.states[top].last + 1)
            chains = {i for t in (row.state, *row.targets) for i in (t, *model.ancestors(t)) if i in inside}
            below = {i for c in chains for i in range(c, model.states[c].last + 1)}
            touched |= {i for i in below if before[i] or after[i]}
    found: list[Asked] = []
    for state in model.states:
        if state.index in touched:
            found += _asks(state, "exit", state.exit) if before[state.index] else []
            found += _asks(state, "entry", state.entry) if after[state.index] else []
        elif edge.kind == "tick" and before[state.index] and all(row.state != state.index for row in rows):
            found += _asks(state, "during", state.during)
    for row in rows:
        found += _asks(model.states[row.state], row.id, row.do)
    return found


def _holds(state: State, targets: tuple[int, ...]) -> bool:
    return all(state.index < target <= state.last for target in targets)


def _asks(state: State, where: str, actions: Actions) -> list[Asked]:
    return [Asked(state, where, item) for item in flatten(actions) if isinstance(item, Emit)]
