"""A site file put together: its controllers, its probers, and the shaper of its router.

A reload makes a new one beside the old one, and changes them between two ticks.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from wanctl.actuator import HOST_PACE, Actuator
from wanctl.budget import WriteBudget
from wanctl.config import SiteFile
from wanctl.config.model import Wan
from wanctl.daemon.clock import Clock, SystemClock
from wanctl.daemon.preflight import Checked
from wanctl.daemon.schedule import PERIOD_NS
from wanctl.daemon.shaping.allowance import Allowance
from wanctl.daemon.shaping.connect import targets_of, ways_of
from wanctl.daemon.shaping.mode import INSTANCE
from wanctl.daemon.shaping.request import READ_PERIOD_NS
from wanctl.daemon.shaping.shaper import Meter, Shaper
from wanctl.daemon.state.store import Store
from wanctl.daemon.steering.layout import switches_of, ttl_ns
from wanctl.daemon.steering.steerer import Steerer
from wanctl.engine import Machine, Program
from wanctl.observe.source import Site as FixedSite
from wanctl.plan import SitePlan
from wanctl.probe import Egress, WanProber, parse_address
from wanctl.routeros.way import Ways
from wanctl.site import Site

Note = Callable[[str], None]


@dataclass(slots=True)
class Fitting:
    """The parts of one site file. No thread is started, and nothing is sent, before somebody says so."""

    checked: Checked
    plan: SitePlan
    site: Site
    probers: Mapping[str, WanProber]
    ways: Ways
    actuator: Actuator
    allowance: Allowance
    shaper: Shaper = field(init=False)
    steerer: Steerer | None = None  # of a site with traffic classes

    @property
    def file(self) -> SiteFile:
        """The site file."""
        return self.checked.file

    @property
    def programs(self) -> dict[str, Program]:
        """The compiled machine of each WAN, and that of the router."""
        programs = {name: wan.machine.program for name, wan in self.site.wans.items()}
        programs.setdefault(INSTANCE, self.shaper.mode.machine.program)
        return programs | {name: machine.program for name, machine in self.steered.items()}

    @property
    def steered(self) -> dict[str, Machine]:
        """The machines of steering: of each WAN's health, of each class, and of what is done about it."""
        machines = {} if self.site.steering is None else self.site.steering.machines
        if self.steerer is not None:
            machines |= {f"{name}.placement": mode.machine for name, mode in self.steerer.modes.items()}
        return machines

    @property
    def fixed(self) -> FixedSite:
        """What others may know of it and what does not change while it is at work."""
        return FixedSite(self.file.name, str(self.file.path), self.checked.sha256, self.programs)

    def start(self) -> None:
        """Let the threads of the router begin."""
        self.shaper.start()
        if self.steerer is not None:
            self.steerer.start()

    def stop(self) -> bool:
        """Let them end, with every queue at its ceiling, and close; False when the router did not answer in time."""
        if self.steerer is not None:
            self.steerer.stop()
        restored = self.shaper.stop()
        self.close()
        return restored

    def close(self) -> None:
        """Close the sockets of the probers."""
        for prober in self.probers.values():
            prober.close()


def fit(
    checked: Checked, site: Site, store: Store | None, clock: SystemClock, note: Note, *, ways: Ways | None = None
) -> Fitting:
    """Put a site together. `store` is where its write budget is kept. Raises `ProbeError` and `RouterError`."""
    file = checked.file
    probers: dict[str, WanProber] = {}
    try:
        for name, wan in file.site.wans.items():
            probers[name] = _prober(file, name, wan, clock)
        ways = ways or ways_of(file, clock)
        actuator = _actuator(file)
    except BaseException:
        for prober in probers.values():
            prober.close()
        raise
    allowance = Allowance(actuator, store, clock)
    fitting = Fitting(checked, file.plan(), site, probers, ways, actuator, allowance)
    fitting.shaper = shaper_of(fitting, clock, note)
    fitting.steerer = steerer_of(fitting, clock, note)
    return fitting


def steerer_of(fitting: Fitting, clock: SystemClock, note: Note) -> Steerer | None:
    """A steerer for a fitting, its first one or another one; None where it has no classes."""
    file = fitting.file
    if not file.site.classes:
        return None
    classes = {name: one.prefer for name, one in file.site.classes.items()}
    if file.site.router is None:
        from wanctl.daemon.steering.host import HostSwitches, host_setup

        return Steerer(HostSwitches(host_setup(file)), classes, clock, note, ttl_ns=ttl_ns(file))
    switches = switches_of(file, clock, lambda: fitting.ways.used)
    return Steerer(switches, classes, clock, note, ttl_ns=ttl_ns(file), uptime=switches.uptime_ns)


def shaper_of(fitting: Fitting, clock: Clock, note: Note) -> Shaper:
    """A shaper for a fitting: its first one, or one in place of one whose thread has failed."""
    actuator, file = fitting.actuator, fitting.file
    return Shaper(
        fitting.ways,
        actuator,
        meters_of(file, actuator),
        clock,
        note,
        allowance=fitting.allowance,
        read_period_ns=PERIOD_NS if file.site.router is None else READ_PERIOD_NS,
    )


def meters_of(file: SiteFile, actuator: Actuator) -> Iterator[Meter]:
    """Where the bytes of each WAN are counted."""
    targets = {(one.wan, one.direction): one for one in actuator.targets}
    for name, wan in file.site.wans.items():
        # What arrives at the interface to the WAN has not been shaped yet; an IFB counts what is left of it.
        own = wan.interface or wan.device or wan.upload.device if file.site.router is None else wan.interface
        yield Meter(name, own, targets[name, "download"], targets[name, "upload"])


def _actuator(file: SiteFile) -> Actuator:
    budget = file.site.budget
    if file.site.router is None and budget is None:
        return Actuator(targets_of(file), WriteBudget(None, None), HOST_PACE)
    sizes = WriteBudget() if budget is None else WriteBudget(budget.minute, budget.day)
    return Actuator(targets_of(file), sizes)


def _prober(file: SiteFile, name: str, wan: Wan, clock: SystemClock) -> WanProber:
    egress = Egress(wan.source or "", wan.device or "", wan.fwmark or 0)
    addresses = [parse_address(str(reflector)) for reflector in file.reflectors(wan)]
    return WanProber(name, addresses, clock, egress=egress)
