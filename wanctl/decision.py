"""What a tick decides: the rates that are wanted, what moved and why, and the signals it saw.

`Site.tick` returns one `Decision`. The daemon, `replay`, `sim` and the tests all read it; nobody else makes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from wanctl.engine.record import Fault, Transition


class SetRate(NamedTuple):
    """A rate that the shaper should have from now on, in whole bit/s between floor and ceiling."""

    wan: str
    direction: str  # "download" or "upload"
    rate_bps: int
    cut: bool  # lower than the last wanted one: it goes out before any raise


class SetClass(NamedTuple):
    """New connections of a traffic class shall leave by this WAN from now on.

    Those that are there stay where they are. A class that nothing is said of on the router goes home, by its own rules.
    """

    traffic_class: str
    wan: str


@dataclass(slots=True)
class DirectionSignals:
    """One shaped direction of one WAN as the last tick left it. None is "unknown"."""

    state: str = ""  # active leaf below the region: "GREEN.CRUISE"
    wanted_bps: int = 0
    applied_bps: int | None = None  # what the shaper confirmed last
    achieved_bps: float | None = None
    load: float | None = None  # achieved / shaped, a ratio
    capacity_bps: float | None = None  # the law's estimate of what the link carries


@dataclass(slots=True)
class WanSignals:
    """One WAN as the last tick left it; delays in ms. None is "unknown"."""

    states: tuple[str, ...] = ()  # active leaves of its machine
    rtt_ms: float | None = None  # newest sample
    load_rtt_ms: float | None = None
    baseline_ms: float | None = None
    delta_ms: float | None = None  # load RTT minus baseline
    newest_ms: float | None = None  # delay of the newest answer alone, over its own reflector's baseline
    limit_ms: float | None = None  # beyond this a delay is a queue
    jitter_ms: float | None = None
    loss: float | None = None  # ratio
    age_ms: float | None = None  # of the newest sample
    silent_ms: float | None = None  # how long an answer has been overdue, as it was last looked at
    arriving: bool | None = None  # something came over the link between the last two readings of its counter
    source: str = "none"  # "icmp", "udp", "tcp" or "none"
    reflectors_alive: int = 0
    moved: float | None = (
        None  # share of the reflectors whose round trips have moved, all one way: 1 is a new path or a queue
    )
    unfelt: tuple[str, ...] = ()  # directions that stand still below the shaped rate with losses and without a delay
    deaf: tuple[str, ...] = ()  # reflectors whose delay is not believed: they do not feel a queue that all others feel
    download: DirectionSignals = field(default_factory=DirectionSignals)
    upload: DirectionSignals = field(default_factory=DirectionSignals)


@dataclass(slots=True)
class Candidate:
    """One WAN as a traffic class sees it."""

    wan: str
    cost_ms: float | None = None  # mean round trip, a lost packet counted as one second; None: not known
    hurts: str = ""  # what the class does not bear there, in words
    refused: str = ""  # why nobody is moved there now, in words
    dead: bool = False
    shaky: bool = False  # it answers again since a moment: refused, and still better than a dead one


@dataclass(slots=True)
class ClassSignals:
    """One traffic class as the last look left it."""

    state: str = "HOME"  # active leaf of its machine: "STEERED.HELD"
    home: str = ""
    wanted: str = ""  # the WAN that new connections shall take
    applied: str | None = None  # the one that the router sends them to; None is unknown
    placement: str = ""  # what is done about it on the router: "SETTLED"
    trouble: str = ""
    behind_ns: int | None = None  # since when the router has had it elsewhere than wanted; None: it has not
    candidates: tuple[Candidate, ...] = ()


NO_CLASSES: Mapping[str, ClassSignals] = {}


class Decision(NamedTuple):
    """The outcome of one tick of a site.

    `signals` is a live view, valid until the next tick: copy what you keep. The tuples are immutable.
    """

    at_ns: int
    intents: tuple[SetRate, ...]
    transitions: tuple[Transition, ...]
    signals: Mapping[str, WanSignals]
    faults: tuple[Fault, ...] = ()
    moves: tuple[SetClass, ...] = ()
    classes: Mapping[str, ClassSignals] = NO_CLASSES  # a live view, as `signals` is


# What one WAN contributes: its intents, transitions and faults.
Ticked = tuple[tuple[SetRate, ...], tuple[Transition, ...], tuple[Fault, ...]]
NOTHING_DECIDED: Ticked = ((), (), ())
