"""Which WAN a class would take: what each costs it, what it does not bear there, and why it may not go there.

A class with limits (`hurts`) stays home unless home breaks one, and leaves for a WAN that breaks none, or is at least
clearly better; of several it takes the one that it prefers. A class without limits goes where its packets come back
soonest, when that is worth a move.
"""

from collections.abc import Mapping

from wanctl.decision import Candidate
from wanctl.plan import ClassPlan
from wanctl.steering.link import GONE, SOUND, USABLE, Link

CLEARLY = 0.70  # of the cost where it is now: with limits broken on both sides, less is worth a move
WORTH = 0.90  # without limits
WORTH_MS = 5.0  # and at least so much
RETURN = 0.85  # of each limit: home must be within that to be gone back to


def candidate(plan: ClassPlan, link: Link, lacking_bps: int) -> Candidate:
    """One WAN in the eyes of a class that would need `lacking_bps` more there than there is."""
    found = Candidate(link.name, link.cost_ms, hurts(plan, link), dead=link.health == GONE)
    if found.dead:
        found.refused = "it is down"
    elif not link.health.startswith(USABLE):
        found.refused, found.shaky = f"it is {link.health.lower()}", link.known and found.cost_ms is not None
    elif not link.known or found.cost_ms is None:
        found.refused = "nobody knows how it is"
    elif lacking_bps > 0:
        found.refused = f"it lacks {lacking_bps / 1e6:.1f} Mbit/s"
    return found


def hurts(plan: ClassPlan, link: Link, share: float = 1.0) -> str:
    """The first limit that a WAN breaks, in words; `share` of each limit is borne."""
    if plan.loss is not None and link.loss > plan.loss * share:
        return f"loss {link.loss:.1%} > {plan.loss * share:.1%}"
    if plan.delay_ms is not None and link.rtt_ms is not None and link.rtt_ms > plan.delay_ms * share:
        return f"delay {link.rtt_ms:.0f} ms > {plan.delay_ms * share:.0f} ms"
    if plan.jitter_ms is not None and link.jitter_ms is not None and link.jitter_ms > plan.jitter_ms * share:
        return f"jitter {link.jitter_ms:.0f} ms > {plan.jitter_ms * share:.0f} ms"
    return ""


def best(plan: ClassPlan, candidates: Mapping[str, Candidate], here: str) -> Candidate | None:
    """The WAN that the class would leave `here` for, if it had to; None when there is none."""
    open_ = [one for name in plan.prefer if name != here and not (one := candidates[name]).refused]
    if not open_ and candidates[here].dead:
        open_ = [one for name in plan.prefer if name != here and (one := candidates[name]).shaky]
    if not open_:
        return None
    if plan.by_cost:
        return min(open_, key=_cost_ms)
    painless = [one for one in open_ if not one.hurts]
    return painless[0] if painless else min(open_, key=_cost_ms)


def is_better(plan: ClassPlan, here: Candidate, there: Candidate) -> bool:
    """Whether a move from `here` is worth it."""
    if here.cost_ms is None or there.cost_ms is None:
        return False
    if plan.by_cost:
        return there.cost_ms < WORTH * here.cost_ms and there.cost_ms < here.cost_ms - WORTH_MS
    return bool(here.hurts) and (not there.hurts or there.cost_ms < CLEARLY * here.cost_ms)


def may_return(plan: ClassPlan, home: Candidate, link: Link, here: Candidate) -> bool:
    """Whether home looks well enough to be gone back to from `here`."""
    if home.refused or home.cost_ms is None or link.health != SOUND:
        return False
    if plan.by_cost:
        return here.cost_ms is None or is_better(plan, here, home)
    return not hurts(plan, link, RETURN)


def _cost_ms(one: Candidate) -> float:
    assert one.cost_ms is not None, "a candidate that is not refused has a cost"
    return one.cost_ms
