"""A site at one moment, as plain values. It never changes, so any thread may hold it.

Field names carry their units; None is "unknown". `values_of` a view is the JSON of `wanctl status`.
"""

from dataclasses import dataclass, fields, is_dataclass
from typing import Any

SCHEMA = "wanctl.status/1"


@dataclass(frozen=True, slots=True)
class StateView:
    """One active leaf of a machine."""

    path: str  # "download.GREEN.CRUISE"
    for_s: float  # how long it has been active

    @property
    def region(self) -> str:
        """The first word of the path."""
        return self.path.partition(".")[0]

    @property
    def state(self) -> str:
        """What follows the region: "GREEN.CRUISE"."""
        return self.path.partition(".")[2]


@dataclass(frozen=True, slots=True)
class DirectionView:
    """One shaped direction: what is wanted, what the router has, what flows."""

    state: str
    wanted_bps: int | None
    applied_bps: int | None  # as the router said last; 0 is its word for "no limit"
    confirmed_s: float | None  # how long ago it said so; None: never
    in_flight: bool  # a write is on its way, and the router has not answered yet
    achieved_bps: float | None
    capacity_bps: float | None
    load: float | None
    floor_bps: int
    ceiling_bps: int
    suppressed: str  # why the wanted rate is not on its way to the router; "" when it is
    behind_s: float  # how long the router has had another rate than wanted, since the wish last changed


@dataclass(frozen=True, slots=True)
class ReflectorView:
    """One reflector as it is asked."""

    address: str  # as the site file writes it
    sent: int
    per_day: int  # packets, if things go on as in the last 24 hours
    resting: bool  # it does not answer while others do, and is asked seldom


@dataclass(frozen=True, slots=True)
class ProbeView:
    """What became of the probes of one WAN since the start."""

    sent: int
    answered: int
    unanswered: int
    late: int
    duplicate: int
    local_failures: int  # never left this host
    problems: tuple[str, ...]  # why probes cannot leave at present
    foreign: int = 0  # packets that answer no probe of ours
    unusable: int = 0  # answers without a time, by a closed port, or to a socket that is gone
    clock_dropped: int = 0  # in flight while the wall clock was set
    clock_jumps: int = 0
    reopened: int = 0  # sockets
    reflectors: tuple[ReflectorView, ...] = ()


@dataclass(frozen=True, slots=True)
class WanView:
    """One WAN."""

    name: str
    states: tuple[StateView, ...]
    source: str  # "icmp", "udp", "tcp" or "none"
    rtt_ms: float | None
    baseline_ms: float | None
    delta_ms: float | None
    jitter_ms: float | None
    loss: float | None
    age_ms: float | None  # of the newest answer
    reflectors_alive: int
    probes: ProbeView
    download: DirectionView
    upload: DirectionView
    limit_ms: float | None = None  # beyond this a delay is a queue
    moved: float | None = None  # share of the reflectors whose round trips have moved, all one way
    deaf: tuple[str, ...] = ()  # reflectors that are not believed: they do not feel what all others feel
    unfelt: tuple[str, ...] = ()  # directions that stand still below the shaped rate, with losses and without a delay

    @property
    def directions(self) -> tuple[tuple[str, DirectionView], ...]:
        """Both directions with their names."""
        return ("download", self.download), ("upload", self.upload)

    def state_of(self, region: str) -> str:
        """The active leaf of a region: "UP.ICMP"; "" where the machine has no such region."""
        return next((leaf.state for leaf in self.states if leaf.region == region), "")


@dataclass(frozen=True, slots=True)
class CandidateView:
    """One WAN as a traffic class sees it."""

    wan: str
    cost_ms: float | None  # mean round trip, a lost packet counted as one second
    hurts: str  # which limit of the class it breaks, in words
    refused: str  # why the class is not moved there now, in words


@dataclass(frozen=True, slots=True)
class ClassView:
    """One traffic class: where it is wanted, where the router has it, and how each WAN looks to it."""

    name: str
    states: tuple[StateView, ...]  # of its machine: "place.STEERED.HELD", "damping.CALM.ONCE"
    home: str
    wanted: str
    applied: str | None  # None: nobody knows
    placement: str  # what is done about it on the router: "SETTLED"
    trouble: str  # why it is not where it is wanted, in a sentence
    behind_s: float  # how long the router has had it elsewhere than wanted
    candidates: tuple[CandidateView, ...]

    @property
    def state(self) -> str:
        """Where it stands: "HOME", "STEERED.HELD"."""
        return next((leaf.state for leaf in self.states if leaf.region == "place"), "")


@dataclass(frozen=True, slots=True)
class RouterView:
    """The router as the shaper sees it."""

    transport: str  # the one in use: "rest" or "ssh"; "netlink" where this host shapes
    states: tuple[StateView, ...]  # of its machine: "router.ONLINE.IN_SYNC", "transport.REST", ...
    writes: int
    failures: int  # in a row
    minute_left: int | None  # writes; None: no limit
    day_left: int | None
    troubles: tuple[str, ...]

    @property
    def mode(self) -> str:
        """Whether it does what we ask: "ONLINE", "BACKOFF", "UNREACHABLE" or "DENIED"."""
        return next((leaf.state.partition(".")[0] for leaf in self.states if leaf.region == "router"), "")


@dataclass(frozen=True, slots=True)
class DurationsView:
    """A histogram of durations: how many were at most so many seconds, cumulative."""

    buckets: tuple[tuple[float, int], ...]
    count: int
    sum_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class DaemonView:
    """The process as a whole; the counts are since its start."""

    state: str = ""  # of machines/daemon.yaml: "RUNNING.WHOLE"
    part_failures: int = 0  # unexpected exceptions that ended a part
    recoveries: int = 0  # things that were kept and could not be taken up
    reloads: int = 0
    reloads_refused: int = 0
    last_reload_refused: bool = False

    @property
    def mode(self) -> str:
        """One word: "RUNNING", "IMPAIRED", "SAFE", ..."""
        return "IMPAIRED" if self.state.endswith("IMPAIRED") else self.state.partition(".")[0]


@dataclass(frozen=True, slots=True)
class SiteView:
    """A whole site."""

    site: str
    version: str
    pid: int
    at_s: float  # unix time
    up_s: float
    silent_s: float  # since the last tick: the age of this view
    ticks: int
    overruns: int
    transitions: int
    faults: int
    work: DurationsView
    lateness: DurationsView
    troubles: tuple[str, ...]  # parts of the daemon that do not work
    router: RouterView
    wans: tuple[WanView, ...]
    daemon: DaemonView = DaemonView()
    classes: tuple[ClassView, ...] = ()


def values_of(view: Any) -> Any:
    """A view as JSON values; a fifth of the cost of `dataclasses.asdict`, which copies every number."""
    if isinstance(view, tuple):
        return [values_of(item) for item in view]
    if is_dataclass(view):
        return {field.name: values_of(getattr(view, field.name)) for field in fields(view)}
    return view
