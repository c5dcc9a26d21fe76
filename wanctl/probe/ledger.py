"""How much was asked of one host: packets a day, by the last 24 hours."""

HOUR_NS = 3_600_000_000_000
HOURS = 24


class Ledger:
    """Counts probes in 24 buckets of an hour."""

    __slots__ = ("_began_ns", "_hours", "_now", "total")

    def __init__(self, now_ns: int) -> None:
        self.total = 0
        self._began_ns = now_ns
        self._now = 0  # the running hour
        self._hours = [0] * HOURS

    def note(self, now_ns: int) -> None:
        """A probe left."""
        if now_ns - self._began_ns >= (self._now + 1) * HOUR_NS:
            self._roll(now_ns)
        self._hours[self._now % HOURS] += 1
        self.total += 1

    def per_day(self, now_ns: int) -> int:
        """Packets in 24 hours, if things go on as they did in the last 24, or since the beginning."""
        self._roll(now_ns)
        into_ns = now_ns - self._began_ns - self._now * HOUR_NS
        span_ns = min(self._now, HOURS - 1) * HOUR_NS + into_ns
        return round(sum(self._hours) * HOURS * HOUR_NS / span_ns) if span_ns > 0 else 0

    def _roll(self, now_ns: int) -> None:
        hour = (now_ns - self._began_ns) // HOUR_NS
        for passed in range(self._now + 1, min(hour, self._now + HOURS) + 1):
            self._hours[passed % HOURS] = 0
        self._now = max(self._now, hour)
