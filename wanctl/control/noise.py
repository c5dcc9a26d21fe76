"""How far the delay of an unloaded link strays by itself: the measure that the limit for a queue scales with.

No threshold fits all links: what is a queue on fibre is an ordinary second on LTE. So the delay signal of unloaded
times is counted in buckets 12 % wide that fade with a time constant of 300 s, and once a second the 98th percentile is
read.
"""

from bisect import bisect_right
from math import exp
from typing import Any

from wanctl.control.memory import Memory, RecallError, numbers, optional

FADE_NS = 300_000_000_000
PERIOD_NS = 1_000_000_000
PERCENTILE = 0.98
ENOUGH = 60.0  # looks, before a percentile means anything
LOOK_NS = 100_000_000  # the signal is looked at ten times a second, however often it is told
_EDGES = tuple(0.25 * 1.12**power for power in range(80))  # ms; 0.25 ms to 1.9 s


class IdleNoise:
    """The 98th percentile of the idle delay signal in ms; None until enough was seen."""

    __slots__ = ("_counts", "_due_ns", "_faded_ns", "_look_ns", "_total", "p98_ms")

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self.p98_ms: float | None = None
        self._counts = [0.0] * (len(_EDGES) + 1)
        self._total = 0.0
        self._due_ns = self._look_ns = 0
        self._faded_ns = 0

    def memory(self) -> dict[str, Any]:
        """What was counted, by bucket."""
        return {"p98_ms": self.p98_ms, "counts": [round(count, 2) for count in self._counts]}

    def recall(self, memory: Memory) -> None:
        """Go on with what was counted; `RecallError` when it is something else."""
        counts = numbers(memory, "counts", len(_EDGES) + 1)
        if len(counts) != len(_EDGES) + 1:
            raise RecallError("'counts' has other buckets")
        self.p98_ms = optional(memory, "p98_ms")
        self._counts, self._total = counts, sum(counts)

    def feed(self, delay_ms: float, now_ns: int) -> bool:
        """Count one idle delay, if a look is due; True once a second, when the percentile is read anew."""
        if now_ns < self._look_ns:
            return False
        self._look_ns = now_ns + LOOK_NS
        self._counts[bisect_right(_EDGES, delay_ms)] += 1.0
        self._total += 1.0
        if now_ns < self._due_ns:
            return False
        self._read(now_ns)
        return True

    def _read(self, now_ns: int) -> None:
        keep = exp(-(now_ns - self._faded_ns) / FADE_NS) if self._faded_ns else 1.0
        self._faded_ns, self._due_ns = now_ns, now_ns + PERIOD_NS
        self._counts = [count * keep for count in self._counts]
        self._total *= keep
        if self._total < ENOUGH:
            return
        above = self._total * (1.0 - PERCENTILE)
        for bucket in range(len(_EDGES), 0, -1):
            above -= self._counts[bucket]
            if above < 0.0:
                self.p98_ms = _EDGES[min(bucket, len(_EDGES) - 1)]
                return
        self.p98_ms = _EDGES[0]
