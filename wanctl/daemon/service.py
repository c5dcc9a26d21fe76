"""One site at work: the parts that a site file asks for, put together, started and stopped in order."""

import hashlib
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from wanctl.actuator import HOST_PACE, Actuator
from wanctl.budget import WriteBudget
from wanctl.config import SiteFile
from wanctl.config.law import build_site
from wanctl.config.model import Wan
from wanctl.daemon.allowance import Allowance
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.connect import queue_of, targets_of, ways_of
from wanctl.daemon.control import ControlServer
from wanctl.daemon.histogram import Histogram
from wanctl.daemon.lock import ControlError, SiteLock
from wanctl.daemon.loop import MOST_NOTES, Listener, Loop
from wanctl.daemon.publish import Publisher
from wanctl.daemon.request import READ_PERIOD_NS
from wanctl.daemon.runfolder import RunFolderError, run_folder
from wanctl.daemon.schedule import PERIOD_NS
from wanctl.daemon.shaper import Meter, Shaper
from wanctl.daemon.statefolder import StateFolderError, state_folder
from wanctl.daemon.store import Store
from wanctl.daemon.verbs import WindowSource, verbs
from wanctl.daemon.web import WebError, preload, start_http
from wanctl.daemon.window import Window
from wanctl.engine import Findings
from wanctl.observe.source import Site as FixedSite
from wanctl.probe import Egress, WanProber, parse_address
from wanctl.routeros import Ambiguous, Denied, NotFound, Queues, RouterError, Untrusted
from wanctl.site import Site

# What no waiting mends: the site file and the router contradict each other.
CONFIGURATION_ERRORS = (Untrusted, Denied, NotFound, Ambiguous)


