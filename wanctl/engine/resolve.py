"""From names to states, once the tree is complete; and what can only be checked then."""

from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.expression import Active
from wanctl.engine.model import Forbid, Model, State


def resolve_names(
    model: Model,
    actives: list[tuple[Active, int]],
    forbid: list[tuple[str, Place, int, tuple[str, ...]]],
    findings: Findings,
) -> None:
    """Fill in `initial`, the targets of rows, the states of `active(...)` and of `forbid`."""
    resolver = _Resolver(model, findings)
    for state in model.states:
        resolver.initial(state)
    for state in model.states:
        resolver.ends(state)
    for state in model.states:
        resolver.together(state.initial, state.place, "initial states")
    for row in model.rows:
        found = [resolver.outward(name, place, row.state) for name, place in row.target_names]
        row.targets = tuple(index for index in found if index is not None)
        resolver.together(row.targets, row.place, "targets")
    for active, declaring in actives:
        if active.state < 0:  # a word that is used twice is resolved once
            index = resolver.outward(active.name, active.place, declaring)
            active.state = 0 if index is None else index
    for name, place, declaring, actions in forbid:
        index = resolver.outward(name, place, declaring)
        if index is not None:
            model.forbid.append(Forbid(index, actions, place))


class _Resolver:
    def __init__(self, model: Model, findings: Findings) -> None:
        self._model, self._findings = model, findings
        self._by_last_word: dict[str, list[State]] = {}
        for state in model.states[1:]:
            self._by_last_word.setdefault(state.name, []).append(state)

    def outward(self, name: str, place: Place, start: int) -> int | None:
        """Look in the state itself and below, then in its parent in the same way, and so on outward."""
        matches = [state for state in self._by_last_word.get(name.rpartition(".")[2], []) if _ends_with(state, name)]
        for top in (start, *self._model.ancestors(start)):
            inside = [state.index for state in matches if top <= state.index <= self._model.states[top].last]
            if inside:
                return self._nearest(inside, name, place)
        self._findings.error("WC256", f"there is no state '{name}'", place, self._hint(name))
        return None

    def _nearest(self, inside: list[int], name: str, place: Place) -> int | None:
        states = self._model.states
        depth = {index: len(self._model.ancestors(index)) for index in inside}
        least = min(depth.values())
        nearest = [index for index in inside if depth[index] == least]
        if len(nearest) > 1:
            paths = " or ".join(states[index].path for index in nearest)
            self._findings.error("WC257", f"'{name}' could be {paths}", place, "write more of the path")
            return None
        return nearest[0]

    def _hint(self, name: str) -> str:
        states = self._model.states[1:]
        hint = did_you_mean(name, [state.name for state in states])
        return hint if hint.startswith("did") else did_you_mean(name, [state.path for state in states])

    def initial(self, state: State) -> None:
        """Where a compound state or a history goes by default: below it, a history: below its parent."""
        model = self._model
        top = state.parent if state.kind == "history" else state.index
        found = []
        for name, place in state.initial_names:
            matches = [s.index for s in self._by_last_word.get(name.rpartition(".")[2], []) if _ends_with(s, name)]
            inside = [index for index in matches if model.is_below(index, top) and index != state.index]
            if not inside:
                where = model.states[top].path or "the machine"
                self._findings.error("WC256", f"there is no state '{name}' below {where}", place, self._hint(name))
                continue
            nearest = self._nearest(inside, name, place)
            if nearest is not None:
                found.append(nearest)
        state.initial = tuple(found)
        if state.kind == "compound" and not state.initial_names:
            first = [child for child in state.children if model.states[child].kind != "history"]
            if first:
                state.initial = (first[0],)
            else:
                self._findings.error("WC253", "a state needs a child that is not a history", state.place)

    def ends(self, state: State) -> None:
        """Refuse a history that leads, by way of others, back to itself."""
        states, waiting, seen = self._model.states, [state.index], set[int]()
        while waiting:
            for target in states[waiting.pop()].initial:
                if states[target].kind == "history" and target not in seen:
                    seen.add(target)
                    waiting.append(target)
        if state.kind == "history" and state.index in seen:
            self._findings.error("WC259", f"the history '{state.path}' leads back to itself", state.place)
            state.initial = ()  # one error is enough, and nothing else goes round in it

    def together(self, targets: tuple[int, ...], place: Place, what: str) -> None:
        """Refuse states that cannot be active at the same time."""
        for number, one in enumerate(targets):
            for other in targets[number + 1 :]:
                if one != other and self._exclude(one, other):
                    paths = f"{self._model.states[one].path} and {self._model.states[other].path}"
                    self._findings.error("WC258", f"the {what} {paths} cannot be active together", place)

    def _exclude(self, one: int, other: int) -> bool:
        model = self._model
        if model.is_below(one, other) or model.is_below(other, one):
            return False
        common = next(a for a in model.ancestors(one) if model.is_below(other, a))
        if model.states[common].kind != "parallel":
            return True
        return self._restores_otherwise(one, other) or self._restores_otherwise(other, one)

    def _restores_otherwise(self, history: int, other: int) -> bool:
        """Whether a history of a parallel state may stand for something that excludes a state in one of the regions."""
        state = self._model.states[history]
        if state.kind != "history" or not self._model.is_below(other, state.parent):
            return False
        return state.deep or any(first != other and self._exclude(first, other) for first in state.initial)


def _ends_with(state: State, name: str) -> bool:
    return state.path == name or state.path.endswith("." + name)
