"""A histogram of durations in memory: nothing is written for it, and adding to it costs well under a microsecond."""

from math import log

LEAST_NS = 1_000
GROWTH = 1.08  # each bucket is 8 % wider than the one before: a quantile is right to 4 %
_LOG_GROWTH = log(GROWTH)
_BUCKETS = 240  # up to 100 s


class Histogram:
    """Counts of durations, in buckets that grow geometrically."""

    __slots__ = ("_counts", "count", "most_ns", "total_ns")

    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self.count = 0
        self.total_ns = 0
        self.most_ns = 0

    def add(self, duration_ns: int) -> None:
        """Count one duration; a negative one counts as 0."""
        bucket = 0
        if duration_ns > LEAST_NS:
            bucket = min(int(log(duration_ns / LEAST_NS) / _LOG_GROWTH) + 1, _BUCKETS - 1)
            self.most_ns = max(self.most_ns, duration_ns)
        self._counts[bucket] += 1
        self.count += 1
        self.total_ns += max(0, duration_ns)

    def quantile_ns(self, share: float) -> int:
        """The duration that this share (0..1) of all does not exceed; 0 when there is none."""
        assert 0.0 <= share <= 1.0
        wanted, seen = share * self.count, 0
        for bucket, count in enumerate(self._counts):
            seen += count
            if count and seen >= wanted:
                return min(round(LEAST_NS * GROWTH**bucket), self.most_ns or LEAST_NS)
        return 0

    def at_most(self, limit_ns: int) -> int:
        """How many durations were at most so long; right to a bucket, for the bound need not be one of theirs."""
        if limit_ns < LEAST_NS:
            return 0
        last = int(log(limit_ns / LEAST_NS) / _LOG_GROWTH)
        return sum(self._counts[: last + 1])
