"""The tick grid and the histogram."""

from hypothesis import given
from hypothesis import strategies as st

from wanctl.daemon.histogram import Histogram
from wanctl.daemon.schedule import Schedule

MS = 1_000_000


def test_lateness_never_adds_up() -> None:
    schedule = Schedule(50 * MS)
    for tick in range(1, 200):
        assert schedule.due_ns == tick * 50 * MS
        schedule.advance(schedule.due_ns + 7 * MS)
    assert schedule.overruns == 0


def test_ticks_that_could_not_be_held_are_counted_and_left_out() -> None:
    schedule = Schedule(50 * MS)
    schedule.advance(50 * MS + 120 * MS)
    assert (schedule.ticks, schedule.overruns) == (1, 1)
    assert schedule.due_ns == 150 * MS


@given(st.lists(st.integers(0, 400 * MS), max_size=60))
def test_every_tick_of_the_grid_is_either_held_or_counted(works: list[int]) -> None:
    schedule = Schedule(50 * MS)
    for work in works:
        schedule.advance(schedule.due_ns + work)
        assert schedule.due_ns % (50 * MS) == 0
        assert schedule.due_ns == (schedule.ticks + schedule.overruns + 1) * 50 * MS


@given(st.lists(st.integers(2_000, 10**10), min_size=1, max_size=300), st.floats(0, 1))
def test_a_quantile_is_right_within_a_bucket(durations: list[int], share: float) -> None:
    histogram = Histogram()
    for duration in durations:
        histogram.add(duration)
    ordered = sorted(durations)
    rank = max(0, min(len(ordered) - 1, -int(-share * len(ordered) // 1) - 1))
    assert ordered[rank] * 0.9 <= histogram.quantile_ns(share) <= ordered[-1]
