"""How many writes a router may get: one bucket of tokens a minute, one a day.

A write takes a token of each. A third of either bucket is kept for cuts: a link that has just lost its capacity must
not wait behind raises that nobody needs. A bucket refills steadily, so there are no window edges at which a minute's
worth of writes is gone in half a second and the rest of the minute is starved.

A budget outlives its process: `snapshot` says what is left, and `resume` takes up from there, with what has flowed in
meanwhile by another clock.

Pure: the caller hands in monotonic nanoseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

MINUTE_NS = 60_000_000_000
DAY_NS = 86_400_000_000_000
RESERVED_FOR_CUTS = 1 / 3
_PERIODS = {MINUTE_NS: "minute", DAY_NS: "day"}


@dataclass(slots=True)
class Bucket:
    """At most `size` tokens, refilled evenly over `period_ns`."""

    size: int
    period_ns: int
    tokens: float = field(init=False)
    filled_ns: int | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        assert self.size > 0
        assert self.period_ns > 0
        self.tokens = float(self.size)

    def fill(self, now_ns: int) -> None:
        """Add what has flowed in since the last call. A clock that went back adds nothing."""
        if self.filled_ns is not None and now_ns > self.filled_ns:
            self.tokens = min(float(self.size), self.tokens + (now_ns - self.filled_ns) * self.size / self.period_ns)
        self.filled_ns = now_ns

    def wait_ns(self, now_ns: int, keep: float) -> int:
        """How long until a token can be taken that leaves `keep` behind; 0 is now."""
        self.fill(now_ns)
        missing = keep + 1.0 - self.tokens
        # One part in a million is rounding: 30 tokens refilled in steps of 50 ms must come out as 30.
        return 0 if missing <= 1e-6 else round(missing * self.period_ns / self.size)


@dataclass(slots=True)
class WriteBudget:
    """The writes of one router. `minute` and `day` are the sizes of its buckets; None is "no limit" (Linux)."""

    minute: int | None = 30
    day: int | None = 10_000
    _buckets: tuple[Bucket, ...] = field(init=False)

    def __post_init__(self) -> None:
        sizes = ((self.minute, MINUTE_NS), (self.day, DAY_NS))
        self._buckets = tuple(Bucket(size, period_ns) for size, period_ns in sizes if size is not None)

    def wait_ns(self, now_ns: int, *, cut: bool) -> int:
        """How long a write has to wait; 0 is now. A cut may use what is kept for cuts, a raise may not."""
        return max(
            (bucket.wait_ns(now_ns, 0.0 if cut else bucket.size * RESERVED_FOR_CUTS) for bucket in self._buckets),
            default=0,
        )

    def spend(self, now_ns: int) -> None:
        """Count one write, whatever became of it: a write that was lost on the way may have reached the flash."""
        for bucket in self._buckets:
            bucket.fill(now_ns)
            bucket.tokens -= 1.0

    def snapshot(self, now_ns: int) -> dict[str, float]:
        """What each bucket holds now, by its period: `minute`, `day`."""
        for bucket in self._buckets:
            bucket.fill(now_ns)
        return {_PERIODS[bucket.period_ns]: bucket.tokens for bucket in self._buckets}

    def resume(self, snapshot: Mapping[str, float], elapsed_ns: int, owed: float) -> None:
        """Take up from a snapshot that was made `elapsed_ns` ago, after which up to `owed` writes may have gone out.

        What has flowed in since is added, up to the size; then what is owed is taken off, so that no bucket has more
        than it would have without the interruption. It may come out below 0: the debt is paid by waiting. A bucket that
        the snapshot does not have is left with what is kept for cuts.
        """
        for bucket in self._buckets:
            held = snapshot.get(_PERIODS[bucket.period_ns])
            if held is None:
                bucket.tokens = bucket.size * RESERVED_FOR_CUTS
            else:
                inflow = max(0, elapsed_ns) * bucket.size / bucket.period_ns
                bucket.tokens = min(float(bucket.size), held + inflow) - owed

    def left(self, now_ns: int) -> tuple[int | None, int | None]:
        """Whole tokens left of the minute and of the day; None where there is no limit."""
        for bucket in self._buckets:
            bucket.fill(now_ns)
        by_period = {bucket.period_ns: max(0, int(bucket.tokens + 1e-6)) for bucket in self._buckets}
        return by_period.get(MINUTE_NS), by_period.get(DAY_NS)
