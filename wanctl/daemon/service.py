"""One site at work: the parts that a site file asks for, put together, started and stopped in order."""

import signal
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from wanctl.daemon.clock import SystemClock
from wanctl.daemon.control.front import Front
from wanctl.daemon.control.order import Orders
from wanctl.daemon.control.publish import Publisher
from wanctl.daemon.control.verbs import WindowSource, verbs
from wanctl.daemon.control.web import preload
from wanctl.daemon.control.window import Window
from wanctl.daemon.fitting import fit
from wanctl.daemon.heartbeat import Heartbeat
from wanctl.daemon.histogram import Histogram
from wanctl.daemon.listeners import Listeners
from wanctl.daemon.lock import SiteLock
from wanctl.daemon.loop import MOST_NOTES, Listener, Loop
from wanctl.daemon.notify import Notifier
from wanctl.daemon.preflight import Checked, compare
from wanctl.daemon.reload import Reloader
from wanctl.daemon.runfolder import RunFolderError, run_folder
from wanctl.daemon.shaping.connect import ways_of
from wanctl.daemon.state.archive import Archive, Archivist, Bounds
from wanctl.daemon.state.disk import Disk
from wanctl.daemon.state.dump import Dumps
from wanctl.daemon.state.keep import STORE, Keeper, Woken, wake
from wanctl.daemon.state.recorder import Recorder
from wanctl.daemon.state.statefolder import StateFolderError, state_folder
from wanctl.daemon.state.store import Loaded, Store
from wanctl.daemon.supervisor import Supervisor, life_program
from wanctl.engine import FileError, Findings
from wanctl.lifecycle import Lifecycle
from wanctl.observe.view import DaemonView

PINNED = "HOLD.PINNED"


