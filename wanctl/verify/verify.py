"""All checks of one machine, in the order of their report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wanctl.engine.action import ActionRegistry
from wanctl.engine.expression import Active
from wanctl.engine.model import Eventually, Model
from wanctl.verify.cone import active_states, named_states, region_of
from wanctl.verify.cycle import check_flapping, check_rest, check_slow_rounds
from wanctl.verify.eventually import check_eventually
from wanctl.verify.forbid import check_forbid
from wanctl.verify.gaps import check_gaps
from wanctl.verify.graph import OutOfTimeError
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.never import check_never
from wanctl.verify.parameter import check_arguments, check_where
from wanctl.verify.recovery import check_recovery
from wanctl.verify.result import Result
from wanctl.verify.rows import check_overlaps, check_rows
from wanctl.verify.severity import check_severity, check_unseen, scales
from wanctl.verify.states import check_states, check_worst
from wanctl.verify.writes import check_writes


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one machine, not made yet; `make` gives None when there is nothing to check."""

    name: str
    kind: str
    make: Callable[[], Result | None]


def never_out_of_time() -> bool:
    """The deadline of those who have time."""
    return False


def checks(
    model: Model,
    actions: ActionRegistry,
    out_of_time: Callable[[], bool] = never_out_of_time,
    *,
    exact: bool = True,
) -> list[Check]:
    """Everything that can be checked of a machine.

    `out_of_time` is asked now and then whether to give up; `exact` is whether the engine may be walked through all its
    memories where the abstract level leaves something open. Raises `FileError` when the defaults contradict `where`.
    """
    inquiry = Inquiry.begin(model, actions, out_of_time, exact=exact)
    found = [
        Check("the ranges of parameters agree with where", "parameters", lambda: check_where(inquiry)),
        Check("times and arguments are in range for all parameters", "arguments", lambda: check_arguments(inquiry)),
        Check("every row can fire", "rows", lambda: check_rows(inquiry)),
        Check("rows that their order tells apart", "overlaps", lambda: check_overlaps(inquiry)),
        Check("complete states leave nothing out", "gaps", lambda: check_gaps(inquiry)),
        Check("every state can be reached and left", "states", lambda: check_states(inquiry)),
        Check("RED can be reached", "worst", lambda: check_worst(inquiry)),
        Check("every tick comes to rest", "zero time", lambda: check_rest(inquiry)),
        Check("no flapping on a constant input", "flapping", lambda: check_flapping(inquiry)),
        Check("no slow round on a constant input", "slow rounds", lambda: check_slow_rounds(inquiry)),
        Check("a worse state never shapes faster", "severity", lambda: check_severity(inquiry)),
        Check("no rate moves while nobody sees the link", "unseen", lambda: check_unseen(inquiry)),
        Check("writes have a bound", "writes", lambda: check_writes(inquiry)),
    ]
    return found + list(_declared(inquiry))


def _declared(inquiry: Inquiry) -> Iterator[Check]:
    """The properties that the file declares, and the recoveries that follow from them."""
    model = inquiry.model
    names = [item.name for item in model.never] + [item.name for item in model.eventually]

    def told(name: str, state: int) -> str:
        """A template's properties come once for each of its uses: the region tells them apart."""
        if names.count(name) < 2:
            return name
        return f"{model.states[region_of(model, state)].path}: {name}"

    for never in model.never:
        name = told(never.name, next(iter(named_states(never.when)), 0))
        yield Check(name, "never", lambda item=never, name=name: check_never(inquiry, item, name))  # type: ignore[misc]
    seen: set[str] = set()
    for goal in model.eventually:
        name = told(goal.name, next(iter(active_states([goal.to])), 0))
        yield Check(name, "eventually", lambda item=goal, name=name: check_eventually(inquiry, item, name))  # type: ignore[misc]
        key = str(sorted(set(active_states([goal.to]))))  # a host often repeats what its template promises
        if inquiry.exact and key not in seen:
            seen.add(key)
            yield Check(
                f"back when calm: {name}",
                "recovery",
                lambda item=goal, name=name: check_recovery(inquiry, item, name),  # type: ignore[misc]
            )
    for goal in _implied(model):
        yield Check(goal.name, "eventually", lambda item=goal: check_eventually(inquiry, item, item.name))  # type: ignore[misc]
    for rule in model.forbid:
        name = f"{model.states[rule.state].path} asks for no {', '.join(rule.actions)}"
        yield Check(name, "forbid", lambda item=rule, name=name: check_forbid(inquiry, item, name))  # type: ignore[misc]


def _implied(model: Model) -> Iterator[Eventually]:
    """A scale's best state can always be regained: asked even of a file that does not promise it."""
    promised = {state for item in model.eventually if item.start is None for state in active_states([item.to])}
    for _, ranks in scales(model):
        best = model.states[min(ranks, key=ranks.__getitem__)]
        if best.index not in promised:
            to = Active(best.path, best.place, best.index)
            yield Eventually(f"{best.path} can be regained", None, to, f"active('{best.path}')", best.place)


def run_check(check: Check) -> Result | None:
    """Make one check; a deadline that passes leaves it undecided."""
    try:
        return check.make()
    except OutOfTimeError:
        return Result(check.name, check.kind, "undecided", "", "out of time")
