"""The default rate law of one direction: cut to what is achieved, drain what stands, cruise below the estimate, climb.

While a queue stands at the bottleneck, what arrives *is* its capacity. So a cut needs one look, not a series of
guesses: the rate goes a share below the estimate for as long as the queue takes to drain at that pace (the debt), then
to a little below the estimate. What is measured within one round trip after that is the past, and is not acted upon. A
climb asks the link for more in small steps while the load fills the rate; once it has left the estimate behind nobody
knows how far the capacity has grown, so the steps become leaps.

The machine decides *when*; here is *how much*. Every method takes `now_ns`; rates are whole bit/s between floor and
ceiling. Only `settle`, `climb` and `creep` may raise a rate, and a floor never does.
"""

from typing import Any

from wanctl.control.memory import Memory, number, optional
from wanctl.plan import DirectionPlan

MS_NS = 1_000_000
# Beyond a queue of 1.8 s at a share of 60 % the estimate is older than the debt is worth.
LONGEST_DEBT_MS = 3_000.0

# At a low rate a healthy load comes in bursts that take long to pass. The gap between cruise and capacity grows, so
# that a packet too many is gone within 30 ms; there it costs few bytes.
PACKET_MS_BPS = 12_000.0 * 1_000.0  # a full packet takes this over the rate, in ms
BURST_MS = 30.0
MOST_GAP = 0.06

# Rests between climbs. A climb that only confirms the estimate costs some ms of queue, so the next one waits longer;
# one that finds the capacity moved shows that the link is moving.
REST_LEAST_MS = 250.0
REST_MOST_MS = 800.0
REST_GROWTH = 1.6
GROWN = 1.03
SHRUNK = 0.90
NEARLY = 0.995
LEAP_GROWTH = 1.5
LEAP_MOST = 0.35

# A step shows its effect after one round trip and the time the delay signal needs.
STEP_LEAST_MS = 120.0
CAREFUL_STEP_MS = 160.0  # near the estimate, where the step before may just have been one too many
STEP_SIGNAL_MS = 50.0
APPLIED_SLACK = 1.10  # a wanted rate does not run away from what the shaper confirmed


