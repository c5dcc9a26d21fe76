"""How a quantity of the link changes over time: capacities, or the load that applications offer, in bit/s."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol


class Schedule(Protocol):
    """A rate as a function of time."""

    def at(self, elapsed_ns: int) -> float:
        """The rate in bit/s, >= 0, `elapsed_ns` after the start."""
        ...


class Steps:
    """A rate that holds until the next point: `Steps((0, 40e6), (10 * SECOND_NS, 16e6))`.

    Points are (ns after the start, bit/s), the first at 0, in order. With `period_ns` they repeat.
    """

    __slots__ = ("_period_ns", "_rates", "_times")

    def __init__(self, *points: tuple[int, float], period_ns: int | None = None) -> None:
        assert points
        assert points[0][0] == 0
        self._times = [at for at, _rate in points]
        self._rates = [float(rate) for _at, rate in points]
        assert self._times == sorted(self._times)
        assert min(self._rates) >= 0.0
        assert period_ns is None or period_ns > self._times[-1]
        self._period_ns = period_ns

    def at(self, elapsed_ns: int) -> float:
        """The rate in bit/s."""
        if self._period_ns is not None:
            elapsed_ns %= self._period_ns
        return self._rates[bisect_right(self._times, elapsed_ns) - 1]


class Sawtooth:
    """A rate that falls at once from `high_bps` to `low_bps` each period and climbs back in a straight line.

    It begins in the fall's aftermath, at `low_bps`.
    """

    __slots__ = ("_low_bps", "_period_ns", "_rise_bps")

    def __init__(self, low_bps: float, high_bps: float, period_ns: int) -> None:
        assert 0.0 <= low_bps <= high_bps
        assert period_ns > 0
        self._low_bps = low_bps
        self._rise_bps = high_bps - low_bps
        self._period_ns = period_ns

    def at(self, elapsed_ns: int) -> float:
        """The rate in bit/s."""
        return self._low_bps + self._rise_bps * (elapsed_ns % self._period_ns) / self._period_ns


class Trace:
    """A rate that was recorded at a fixed interval, repeated when it ends."""

    __slots__ = ("_interval_ns", "_rates")

    def __init__(self, rates_bps: Sequence[float], interval_ns: int) -> None:
        assert rates_bps
        assert min(rates_bps) >= 0.0
        assert interval_ns > 0
        self._rates = [float(rate) for rate in rates_bps]
        self._interval_ns = interval_ns

    def at(self, elapsed_ns: int) -> float:
        """The rate in bit/s."""
        return self._rates[elapsed_ns // self._interval_ns % len(self._rates)]
