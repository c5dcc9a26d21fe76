"""How far the delay strays over the last one to two seconds: what stands still is a path, what moves may be a queue."""

_NONE_MS = float("inf")


class Spread:
    """The smallest delay of this period and the one before, and how far it moved in that time; None is unknown.

    A delay between `least_ms` and `most_ms` changes nothing: `note` need not be called for it.
    """

    __slots__ = ("_before_least_ms", "_before_most_ms", "least_ms", "low_ms", "most_ms", "width_ms")

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self.low_ms: float | None = None
        self.width_ms: float | None = None
        self.least_ms, self.most_ms = _NONE_MS, -_NONE_MS
        self._before_least_ms, self._before_most_ms = _NONE_MS, -_NONE_MS

    def note(self, delay_ms: float) -> None:
        """Take in a delay."""
        self.least_ms, self.most_ms = min(self.least_ms, delay_ms), max(self.most_ms, delay_ms)
        self._set()

    def roll(self) -> None:
        """A period, of a second, is over."""
        self._before_least_ms, self._before_most_ms = self.least_ms, self.most_ms
        self.least_ms, self.most_ms = _NONE_MS, -_NONE_MS
        self._set()

    def _set(self) -> None:
        if self._before_most_ms == -_NONE_MS or self.most_ms == -_NONE_MS:
            self.low_ms = self.width_ms = None
        else:
            self.low_ms = min(self.least_ms, self._before_least_ms)
            self.width_ms = max(self.most_ms, self._before_most_ms) - self.low_ms
