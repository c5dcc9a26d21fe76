"""What a test has to expect so that it fails on a run that shows a fault."""

from collections.abc import Iterable

from wanctl.engine.model import Model
from wanctl.verify.result import Run


def expect_otherwise(model: Model, run: Run, regions: Iterable[int], blamed: Iterable[int] = ()) -> None:
    """Let the test of a run expect another state than the bad one at its end.

    Which state would be right is for a person to say. A region that the last tick moved is expected to have stayed; one
    that stayed where it should not is expected to have gone where most of its rows lead.
    """
    last = run.steps[-1]
    before = run.steps[-2].leaves if len(run.steps) > 1 else ()
    index_of = {state.path: state.index for state in model.states}
    bad = set(blamed)
    for region in sorted(regions):
        now = [leaf for leaf in last.leaves if _inside(model, index_of[leaf], region)]
        then = [leaf for leaf in before if _inside(model, index_of[leaf], region)]
        if not now or (bad and not any(_is_or_below(model, index_of[now[0]], state) for state in bad)):
            continue
        wanted = then[0] if then and then != now else _elsewhere(model, index_of[now[0]], region)
        if wanted:
            _expect_state(model, run, region, wanted)
            return
    run.expect = {"tick": last.number, "fired": []}


def _expect_state(model: Model, run: Run, region: int, wanted: str) -> None:
    path = model.states[region].path
    inner = wanted.removeprefix(f"{path}.") if path else wanted
    run.expect = {"tick": run.steps[-1].number, path or "state": inner}


def _inside(model: Model, state: int, region: int) -> bool:
    return region <= state <= model.states[region].last


def _is_or_below(model: Model, state: int, ancestor: int) -> bool:
    return state == ancestor or model.is_below(state, ancestor)


def _elsewhere(model: Model, leaf: int, region: int) -> str:
    """A state of the region that the leaf's rows lead to, or any other one."""
    chain = [leaf, *(a for a in model.ancestors(leaf) if _inside(model, a, region))]
    targets = [target for index in chain for row in model.states[index].rows() for target in row.targets]
    others = [t for t in targets if _inside(model, t, region) and not _is_or_below(model, leaf, t)]
    others += [child for child in model.states[region].children if not _is_or_below(model, leaf, child)]
    return next((model.states[i].path for i in others if model.states[i].kind != "history"), "")
