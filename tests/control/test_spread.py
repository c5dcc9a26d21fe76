"""How far the delay strays."""

from wanctl.control.spread import Spread


def test_within_the_first_second_nothing_is_known() -> None:
    spread = Spread()
    spread.note(5.0)
    assert spread.low_ms is spread.width_ms is None


def test_it_covers_this_period_and_the_one_before() -> None:
    spread = Spread()
    for delay_ms in (3.0, 9.0):
        spread.note(delay_ms)
    spread.roll()
    spread.note(4.0)
    assert (spread.low_ms, spread.width_ms) == (3.0, 6.0)
    spread.roll()
    spread.note(6.0)
    assert (spread.low_ms, spread.width_ms) == (4.0, 2.0)


def test_a_period_without_a_delay_makes_it_unknown() -> None:
    spread = Spread()
    spread.note(3.0)
    spread.roll()
    spread.note(4.0)
    spread.roll()
    assert spread.low_ms is spread.width_ms is None


def test_a_restart_forgets() -> None:
    spread = Spread()
    spread.note(300.0)
    spread.roll()
    spread.restart()
    spread.note(1.0)
    assert spread.low_ms is None
