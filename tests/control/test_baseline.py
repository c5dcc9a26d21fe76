"""The idle RTT of one reflector: what moves it, what does not, and how fast."""

from random import Random

import pytest

from wanctl.control.baseline import Floor

MS_NS = 1_000_000
SECOND_NS = 1_000 * MS_NS


def follow(floor: Floor, rtt_ms: float, begin_s: float, seconds: float, hz: float = 7.0) -> None:
    for number in range(int(seconds * hz)):
        floor.note(rtt_ms, round((begin_s + number / hz) * SECOND_NS), "follow")


def test_the_first_answer_is_the_first_baseline() -> None:
    floor = Floor()
    assert floor.note(23.5, 0, "sink")
    assert floor.baseline_ms == 23.5


def test_sinking_takes_what_is_lower_and_nothing_else() -> None:
    floor = Floor()
    for at_s, rtt_ms in enumerate((20.0, 25.0, 19.0, 40.0)):
        floor.note(rtt_ms, at_s * SECOND_NS, "sink")
    assert floor.baseline_ms == 19.0


def test_a_frozen_baseline_does_not_move() -> None:
    floor = Floor()
    floor.note(20.0, 0, "sink")
    for number in range(1, 200):
        assert not floor.note(5.0, number * SECOND_NS, "freeze")
    assert floor.baseline_ms == 20.0


def test_one_false_low_answer_moves_nothing() -> None:
    floor = Floor()
    follow(floor, 20.0, 0.0, 60.0)
    floor.note(12.0, round(60.2 * SECOND_NS), "follow")
    assert floor.baseline_ms == 20.0
    follow(floor, 20.0, 60.5, 30.0)
    assert floor.baseline_ms == 20.0


def test_a_rise_is_followed_within_the_window_of_300_seconds() -> None:
    floor = Floor()
    follow(floor, 20.0, 0.0, 300.0)
    follow(floor, 23.0, 300.0, 60.0)
    assert floor.baseline_ms == 20.0
    follow(floor, 23.0, 360.0, 240.0)
    assert floor.baseline_ms == 23.0


def test_a_fall_is_followed_sooner_than_a_rise() -> None:
    floor = Floor()
    follow(floor, 20.0, 0.0, 300.0)
    follow(floor, 17.0, 300.0, 100.0)
    assert floor.baseline_ms == 17.0


def test_a_restart_forgets_the_window() -> None:
    floor = Floor()
    follow(floor, 20.0, 0.0, 60.0)
    floor.restart(40.0)
    assert floor.baseline_ms == 40.0
    follow(floor, 42.0, 60.0, 10.0)
    assert floor.baseline_ms == 40.0
    floor.restart(None)
    assert floor.baseline_ms is None


def test_a_reflector_that_comes_while_baselines_are_frozen_is_told_the_delay_of_the_others() -> None:
    floor = Floor()
    floor.note(150.0, 0, "freeze", delay_ms=120.0)
    floor.note(155.0, SECOND_NS, "freeze", delay_ms=127.0)
    assert floor.baseline_ms == 28.0


def test_an_hour_of_frozen_time_ages_nothing() -> None:
    floor = Floor()
    follow(floor, 20.0, 0.0, 300.0)
    follow(floor, 60.0, 3_900.0, 30.0)  # an hour later a tenth of the window is new
    assert floor.baseline_ms == 20.0


@pytest.mark.parametrize("hz", [10, 50])
def test_the_rate_of_the_answers_does_not_matter(hz: int) -> None:
    """The step response, looked at each second, is the same to a percent as with 20 answers a second."""
    response = []
    for rate in (20, hz):
        floor, noise, seen = Floor(), Random(7), []
        for number in range(400 * rate):
            rtt_ms = 20.0 if number < 150 * rate else 24.0
            floor.note(rtt_ms + 0.01 * noise.random(), round(number / rate * SECOND_NS), "follow")
            if number % rate == 0:
                seen.append(floor.baseline_ms)
        response.append(seen)
    for expected, got in zip(*response, strict=True):
        assert got == pytest.approx(expected, rel=0.01)


def test_an_answer_that_need_not_be_noted_would_have_changed_nothing() -> None:
    random, heeded, always = Random(1), Floor(), Floor()
    for number in range(3_000):
        rtt_ms, at_ns = 20.0 + random.expovariate(0.5), number * 150 * MS_NS
        moves = ("follow", "sink", "freeze")[number // 500 % 3]
        if number % 500 == 0:
            heeded.forget_heed()
        always.note(rtt_ms, at_ns, moves)
        if rtt_ms < heeded.heed_below_ms or at_ns >= heeded.heed_from_ns:
            heeded.note(rtt_ms, at_ns, moves)
        assert heeded.baseline_ms == always.baseline_ms
