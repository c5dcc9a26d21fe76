"""The idle round-trip time of one reflector: a low quantile of what 300 s of following have shown.

Time is cut into slices; of each only the smallest RTT is kept, and the baseline is a low quantile of these minima. One
false low answer spoils one slice and moves nothing; a link that is noisy or was loaded for most of the window still
shows its floor. Slices are time, not samples, so the tick rate does not matter. A slice counts while it is *fed*: an
hour of frozen baseline ages nothing.
"""

from collections import deque
from typing import Literal

Moves = Literal["follow", "sink", "freeze"]

SLICE_NS = 3_000_000_000
SLICES = 100  # 300 s
QUANTILE = 0.25  # of the minima; with ten answers a slice about the third percentile of the answers
YOUNG = 5  # with fewer minima than this the smallest one is the baseline
RECENT_NS = 1_000_000_000
_NONE_MS = float("inf")


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
        "heed_below_ms",
        "heed_from_ns",
    )

    def __init__(self) -> None:
        self.baseline_ms: float | None = None
        # An answer that is not below the one and before the other changes nothing: `note` need not be called for it.
        self.heed_below_ms = _NONE_MS
        self.heed_from_ns = 0
        self._minima: deque[float] = deque(maxlen=SLICES)
        self._low_ms = _NONE_MS  # of the open slice
        self._ends_ns = 0
        self._guessed = False
        # The smallest of the last one to two seconds, however baselines move: where a restart begins.
        self._now_ms = self._before_ms = _NONE_MS
        self._recent_ends_ns = 0

    def note(self, rtt_ms: float, at_ns: int, moves: Moves, delay_ms: float = 0.0) -> bool:
        """Take in an answer; True when the baseline moved.

        "follow" moves it both ways, "sink" downwards only, "freeze" not at all; but a reflector that came while
        baselines are frozen gets a first one: what is left without the `delay_ms` that the others see.
        """
        self._note_recent(rtt_ms, at_ns)
        before = self.baseline_ms
        match moves:
            case "follow":
                self._follow(rtt_ms, at_ns)
            case "sink":
                if before is None or rtt_ms < before:
                    self.baseline_ms = rtt_ms
            case "freeze":
                if before is None or (self._guessed and rtt_ms - delay_ms < before):
                    self.baseline_ms, self._guessed = rtt_ms - delay_ms, True
        self._set_heed(moves)
        return self.baseline_ms != before

    def restart(self) -> None:
        """Forget the window and begin at the smallest answer of the last one to two seconds."""
        low_ms = min(self._now_ms, self._before_ms)
        self._minima.clear()
        self._low_ms = _NONE_MS
        self._ends_ns = 0
        self._guessed = False
        self.baseline_ms = None if low_ms == _NONE_MS else low_ms

    def forget_heed(self) -> None:
        """Baselines move in another way from now on: the next answer must be noted."""
        self.heed_below_ms = _NONE_MS

    def _set_heed(self, moves: Moves) -> None:
        self.heed_below_ms, self.heed_from_ns = self._now_ms, self._recent_ends_ns
        if moves == "follow":
            self.heed_below_ms = max(self._now_ms, self._low_ms)
            self.heed_from_ns = min(self._recent_ends_ns, self._ends_ns)
        elif moves == "sink":
            self.heed_below_ms = max(self._now_ms, self.baseline_ms or 0.0)
        elif self._guessed:
            self.heed_below_ms = _NONE_MS

    def _note_recent(self, rtt_ms: float, at_ns: int) -> None:
        if at_ns >= self._recent_ends_ns:
            late = at_ns >= self._recent_ends_ns + RECENT_NS
            self._before_ms = _NONE_MS if late else self._now_ms
            self._now_ms = rtt_ms
            self._recent_ends_ns = at_ns + RECENT_NS
        else:
            self._now_ms = min(self._now_ms, rtt_ms)

    def _follow(self, rtt_ms: float, at_ns: int) -> None:
        if at_ns >= self._ends_ns:
            self._open(rtt_ms, at_ns)
        else:
            self._low_ms = min(self._low_ms, rtt_ms)
        # A young baseline is the minimum itself; later the quantile decides when a slice closes.
        if len(self._minima) < YOUNG:
            self.baseline_ms = min(self._low_ms, *self._minima) if self._minima else self._low_ms

    def _open(self, rtt_ms: float, at_ns: int) -> None:
        """Begin a slice, and let the one before count."""
        if self._low_ms != _NONE_MS:
            self._minima.append(self._low_ms)
        elif self.baseline_ms is not None:
            self._minima.append(self.baseline_ms)  # what LEARNING has found is the first of the minima
        self._low_ms, self._ends_ns, self._guessed = rtt_ms, at_ns + SLICE_NS, False
        if len(self._minima) >= YOUNG:
            self.baseline_ms = sorted(self._minima)[int(QUANTILE * (len(self._minima) - 1))]