class Service:
    """A site, its probers and its shaper, from start to stop. Raises `ProbeError` and `RouterError` where noted."""

    def __init__(self, file: SiteFile, clock: SystemClock, listener: Listener) -> None:
        self._file, self._clock, self._listener = file, clock, listener
        self._notes: deque[str] = deque(maxlen=MOST_NOTES)
        self._stopping = False
        self._began_ns, self._began_cpu_ns = clock.monotonic_ns(), clock.cpu_ns()
        self.plan = file.plan()
        self.ways = ways_of(file, clock)
        self._actuator = self._made_actuator()
        self._allowance = Allowance(self._actuator, None, clock)
        self._lock: SiteLock | None = None
        self._run_folder: Path | None = None

    def check_router(self, findings: Findings) -> None:
        """Compare the site with the router: every object that is named and missing becomes an error at its place.

        A router that cannot be reached is no error of the file: it is said, and tried again while the site runs. One
        that does not let us in, or cannot prove to be the router, is one; unless the site names another way, and that
        is open.
        """
        shut: list[RouterError] = []
        for name in self.ways.names:
            self.ways.use(name)
            try:
                self._compare(self.ways.router, findings)
            except RouterError as error:
                shut.append(error)
                self.ways.close()
                continue
            for trouble in shut:
                self._listener.say(str(trouble))
            return
        self.ways.use(self.ways.preferred)
        backend = "linux" if self._file.site.router is None else "router"
        for trouble in shut:
            if isinstance(trouble, CONFIGURATION_ERRORS):
                findings.error("WC170", trouble.message, self._file.place(backend), trouble.hint)
            else:
                self._listener.say(f"{trouble}; trying again while the site runs")

    def _compare(self, router: Queues, findings: Findings) -> None:
        for name, wan in self._file.site.wans.items():
            for direction, what in (("download", wan.download), ("upload", wan.upload)):
                queue, simple = queue_of(what)
                read: Callable[[str], object] = router.read_simple if simple else router.read_tree
                key = "device" if what.device else "simple_queue" if simple else "queue"
                self._look(findings, partial(read, queue), ("wans", name, direction, key))
            if wan.interface is not None:
                self._look(findings, partial(router.read_interface, wan.interface), ("wans", name, "interface"))

    def _look(self, findings: Findings, ask: Callable[[], object], path: tuple[str, ...]) -> None:
        try:
            ask()
        except (NotFound, Ambiguous) as error:
            findings.error("WC171", error.message, self._file.place(*path), error.hint)

    def keep_state(self, environment: Mapping[str, str]) -> None:
        """Take up the write budget from what an earlier process has left. Without a place for it, it is said."""
        try:
            store = Store(state_folder(self._file.name, environment), "budget")
        except StateFolderError as error:
            self._listener.say(f"{error}; a restart forgets which writes have been made")
            return
        self._allowance = Allowance(self._actuator, store, self._clock)
        lost = self._allowance.load()
        if lost:
            self._listener.say(lost)

    def run(self, duration_ns: int | None = None) -> dict[str, Any]:
        """Work until SIGTERM or SIGINT, or for a time; then leave every queue at its ceiling. The summary."""
        if self._file.site.http is not None:
            preload()  # takes a while: before anything runs that must not wait
        site = build_site(self.plan, self._clock.monotonic_ns())
        probers = {name: self._prober(name, wan) for name, wan in self._file.site.wans.items()}
        shaper = Shaper(
            self.ways,
            self._actuator,
            self._meters(),
            self._clock,
            self._notes.append,
            allowance=self._allowance,
            read_period_ns=PERIOD_NS if self._file.site.router is None else READ_PERIOD_NS,
        )
        loop = Loop(site, list(probers.values()), shaper, self._listener, self._clock, self._notes)
        publisher = Publisher(self._file.name, site, loop, shaper, probers, self._clock)
        makers = {"view": publisher.view, "scrape": publisher.scrape, "moment": publisher.moment}
        loop.window = Window(makers, self._clock)
        source = WindowSource(self._fixed(site), loop.window)
        shaper.start()
        try:
            with self._signals(), self._served(source, publisher.troubles):
                self._began_ns, self._began_cpu_ns = self._clock.monotonic_ns(), self._clock.cpu_ns()
                loop.run(lambda: self._stopping, duration_ns)
        finally:
            restored = shaper.stop()
            for prober in probers.values():
                prober.close()
            while self._notes:
                self._listener.say(self._notes.popleft())
            self._listener.close()
        if not restored:
            self._listener.say("the router did not take the ceilings in time: look at its queues")
        return self._summary(site, loop, shaper, restored=restored)

    def lock(self, environment: Mapping[str, str]) -> None:
        """Keep the site for this process; `ControlError` when another one has it.

        Without a place for a run folder the WANs are shaped all the same: it is said.
        """
        try:
            folder = run_folder(self._file.name, environment)
            self._lock, self._run_folder = SiteLock(folder, self._file.name), folder
        except RunFolderError as error:
            self._listener.say(f"{error}; 'wanctl status' and its kind will not reach this site")

    @contextmanager
    def _served(self, source: WindowSource, troubles: list[str]) -> Iterator[None]:
        """Let others look, while the loop runs. What cannot be served is said, and the WANs are shaped all the same."""

        def note(text: str) -> None:
            troubles.append(text)
            self._notes.append(text)

        with ExitStack() as stack:
            try:
                if self._run_folder is not None:
                    control = ControlServer(self._run_folder, verbs(source), self._clock, self._notes.append)
                    control.start()
                    stack.callback(control.stop)
                if self._file.site.http is not None:
                    stack.callback(start_http(source, self._file.site.http, note).stop)
            except (ControlError, WebError) as error:
                troubles.append(str(error))
                self._listener.say(str(error))
            yield

    def _fixed(self, site: Site) -> FixedSite:
        programs = {name: wan.machine.program for name, wan in site.wans.items()}
        sha256 = hashlib.sha256(self._file.path.read_bytes()).hexdigest()
        return FixedSite(self._file.name, str(self._file.path), sha256, programs)

    def _prober(self, name: str, wan: Wan) -> WanProber:
        egress = Egress(wan.source or "", wan.device or "", wan.fwmark or 0)
        addresses = [parse_address(str(reflector)) for reflector in self._file.reflectors(wan)]
        return WanProber(name, addresses, self._clock, egress=egress)

    def _made_actuator(self) -> Actuator:
        budget = self._file.site.budget
        if self._file.site.router is None and budget is None:
            return Actuator(targets_of(self._file), WriteBudget(None, None), HOST_PACE)
        sizes = WriteBudget() if budget is None else WriteBudget(budget.minute, budget.day)
        return Actuator(targets_of(self._file), sizes)

    def _meters(self) -> Iterator[Meter]:
        targets = {(one.wan, one.direction): one for one in self._actuator.targets}
        for name, wan in self._file.site.wans.items():
            # What arrives at the interface to the WAN has not been shaped yet; an IFB counts what is left of it.
            own = wan.interface or wan.device or wan.upload.device if self._file.site.router is None else wan.interface
            yield Meter(name, own, targets[name, "download"], targets[name, "upload"])

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stopping = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _summary(self, site: Site, loop: Loop, shaper: Shaper, *, restored: bool) -> dict[str, Any]:
        seconds = max(1e-9, (self._clock.monotonic_ns() - self._began_ns) / 1e9)
        return {
            "schema": "wanctl.run/1",
            "site": self._file.name,
            "wans": list(site.wans),
            "seconds": round(seconds, 3),
            "ticks": loop.schedule.ticks,
            "overruns": loop.schedule.overruns,
            "tick_work_ms": _quantiles(loop.work),
            "lateness_ms": _quantiles(loop.lateness),
            "cpu_pct": round((self._clock.cpu_ns() - self._began_cpu_ns) / 1e7 / seconds, 3),
            "rss_mb": round(peak_rss_mb(), 1),
            "transitions": loop.history.transitions,
            "writes": shaper.actuator.writes,
            "ceilings_restored": restored,
        }


def peak_rss_mb() -> float:
    """The most memory this process has had resident, in MB (10^6 bytes)."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024 / 1e6


def _quantiles(histogram: Histogram) -> dict[str, float]:
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {name: round(histogram.quantile_ns(share) / 1e6, 3) for name, share in shares.items()}
