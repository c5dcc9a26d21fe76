"""Scenarios: a link, what happens to it, and who loads it. One YAML file each; README.md lists the keys.

A file may be `like` another one and then gives only what differs. `form.py` reads it; one that contradicts itself is
refused, with the place: a measurement of something else than its author meant is worse than none.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from lab.reader import Span

DIRECTIONS = ("down", "up")
GREEDY = ("bulk", "onoff")
NONE = Span(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Steps:
    """Both directions have a share of the plan from a time on; times move by up to a second with the seed."""

    steps: tuple[tuple[float, float], ...]  # (s, share)


@dataclass(frozen=True, slots=True)
class Wander:
    """A random walk of log(rate) that returns to its mean, each direction for itself; the mean jumps now and then."""

    mean: float
    least: float
    most: float
    within_s: float
    spread: float
    jump_every_s: Span
    jump_to: Span


@dataclass(frozen=True, slots=True)
class Blocks:
    """A new share, log-uniform, for each block of time; both directions have the same."""

    least: float
    most: float
    hold_s: Span


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a real link carried: shares of the plan over time, (s, down, up). The seed says where it is entered."""

    rows: tuple[tuple[float, float, float], ...]
    length_s: float  # after it, it begins again


@dataclass(frozen=True, slots=True)
class Noise:
    """Delay of the reflectors' answers in ms: one part that all share, with bursts, and one of their own."""

    common_ms: float = 0.2
    each_ms: float = 0.2
    burst_every_s: float = 0.0  # 0: no bursts
    burst_ms: Span = NONE


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic of one kind: `bulk` and `onoff` are TCP, `paced` is UDP at a constant rate.

    `call` is UDP both ways, a small packet each 20 ms, whose delay and loss are measured: a call, or a game.
    """

    kind: str
    direction: str
    flows: int
    congestion_control: str
    rate_bps: float
    size_bytes: Span
    pause_s: float
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class Lie:
    """A reflector that does not tell the truth for a while.

    `low`: its answers pass no queue. `high`: each is late by up to twice `by_ms`. `silent`: there are none.
    """

    kind: str
    reflector: int  # from 1
    by_ms: float
    start_s: float
    stop_s: float


class Change(NamedTuple):
    """The path is longer by `extra_ms` from a time on."""

    at_s: float
    extra_ms: float


@dataclass(frozen=True, slots=True)
class Path:
    """What lies between the router and the internet, beside a rate.

    `policer_ms` > 0: what exceeds the rate is thrown away, but for bursts of so many ms; else it waits in a FIFO of
    `buffer_ms` at the rate of the plan. `grants_ms`: so long an upload waits until it may begin to send, as on a cable.
    """

    rtt_ms: float = 20.0
    buffer_ms: float = 300.0
    policer_ms: float = 0.0
    grants_ms: Span = NONE
    pings_first: bool = False  # echoes pass the queue by, as on some satellite links
    outages: tuple[tuple[float, float], ...] = ()  # (from, until) in s: everything is lost
    changes: tuple[Change, ...] = ()
    lies: tuple[Lie, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """All of it. Rates in bit/s; `limits` are floor, start and ceiling of a controller as shares of the plan."""

    name: str
    about: str
    time_s: float
    score_from_s: float
    down_bps: float
    up_bps: float
    limits: tuple[float, float, float]
    capacity: Steps | Wander | Blocks | Recorded
    path: Path = field(default_factory=Path)
    noise: Noise = field(default_factory=Noise)
    load: tuple[Flow, ...] = ()
    kill_s: float = 0.0  # when the controller is killed; 0: it is not

    @property
    def filled(self) -> tuple[str, ...]:
        """The directions whose capacity somebody tries to use in full."""
        return tuple(name for name in DIRECTIONS if self.greedy(name))

    @property
    def has_call(self) -> bool:
        """Whether somebody telephones."""
        return any(flow.kind == "call" for flow in self.load)

    def greedy(self, direction: str) -> tuple[tuple[float, float], ...]:
        """From when until when somebody tries to fill a direction: spans of time that do not touch."""
        spans = sorted(
            (flow.start_s, flow.stop_s) for flow in self.load if flow.kind in GREEDY and flow.direction == direction
        )
        joined: list[tuple[float, float]] = []
        for begin_s, end_s in spans:
            if joined and begin_s <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(joined[-1][1], end_s)
            else:
                joined.append((begin_s, end_s))
        return tuple(joined)
