"""A test file, read: its cases, each with what it feeds to the machine and what it expects of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wanctl.engine.diagnostic import Place
from wanctl.engine.model import Model
from wanctl.engine.program import Program
from wanctl.engine.record import Value
from wanctl.plan import DirectionPlan
from wanctl.suite.series import Series

DEFAULT_TICK_NS = 50_000_000


@dataclass(frozen=True, slots=True)
class WantedState:
    """`download: YELLOW`: a state that has to be active. `region` is "" where the expectation names none."""

    region: str
    written: str
    state: int
    place: Place


@dataclass(frozen=True, slots=True)
class WantedIntent:
    """An intent with those of its arguments that matter, in canonical units."""

    action: str
    values: Mapping[str, Value]

    def __str__(self) -> str:
        inner = ", ".join(f"{name}: {value}" for name, value in self.values.items())
        return f"{self.action} {{{inner}}}" if inner else self.action


@dataclass(frozen=True, slots=True)
class WantedRate:
    """A wanted rate of one direction, between two bounds, in bit/s."""

    direction: str
    low_bps: float
    high_bps: float
    written: str
    place: Place


@dataclass(slots=True)
class Expectation:
    """What has to be true at one time. None: not asked. An empty tuple: there must be none."""

    at_ns: int
    place: Place
    states: list[WantedState] = field(default_factory=list)
    why: str | None = None
    fired: tuple[str, ...] | None = None
    intents: tuple[WantedIntent, ...] | None = None
    data: tuple[tuple[str, Value, Place], ...] = ()
    rates: tuple[WantedRate, ...] = ()
    faults: int | None = None


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """A named event for the machine."""

    at_ns: int
    name: str
    data: Mapping[str, Value]
    place: Place


@dataclass(frozen=True, slots=True)
class LawPlan:
    """The law that drives the machine, and the limits of both directions."""

    law: str  # "default" or "classic"
    download: DirectionPlan
    upload: DirectionPlan


@dataclass(slots=True)
class Case:
    """One test. Its ticks are `tick_ns` apart, the first at 0."""

    name: str
    place: Place
    program: Program
    tick_ns: int
    series: dict[str, Series]
    events: list[TimedEvent]
    expectations: list[Expectation]
    plan: LawPlan | None = None

    @property
    def end_ns(self) -> int:
        """When nothing more is fed or expected."""
        ends = [(len(series) - 1) * self.tick_ns for series in self.series.values()]
        ends += [event.at_ns for event in self.events] + [item.at_ns for item in self.expectations]
        return max(ends, default=0)


@dataclass(slots=True)
class Suite:
    """One test file."""

    file: str
    model: Model
    cases: list[Case]
