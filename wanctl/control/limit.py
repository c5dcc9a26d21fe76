"""Where a queue begins: the delay beyond which it is no longer the link's own noise.

The limit is the largest of three, within bounds: the target, as long as nothing speaks for more; the idle noise with a
margin; and the time of some full packets, because at a low rate a healthy queue is bursts of them. A cut out of a
steady cruise that finds the capacity where it was has been a false alarm: this link's *loaded* delay strays by itself
(DOCSIS grants, Wi-Fi). Each raises the target, up to 1.6 times; ten quiet minutes undo it.
"""

from collections.abc import Iterable
from typing import Any

from wanctl.control.direction import PACKET_BITS, Direction
from wanctl.control.memory import Memory, number, part
from wanctl.control.noise import IdleNoise

NOISE_MARGIN = 1.5
PACKETS = 2.5
WARIER, WARIEST = 1.25, 1.6
CALMER, CALMER_NS = 0.989, 10_000_000_000


class Limit:
    """The limit of one WAN, in ms; `target_ms` and `most_ms` bound it."""

    __slots__ = ("_calmer_ns", "_noise", "_target_ms", "_wariness", "most_ms", "ms")

    def __init__(self, target_ms: float, most_ms: float, now_ns: int) -> None:
        self.ms = self._target_ms = target_ms
        self.most_ms = most_ms
        self._noise = IdleNoise()
        self._wariness = 1.0
        self._calmer_ns = now_ns + CALMER_NS

    def note_idle(self, delay_ms: float, now_ns: int) -> bool:
        """Count the delay of an idle link; True when the limit has to be set anew."""
        return self._noise.feed(delay_ms, now_ns)

    def note_false_alarm(self) -> None:
        """A cut has proved unnecessary."""
        self._wariness = min(self._wariness * WARIER, WARIEST)

    def restart(self) -> None:
        """The delay is measured from another baseline: what was learnt of it means nothing any more."""
        self._noise.restart()
        self._wariness = 1.0

    def memory(self) -> dict[str, Any]:
        """The link's own noise, and how wary false alarms have made us."""
        return {"wariness": self._wariness, "noise": self._noise.memory()}

    def recall(self, memory: Memory) -> None:
        """Go on with them; `RecallError` when they are none."""
        self._wariness = min(number(memory, "wariness", 1.0), WARIEST)
        self._noise.recall(part(memory, "noise"))

    def set(self, now_ns: int, directions: Iterable[Direction]) -> float:
        """Set the limit by what is known and loaded now, and return it."""
        if now_ns >= self._calmer_ns:
            self._calmer_ns = now_ns + CALMER_NS
            self._wariness = max(1.0, self._wariness * CALMER)
        limit_ms = self._target_ms * self._wariness
        if self._noise.p98_ms is not None:
            limit_ms = max(limit_ms, NOISE_MARGIN * self._noise.p98_ms)
        for direction in directions:
            if direction.loaded and direction.achieved_bps:
                limit_ms = max(limit_ms, PACKETS * PACKET_BITS * 1_000.0 / direction.achieved_bps)
        self.ms = limit_ms = min(limit_ms, self.most_ms)
        return limit_ms
