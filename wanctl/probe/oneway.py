"""Which way the delay lies: one-way delays from the stamps of a clock that is not ours.

How far the two clocks are apart is unknown, so a one-way delay is told relative to its own least one of the last half
minute: only changes mean something. The two clocks drift, 50 millionths apart is a bad pair; over half a minute that is
1.5 ms, which is why the minimum is no older.

A clock that is set or stands still would look like a queue. But both directions together are the round trip, whatever
the other clock does: where their rise is more than the round trip's, the clock is at fault and nothing is told.
"""

from collections import deque

STRETCH_NS = 5_000_000_000
STRETCHES = 6  # half a minute
DISAGREE_NS = 20_000_000  # the least delays each way need not have been those of one probe
DAY_NS = 86_400_000_000_000  # ICMP stamps begin anew at midnight UT


class _Least:
    """The least of the last half minute, of `STRETCHES` stretches of it."""

    __slots__ = ("_stretches", "ns")

    def __init__(self) -> None:
        self._stretches: deque[tuple[int, int]] = deque()
        self.ns = 0

    def note(self, value_ns: int, stretch: int) -> None:
        """Take note of a value in the stretch with this number."""
        stretches = self._stretches
        if stretches and stretches[-1][0] >= stretch:
            if value_ns < stretches[-1][1]:
                stretches[-1] = stretches[-1][0], value_ns
        else:
            stretches.append((stretch, value_ns))
        while stretches[0][0] <= stretch - STRETCHES:
            stretches.popleft()
        self.ns = min(least_ns for _, least_ns in stretches)


class OneWay:
    """The relative one-way delays to one reflector and back."""

    __slots__ = ("_apart_ns", "_down", "_round", "_up")

    def __init__(self) -> None:
        self._apart_ns: int | None = None  # the other clock minus ours, roughly
        self._up, self._down, self._round = _Least(), _Least(), _Least()

    def note(self, sent_ns: int, there_ns: int, back_ns: int, received_ns: int) -> tuple[float, float] | None:
        """How much longer than the least one the ways there and back took, in ms; None if the clock is at fault.

        `there_ns` and `back_ns` are when the reflector had the probe and when its answer left, by its own clock;
        `sent_ns` and `received_ns` by ours. An answer must not be older than the one before it by a stretch or more.
        """
        if self._apart_ns is None:
            self._apart_ns = there_ns - sent_ns
        up_ns = _around_midnight(there_ns - sent_ns - self._apart_ns)
        down_ns = _around_midnight(received_ns - back_ns + self._apart_ns)
        round_ns = up_ns + down_ns
        stretch = received_ns // STRETCH_NS
        self._up.note(up_ns, stretch)
        self._down.note(down_ns, stretch)
        self._round.note(round_ns, stretch)
        if round_ns < 0 or self._round.ns - self._up.ns - self._down.ns > DISAGREE_NS:
            return None
        return (up_ns - self._up.ns) / 1e6, (down_ns - self._down.ns) / 1e6


def _around_midnight(difference_ns: int) -> int:
    """A difference that a midnight may have got into; none of ours is half a day."""
    return (difference_ns + DAY_NS // 2) % DAY_NS - DAY_NS // 2