class RateLaw:
    """The wanted rate of one direction and what the law knows about its capacity."""

    __slots__ = (
        "_before_bps",
        "_ceiling_bps",
        "_leap",
        "_most",
        "_next_step_ns",
        "_origin_bps",
        "_owing",
        "_pace_ms",
        "_rest_ms",
        "_share",
        "_steps",
        "applied_bps",
        "blind_until_ns",
        "capacity_bps",
        "climbed_ns",
        "climbing",
        "cut_ns",
        "debt_until_ns",
        "floor_bps",
        "rate_bps",
        "rest_until_ns",
        "settled",
    )

    def __init__(self, plan: DirectionPlan, now_ns: int) -> None:
        self.rate_bps = plan.start_bps
        self.capacity_bps: float | None = None  # the estimate; None until a queue or a climb has shown something
        self.applied_bps: int | None = None
        self.debt_until_ns = self.blind_until_ns = self.rest_until_ns = now_ns
        self.climbing = False
        self.climbed_ns = -(1 << 62)  # the last step up
        self.settled = 0  # drains that are over
        self.floor_bps, self._ceiling_bps = plan.floor_bps, plan.ceiling_bps
        self._before_bps = plan.start_bps  # before the cut
        self._origin_bps: float | None = None  # the estimate before the climb or the cut
        self._owing = False
        self.cut_ns = -(1 << 62)  # the last cut
        self._share = self._most = 0.0
        self._pace_ms = 1.0
        self._rest_ms = REST_LEAST_MS
        self._steps = 0
        self._leap = 0.0
        self._next_step_ns = now_ns

    @property
    def headroom(self) -> float:
        """How far the ceiling is above the rate, as a share of the ceiling."""
        return (self._ceiling_bps - self.rate_bps) / self._ceiling_bps

    def memory(self) -> dict[str, Any]:
        """The rate, and what is known about the capacity."""
        return {
            "rate_bps": self.rate_bps,
            "before_bps": self._before_bps,
            "capacity_bps": self.capacity_bps,
            "rest_ms": self._rest_ms,
        }

    def recall(self, memory: Memory) -> None:
        """Go on from there, within the limits of today; `RecallError` when it is no memory of a law."""
        rate_bps, before_bps = number(memory, "rate_bps", 1.0), number(memory, "before_bps", 1.0)
        self.capacity_bps = optional(memory, "capacity_bps", 1.0)
        self._rest_ms = min(max(number(memory, "rest_ms"), REST_LEAST_MS), REST_MOST_MS)
        self._shape(before_bps)
        self._before_bps = self.rate_bps
        self._shape(rate_bps)

    def confirms(self, now_ns: int, capacity_bps: float) -> bool:
        """Whether a cut to this capacity would be a false alarm: nothing has changed, and the rate was below it.

        That is so in a steady cruise, and in a climb that has not passed the estimate yet.
        """
        known_bps = self.capacity_bps
        if known_bps is None or self._owing or capacity_bps < SHRUNK * known_bps:
            return False
        return now_ns >= self.rest_until_ns and (not self.climbing or self.rate_bps <= known_bps)

    def cut(
        self,
        now_ns: int,
        capacity_bps: float | None,
        queue_ms: float,
        *,
        least: float,
        most: float,
        pace_ms: float,
        blind: float,
    ) -> None:
        """Shape below the capacity just seen and owe the time that drains `queue_ms`.

        Without a capacity (nobody counts bytes) a share `blind` of the rate goes, and that is the new estimate.
        """
        if not self._owing:
            self._before_bps, self._owing = self.rate_bps, True
            if not self.climbing:
                self._origin_bps = self.capacity_bps
            self.climbing = False
        self.cut_ns = now_ns
        self._share = share = min(max(queue_ms / pace_ms, least), most)
        self._pace_ms, self._most = pace_ms, most
        if capacity_bps is None:
            self.capacity_bps = self.rate_bps * (1.0 - blind)
            self._shape(min(self.rate_bps, self.capacity_bps))
            self.debt_until_ns = now_ns + round(LONGEST_DEBT_MS / 2 * MS_NS)
            return
        self.capacity_bps = capacity_bps
        self._shape(min(self.rate_bps, capacity_bps * (1.0 - share)))
        self._owe(now_ns, queue_ms)

    def refine(self, now_ns: int, capacity_bps: float | None, queue_ms: float) -> None:
        """A cut that just began looks again: its estimate only falls, its share only grows."""
        if capacity_bps is None or self.capacity_bps is None:
            return
        self.capacity_bps = min(capacity_bps, self.capacity_bps)
        self._share = max(self._share, min(queue_ms / self._pace_ms, self._most))
        self._shape(min(self.rate_bps, self.capacity_bps * (1.0 - self._share)))
        self._owe(now_ns, queue_ms)

    def drain(self, now_ns: int, capacity_bps: float | None, queue_ms: float, limit_ms: float, rtt_ms: float) -> None:
        """Keep paying. A queue that still stands when the debt is all but paid was underestimated: owe it anew."""
        if capacity_bps is None or self.capacity_bps is None or queue_ms <= limit_ms:
            return
        left_ms = (self.debt_until_ns - now_ns) / MS_NS
        seen = now_ns - self.cut_ns >= (rtt_ms + queue_ms + STEP_SIGNAL_MS) * MS_NS
        if seen and left_ms < STEP_LEAST_MS and now_ns - self.cut_ns < LONGEST_DEBT_MS * MS_NS:
            self.capacity_bps = min(self.capacity_bps, capacity_bps)
            self._shape(min(self.rate_bps, self.capacity_bps * (1.0 - self._share)))
            self._owe(now_ns, queue_ms)

    def settle(self, now_ns: int, rtt_ms: float, seen_bps: float | None, *, share: float, wait_ms: float) -> None:
        """The debt is paid: shape at `share` of the estimate, and look again when one round trip shows it.

        `seen_bps` is the newest look at the capacity while the queue still shows, None when it does not: if that is
        clearly less, the first look was still full of the time before the fall.
        """
        self.settled += 1
        self._owing = False
        if self.capacity_bps is not None:
            if seen_bps is not None and seen_bps < SHRUNK * self.capacity_bps:
                self.capacity_bps = seen_bps
            share = min(share, 1.0 - min(PACKET_MS_BPS / max(self.capacity_bps, 1.0) / BURST_MS, MOST_GAP))
            self._shape(min(self.capacity_bps * share, self._before_bps))
        self.debt_until_ns = now_ns
        self.blind_until_ns = now_ns + round((rtt_ms + wait_ms) * MS_NS)
        self.rest(now_ns)

    def rest(self, now_ns: int) -> None:
        """A climb or a cut is over: when may the next climb begin?"""
        before, now = self._origin_bps, self.capacity_bps
        if before is None or now is None or now >= before * GROWN or now <= before * SHRUNK:
            self._rest_ms = REST_LEAST_MS
        else:
            self._rest_ms = min(self._rest_ms * REST_GROWTH, REST_MOST_MS)
        self.rest_until_ns = max(now_ns, self.blind_until_ns) + round(self._rest_ms * MS_NS)
        self.climbing = False

    def climb(
        self,
        now_ns: int,
        rtt_ms: float,
        achieved_bps: float,
        *,
        first: float,
        step: float,
        leap: float,
        beyond: float,
    ) -> None:
        """One step up, if the one before has had its round trip and the shaper follows."""
        applied = self.applied_bps
        if now_ns < self._next_step_ns or (applied is not None and self.rate_bps > applied * APPLIED_SLACK):
            return
        if not self.climbing:
            self.climbing, self._origin_bps, self._steps, self._leap = True, self.capacity_bps, 0, 0.0
        if self.capacity_bps is not None and achieved_bps > self.capacity_bps:
            self.capacity_bps = achieved_bps  # it arrives and nothing queues: that much the link carries
        if self._origin_bps is not None and self.rate_bps < self._origin_bps * (1.0 + beyond):
            # The first step of a climb goes almost to the estimate, from wherever the cruise was.
            grow = step if self._steps else max(first, NEARLY * self._origin_bps / self.rate_bps - 1.0)
            wait_ms = CAREFUL_STEP_MS
        else:
            self._leap = grow = min(self._leap * LEAP_GROWTH, LEAP_MOST) if self._leap else leap
            wait_ms = STEP_LEAST_MS
        self._steps += 1
        self._shape(self.rate_bps * (1.0 + grow))
        self.climbed_ns = now_ns
        self._next_step_ns = now_ns + round(max(wait_ms, rtt_ms + STEP_SIGNAL_MS) * MS_NS)

    def creep(self, *, step: float) -> None:
        """A step up without knowledge of the load: nothing queues, that is all one knows."""
        self._shape(self.rate_bps * (1.0 + step))

    def _owe(self, now_ns: int, queue_ms: float) -> None:
        self.debt_until_ns = now_ns + round(min(queue_ms / self._share, LONGEST_DEBT_MS) * MS_NS)

    def _shape(self, rate_bps: float) -> None:
        self.rate_bps = int(min(max(rate_bps, self.floor_bps), self._ceiling_bps))
