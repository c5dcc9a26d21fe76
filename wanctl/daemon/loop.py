"""The tick loop: drain, decide, hand over; twenty times a second, and nothing in it ever waits."""

import gc
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from wanctl.config.law import build_site
from wanctl.control.sample import Confirmation, Observation, Reading
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.control.errand import Errands
from wanctl.daemon.control.pins import Pins
from wanctl.daemon.control.window import Window
from wanctl.daemon.fitting import Fitting, shaper_of, steerer_of
from wanctl.daemon.histogram import Histogram
from wanctl.daemon.notify import Notifier
from wanctl.daemon.schedule import PERIOD_NS, Schedule
from wanctl.daemon.state.recorder import Recorder
from wanctl.daemon.supervisor import Supervisor
from wanctl.decision import Decision, DirectionSignals, SetClass, SetRate
from wanctl.engine.record import Outcome
from wanctl.observe.history import History
from wanctl.site import Site
from wanctl.steering.placement import Placement

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
    """Holds the ticks of one site. What it has in its hands may be changed between two ticks (`refit`)."""

    def __init__(
        self,
        fitting: Fitting,
        supervisor: Supervisor,
        notifier: Notifier,
        listener: Listener,
        clock: SystemClock,
        notes: deque[str],
    ) -> None:
        self.fitting, self._supervisor, self._notifier = fitting, supervisor, notifier
        self._listener, self._clock, self._notes = listener, clock, notes
        self.schedule = Schedule(clock.monotonic_ns() + PERIOD_NS)
        self.work, self.lateness = Histogram(), Histogram()
        self.history = History(
            {(name, way): signals.wanted_bps for name, way, signals in self._directions()}, clock.monotonic_ns()
        )
        self.window: Window | None = None
        self.recorder: Recorder | None = None
        self.errands, self.pins = Errands(), Pins()
        self._open = False  # every queue has its ceiling, whatever is decided
        _keep_ticks_short(self.site)

    @property
    def site(self) -> Site:
        """The controllers at work."""
        return self.fitting.site

    def run(self, stopping: Callable[[], bool], duration_ns: int | None = None) -> None:
        """Tick until `stopping` says so, or for a time."""
        self._want_all()
        # What lives now lives to the end: the collector need not look at it again in the middle of a tick.
        gc.collect()
        gc.freeze()
        begun_ns = self._clock.monotonic_ns()
        until_ns = None if duration_ns is None else begun_ns + duration_ns
        self.schedule.due_ns = begun_ns + PERIOD_NS  # what it took to get here is no overrun
        while not stopping():
            due_ns = self.schedule.due_ns
            if until_ns is not None and due_ns > until_ns:
                break
            self._clock.sleep_until(due_ns)
            now_ns = self._clock.monotonic_ns()
            self.lateness.add(now_ns - due_ns)
            self._tick(now_ns)
            if self.window is not None and self.window.questions:
                self.window.answer(now_ns)
            if self.errands.waiting:
                self.errands.run(now_ns)
            done_ns = self._clock.monotonic_ns()
            self.work.add(done_ns - now_ns)
            self.schedule.advance(done_ns)
        self._supervisor.life.condition.leaving = True
        self._oversee(self._clock.monotonic_ns())

    def listen(self, listener: Listener) -> None:
        """Speak to this listener from now on; before the first tick."""
        self._listener = listener

    def begin_anew(self) -> None:
        """Make the controllers anew after a fault of ours: nothing of them can be trusted."""
        self.fitting.site = build_site(self.fitting.plan, self._clock.monotonic_ns())
        _keep_ticks_short(self.site)

    def refit(self, fitting: Fitting) -> None:
        """Go on with other parts; belongs between two ticks. Their shaper need not have been started yet."""
        self.fitting = fitting
        _keep_ticks_short(self.site)
        self._want_all()
        self._want_moves()

    def replace_shaper(self) -> None:
        """Start another shaper where the thread of this one has failed: somebody has to write the ceilings."""
        fitting = self.fitting
        if fitting.shaper.failure is not None:
            fitting.actuator.forget()  # nobody knows what became of the last write
            fitting.shaper = shaper_of(fitting, self._clock, self._notes.append)
            fitting.shaper.start()

    def replace_steerer(self) -> None:
        """Start another steerer where the thread of this one has failed."""
        fitting = self.fitting
        if fitting.steerer is not None and fitting.steerer.failure is not None:
            fitting.steerer = steerer_of(fitting, self._clock, self._notes.append)
            assert fitting.steerer is not None
            self._want_moves()
            fitting.steerer.start()

    def steer(self, now_ns: int, traffic_class: str, name: str, wan: str = "") -> None:
        """Deliver an operator's event to a traffic class."""
        self._publish(self.site.steer(now_ns, traffic_class, name, wan), ())

    def event(self, now_ns: int, wan: str, name: str) -> bool:
        """Deliver an event to the machine of a WAN; whether it moved anything."""
        intents, transitions, faults = self.site.wans[wan].event(now_ns, name)
        signals = {name: one.signals for name, one in self.site.wans.items()}
        self._publish(Decision(now_ns, intents, transitions, signals, faults), ())
        return bool(transitions)

    def end(self) -> None:
        """The queues have their ceilings, or there is no more time for it."""
        self._supervisor.life.condition.drained = True
        self._oversee(self._clock.monotonic_ns())
        self._speak()
        self._listener.close()

    # -- a tick --------------------------------------------------------------------------------------------------------
    def _tick(self, now_ns: int) -> None:
        fitting = self.fitting
        readings, confirmations = fitting.shaper.take()
        self.history.moved(fitting.shaper.take_moved())
        placements: tuple[Placement, ...] = ()
        if fitting.steerer is not None:
            placements = fitting.steerer.take()
            self.history.moved(fitting.steerer.take_moved())
            if fitting.steerer.failure is not None and not self._supervisor.has_failed("steering"):
                self._supervisor.failed("steering", fitting.steerer.failure)
        self._publish(self._decide(now_ns, readings, confirmations, placements), confirmations)
        if fitting.shaper.failure is not None and not self._supervisor.has_failed("shaper"):
            self._supervisor.failed("shaper", fitting.shaper.failure)
        self._oversee(now_ns)
        if now_ns >= self.pins.due_ns:
            for name in self.pins.expired(now_ns):
                self._notes.append(f"{name}: the time of its pin is over")
                if name in self.site.wans:
                    self.event(now_ns, name, "operator.release")
                elif self.site.steering is not None and name in self.site.steering.classes:
                    self.steer(now_ns, name, "operator.unpin")
        self._speak()

    def _decide(
        self,
        now_ns: int,
        readings: tuple[Reading, ...],
        confirmations: tuple[Confirmation, ...],
        placements: tuple[Placement, ...],
    ) -> Decision:
        """What the site decides. A fault of ours is told, and from then on nothing is decided until it is anew."""
        site, probers = self.site, self.fitting.probers
        if not self._supervisor.has_failed("decisions"):
            try:
                observations: list[Observation] = []
                for prober in probers.values():
                    observations += prober.drain(now_ns)
                    observations += prober.send(now_ns)
                    observations += prober.withdraw()
                if self.recorder is not None:
                    self.recorder.take(observations, readings, now_ns)
                decision = site.tick(now_ns, tuple(observations), readings, confirmations, placements)
                for name, prober in probers.items():
                    prober.heed(now_ns, decision.signals[name])
            except Exception as error:  # noqa: BLE001  (a state with a dump; the queues are opened)
                self._supervisor.failed("decisions", error)
            else:
                self._supervisor.life.condition.decided = True
                return decision
        return Decision(now_ns, (), (), {name: wan.signals for name, wan in site.wans.items()})

    def _publish(self, decision: Decision, confirmations: tuple[Confirmation, ...]) -> None:
        if decision.intents and not self._open:
            self.fitting.shaper.want(decision.intents)
        if decision.moves and self.fitting.steerer is not None:
            self.fitting.steerer.want(decision.moves)
        if confirmations:
            self.history.confirm(confirmations)
        if decision.intents or decision.transitions or decision.faults:
            self.history.note(decision)
        self._listener.decided(decision)

    def _oversee(self, now_ns: int) -> None:
        """Let the daemon's own machine decide, and do what it wants."""
        outcome = self._supervisor.tick(now_ns)
        if outcome.intents or outcome.transitions:
            self._carry_out(outcome, now_ns)

    def _carry_out(self, outcome: Outcome, now_ns: int) -> None:
        for intent in outcome.intents:
            match intent.action:
                case "service.ready":
                    self._notifier.ready()
                case "service.reloading":
                    self._notifier.reloading(now_ns)
                case "service.stopping":
                    self._notifier.stopping()
                case "rates.open" | "rates.decide":
                    self._open = intent.action == "rates.open"
                    self.replace_shaper()
                    self._want_all()
        for moved in outcome.transitions:
            target = moved.targets[0] if moved.targets else moved.source
            self._notes.append(f"daemon {moved.source} → {target}: {moved.why}")

    def _want_all(self) -> None:
        """Hand every rate over: what is decided, or the ceilings."""
        shaper = self.fitting.shaper
        if self._open:
            shaper.want(SetRate(one.wan, one.direction, one.ceiling_bps, cut=False) for one in shaper.actuator.targets)
        else:
            shaper.want(SetRate(wan, way, now.wanted_bps, cut=False) for wan, way, now in self._directions())

    def _want_moves(self) -> None:
        """Hand over where each class is that is not at home; where the others are, the router is asked."""
        steering, steerer = self.site.steering, self.fitting.steerer
        if steering is not None and steerer is not None:
            away = {name: policy.wan for name, policy in steering.classes.items() if policy.signals.state != "HOME"}
            steerer.want(SetClass(name, wan) for name, wan in away.items())

    def _directions(self) -> Iterator[tuple[str, str, DirectionSignals]]:
        for name, wan in self.site.wans.items():
            yield name, "download", wan.signals.download
            yield name, "upload", wan.signals.upload

    def _speak(self) -> None:
        while self._notes:
            self._listener.say(self._notes.popleft())


def _keep_ticks_short(site: Site) -> None:
    """Nothing is compiled in the middle of a tick: for four WANs that took 60 ms and more, each time one moved."""
    for wan in site.wans.values():
        wan.machine.never_merge()
    if site.steering is not None:
        for machine in site.steering.machines.values():
            machine.never_merge()
