"""From wanted to applied: which write goes out next, and when.

One queue on the router is one `Target`. The tick says what it wants, as often as it likes; the newest wish replaces the
one before it. A cut goes out at once and before any raise. Raises keep a distance to each other, and small changes wait
until the wish has been still for a while, so the last wanted value always arrives but noise does not. Equal values are
never written, a write is never 0 and never outside floor and ceiling.

Two sides of one simple queue go out in one write. A queue that does not take a write, or is not there, is left alone
for a while that grows, and holds up no other.

Whether anything may be written at all (does the router answer, does it let us in) is for its machine to say
(machines/actuator.yaml). Pure: no clock, no socket. Whoever carries the writes out (`wanctl.daemon.shaping.shaper`)
owns one `Actuator` and reports back what became of each. This is the only place that decides on writes to a router.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from wanctl.budget import WriteBudget

FOREVER_NS = 1 << 62
SMALL_SHARE = 0.02  # a change of less than this share of the applied rate is noise until it lasts
QUANTUM_SHARE = 1 / 1_000  # of the ceiling; RouterOS takes any number, but nobody can use the last digits
BLOCKED_FIRST_NS = 10_000_000_000  # a queue that refuses costs a write each time
BLOCKED_MOST_NS = 600_000_000_000

Reason = Literal["", "in sync", "spacing", "settling", "budget", "refused", "missing"]


class Pace(NamedTuple):
    """How patient the writes are, apart from the budget."""

    raise_spacing_ns: int  # between two raises of one queue
    settled_ns: int  # a small change is written when it has been wanted for so long


ROUTER_PACE = Pace(1_000_000_000, 2_000_000_000)
HOST_PACE = Pace(0, 0)  # a write to this host's own kernel costs microseconds and wears nothing


class Write(NamedTuple):
    """One write that is due: this queue should have this rate, in whole bit/s.

    `partner` is the other side of a simple queue that shapes both directions: the same write sets it to `partner_bps`.
    """

    target: "Target"
    rate_bps: int
    cut: bool
    partner: "Target | None" = None
    partner_bps: int = 0

    @property
    def targets(self) -> "tuple[Target, ...]":
        """What it is about: one direction, or both."""
        return (self.target,) if self.partner is None else (self.target, self.partner)


@dataclass(slots=True, eq=False)
class Target:
    """One direction of one WAN, and the queue that shapes it."""

    wan: str
    direction: str  # "download" or "upload"
    queue: str
    floor_bps: int
    ceiling_bps: int
    simple: bool = False  # one side of a simple queue; else an entry of the queue tree
    wanted_bps: int | None = None
    applied_bps: int | None = None  # what the router last said it has; None: not known
    changed_ns: int = 0  # when `wanted_bps` last changed
    raised_ns: int | None = None  # when a raise of it last went out
    confirmed_ns: int | None = None  # when the router last said what it has
    missing: bool = False  # the router has no such queue, or more than one
    refusals: int = 0  # writes in a row that it did not take
    blocked_until_ns: int = 0
    suppressed: Reason = ""  # why the wanted rate is not on its way

    def quantised(self, rate_bps: int) -> int:
        """The rate within its limits, rounded down to a quantum: a rounded rate never shapes faster."""
        quantum = max(1_000, int(self.ceiling_bps * QUANTUM_SHARE))
        rate_bps = min(max(rate_bps, self.floor_bps), self.ceiling_bps)
        return max(rate_bps // quantum * quantum, self.floor_bps, 1)

    @property
    def is_cut(self) -> bool:
        """Whether the wanted rate is clearly below the applied one, or nobody knows what is applied."""
        if self.wanted_bps is None or self.applied_bps is None:
            return self.wanted_bps is not None
        # 0 is RouterOS's word for "no limit": any rate is a cut then.
        return self.applied_bps == 0 or self.wanted_bps < self.applied_bps * (1 - SMALL_SHARE)

    @property
    def is_in_sync(self) -> bool:
        """Whether the router has what is wanted."""
        return self.wanted_bps is None or self.wanted_bps == self.applied_bps


@dataclass(slots=True, eq=False)
class Actuator:
    """The writes of one router."""

    targets: tuple[Target, ...]
    budget: WriteBudget = field(default_factory=WriteBudget)
    pace: Pace = ROUTER_PACE
    writes: int = 0
    failures: int = 0  # in a row
    _by_key: dict[tuple[str, str], Target] = field(init=False)

    def __post_init__(self) -> None:
        self._by_key = {(target.wan, target.direction): target for target in self.targets}

    def want(self, wan: str, direction: str, rate_bps: int, now_ns: int) -> None:
        """Take a new wish; it replaces the last one of the same queue."""
        target = self._by_key[wan, direction]
        rate_bps = target.quantised(rate_bps)
        if rate_bps != target.wanted_bps:
            target.wanted_bps, target.changed_ns = rate_bps, now_ns

    def next_write(self, now_ns: int) -> Write | None:
        """The write that should go out now: cuts first, the deepest before the others. None when nothing is due."""
        due: list[Write] = []
        for target in self.targets:
            waiting_ns, target.suppressed = self._wait(target, now_ns)
            if waiting_ns == 0 and target.wanted_bps is not None:
                due.append(self._write(target, target.wanted_bps))
        return min(due, key=_urgency, default=None)

    def next_due_ns(self, now_ns: int) -> int | None:
        """When `next_write` has to be asked again although nothing new is wanted; None: not by itself."""
        waits = [self._wait(target, now_ns) for target in self.targets]
        return min((now_ns + wait for wait, _ in waits if wait < FOREVER_NS), default=None)

    def _wait(self, target: Target, now_ns: int) -> tuple[int, Reason]:
        """How long the target's write has to wait, and why."""
        if target.is_in_sync:
            return FOREVER_NS, "in sync"
        if target.missing:
            return FOREVER_NS, "missing"
        if now_ns < target.blocked_until_ns:
            return target.blocked_until_ns - now_ns, "refused"
        if not target.is_cut:
            wait_ns, reason = _patience(target, now_ns, self.pace)
            if wait_ns > 0:
                return wait_ns, reason
        wait_ns = self.budget.wait_ns(now_ns, cut=target.is_cut)
        return (wait_ns, "budget") if wait_ns > 0 else (0, "")

    def _write(self, target: Target, rate_bps: int) -> Write:
        partner = partner_of(target, self.targets)
        if partner is None or partner.wanted_bps is None:
            return Write(target, rate_bps, target.is_cut)
        return Write(target, rate_bps, target.is_cut, partner, partner.wanted_bps)

    def sent(self, write: Write, now_ns: int) -> None:
        """A write is going out: it counts, whatever becomes of it."""
        self.budget.spend(now_ns)
        self.writes += 1
        for target in write.targets:
            if not target.is_cut:  # after a cut the rate must be able to return at once: a drain is short
                target.raised_ns = now_ns

    def has(self, target: Target, rate_bps: int, now_ns: int) -> None:
        """The router says that its queue has this rate now; so the queue is there."""
        target.applied_bps, target.confirmed_ns, target.missing = rate_bps, now_ns, False

    def done(self, write: Write) -> None:
        """The router has taken a write."""
        self.failures = 0
        for target in write.targets:
            target.refusals = 0

    def failed(self, write: Write, *, unknown: bool) -> None:
        """A write did not happen; or nobody knows (`unknown`), and nobody knows which rate the router has."""
        self.failures += 1
        for target in write.targets if unknown else ():
            target.applied_bps = None

    def refused(self, write: Write, now_ns: int) -> None:
        """The router did not take a write, or took a part of it: leave the queue alone, the longer the more often."""
        self.failed(write, unknown=True)
        for target in write.targets:
            target.blocked_until_ns = now_ns + min(BLOCKED_FIRST_NS << min(target.refusals, 10), BLOCKED_MOST_NS)
            target.refusals += 1

    def lost(self, target: Target) -> None:
        """The router has no such queue, or more than one: it is written to when it has been read again."""
        target.missing, target.applied_bps = True, None

    def forget(self) -> None:
        """The router may have other rates by now: each is taken as unknown until it has been read."""
        for target in self.targets:
            target.applied_bps = None


