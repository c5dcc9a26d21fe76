"""From the parts of a running site to what others may see of it: its view, and what `wanctl why` needs.

Called in the thread of the ticks, at most a few times a second, and only when somebody asks. What belongs to the
shaper's thread is read field by field: each is right, and the next view mends what was read in the middle of a change.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy

from wanctl import __version__
from wanctl.actuator import Target
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.histogram import Histogram
from wanctl.daemon.loop import Loop
from wanctl.daemon.shaping.mode import INSTANCE
from wanctl.daemon.shaping.shaper import Shaper
from wanctl.decision import DirectionSignals
from wanctl.engine import Machine
from wanctl.engine.blocked import Still
from wanctl.observe.source import Scrape
from wanctl.observe.view import (
    CandidateView,
    ClassView,
    DaemonView,
    DirectionView,
    DurationsView,
    ProbeView,
    ReflectorView,
    RouterView,
    SiteView,
    StateView,
    WanView,
)
from wanctl.observe.why import Moment
from wanctl.probe import WanProber
from wanctl.site import Controller

BOUNDS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.1)


class Publisher:
    """Makes views of one running site."""

    def __init__(
        self,
        loop: Loop,
        failures: Callable[[], tuple[str, ...]],
        daemon: Callable[[], DaemonView],
        clock: SystemClock,
    ) -> None:
        """`failures` tells which parts of the daemon have failed, `daemon` what it does as a whole."""
        self._loop, self._failures, self._daemon, self._clock = loop, failures, daemon, clock
        self.troubles: list[str] = []  # of parts of the daemon that could not even be started
        self._began_ns = clock.monotonic_ns()

    @property
    def _shaper(self) -> Shaper:
        return self._loop.fitting.shaper

    def view(self, now_ns: int) -> SiteView:
        """The site as it is now."""
        loop = self._loop
        return SiteView(
            site=loop.fitting.file.name,
            version=__version__,
            pid=os.getpid(),
            at_s=self._clock.realtime_ns() / 1e9,
            up_s=(now_ns - self._began_ns) / 1e9,
            silent_s=0.0,
            ticks=loop.schedule.ticks,
            overruns=loop.schedule.overruns,
            transitions=loop.history.transitions,
            faults=loop.history.faults,
            work=durations(loop.work),
            lateness=durations(loop.lateness),
            troubles=(*self._failures(), *self.troubles),
            router=self._router(now_ns),
            wans=tuple(self._wans(now_ns)),
            daemon=self._daemon(),
            classes=tuple(self._classes(now_ns)),
        )

    def moment(self, now_ns: int) -> Moment:
        """The last transitions and the machines, for `wanctl why`."""
        machines = {name: wan.machine for name, wan in self._loop.site.wans.items()}
        machines.setdefault(INSTANCE, self._shaper.mode.machine)
        machines |= self._loop.fitting.steered
        stills = {name: Still.of(machine) for name, machine in machines.items()}
        records = tuple(self._loop.history.records)
        return Moment(self._loop.fitting.file.name, now_ns, self._clock.realtime_ns() / 1e9, records, stills)

    def scrape(self, now_ns: int) -> Scrape:
        """The site with its past, for metrics and event streams."""
        history = self._loop.history
        return Scrape(self.view(now_ns), now_ns, tuple(history.counts.items()), tuple(history.records))

    def _router(self, now_ns: int) -> RouterView:
        actuator = self._shaper.actuator
        # To ask a budget is to refill it, and that is the shaper's business: a copy may be asked.
        minute_left, day_left = deepcopy(actuator.budget).left(now_ns)
        states = states_of(self._shaper.mode.machine, now_ns)
        if self._shaper.ways.used == "netlink":  # the machine's ways to a router say nothing of this host
            states = tuple(state for state in states if not state.path.startswith("transport."))
        return RouterView(
            transport=self._shaper.ways.used,
            states=states,
            writes=actuator.writes,
            failures=actuator.failures,
            minute_left=minute_left,
            day_left=day_left,
            troubles=self._shaper.troubles,
        )

    def _classes(self, now_ns: int) -> Iterator[ClassView]:
        steering = self._loop.site.steering
        if steering is None:
            return
        for name, policy in steering.classes.items():
            signals = policy.signals
            yield ClassView(
                name=name,
                states=states_of(policy.machine, now_ns),
                home=signals.home,
                wanted=signals.wanted,
                applied=signals.applied,
                placement=signals.placement,
                trouble=signals.trouble,
                behind_s=0.0 if signals.behind_ns is None else max(0, now_ns - signals.behind_ns) / 1e9,
                candidates=tuple(
                    CandidateView(one.wan, one.cost_ms, one.hurts, one.refused) for one in signals.candidates
                ),
            )

    def _wans(self, now_ns: int) -> Iterator[WanView]:
        fitting = self._loop.fitting
        targets = {(target.wan, target.direction): target for target in fitting.actuator.targets}
        for name, wan in fitting.site.wans.items():
            yield self._wan(name, wan, fitting.probers[name], targets, now_ns)

    def _wan(
        self,
        name: str,
        wan: Controller,
        prober: WanProber,
        targets: Mapping[tuple[str, str], Target],
        now_ns: int,
    ) -> WanView:
        signals = wan.signals
        counters = prober.counters
        return WanView(
            name=name,
            states=states_of(wan.machine, now_ns),
            source=signals.source,
            rtt_ms=signals.rtt_ms,
            baseline_ms=signals.baseline_ms,
            delta_ms=signals.delta_ms,
            jitter_ms=signals.jitter_ms,
            loss=signals.loss,
            age_ms=signals.age_ms,
            reflectors_alive=signals.reflectors_alive,
            probes=ProbeView(
                sent=counters.sent,
                answered=counters.answered,
                unanswered=counters.unanswered,
                late=counters.late,
                duplicate=counters.duplicate,
                local_failures=counters.local_failures,
                problems=prober.problems,
                foreign=counters.foreign,
                unusable=counters.unusable,
                clock_dropped=counters.clock_dropped,
                clock_jumps=counters.clock_jumps,
                reopened=counters.reopened,
                reflectors=tuple(ReflectorView(*one) for one in prober.usage(now_ns)),
            ),
            download=self._direction(signals.download, targets[name, "download"], now_ns),
            upload=self._direction(signals.upload, targets[name, "upload"], now_ns),
            limit_ms=signals.limit_ms,
            moved=signals.moved,
            deaf=signals.deaf,
            unfelt=signals.unfelt,
        )

    def _direction(self, signals: DirectionSignals, target: Target, now_ns: int) -> DirectionView:
        behind = not target.is_in_sync and target.applied_bps is not None
        in_flight = self._shaper.requests.in_flight
        return DirectionView(
            state=signals.state,
            wanted_bps=signals.wanted_bps if target.wanted_bps is None else target.wanted_bps,
            applied_bps=target.applied_bps,
            confirmed_s=None if target.confirmed_ns is None else max(0, now_ns - target.confirmed_ns) / 1e9,
            in_flight=in_flight is not None and target in in_flight.targets,
            achieved_bps=signals.achieved_bps,
            capacity_bps=signals.capacity_bps,
            load=signals.load,
            floor_bps=target.floor_bps,
            ceiling_bps=target.ceiling_bps,
            suppressed=self._suppressed(target),
            behind_s=max(0, now_ns - target.changed_ns) / 1e9 if behind else 0.0,
        )

    def _suppressed(self, target: Target) -> str:
        """Why the wanted rate is not on its way: the router, or the patience of the actuator."""
        if target.is_in_sync:
            return ""
        if not self._shaper.mode.is_online:
            return self._shaper.mode.state.partition(".")[0].lower()
        return "" if target.suppressed == "in sync" else target.suppressed


def states_of(machine: Machine, now_ns: int) -> tuple[StateView, ...]:
    """The active leaves with how long each has been active."""
    states = machine.model.states
    return tuple(
        StateView(states[leaf].path, (now_ns - machine.entered_ns[leaf]) / 1e9) for leaf in machine.leaf_indices
    )


def durations(histogram: Histogram) -> DurationsView:
    """A histogram as it is now."""
    return DurationsView(
        buckets=tuple((bound_s, histogram.at_most(round(bound_s * 1e9))) for bound_s in BOUNDS_S),
        count=histogram.count,
        sum_s=histogram.total_ns / 1e9,
        p50_ms=histogram.quantile_ns(0.5) / 1e6,
        p99_ms=histogram.quantile_ns(0.99) / 1e6,
        max_ms=histogram.most_ns / 1e6,
    )
