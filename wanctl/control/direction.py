"""One shaped direction: its counter, how loaded it is, and what a delay would mean for it.

`load` is the achieved rate over the shaped one. Loaded is remembered for a while, because the achieved rate falls at
the very moment a capacity does. `packets` says how many full packets would be waiting if the delay were this
direction's queue: a link that carries next to nothing cannot have a queue, whatever its delay, and a link whose shaper
is far above what it can carry has one although its `load` looks small.
"""

from wanctl.control.achieved import UNREAD_NS, Achieved
from wanctl.control.law import RateLaw
from wanctl.plan import DirectionPlan

PACKET_BITS = 12_000.0  # a full Ethernet packet
LOAD_WINDOW_NS = 150_000_000
CUT_WINDOW_NS = 100_000_000
CLIMB_CUT_WINDOW_NS = 200_000_000  # after an own climb the queue is small: a longer look errs less
FELL = 0.85  # of the longer look: less is no noise but a capacity that fell just then
GONE = 0.05  # of the longer look, and hardly a packet: what is left of a fall to a twentieth is still a link
CLIMB_MEMORY_NS = 400_000_000  # a step up shows within this time, on top of the round trip
LOADED = 0.60
CONTENDING = 0.35
ENOUGH_PACKETS = 25.0  # with fewer packets a delay is hardly a queue
REMEMBER_NS = 500_000_000
STALLED_PACKETS = 3.0  # fewer in a window are no rate
ROOM_PACKETS = 8.0
NEVER_NS = 1 << 62
LEVEL_WINDOW_NS = 1_000_000_000
MS_NS = 1_000_000


