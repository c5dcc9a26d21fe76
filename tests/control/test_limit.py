"""Where a queue begins."""

import pytest

from wanctl.control.direction import Direction
from wanctl.control.limit import Limit
from wanctl.plan import DirectionPlan

SECOND_NS = 1_000_000_000


def loaded(rate_bps: float) -> Direction:
    direction = Direction(DirectionPlan(100_000, 100_000_000, 50_000_000), 0, 60.0, upload=False)
    direction.loaded, direction.achieved_bps = True, rate_bps
    return direction


def test_it_is_the_target_as_long_as_nothing_speaks_for_more() -> None:
    assert Limit(5.0, 60.0, 0).set(0, ()) == 5.0


@pytest.mark.parametrize(("rate_bps", "limit_ms"), [(40e6, 5.0), (2e6, 15.0), (0.1e6, 60.0)])
def test_at_a_low_rate_it_is_the_time_of_two_and_a_half_packets(rate_bps: float, limit_ms: float) -> None:
    assert Limit(5.0, 60.0, 0).set(0, (loaded(rate_bps),)) == pytest.approx(limit_ms)


def test_it_scales_with_the_noise_of_the_idle_link() -> None:
    limit = Limit(5.0, 60.0, 0)
    for number in range(1_000):
        limit.note_idle(20.0, number * SECOND_NS // 10)
    assert limit.set(100 * SECOND_NS, ()) == pytest.approx(30.0, rel=0.15)


def test_false_alarms_raise_it_by_sixty_percent_at_most() -> None:
    limit = Limit(5.0, 60.0, 0)
    seen = []
    for _ in range(8):
        limit.note_false_alarm()
        seen.append(limit.set(0, ()))
    assert seen[0] == pytest.approx(6.25)
    assert seen == sorted(seen)
    assert seen[-1] == 8.0


def test_quiet_minutes_undo_false_alarms() -> None:
    limit = Limit(5.0, 60.0, 0)
    for _ in range(8):
        limit.note_false_alarm()
    for number in range(1, 601):
        limit.set(number * SECOND_NS, ())
    assert limit.ms == pytest.approx(5.15, abs=0.2)


def test_another_baseline_makes_what_was_learnt_worthless() -> None:
    limit = Limit(5.0, 60.0, 0)
    limit.note_false_alarm()
    for number in range(1_000):
        limit.note_idle(20.0, number * SECOND_NS // 10)
    limit.restart()
    assert limit.set(100 * SECOND_NS, ()) == 5.0