def ceilings(targets: Iterable[Target]) -> list[Write]:
    """What to write on the way out: without anybody who measures, a link is right at its ceiling."""
    writes: list[Write] = []
    targets = tuple(targets)
    for target in targets:
        if any(write.partner is target for write in writes):
            continue
        partner = partner_of(target, targets)
        partner_bps = 0 if partner is None else partner.quantised(partner.ceiling_bps)
        writes.append(Write(target, target.quantised(target.ceiling_bps), False, partner, partner_bps))
    return writes


def partner_of(target: Target, targets: Iterable[Target]) -> Target | None:
    """The other side of the target's simple queue, where that shapes both directions."""
    if not target.simple:
        return None
    return next((one for one in targets if one.simple and one.queue == target.queue and one is not target), None)


def _patience(target: Target, now_ns: int, pace: Pace) -> tuple[int, Reason]:
    assert target.wanted_bps is not None
    assert target.applied_bps is not None
    spaced_ns = 0 if target.raised_ns is None else target.raised_ns + pace.raise_spacing_ns - now_ns
    if spaced_ns > 0:
        return spaced_ns, "spacing"
    small = abs(target.wanted_bps - target.applied_bps) < target.applied_bps * SMALL_SHARE
    # At the ceiling there is nothing left to wait for, and at the floor every step matters.
    if small and target.wanted_bps not in (target.quantised(target.ceiling_bps), target.floor_bps):
        return max(0, target.changed_ns + pace.settled_ns - now_ns), "settling"
    return 0, ""


def _urgency(write: Write) -> tuple[int, float]:
    applied = write.target.applied_bps
    if not write.cut:
        return (1, float(write.target.raised_ns or 0))  # the raise that waits longest
    return (0, write.rate_bps / applied if applied else 0.0)
