"""What each tick of a replay hands to the site: the observations and readings that had come by then, and none sooner.

A `t_s` trace is replayed on a grid of 50 ms. A probe is known to be sent at its time; its answer arrives a round trip
later, in order of arrival. An answer that is eleven seconds late is eleven seconds of silence first.
A `t_ms` trace gives one tick a row, and the row is that tick's sample: such traces come from loops that waited for the
answer inside their cycle. It counts as sent at the tick, so that probes stay in order of sending; the time it was
received then lies a round trip ahead.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import chain

from wanctl.control.sample import Observation, Reading, Sample, Sent
from wanctl.replay.fault import refuse
from wanctl.replay.rates import Rates
from wanctl.replay.trace import Probe, Trace

TICK_NS = 50_000_000
LATE_NS = 1_000_000_000  # an answer later than this is counted as late
DRAIN_NS = 1_000_000_000  # after the last probe the replay waits so long for answers under way
REFLECTOR = "trace"  # of a `t_ms` trace, which names none


# One tick: its time as it goes to the decisions file, its time in ns, what the site is handed, and the RTT (ms) as it
# was written: "" when no answer is among the observations, None when there is one and the site makes a number of it.
TickInput = tuple[str, int, tuple[Observation, ...], tuple[Reading, ...], str | None]

_new = tuple.__new__  # of `Sent` and `Sample`, without the detour over a Python function: half of the hot path's time


class Feed:
    """The ticks of one trace; iterate once. The counters grow while it is read."""

    def __init__(self, trace: Trace, wan: str, rates: Rates | None) -> None:
        self.trace = trace
        self.sent = 0  # probes, or rows of a `t_ms` trace
        self.lost = 0  # never answered
        self.late = 0  # answered after `LATE_NS`
        self.in_flight = 0  # answered after the end of the replay
        self._wan = wan
        self._rates = rates
        self._ticks = self._from_ticks() if trace.is_ticks else self._from_probes()
        first = next(self._ticks, None)
        if first is None:
            hint = "all its rows were skipped" if trace.faults.count else "the first line is followed by nothing"
            refuse("WC702", "the trace holds no row", trace.name, 1, hint)
        self.first = first

    def close(self) -> None:
        """Close the files, where the replay did not come to their ends."""
        self.trace.source.close()
        if self._rates is not None:
            self._rates.close()

    def __iter__(self) -> Iterator[TickInput]:
        return chain((self.first,), self._ticks)

    def _from_ticks(self) -> Iterator[TickInput]:
        wan, rates = self._wan, self._rates
        readings: tuple[Reading, ...] = ()
        for text, now_ns, rtt_text, rtt_ns, source in self.trace.ticks():
            self.sent += 1
            if rates is not None:
                readings = rates.take(now_ns) if rates.due_ns <= now_ns else ()
            if rtt_ns is None:
                self.lost += 1
                lost = Sent(wan, REFLECTOR, now_ns, source)
                yield text, now_ns, (lost,), readings, ""
                continue
            if rtt_ns > LATE_NS:
                self.late += 1
            sent = _new(Sent, (wan, REFLECTOR, now_ns, source))
            sample = _new(Sample, (wan, REFLECTOR, now_ns, now_ns + rtt_ns, source))
            yield text, now_ns, (sent, sample), readings, rtt_text

    def _from_probes(self) -> Iterator[TickInput]:
        probes = self.trace.probes()
        probe = next(probes, None)
        if probe is None:
            return
        arrivals: list[tuple[int, int, Sample]] = []  # by time of arrival; the count keeps equal ones in order
        now_ns = -(-probe[0] // TICK_NS) * TICK_NS
        last_ns = probe[0]
        rates = self._rates
        readings: tuple[Reading, ...] = ()
        while True:
            observations: list[Observation] = []
            while probe is not None and probe[0] <= now_ns:
                last_ns = probe[0]
                observations.append(self._send(probe, arrivals))
                probe = next(probes, None)
            rtt: str | None = ""
            while arrivals and arrivals[0][0] <= now_ns:
                observations.append(heappop(arrivals)[2])
                rtt = None
            if rates is not None:
                readings = rates.take(now_ns) if rates.due_ns <= now_ns else ()
            yield str(now_ns // 1_000_000), now_ns, tuple(observations), readings, rtt
            if probe is None and not (arrivals and arrivals[0][0] <= last_ns + DRAIN_NS):
                break
            now_ns += TICK_NS
        self.in_flight = len(arrivals)

    def _send(self, probe: Probe, arrivals: list[tuple[int, int, Sample]]) -> Sent:
        sent_ns, wan, reflector, rtt_ns = probe
        wan = wan or self._wan
        self.sent += 1
        if rtt_ns is None:
            self.lost += 1
        else:
            if rtt_ns > LATE_NS:
                self.late += 1
            received_ns = sent_ns + rtt_ns
            sample = _new(Sample, (wan, reflector, sent_ns, received_ns, "icmp"))
            heappush(arrivals, (received_ns, self.sent, sample))
        return _new(Sent, (wan, reflector, sent_ns, "icmp"))
