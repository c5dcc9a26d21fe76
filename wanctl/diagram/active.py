"""Which states are lit: those that are named, and the states around them."""

from collections.abc import Iterable

from wanctl.engine.chart import Statechart
from wanctl.engine.diagnostic import did_you_mean
from wanctl.engine.model import Model, State


class ActiveError(ValueError):
    """States that cannot be active, or not together."""


def lit(model: Model, names: Iterable[str]) -> frozenset[int]:
    """The states that are active when the named ones are; `ActiveError` when that cannot be.

    A name is a path or the end of one; of several states with that end the outermost is meant, as in `active('...')`.
    """
    named = [_find(model, name) for name in names]
    for place, one in enumerate(named):
        for other in named[:place]:
            _together(model, other, one)
    chart = Statechart(model)
    configuration = chart.join()
    innermost = [state.path for state in named if not any(model.is_below(other.index, state.index) for other in named)]
    if not innermost:
        return frozenset()
    chart.move(configuration, list(dict.fromkeys(innermost)), (), ())
    real = [state for state in model.states[1:] if state.kind != "history"]
    return frozenset(s.index for s in real if chart.is_state(s.path, configuration, allow_substates=True))


def _find(model: Model, name: str) -> State:
    real = [state for state in model.states[1:] if state.kind != "history"]
    found = [state for state in real if f".{state.path}".endswith(f".{name}")]
    if not found:
        known = {end for state in real for end in _ends(state.path)}
        hint = did_you_mean(name, known) or f"the outermost are {', '.join(s.name for s in real if s.parent == 0)}"
        raise ActiveError(f"{model.name} has no state '{name}': {hint}")
    depth = min(state.path.count(".") for state in found)
    outermost = [state for state in found if state.path.count(".") == depth]
    if len(outermost) > 1:
        paths = " or ".join(state.path for state in outermost)
        raise ActiveError(f"'{name}' could be {paths}: write more of its path")
    return outermost[0]


def _ends(path: str) -> list[str]:
    words = path.split(".")
    return [".".join(words[place:]) for place in range(len(words))]


def _together(model: Model, one: State, other: State) -> None:
    """Refuse two states that exclude each other: the innermost state around both is not parallel."""
    if one.index == other.index or model.is_below(one.index, other.index) or model.is_below(other.index, one.index):
        return
    around = next(index for index in model.ancestors(one.index) if model.is_below(other.index, index))
    if model.states[around].kind != "parallel":
        inside = f"'{model.states[around].path}'" if around else f"the machine {model.name}"
        raise ActiveError(f"{one.path} and {other.path} are never active together: {inside} is in one state at a time")
