"""Feeds a delay tracker the way a prober does: probes at regular times, answers when they come."""

from collections.abc import Callable
from heapq import heappop, heappush

from wanctl.control.rtt import DelayTracker
from wanctl.control.sample import Observation, Sample, Sent

MS_NS = 1_000_000
SECOND_NS = 1_000 * MS_NS
REFLECTORS = ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6")


class Probing:
    """`per_tick` probes at each tick, round robin; `rtt_ms(seconds, reflector)` is None for a lost one."""

    def __init__(self, rtt_ms: Callable[[float, int], float | None], *, hz: int = 20, per_tick: int = 2) -> None:
        self.tracker = DelayTracker(0)
        self.now_ns = 0
        self.limit_ms = 5.0
        self.source = "icmp"
        self._rtt_ms, self._tick_ns, self._per_tick = rtt_ms, SECOND_NS // hz, per_tick
        self._under_way: list[tuple[int, int, Sample]] = []
        self._sent = 0

    def tick(self, *, silence_counts: bool = False) -> float | None:
        """One tick; the delay signal after it."""
        self.now_ns += self._tick_ns
        came: list[Observation] = []
        while self._under_way and self._under_way[0][0] <= self.now_ns:
            came.append(heappop(self._under_way)[2])
        for _ in range(self._per_tick):
            number = self._sent % len(REFLECTORS)
            self._sent += 1
            came.append(Sent("wan", REFLECTORS[number], self.now_ns, self.source))
            rtt_ms = self._rtt_ms(self.now_ns / SECOND_NS, number)
            if rtt_ms is not None:
                received_ns = self.now_ns + round(rtt_ms * MS_NS)
                sample = Sample("wan", REFLECTORS[number], self.now_ns, received_ns, self.source)
                heappush(self._under_way, (received_ns, self._sent, sample))
        self.tracker.observe(came)
        self.tracker.update(self.now_ns, self.limit_ms)
        if silence_counts and self.tracker.overdue:
            self.tracker.count_silence(self.now_ns, self.limit_ms)
        return self.tracker.delta_ms

    def until(self, seconds: float, *, silence_counts: bool = False) -> float | None:
        """Ticks up to a time; the delay signal then."""
        while self.now_ns + self._tick_ns <= round(seconds * SECOND_NS):
            self.tick(silence_counts=silence_counts)
        return self.tracker.delta_ms
