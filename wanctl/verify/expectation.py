"""What a test has to expect so that it fails on a run that shows a fault.

Which state would have been right is for a person to say. The guess: the row that led to the fault had no business
there, so the next true row behind it should have fired; without such a row the region should have stayed where it was;
and one that stayed where it should not should have gone where most of its rows lead.
"""

from collections.abc import Iterable

from wanctl.engine.evaluate import EvaluationError, condition
from wanctl.engine.model import Model
from wanctl.engine.record import Value
from wanctl.verify.inquiry import Moment
from wanctl.verify.result import Run


def expect_otherwise(model: Model, run: Run, regions: Iterable[int], blamed: Iterable[int] = ()) -> None:
    """Let the test of a run expect another state than the bad one at its end.

    The region is the one whose state among `blamed` lies deepest: it is the most special one.
    """
    last = run.steps[-1]
    before = run.steps[-2].leaves if len(run.steps) > 1 else run.started
    index_of = {state.path: state.index for state in model.states}
    bad = list(blamed)

    def depth(region: int) -> int:
        return max((len(model.ancestors(state)) for state in bad if _inside(model, state, region)), default=0)

    for region in sorted(regions, key=depth, reverse=True):
        now = [leaf for leaf in last.leaves if _inside(model, index_of[leaf], region)]
        then = [leaf for leaf in before if _inside(model, index_of[leaf], region)]
        if not now or (bad and not any(_is_or_below(model, index_of[now[0]], state) for state in bad)):
            continue
        wanted = _next_row(model, run, before, index_of[then[0]], index_of[now[0]]) if then else ""
        wanted = wanted or (then[0] if then and then != now else elsewhere(model, index_of[now[0]], region))
        if wanted:
            run.expect = {"tick": last.number, **state_words(model, region, index_of[wanted])}
            return
    run.expect = {"tick": last.number, "fired": []}


def state_words(model: Model, region: int, state: int) -> dict[str, object]:
    """`download: RED.CUT`, as an expectation says it."""
    path, wanted = model.states[region].path, model.states[state].path
    return {path or "state": wanted.removeprefix(f"{path}.") if path else wanted}


def _next_row(model: Model, run: Run, before: tuple[str, ...], leaf: int, now: int) -> str:
    """Where the next true row leads that did not fire."""
    values: dict[str, Value] = {**dict.fromkeys(model.inputs), **run.steps[-1].inputs}
    values |= {name: symbol.default for name, symbol in model.data.items()}
    params = {name: run.params.get(name, symbol.default) for name, symbol in model.params.items()}
    active = [any(leaf == s.path or leaf.startswith(f"{s.path}.") for leaf in before) for s in model.states]
    active[0] = True
    for index in (leaf, *model.ancestors(leaf)):
        for row in model.states[index].ticks:
            if row.hold is not None or row.id in run.steps[-1].rows or len(row.targets) != 1:
                continue
            if _is_or_below(model, now, row.targets[0]) or model.states[row.targets[0]].kind == "history":
                continue
            try:
                if row.guard is None or condition(row.guard, params)(Moment(values, active)):
                    return model.states[row.targets[0]].path
            except EvaluationError:
                continue
    return ""


def _inside(model: Model, state: int, region: int) -> bool:
    return region <= state <= model.states[region].last


def _is_or_below(model: Model, state: int, ancestor: int) -> bool:
    return state == ancestor or model.is_below(state, ancestor)


def elsewhere(model: Model, leaf: int, region: int) -> str:
    """A state of the region that the leaf's rows lead to, or any other one."""
    chain = [leaf, *(a for a in model.ancestors(leaf) if _inside(model, a, region))]
    targets = [target for index in chain for row in model.states[index].rows() for target in row.targets]
    others = [t for t in targets if _inside(model, t, region) and not _is_or_below(model, leaf, t)]
    others += [child for child in model.states[region].children if not _is_or_below(model, leaf, child)]
    return next((model.states[i].path for i in others if model.states[i].kind != "history"), "")
