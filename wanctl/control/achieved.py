"""The achieved rate of one direction, from the readings of a byte counter.

Readings come when they come: each tick on Linux, 4 to 10 times a second from a router, each with its own time. A rate
is always a difference of two readings; without two of them, or with the newest too old, it is unknown. A counter that
went down is a device that started again: what was known is forgotten.
"""

from collections import deque

UNREAD_NS = 1_000_000_000  # a reading older than this says nothing about now
KEEP_NS = 1_500_000_000
_SLACK_NS = 10_000_000  # readings of a 50 ms schedule are up to some ms early


class Achieved:
    """Byte counter readings of the last 1.5 s, and the rates between them."""

    __slots__ = ("_readings", "at_ns", "total_bytes")

    def __init__(self) -> None:
        self._readings: deque[tuple[int, int]] = deque()
        self.at_ns = 0  # of the newest
        self.total_bytes = 0

    def read(self, at_ns: int, total_bytes: int) -> bool:
        """Note a reading; False when it is no news (not newer than the last one)."""
        readings = self._readings
        if readings:
            if at_ns <= self.at_ns:
                return False
            if total_bytes < self.total_bytes:
                readings.clear()
            elif at_ns - readings[0][0] > KEEP_NS:
                # Two readings always stay, however far apart: between them is what flowed.
                while len(readings) > 1 and at_ns - readings[1][0] >= KEEP_NS:
                    readings.popleft()
        readings.append((at_ns, total_bytes))
        self.at_ns, self.total_bytes = at_ns, total_bytes
        return True

    def rate_bps(self, now_ns: int, window_ns: int) -> float | None:
        """Bit/s over the newest readings that span at least `window_ns`, or over all there are; None is unknown."""
        readings = self._readings
        newest_ns = self.at_ns
        if len(readings) < 2 or now_ns - newest_ns > UNREAD_NS:
            return None
        wanted_ns = newest_ns - window_ns + _SLACK_NS
        begin_ns, begin_bytes = readings[0]
        for at_ns, total in reversed(readings):
            if at_ns <= wanted_ns:
                begin_ns, begin_bytes = at_ns, total
                break
        return (self.total_bytes - begin_bytes) * 8e9 / (newest_ns - begin_ns)

    def newest(self) -> tuple[int, int, int] | None:
        """The newest interval: from when, until when (ns), bytes; None when there is none."""
        readings = self._readings
        if len(readings) < 2:
            return None
        at_ns, total = readings[-2]
        return at_ns, self.at_ns, self.total_bytes - total
