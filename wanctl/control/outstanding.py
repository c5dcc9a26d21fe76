"""Probes that owe an answer: for how long, which of them are overdue, and how many never came.

An answer settles everything that was sent before it, because a link keeps its order: what is still missing then was
lost, or was overtaken and may come late. A loss is counted 2 s after the probe left; a later answer does not undo it.
"""

from collections import deque

from wanctl.control.baseline import Floor

LOST_NS = 2_000_000_000
PERIOD_NS = 1_000_000_000
UNSENT_NS = 600_000_000  # probes that failed longer ago say nothing about now; longer than between two in a blackout
PERIODS = 10  # seconds that the share of losses is taken over
MOST_OWED = 4_096  # 100 s at 40 probes a second; an outage that lasts longer has been long enough
MOST_MISSING = 1_024


class Reflector:
    """One address as one kind of probe sees it."""

    __slots__ = ("answered_ns", "deaf_until_ns", "floor", "kind", "missing", "name", "source", "suspected")

    def __init__(self, source: str, name: str, kind: "Outstanding") -> None:
        self.source = source  # "icmp", "udp" or "tcp"
        self.name = name
        self.suspected = 0  # seconds in a row in which it did not feel the queue that the others felt
        self.deaf_until_ns = 0  # until then its answers tell no delay
        self.kind = kind
        self.floor = Floor()
        self.answered_ns: int | None = None
        self.missing: set[int] = set()  # sent_ns of probes that were overtaken by a newer answer


class Outstanding:
    """The probes of one kind (echoes, or TCP connects) of one WAN."""

    __slots__ = ("_counted_ns", "_lost", "_periods", "answered_ns", "gap_ns", "owed", "sent", "unsent_ns")

    def __init__(self) -> None:
        self.sent = 0  # probes in this period
        self.gap_ns = PERIOD_NS  # between two probes, on average
        self.answered_ns: int | None = None  # when the newest answer came
        self.unsent_ns: int | None = None  # when a probe last could not leave
        # Probes without an answer, and without one to a newer probe: sent_ns, in order of sending.
        self.owed: deque[tuple[int, Reflector]] = deque(maxlen=MOST_OWED)
        self._counted_ns = 0  # what was sent until here has been counted
        self._lost = 0
        self._periods: deque[tuple[int, int]] = deque(maxlen=PERIODS)

    def settle(self, sent_ns: int, reflector: Reflector) -> None:
        """A probe was answered: nothing that was sent before it is owed any more, but it may be missing."""
        owed = self.owed
        reflector.missing.discard(sent_ns)
        while owed and owed[0][0] <= sent_ns:
            before_ns, whose = owed.popleft()
            overtaken = whose is not reflector or before_ns != sent_ns
            if overtaken and before_ns > self._counted_ns and len(whose.missing) < MOST_MISSING:
                whose.missing.add(before_ns)

    def forgive(self, sent_ns: int, reflector: Reflector) -> None:
        """A probe was disowned: it owes no answer, and was no probe as far as losses go."""
        if (sent_ns, reflector) in self.owed:
            self.owed.remove((sent_ns, reflector))
        reflector.missing.discard(sent_ns)
        self.sent = max(0, self.sent - 1)

    def owed_ms(self, now_ns: int, due_ms: float) -> float | None:
        """How long an answer has been overdue, if one is due after `due_ms`.

        None if no probe was ever sent. While none can leave no answer is due, and that proves nothing: then it is the
        time since the last one.
        """
        if not self.owed:
            if self.unsent_ns is not None and now_ns - self.unsent_ns < UNSENT_NS and self.answered_ns is not None:
                return max(0.0, (now_ns - self.answered_ns) / 1e6 - due_ms)
            return 0.0 if self.sent or self._periods else None
        return max(0.0, (now_ns - self.owed[0][0]) / 1e6 - due_ms)

    def count(self, now_ns: int, reflectors: list[Reflector]) -> float | None:
        """Once a second: the share of lost probes over the last ten seconds; None when there were none."""
        until_ns = now_ns - LOST_NS
        for sent_ns, _ in self.owed:
            if sent_ns > until_ns:
                break
            self._lost += sent_ns > self._counted_ns
        for reflector in reflectors:
            late = [sent_ns for sent_ns in reflector.missing if sent_ns <= until_ns]
            self._lost += len(late)
            reflector.missing.difference_update(late)
        self._counted_ns = max(self._counted_ns, until_ns)
        if self.sent:
            self.gap_ns = PERIOD_NS // self.sent
        if self.sent or self._periods:
            self._periods.append((self.sent, self._lost))
        self.sent = self._lost = 0
        sent = sum(period[0] for period in self._periods)
        return min(sum(period[1] for period in self._periods) / sent, 1.0) if sent else None

    def forget_losses(self, now_ns: int, reflectors: list[Reflector]) -> None:
        """Count anew: what was sent until now is no evidence any more."""
        self._counted_ns = now_ns
        self._periods.clear()
        self.sent = self._lost = 0
        for reflector in reflectors:
            reflector.missing.clear()
