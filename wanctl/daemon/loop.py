"""The tick loop: drain, decide, hand over; twenty times a second, and nothing in it ever waits."""

import gc
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from wanctl.control.sample import Observation
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.histogram import Histogram
from wanctl.daemon.schedule import PERIOD_NS, Schedule
from wanctl.daemon.shaper import Shaper
from wanctl.daemon.window import Window
from wanctl.decision import Decision, DirectionSignals, SetRate
from wanctl.observe.history import History
from wanctl.probe import Prober
from wanctl.site import Site

MOST_NOTES = 256


class Listener(Protocol):
    """Whoever shows or keeps what was decided."""

    def say(self, text: str) -> None:
        """A sentence for the operator."""
        ...

    def decided(self, decision: Decision) -> None:
        """A tick was decided."""
        ...

    def close(self) -> None:
        """The loop has ended."""
        ...


class Loop:
    """Holds the ticks of one site."""

    def __init__(
        self,
        site: Site,
        probers: Sequence[Prober],
        shaper: Shaper,
        listener: Listener,
        clock: SystemClock,
        notes: deque[str],
    ) -> None:
        self._site, self._probers, self._shaper = site, tuple(probers), shaper
        self._listener, self._clock, self._notes = listener, clock, notes
        self.schedule = Schedule(clock.monotonic_ns() + PERIOD_NS)
        self.work, self.lateness = Histogram(), Histogram()
        self.history = History(
            {(name, way): signals.wanted_bps for name, way, signals in self._directions()}, clock.monotonic_ns()
        )
        self.window: Window | None = None

    def run(self, stopping: Callable[[], bool], duration_ns: int | None = None) -> None:
        """Tick until `stopping` says so, or for a time; raises what ended the shaper's thread, if it ended."""
        self._shaper.want(SetRate(wan, way, now.wanted_bps, cut=False) for wan, way, now in self._directions())
        # What lives now lives to the end: the collector need not look at it again in the middle of a tick.
        gc.collect()
        gc.freeze()
        begun_ns = self._clock.monotonic_ns()
        until_ns = None if duration_ns is None else begun_ns + duration_ns
        self.schedule.due_ns = begun_ns + PERIOD_NS  # what it took to get here is no overrun
        while not stopping():
            due_ns = self.schedule.due_ns
            if until_ns is not None and due_ns > until_ns:
                return
            self._clock.sleep_until(due_ns)
            now_ns = self._clock.monotonic_ns()
            self.lateness.add(now_ns - due_ns)
            self._tick(now_ns)
            if self.window is not None and self.window.questions:
                self.window.answer(now_ns)
            done_ns = self._clock.monotonic_ns()
            self.work.add(done_ns - now_ns)
            self.schedule.advance(done_ns)
            if self._shaper.failure is not None:
                raise self._shaper.failure

    def _directions(self) -> Iterator[tuple[str, str, DirectionSignals]]:
        for name, wan in self._site.wans.items():
            yield name, "download", wan.signals.download
            yield name, "upload", wan.signals.upload

    def _tick(self, now_ns: int) -> None:
        observations: list[Observation] = []
        for prober in self._probers:
            observations += prober.drain(now_ns)
            observations += prober.send(now_ns)
            observations += prober.withdraw()
        readings, confirmations = self._shaper.take()
        decision = self._site.tick(now_ns, tuple(observations), readings, confirmations)
        for prober in self._probers:
            prober.heed(now_ns, decision.signals[prober.wan])
        if decision.intents:
            self._shaper.want(decision.intents)
        if confirmations:
            self.history.confirm(confirmations)
        if decision.intents or decision.transitions or decision.faults:
            self.history.note(decision)
        while self._notes:
            self._listener.say(self._notes.popleft())
        self._listener.decided(decision)
