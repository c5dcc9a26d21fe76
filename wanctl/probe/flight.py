"""The probes of one socket that are under way: sequence number -> where to and since when.

A ring, so that nothing is allocated and nothing can pile up: at 40 probes a second 2048 slots remember the last 51 s,
long past any deadline. A slot keeps its number and stamp after its probe is over, which is how a duplicate is told from
a late answer and both from a stranger.
"""

from enum import IntEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Fate(IntEnum):
    """What is known of a probe."""

    UNKNOWN = 0  # no such probe, or one so old that its slot was used again
    IN_FLIGHT = 1
    ANSWERED = 2
    UNANSWERED = 3  # its deadline passed
    DROPPED = 4  # nobody will believe its answer


SEQUENCE_MASK = 0xFFFF_FFFF


class Flight(Generic[T]):
    """Probes in flight to targets of type `T`, numbered from 0, modulo 2**32."""

    __slots__ = ("_fates", "_mask", "_oldest", "_sent_ns", "_sequences", "_targets", "next_sequence")

    def __init__(self, size: int = 2048) -> None:
        assert size > 0
        assert size & (size - 1) == 0, "a power of two"
        self._mask = size - 1
        self._sequences = [-1] * size
        self._sent_ns = [0] * size
        self._targets: list[T | None] = [None] * size
        self._fates = [Fate.UNKNOWN] * size
        self._oldest = 0  # no probe before this one is in flight
        self.next_sequence = 0

    def launch(self, target: T, sent_ns: int) -> bool:
        """Note that the probe `next_sequence` left; whether a probe that was still in flight had to make room."""
        sequence = self.next_sequence
        slot = sequence & self._mask
        evicted = self._fates[slot] is Fate.IN_FLIGHT
        if (sequence - self._oldest) & SEQUENCE_MASK > self._mask:  # the slot was the oldest's
            self._oldest = (self._oldest + 1) & SEQUENCE_MASK
        self._sequences[slot] = sequence
        self._sent_ns[slot] = sent_ns
        self._targets[slot] = target
        self._fates[slot] = Fate.IN_FLIGHT
        self.next_sequence = (sequence + 1) & SEQUENCE_MASK
        return evicted

    def target(self, sequence: int, sent_ns: int) -> T | None:
        """Where the probe with this number and this stamp went, or None if there was none."""
        slot = sequence & self._mask
        if self._sequences[slot] != sequence or self._sent_ns[slot] != sent_ns:
            return None
        return self._targets[slot]

    def land(self, sequence: int) -> Fate:
        """An answer came to a probe that `target` knows: its fate until now. From here on it is answered."""
        slot = sequence & self._mask
        fate = self._fates[slot]
        if fate is Fate.IN_FLIGHT:
            self._fates[slot] = Fate.ANSWERED
        return fate

    def expire(self, before_ns: int) -> int:
        """Give up probes sent before `before_ns`; how many."""
        return self._give_up(before_ns, Fate.UNANSWERED)

    def drop(self) -> list[tuple[T, int]]:
        """Disown all probes in flight: where each went, and when."""
        dropped: list[tuple[T, int]] = []
        self._give_up(None, Fate.DROPPED, dropped)
        return dropped

    def _give_up(self, before_ns: int | None, fate: Fate, whose: list[tuple[T, int]] | None = None) -> int:
        given_up = 0
        while self._oldest != self.next_sequence:
            slot = self._oldest & self._mask
            if self._fates[slot] is Fate.IN_FLIGHT:
                if before_ns is not None and self._sent_ns[slot] >= before_ns:
                    break
                self._fates[slot] = fate
                given_up += 1
                target = self._targets[slot]
                if whose is not None and target is not None:
                    whose.append((target, self._sent_ns[slot]))
            self._oldest = (self._oldest + 1) & SEQUENCE_MASK
        return given_up
