"""Whose queue is it? An RTT has no direction, so a delay is attributed by load, by who climbed, and by experiment.

With one direction loaded the answer is plain. With both, "achieved" is the capacity only of the one that owns the
queue: an upload's queue delays the acknowledgements of the download, so the download's arrivals fall too, and cutting
it to what arrives, again and again, is a death spiral. Therefore

1. only one direction climbs at a time, and while it climbs the queue is its own;
2. else the download is blamed if it brings clearly less than a moment ago while the delay grows fast (its capacity
   fell), and the upload otherwise: it is the slower one, so a delay takes the smaller queue in it;
3. a queue that survives the drain of the one who was blamed belongs to the other.
"""

from wanctl.control.direction import CLIMB_MEMORY_NS, ENOUGH_PACKETS, Direction

PATIENCE = 2  # drains before a direction that is not loaded is suspected
STEEP = 0.25  # seconds of delay a second
CALM_NS = 400_000_000  # without a queue for so long, the next one is another episode


class Attribution:
    """Blames at most one direction of a WAN for the queue that stands, and lets one climb at a time."""

    __slots__ = ("_blamed", "_down", "_drains", "_seen_ns", "_up")

    def __init__(self, download: Direction, upload: Direction) -> None:
        self._down, self._up = download, upload
        self._blamed: Direction | None = None
        self._drains = 0  # of the blamed one when it was blamed
        self._seen_ns = 0  # when a queue was last seen

    def clear(self) -> None:
        """No queue: nobody is blamed."""
        self._down.blamed = self._up.blamed = False

    def blame(self, now_ns: int, slope: float, rtt_ns: int) -> None:
        """A queue stands at `now_ns`: set `blamed` of one direction, or of none when nothing points to one."""
        down, up = self._down, self._up
        if self._blamed is None or now_ns - self._seen_ns > CALM_NS + rtt_ns:
            self._blamed = self._first(now_ns, slope, rtt_ns)
            self._drains = self._blamed.law.settled
        else:
            self._doubt(now_ns, slope, rtt_ns)
        self._seen_ns = now_ns
        down.blamed = self._blamed is down
        up.blamed = self._blamed is up

    def _doubt(self, now_ns: int, slope: float, rtt_ns: int) -> None:
        """The queue still stands: one that survived the drain of the one who was blamed belongs to the other."""
        blamed = self._blamed
        assert blamed is not None
        other = self._up if blamed is self._down else self._down
        drains = blamed.law.settled - self._drains
        contest = other.loaded or (other.packets or 0.0) > ENOUGH_PACKETS
        if contest and drains >= (1 if other.loaded else PATIENCE) and now_ns >= blamed.law.blind_until_ns:
            self._blamed, self._drains = other, other.law.settled
        elif not blamed.loaded and not drains:
            self._blamed = self._first(now_ns, slope, rtt_ns)
            self._drains = self._blamed.law.settled

    def _first(self, now_ns: int, slope: float, rtt_ns: int) -> Direction:
        down, up = self._down, self._up
        if not (down.loaded and up.loaded):
            return self._without_contest()
        climber = max(down, up, key=lambda direction: direction.law.climbed_ns)
        if now_ns - climber.law.climbed_ns <= CLIMB_MEMORY_NS + rtt_ns:
            return climber
        return down if down.fell(now_ns) and slope > STEEP else up

    def _without_contest(self) -> Direction:
        """At most one is loaded. If none is, it is the one that sends enough for the queue; of two the slower one."""
        down, up = self._down, self._up
        if down.loaded or up.loaded:
            return down if down.loaded else up
        down_packets, up_packets = down.packets or 0.0, up.packets or 0.0
        slower, faster = (up, down) if up_packets <= down_packets else (down, up)
        return slower if (slower.packets or 0.0) > ENOUGH_PACKETS else faster

    def take_turns(self, now_ns: int, full: float) -> None:
        """While both are loaded only one may climb; when both could (load above `full`), not the last one again."""
        down, up = self._down, self._up
        if not (down.loaded and up.loaded):
            down.turn = up.turn = True
            return
        if down.law.climbing or up.law.climbing:
            down.turn = down.law.climbing
        elif _ready(down, now_ns, full) and _ready(up, now_ns, full):
            down.turn = down.law.climbed_ns <= up.law.climbed_ns
        else:
            down.turn = _ready(down, now_ns, full)
        up.turn = not down.turn


def _ready(direction: Direction, now_ns: int, full: float) -> bool:
    law = direction.law
    return direction.load is not None and direction.load > full and law.headroom > 0.0 and now_ns >= law.rest_until_ns
