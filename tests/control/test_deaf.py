from tests.control.probing import REFLECTORS, Probing


def queue_from(begin_s: float, queue_ms: float, feels: set[int]) -> Probing:
    """Six reflectors; from `begin_s` on those in `feels` answer later."""
    return Probing(lambda now_s, number: 20.0 + number + (queue_ms if now_s >= begin_s and number in feels else 0.0))


def seen(probing: Probing, until_s: float) -> float:
    """The share of ticks until then in which the queue shows."""
    ticks = shown = 0
    while probing.now_ns < until_s * 1e9:
        shown += (probing.tick() or 0.0) > 20.0
        ticks += 1
    return shown / ticks


def test_one_reflector_that_does_not_feel_the_queue_blinds_for_three_seconds_and_no_longer() -> None:
    probing = queue_from(10.0, 40.0, {0, 1, 3, 4, 5})
    probing.tracker.move_baselines("follow")
    probing.until(10.0)
    probing.tracker.move_baselines("freeze")
    assert seen(probing, 12.0) < 0.8
    probing.until(13.5)
    assert list(probing.tracker.deaf) == [REFLECTORS[2]]
    assert seen(probing, 20.0) == 1.0


def test_when_two_feel_nothing_it_is_they_who_may_be_right() -> None:
    probing = queue_from(10.0, 40.0, {0, 1, 3, 4})
    probing.until(20.0)
    assert list(probing.tracker.deaf) == []


def test_a_burst_of_noise_makes_nobody_deaf() -> None:
    probing = queue_from(10.0, 40.0, {0, 1, 3, 4, 5})
    probing.until(10.6)
    assert list(probing.tracker.deaf) == []


def test_a_deaf_reflector_is_heard_again_when_it_is_the_only_one_left() -> None:
    probing = Probing(
        lambda now_s, number: None if now_s > 20 and number != 2 else 20.0 if number == 2 or now_s < 10 else 60.0
    )
    probing.tracker.move_baselines("follow")
    probing.until(9.0)
    probing.tracker.move_baselines("freeze")
    probing.until(15.0)
    assert list(probing.tracker.deaf) == [REFLECTORS[2]]
    probing.until(26.0)
    assert list(probing.tracker.deaf) == []
    assert probing.tracker.delta_ms == 0.0