class Direction:
    """The signals of one direction that its machine reads, and its rate law. None is unknown."""

    __slots__ = (
        "_idle_bps",
        "achieved",
        "achieved_bps",
        "blamed",
        "came",
        "full_until_ns",
        "idle",
        "law",
        "load",
        "loaded",
        "packets",
        "turn",
        "upload",
    )

    def __init__(self, plan: DirectionPlan, now_ns: int, most_limit_ms: float, *, upload: bool) -> None:
        self.upload = upload
        self.law = RateLaw(plan, now_ns)
        self.achieved = Achieved()
        self.achieved_bps: float | None = None
        self.load: float | None = None
        self.came: int | None = None  # bytes of the newest reading
        # So little flows that no delay below the largest limit can be a queue, or that no cut could help.
        self.idle = True
        self._idle_bps = max(plan.floor_bps, ROOM_PACKETS * PACKET_BITS * 1_000.0 / most_limit_ms)
        self.loaded = False
        self.full_until_ns = now_ns
        self.packets: float | None = None
        self.blamed = False
        self.turn = True

    def read(self, at_ns: int, total_bytes: int, now_ns: int, rtt_ms: float) -> None:
        """Take in a reading of the byte counter; `rtt_ms` is a round trip with its queue."""
        before_bytes = self.achieved.total_bytes
        if not self.achieved.read(at_ns, total_bytes):
            return
        self.achieved_bps = rate_bps = self.achieved.rate_bps(now_ns, LOAD_WINDOW_NS)
        if rate_bps is None:
            self.load = self.came = None
            return
        self.came = total_bytes - before_bytes
        self.load = load = rate_bps / (self.law.applied_bps or self.law.rate_bps)
        self.idle = rate_bps <= self._idle_bps
        if load > LOADED:
            self.full_until_ns = now_ns + REMEMBER_NS + round(2 * rtt_ms * MS_NS)

    def update(self, now_ns: int, delta_ms: float | None) -> bool:
        """Bring `loaded` and `packets` up to `now_ns`; True when the readings stopped, and the rate is forgotten."""
        self.loaded = now_ns < self.full_until_ns
        if self.achieved_bps is None:
            self.packets = None
            return False
        if now_ns - self.achieved.at_ns > UNREAD_NS:
            self._unread()
            return True
        self.packets = (delta_ms or 0.0) * self.achieved_bps / (PACKET_BITS * 1_000.0)
        if self.loaded and delta_ms is not None and self.packets > ENOUGH_PACKETS:
            # The load was high when this queue began, and what flows is still enough for it.
            self.full_until_ns = max(self.full_until_ns, now_ns + REMEMBER_NS)
        return False

    def forget(self) -> None:
        """No reading so far can be compared with the next one."""
        self.achieved = Achieved()
        self._unread()

    def _unread(self) -> None:
        self.achieved_bps = self.load = self.packets = self.came = None
        self.idle = True

    def contend(self, other: "Direction") -> None:
        """Beside a loaded direction a smaller load may own the queue too, if it sends enough for one."""
        if not self.loaded and other.loaded and self.load is not None and self.packets is not None:
            self.loaded = self.load > CONTENDING and self.packets > ROOM_PACKETS

    def fell(self, now_ns: int) -> bool:
        """Whether clearly less is achieved than a moment ago."""
        rate_bps = self.achieved.rate_bps(now_ns, CUT_WINDOW_NS)
        level_bps = self.achieved.rate_bps(now_ns, LEVEL_WINDOW_NS)
        return rate_bps is not None and level_bps is not None and rate_bps < FELL * level_bps

    def gone(self, now_ns: int) -> bool:
        """Whether next to nothing has come since the reading before the newest: an outage, not a queue."""
        newest = self.achieved.newest()
        level_bps = self.achieved.rate_bps(now_ns, LEVEL_WINDOW_NS)
        if newest is None or not level_bps:
            return False
        begin_ns, end_ns, count = newest
        return count * 8.0 <= min(GONE * level_bps * (end_ns - begin_ns) / 1e9, STALLED_PACKETS * PACKET_BITS)

    def capacity_bps(self, now_ns: int, slope: float) -> float | None:
        """What the link carries in this direction, if a queue stands in it; None when too little flows to tell.

        The download is counted behind the bottleneck: what arrives is the capacity. The upload is counted before it:
        what is sent exceeds the capacity by the share at which the delay grows (`slope`, seconds a second).
        """
        rate_bps = self.achieved.rate_bps(now_ns, CUT_WINDOW_NS)
        if now_ns - self.law.climbed_ns < CLIMB_MEMORY_NS:
            longer_bps = self.achieved.rate_bps(now_ns, CLIMB_CUT_WINDOW_NS)
            if rate_bps is not None and longer_bps is not None and rate_bps > FELL * longer_bps:
                rate_bps = longer_bps
        if rate_bps is None or rate_bps * CUT_WINDOW_NS / 1e9 < STALLED_PACKETS * PACKET_BITS:
            return None
        return rate_bps / (1.0 + max(slope, 0.0)) if self.upload else rate_bps

    def standing_ms(self, now_ns: int, capacity_bps: float, baseline_ms: float) -> float:
        """The queue that is on its way when a capacity has just fallen, in ms.

        What was under way for the old rate fits a round trip of the new one no more: that much waits, and it will be
        seen only later.
        """
        level_bps = self.achieved.rate_bps(now_ns, LEVEL_WINDOW_NS)
        alone = now_ns - self.law.cut_ns > LEVEL_WINDOW_NS  # else the level holds the time before the last cut
        if level_bps is None or not alone or capacity_bps > FELL * level_bps:
            return 0.0
        return baseline_ms * (level_bps / capacity_bps - 1.0)

    def seen_bps(self, now_ns: int, rtt_ns: int) -> float | None:
        """Another look at the capacity after a cut, as long as it still shows the link and not the cut.

        What arrives follows a cut one round trip later; what the upload's shaper sends out follows at once.
        """
        if self.upload or now_ns - self.law.cut_ns > rtt_ns + CUT_WINDOW_NS // 2:
            return None
        return self.capacity_bps(now_ns, 0.0)

    def next_ns(self, now_ns: int) -> int:
        """When something about this direction next changes by time alone."""
        law = self.law
        times = (law.debt_until_ns, law.blind_until_ns, law.rest_until_ns, self.full_until_ns)
        return min((at_ns for at_ns in times if at_ns > now_ns), default=NEVER_NS)
