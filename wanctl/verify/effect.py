"""What the typed actions of a WAN do, as far as proofs speak of it: which way a rate may go, and which inputs move.

The machine says *when*, the laws say *how much*: `wanctl/control/law.py` and `classic.py`. What this table says of them
is checked against the laws themselves in `tests/verify/test_effect.py`.
"""

from collections.abc import Iterable
from typing import Literal

Way = Literal["up", "down", "either", "floored", "none"]

# Which way the shaped rate may go. "floored": down or kept, but never to below the floor that the action names.
WAYS: dict[str, Way] = {
    "rate.cut": "down",
    "rate.refine": "down",
    "rate.drain": "down",
    "rate.settle": "either",  # up to just below the estimate, at most to the rate before the cut
    "rate.raise": "up",
    "rate.creep": "up",
    "rate.rest": "none",
    "rate.scale": "floored",
    "rate.keep": "floored",
    "rate.step": "up",
}

_OF_A_RATE = frozenset({"debt", "blind", "rest", "turn", "headroom", "load", "loaded", "packets", "blamed"})
_OF_A_DELAY = frozenset({"delta", "limit", "low", "steady", "spread", "overdue", "stale"})

# The inputs that an action is there to move, by the names that machines give them; of a template's input what follows
# the name of its state (`download_debt`). While such an input holds still, it does so against the law.
MOVED: dict[str, frozenset[str]] = {
    "rate.cut": _OF_A_RATE | _OF_A_DELAY,
    "rate.refine": _OF_A_RATE,
    "rate.drain": _OF_A_RATE,
    "rate.settle": _OF_A_RATE,
    "rate.raise": _OF_A_RATE | _OF_A_DELAY,
    "rate.creep": _OF_A_RATE | _OF_A_DELAY,
    "rate.rest": frozenset({"rest", "turn"}),
    "rate.scale": _OF_A_DELAY | {"rise"},
    "rate.keep": frozenset(),
    "rate.step": _OF_A_DELAY | {"rise"},
    "baseline.follow": _OF_A_DELAY,
    "baseline.sink": _OF_A_DELAY,
    "baseline.freeze": frozenset(),
    "baseline.restart": _OF_A_DELAY,
    "loss.forget": frozenset({"loss"}),
    "source.use": _OF_A_DELAY | {"loss"},
}


def moves(action: str, inputs: Iterable[str]) -> bool:
    """Whether an action may move one of these inputs; one that nobody has described may move anything."""
    names = MOVED.get(action)
    return names is None or any(item == name or item.endswith(f"_{name}") for item in inputs for name in names)


def may_move_a_rate(action: str) -> bool:
    """Whether an action is one on a rate, and not known to leave it alone."""
    return action.startswith("rate.") and WAYS.get(action) != "none"
