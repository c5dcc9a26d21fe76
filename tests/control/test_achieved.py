"""The achieved rate from counter readings that come when they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wanctl.control.achieved import Achieved

MS_NS = 1_000_000
SECOND_NS = 1_000 * MS_NS


def test_one_reading_is_no_rate() -> None:
    counter = Achieved()
    counter.read(SECOND_NS, 1_000)
    assert counter.rate_bps(SECOND_NS, 100 * MS_NS) is None
    assert counter.newest() is None


def test_a_rate_is_the_difference_of_two_readings() -> None:
    counter = Achieved()
    counter.read(0, 5_000)
    counter.read(250 * MS_NS, 5_000 + 125_000)
    assert counter.rate_bps(300 * MS_NS, 150 * MS_NS) == pytest.approx(4e6)


def test_the_window_is_of_the_newest_readings() -> None:
    counter = Achieved()
    total = 0
    for number in range(40):
        counter.read(number * 50 * MS_NS, total)
        total += 50_000 if number < 30 else 10_000
    assert counter.rate_bps(1_950 * MS_NS, 100 * MS_NS) == pytest.approx(1.6e6)
    assert counter.rate_bps(1_950 * MS_NS, 1_000 * MS_NS) > 4e6


def test_a_counter_that_went_down_is_a_device_that_started_again() -> None:
    counter = Achieved()
    counter.read(0, 1_000_000)
    counter.read(100 * MS_NS, 2_000_000)
    counter.read(200 * MS_NS, 500)
    assert counter.rate_bps(200 * MS_NS, 100 * MS_NS) is None
    counter.read(300 * MS_NS, 500 + 12_500)
    assert counter.rate_bps(300 * MS_NS, 100 * MS_NS) == pytest.approx(1e6)


def test_a_reading_that_is_not_newer_is_no_news() -> None:
    counter = Achieved()
    counter.read(100 * MS_NS, 10)
    assert not counter.read(100 * MS_NS, 20)
    assert not counter.read(50 * MS_NS, 5)


def test_readings_that_stopped_leave_the_rate_unknown() -> None:
    counter = Achieved()
    counter.read(0, 0)
    counter.read(100 * MS_NS, 100_000)
    assert counter.rate_bps(1_000 * MS_NS, 100 * MS_NS) is not None
    assert counter.rate_bps(1_200 * MS_NS, 100 * MS_NS) is None


@given(
    gaps_ms=st.lists(st.integers(40, 260), min_size=12, max_size=60),
    rate_bps=st.integers(10_000, 1_000_000_000),
    window_ms=st.sampled_from([100, 150, 200, 1_000]),
)
def test_a_steady_rate_is_met_whatever_the_times_of_the_readings(
    gaps_ms: list[int], rate_bps: int, window_ms: int
) -> None:
    counter = Achieved()
    at_ns = 0
    for gap_ms in gaps_ms:
        counter.read(at_ns, at_ns * rate_bps // (8 * SECOND_NS))
        at_ns += gap_ms * MS_NS
    got = counter.rate_bps(counter.at_ns, window_ms * MS_NS)
    assert got == pytest.approx(rate_bps, rel=0.01, abs=200)
