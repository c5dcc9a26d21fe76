"""The idle round-trip time of one reflector: a low quantile of what 300 s of following have shown.

Time is cut into slices; of each only the smallest RTT is kept, and the baseline is a low quantile of these minima. One
false low answer spoils one slice and moves nothing; a link that is noisy or was loaded for most of the window still shows
its floor. Slices are time, not samples, so the tick rate does not matter. A slice counts while it is *fed*: an hour of
frozen baseline ages nothing.
"""

from collections import deque

SLICE_NS = 3_000_000_000
SLICES = 100  # 300 s
QUANTILE = 0.25  # of the minima; with ten answers a slice about the third percentile of the answers
YOUNG = 5  # with fewer minima than this the smallest one is the baseline
RECENT_NS = 1_000_000_000


class Floor:
    """The baseline of one reflector; None until it was fed or guessed."""

    __slots__ = (
        "_before_ms",
        "_ends_ns",
        "_guessed",
        "_low_ms",
        "_minima",
        "_now_ms",
        "_recent_ends_ns",
        "baseline_ms",
    )

    def __init__(self) -> None:
        self.baseline_ms: float | None = None
        self._minima: deque[float] = deque(maxlen=SLICES)
        self._low_ms = float("inf")  # of the open slice
        self._ends_ns = 0
        self._guessed = False
        # The smallest of the last one to two seconds, whether fed or not: where a restart begins.
        self._now_ms = self._before_ms = float("inf")
        self._recent_ends_ns = 0

    def see(self, rtt_ms: float, at_ns: int) -> None:
        """Note an answer; moves nothing."""
        if at_ns >= self._recent_ends_ns:
            late = at_ns >= self._recent_ends_ns + RECENT_NS
            self._before_ms = float("inf") if late else self._now_ms
            self._now_ms = rtt_ms
            self._recent_ends_ns = at_ns + RECENT_NS
        elif rtt_ms < self._now_ms:
            self._now_ms = rtt_ms

    def feed(self, rtt_ms: float, at_ns: int) -> bool:
        """Follow an answer; True when the baseline moved."""
        if at_ns >= self._ends_ns:
            return self._open(rtt_ms, at_ns)
        if rtt_ms < self._low_ms:
            self._low_ms = rtt_ms
            # A young baseline is the minimum itself; later the quantile decides when the slice closes.
            if len(self._minima) < YOUNG and (self.baseline_ms is None or rtt_ms < self.baseline_ms):
                self.baseline_ms = rtt_ms
                return True
        return False

    def sink(self, rtt_ms: float) -> bool:
        """Follow an answer downwards only; True when the baseline moved."""
        if self.baseline_ms is None or rtt_ms < self.baseline_ms:
            self.baseline_ms = rtt_ms
            return True
        return False

    def guess(self, rtt_ms: float) -> bool:
        """Take a first value for a reflector that came while baselines are frozen; the smallest guess stands."""
        if self.baseline_ms is None or (self._guessed and rtt_ms < self.baseline_ms):
            self.baseline_ms, self._guessed = rtt_ms, True
            return True
        return False

    def restart(self) -> None:
        """Forget the window and begin at the smallest answer of the last one to two seconds."""
        low_ms = min(self._now_ms, self._before_ms)
        self._minima.clear()
        self._low_ms = float("inf")
        self._ends_ns = 0
        self._guessed = False
        self.baseline_ms = None if low_ms == float("inf") else low_ms

    def _open(self, rtt_ms: float, at_ns: int) -> bool:
        """Begin a slice, and let the one before count."""
        before = self.baseline_ms
        if self._low_ms != float("inf"):
            self._minima.append(self._low_ms)
        elif before is not None:
            self._minima.append(before)  # what LEARNING has found is the first of the minima
        self._low_ms, self._ends_ns, self._guessed = rtt_ms, at_ns + SLICE_NS, False
        if len(self._minima) < YOUNG:
            self.baseline_ms = min(rtt_ms, *self._minima) if self._minima else rtt_ms
        else:
            self.baseline_ms = sorted(self._minima)[int(QUANTILE * (len(self._minima) - 1))]
        return self.baseline_ms != before
