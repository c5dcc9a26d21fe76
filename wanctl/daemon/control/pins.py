"""The WANs whose rates the operator holds, each until a time: a pin that nobody takes out comes out by itself."""

from typing import Any

NEVER_NS = 1 << 62


class Pins:
    """Belongs to the ticks. Times are those of the monotonic clock."""

    def __init__(self) -> None:
        self._until_ns: dict[str, int] = {}
        self.due_ns = NEVER_NS  # when the next one expires

    def hold(self, wan: str, until_ns: int) -> None:
        """Pin a WAN, or give its pin another time."""
        self._until_ns[wan] = until_ns
        self._find_due()

    def release(self, wan: str) -> bool:
        """Take a pin out; False when there is none."""
        there = self._until_ns.pop(wan, None) is not None
        self._find_due()
        return there

    def expired(self, now_ns: int) -> list[str]:
        """The WANs whose time is over; they are pinned no more."""
        over = [wan for wan, until_ns in self._until_ns.items() if now_ns >= until_ns]
        for wan in over:
            del self._until_ns[wan]
        self._find_due()
        return over

    def __contains__(self, wan: str) -> bool:
        return wan in self._until_ns

    def memory(self) -> dict[str, Any]:
        """The pins, for the next process."""
        return dict(self._until_ns)

    def _find_due(self) -> None:
        self.due_ns = min(self._until_ns.values(), default=NEVER_NS)
