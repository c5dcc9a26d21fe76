"""The idle round-trip time of one reflector: a low quantile of what 300 s of following have shown.

Time is cut into slices; of each only the second smallest RTT is kept, and the baseline is a low quantile of these lows.
One false low answer moves nothing, and a link that is noisy or was loaded for most of the window still shows its floor.
Slices are time, not samples, so the tick rate does not matter. A slice counts while it is *fed*: an hour of frozen
baseline ages nothing.
"""

from bisect import bisect_left, insort
from collections import deque
from typing import Any, Literal

from wanctl.control.memory import Memory, numbers, optional

Moves = Literal["follow", "sink", "freeze"]

SLICE_NS = 3_000_000_000
SLICES = 100  # 300 s
QUANTILE = 0.25  # of the lows; with ten to twenty answers a slice about the fifth percentile of the answers
YOUNG = 5  # with fewer lows than this the smallest answer is the baseline
_NONE_MS = float("inf")
_NEVER_NS = 1 << 62


class Floor:
    """The baseline of one reflector; None until it was fed or guessed."""

    __slots__ = (
        "_ends_ns",
        "_guessed",
        "_low_ms",
        "_lows",
        "_ordered",
        "_second_ms",
        "baseline_ms",
        "heed_below_ms",
        "heed_from_ns",
    )

    def __init__(self) -> None:
        self.baseline_ms: float | None = None
        # An answer that is not below the one and before the other changes nothing: `note` need not be called for it.
        self.heed_below_ms = _NONE_MS
        self.heed_from_ns = 0
        self._lows: deque[float] = deque()  # in order of time, and
        self._ordered: list[float] = []  # by size
        self._low_ms = self._second_ms = _NONE_MS  # of the open slice
        self._ends_ns = 0
        self._guessed = False

    def note(self, rtt_ms: float, at_ns: int, moves: Moves, delay_ms: float = 0.0) -> bool:
        """Take in an answer; True when the baseline moved.

        "follow" moves it both ways, "sink" downwards only, "freeze" not at all; but a reflector that came while
        baselines are frozen gets a first one: what is left without the `delay_ms` that the others see.
        """
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

    def restart(self, low_ms: float | None) -> None:
        """Forget the window and begin at `low_ms`; None leaves the baseline unknown."""
        self._lows.clear()
        self._ordered.clear()
        self._low_ms = self._second_ms = _NONE_MS
        self._ends_ns = 0
        self._guessed = False
        self.baseline_ms = low_ms
        self.forget_heed()

    def memory(self) -> dict[str, Any]:
        """The baseline and the lows it is taken from, in ms."""
        return {"baseline_ms": self.baseline_ms, "lows": [round(low_ms, 3) for low_ms in self._lows]}

    def recall(self, memory: Memory) -> None:
        """Go on with a baseline that was known; `RecallError` when it is none."""
        lows = numbers(memory, "lows", SLICES)
        self.restart(optional(memory, "baseline_ms"))
        for low_ms in lows:
            self._keep(low_ms)

    def forget_heed(self) -> None:
        """Baselines move in another way from now on: the next answer must be noted."""
        self.heed_below_ms = _NONE_MS

    def _set_heed(self, moves: Moves) -> None:
        self.heed_from_ns = self._ends_ns if moves == "follow" else _NEVER_NS
        if moves == "follow":
            self.heed_below_ms = self._second_ms
        elif moves == "sink":
            self.heed_below_ms = self.baseline_ms or 0.0
        else:
            self.heed_below_ms = _NONE_MS if self._guessed else 0.0

    def _follow(self, rtt_ms: float, at_ns: int) -> None:
        if at_ns >= self._ends_ns:
            self._open(rtt_ms, at_ns)
        elif rtt_ms < self._low_ms:
            self._low_ms, self._second_ms = rtt_ms, self._low_ms
        elif rtt_ms < self._second_ms:
            self._second_ms = rtt_ms
        # A young baseline is the minimum itself; later the quantile decides when a slice closes.
        if len(self._lows) < YOUNG:
            self.baseline_ms = min(self._low_ms, *self._lows) if self._lows else self._low_ms

    def _open(self, rtt_ms: float, at_ns: int) -> None:
        """Begin a slice, and let the one before count."""
        if self._low_ms != _NONE_MS:
            self._keep(self._low_ms if self._second_ms == _NONE_MS else self._second_ms)
        elif self.baseline_ms is not None:
            self._keep(self.baseline_ms)  # what LEARNING has found is the first of the lows
        self._low_ms, self._second_ms, self._guessed = rtt_ms, _NONE_MS, False
        self._ends_ns = at_ns + SLICE_NS
        if len(self._lows) >= YOUNG:
            self.baseline_ms = self._ordered[int(QUANTILE * (len(self._ordered) - 1))]

    def _keep(self, low_ms: float) -> None:
        if len(self._lows) == SLICES:
            del self._ordered[bisect_left(self._ordered, self._lows.popleft())]
        self._lows.append(low_ms)
        insort(self._ordered, low_ms)
