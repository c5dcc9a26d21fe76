"""What one site is asked to do: its WANs, the limits of each direction, and the parameters of their laws.

Plain values, bound by the configuration and read by the pure rooms. Rates are whole bit/s; `params` carries canonical
floats (ms, bit/s, ratio) by the names that the machine of the law declares.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DirectionPlan:
    """The limits of one shaped direction: `0 < floor_bps <= start_bps <= ceiling_bps`."""

    floor_bps: int
    ceiling_bps: int
    start_bps: int

    def __post_init__(self) -> None:
        assert 0 < self.floor_bps <= self.start_bps <= self.ceiling_bps, self


@dataclass(frozen=True, slots=True)
class WanPlan:
    """One WAN: its name, its law ("default" or "classic"), its two directions, and the params of the law."""

    name: str
    law: str
    download: DirectionPlan
    upload: DirectionPlan
    params: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """One traffic class: the WANs that it may use, the one it likes best first, and what hurts it; None is nothing.

    Without anything that hurts it, the class goes where its packets come back soonest.
    """

    name: str
    prefer: tuple[str, ...]
    delay_ms: float | None = None  # a mean round trip
    jitter_ms: float | None = None
    loss: float | None = None  # ratio
    need_bps: int = 0  # what it must find free in each direction of a WAN, to be moved there

    @property
    def by_cost(self) -> bool:
        """Whether it goes where it costs least, rather than home unless that hurts."""
        return self.delay_ms is None and self.jitter_ms is None and self.loss is None


@dataclass(frozen=True, slots=True)
class SitePlan:
    """One site: its name, its WANs in order, and its traffic classes."""

    name: str
    wans: tuple[WanPlan, ...]
    classes: tuple[ClassPlan, ...] = ()
