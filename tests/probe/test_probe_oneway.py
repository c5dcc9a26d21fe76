"""Which way a delay lies, told by a clock that is not ours."""

import pytest

from wanctl.probe.oneway import DAY_NS, OneWay

MS_NS = 1_000_000
TICK_NS = 50 * MS_NS


def told(
    up_ms: float, down_ms: float, way: OneWay, at_ns: int, ahead_ns: int = 0, drift: float = 0.0, day: bool = False
) -> tuple[float, float] | None:
    """What is made of a probe that took so long there and back; the other clock is ahead and drifts."""

    def theirs(ours_ns: int) -> int:
        ns = round(ours_ns * (1.0 + drift)) + ahead_ns
        return ns % DAY_NS if day else ns

    there_ns = at_ns + round(up_ms * MS_NS)
    return way.note(at_ns, theirs(there_ns), theirs(there_ns), there_ns + round(down_ms * MS_NS))


def settled(**clock: float) -> OneWay:
    way = OneWay()
    for tick in range(200):
        told(10.0, 10.0, way, tick * TICK_NS, **clock)  # type: ignore[arg-type]
    return way


@pytest.mark.parametrize("ahead_ns", [0, 7_000_000_000_000_000, -3_600_000_000_000, 1_234])
def test_a_queue_is_told_in_its_direction_however_far_the_clocks_are_apart(ahead_ns: int) -> None:
    way = settled(ahead_ns=ahead_ns)
    assert told(40.0, 10.0, way, 200 * TICK_NS, ahead_ns) == (30.0, 0.0)
    assert told(10.0, 35.0, way, 201 * TICK_NS, ahead_ns) == (0.0, 25.0)
    assert told(20.0, 15.0, way, 202 * TICK_NS, ahead_ns) == (10.0, 5.0)


@pytest.mark.parametrize("drift", [50e-6, -50e-6])
def test_a_drift_of_fifty_millionths_is_less_than_two_milliseconds(drift: float) -> None:
    way = OneWay()
    for tick in range(20 * 600):
        ways = told(10.0, 10.0, way, tick * TICK_NS, drift=drift)
        assert ways is not None
        assert max(ways) < 2.0


def test_a_clock_that_is_set_is_not_believed_for_half_a_minute() -> None:
    way = settled()
    assert told(10.0, 10.0, way, 200 * TICK_NS, ahead_ns=10_000 * MS_NS) is None
    later = [told(10.0, 10.0, way, tick * TICK_NS, ahead_ns=10_000 * MS_NS) for tick in range(201, 200 + 20 * 31)]
    assert later[20 * 20] is None
    assert later[-1] == (0.0, 0.0)


def test_a_clock_that_stands_still_is_not_believed() -> None:
    way = OneWay()
    ways = [way.note(tick * TICK_NS, 77 * MS_NS, 77 * MS_NS, tick * TICK_NS + 20 * MS_NS) for tick in range(20 * 60)]
    assert set(ways[2:]) == {None}


def test_midnight_is_no_queue() -> None:
    way = OneWay()
    ways = [told(10.0, 10.0, way, tick * TICK_NS, ahead_ns=DAY_NS - 5_000 * MS_NS, day=True) for tick in range(200)]
    assert set(ways) == {(0.0, 0.0)}


def test_a_queue_that_stands_for_half_a_minute_becomes_the_measure() -> None:
    way = settled()
    standing = [told(40.0, 10.0, way, tick * TICK_NS) for tick in range(200, 200 + 20 * 31)]
    assert standing[0] == (30.0, 0.0)
    assert standing[20 * 20] == (30.0, 0.0)
    assert standing[-1] == (0.0, 0.0)