class Service:
    """A site, its probers and its shaper, from start to stop. Raises `ProbeError` and `RouterError` where noted."""

    def __init__(self, checked: Checked, clock: SystemClock, listener: Listener, notifier: Notifier) -> None:
        self._checked, self._clock, self._listener, self._notifier = checked, clock, listener, notifier
        self._notes: deque[str] = deque(maxlen=MOST_NOTES)
        self._stopping = False
        self._began_ns, self._began_cpu_ns = clock.monotonic_ns(), clock.cpu_ns()
        self.ways = ways_of(checked.file, clock)
        self._lock: SiteLock | None = None
        self._run_folder: Path | None = None
        self._state_folder: Path | None = None
        self._loop: Loop | None = None

    def check_router(self, findings: Findings) -> None:
        """Compare the site with the router; see `wanctl.daemon.preflight.compare`."""
        compare(self._checked.file, self.ways, findings, self._listener.say)

    def lock(self, environment: Mapping[str, str]) -> None:
        """Keep the site for this process; `ControlError` when another one has it.

        Without a place for a run folder the WANs are shaped all the same: it is said.
        """
        name = self._checked.file.name
        try:
            folder = run_folder(name, environment)
            self._lock, self._run_folder = SiteLock(folder, name), folder
        except RunFolderError as error:
            self._listener.say(f"{error}; 'wanctl status' and its kind will not reach this site")

    def keep_state(self, environment: Mapping[str, str]) -> None:
        """Find the place where state is kept. Without one the WANs are shaped all the same: it is said."""
        try:
            self._state_folder = state_folder(self._checked.file.name, environment)
        except StateFolderError as error:
            self._listener.say(f"{error}; a restart forgets what was learnt and which writes have been made")

    def run(self, duration_ns: int | None = None) -> dict[str, Any]:
        """Work until SIGTERM or SIGINT, or for a time; then leave every queue at its ceiling. The summary."""
        http, note = self._checked.file.site.http, self._notes.append
        if http is not None:
            preload()  # takes a while: before anything runs that must not wait
        woken = self._wake()
        fitting = fit(self._checked, woken.site, self._store("budget"), self._clock, note, ways=self.ways)
        lost = fitting.allowance.load()
        for text in (*woken.lost, *((lost,) if lost else ())):
            self._listener.say(text)
        supervisor = self._supervisor()
        listeners: list[Listener] = [self._listener, Heartbeat(self._notifier, supervisor)]
        loop = self._loop = Loop(
            fitting, supervisor, self._notifier, Listeners(listeners, supervisor.failed), self._clock, self._notes
        )
        supervisor.watch("decisions", loop.begin_anew)
        supervisor.watch("shaper", loop.replace_shaper)
        supervisor.watch("steering", loop.replace_steerer)
        supervisor.watch("reload", lambda: None)  # whoever wants another one asks for it
        reloader = Reloader(self._checked.file.path, loop, supervisor, self._state_folder, self._clock, note)
        disk = self._disk(loop, supervisor, listeners)
        listeners.append(reloader)
        loop.listen(Listeners(listeners, supervisor.failed))
        recoveries = len(woken.lost) + bool(lost)

        def daemon() -> DaemonView:
            state, refused = supervisor.life.state, reloader.last_refused
            return DaemonView(state, supervisor.count, recoveries, reloader.count, reloader.failures, refused)

        publisher = Publisher(loop, lambda: supervisor.failures, daemon, self._clock)
        loop.window = Window(
            {"view": publisher.view, "scrape": publisher.scrape, "moment": publisher.moment}, self._clock
        )
        self._pin_again(loop, woken)
        source = WindowSource(lambda: loop.fitting.fixed, loop.window)
        orders = Orders(loop, reloader, self._clock)
        front = Front(source, verbs(source) | orders.verbs(), supervisor, self._clock)
        fitting.start()
        try:
            with self._signals(reloader):
                publisher.troubles += front.start(self._run_folder, http, note)
                for trouble in publisher.troubles:
                    self._listener.say(trouble)
                self._began_ns, self._began_cpu_ns = self._clock.monotonic_ns(), self._clock.cpu_ns()
                loop.run(lambda: self._stopping, duration_ns)
        finally:
            front.stop()
            reloader.settle()
            restored = loop.fitting.stop()
            loop.end()
            if disk is not None:
                disk.stop()
            self._notifier.close()
        if not restored:
            self._listener.say("the router did not take the ceilings in time: look at its queues")
        return self._summary(loop, restored=restored)

    # -- the parts -----------------------------------------------------------------------------------------------------
    def _store(self, name: str) -> Store | None:
        return None if self._state_folder is None else Store(self._state_folder, name)

    def _wake(self) -> Woken:
        store = self._store(STORE)
        return wake(self._checked.file.plan(), Loaded(None, 0, "") if store is None else store.load(), self._clock)

    def _supervisor(self) -> Supervisor:
        dumps = Dumps(self._state_folder, self._secrets, self._clock, self._notes.append)
        life = Lifecycle(life_program(), self._clock.monotonic_ns())
        return Supervisor(life, dumps, self._facts, self._notes.append)

    def _facts(self) -> dict[str, Any]:
        """What the site is doing, for a dump."""
        loop = self._loop
        if loop is None:
            return {}
        return {
            "site": loop.fitting.file.name,
            "sha256": loop.fitting.checked.sha256,
            "ticks": loop.schedule.ticks,
            "states": {name: wan.signals.states for name, wan in loop.site.wans.items()},
            "wanted_bps": {
                name: [wan.signals.download.wanted_bps, wan.signals.upload.wanted_bps]
                for name, wan in loop.site.wans.items()
            },
        }

    def _secrets(self) -> list[str]:
        file = self._checked.file if self._loop is None else self._loop.fitting.file
        try:
            return [file.password()] if file.site.router is not None else []
        except FileError:
            return []  # it cannot be read any more, by us no more than by a dump

    def _disk(self, loop: Loop, supervisor: Supervisor, listeners: list[Listener]) -> Disk | None:
        """The thread that keeps what outlives the process, and what it is fed by."""
        folder, note = self._state_folder, self._notes.append
        store = self._store(STORE)
        if folder is None or store is None:
            return None
        disk = Disk(lambda _job, error: supervisor.failed("disk", error))
        supervisor.watch("disk", disk.start)
        archive = Archive(folder, Bounds(), note)
        listeners += [
            Archivist(loop.history, lambda: loop.fitting.programs, archive, disk, self._clock, note),
            Keeper(lambda: loop.site, loop.pins, store, disk, self._clock, note),
        ]
        loop.recorder = Recorder(folder, disk, note)
        disk.start()
        return disk

    def _pin_again(self, loop: Loop, woken: Woken) -> None:
        """Pins of the process before go on; a WAN that is held without one is let go."""
        for name, wan in loop.site.wans.items():
            if name in woken.pins:
                loop.pins.hold(name, woken.pins[name])
            elif any(leaf.endswith(PINNED) for leaf in wan.machine.leaves):
                loop.pins.hold(name, self._clock.monotonic_ns())
        steering = loop.site.steering
        for name, policy in steering.classes.items() if steering is not None else ():
            if policy.signals.state == "PINNED":
                loop.pins.hold(name, woken.pins.get(name, self._clock.monotonic_ns()))

    @contextmanager
    def _signals(self, reloader: Reloader) -> Iterator[None]:
        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stopping = True

        def hang_up(_number: int, _frame: FrameType | None) -> None:
            reloader.wanted = True

        handlers = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: hang_up}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _summary(self, loop: Loop, *, restored: bool) -> dict[str, Any]:
        seconds = max(1e-9, (self._clock.monotonic_ns() - self._began_ns) / 1e9)
        return {
            "schema": "wanctl.run/1",
            "site": self._checked.file.name,
            "wans": list(loop.site.wans),
            "seconds": round(seconds, 3),
            "ticks": loop.schedule.ticks,
            "overruns": loop.schedule.overruns,
            "tick_work_ms": _quantiles(loop.work),
            "lateness_ms": _quantiles(loop.lateness),
            "cpu_pct": round((self._clock.cpu_ns() - self._began_cpu_ns) / 1e7 / seconds, 3),
            "rss_mb": round(peak_rss_mb(), 1),
            "transitions": loop.history.transitions,
            "writes": loop.fitting.actuator.writes,
            "ceilings_restored": restored,
        }


def peak_rss_mb() -> float:
    """The most memory this process has had resident, in MB (10^6 bytes)."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024 / 1e6


def _quantiles(histogram: Histogram) -> dict[str, float]:
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: round(histogram.quantile_ns(share) / 1e6, 3) for name, share in shares.items()}
