"""The delay signal: what it shows, what it ignores, and when it is unknown."""

from random import Random

import pytest

from tests.control.probing import MS_NS, SECOND_NS, Probing
from wanctl.control.rtt import DelayTracker
from wanctl.control.sample import Sample, Sent


def test_six_reflectors_at_different_distances_are_one_line() -> None:
    probing = Probing(lambda _, reflector: 16.0 + 28.0 * reflector)
    for _ in range(400):
        delta_ms = probing.tick()
        assert delta_ms is None or delta_ms == 0.0
    assert probing.tracker.baseline_ms == 16.0
    assert probing.tracker.alive == 6


def test_a_queue_shows_within_three_ticks() -> None:
    probing = Probing(lambda at_s, _: 20.0 if at_s < 10.0 else 50.0)
    probing.until(10.0)
    shown = [probing.tick() for _ in range(3)]
    assert shown[-1] == pytest.approx(30.0)


def test_one_outlier_is_no_queue() -> None:
    probing = Probing(lambda at_s, reflector: 90.0 if 10.0 <= at_s < 10.04 and reflector == 0 else 20.0)
    probing.until(10.0)
    assert all(probing.tick() == 0.0 for _ in range(20))


def test_one_low_answer_ends_the_alarm() -> None:
    probing = Probing(lambda at_s, _: 60.0 if 10.0 < at_s < 10.49 else 20.0)
    assert probing.until(10.4) == pytest.approx(40.0)
    assert probing.until(10.6) == pytest.approx(0.0)


def test_an_overdue_probe_counts_as_a_lower_bound_when_silence_may() -> None:
    """Half a second of queue: the first answer is half a second late, its absence is known at once."""
    deep = Probing(lambda at_s, _: 20.0 if at_s < 10.0 else 520.0)
    deep.until(10.0, silence_counts=True)
    early = deep.until(10.2, silence_counts=True)
    assert early is not None
    assert 25.0 < early < 200.0

    blind = Probing(lambda at_s, _: 20.0 if at_s < 10.0 else 520.0)
    assert blind.until(10.2) == 0.0


def test_silence_alone_leaves_the_delay_unknown() -> None:
    probing = Probing(lambda at_s, _: 20.0 if at_s < 10.0 else None)
    probing.until(13.0)
    assert probing.tracker.delta_ms is None


def test_late_answers_that_come_all_at_once_are_not_taken_as_fresh() -> None:
    """Ten seconds without an answer, then all of them: what was sent last tells the delay."""
    probing = Probing(lambda at_s, _: 20.0 if not 10.0 < at_s < 20.0 else (20.0 - at_s) * 1_000 + 20.0)
    probing.until(20.1)
    assert probing.tick() == pytest.approx(0.0, abs=1.0)


def test_an_overtaken_answer_takes_its_place_in_order_of_sending() -> None:
    tracker = DelayTracker(0)
    for number in range(8):
        at_ns = number * 50 * MS_NS
        tracker.observe([Sent("w", "r", at_ns, "icmp"), Sample("w", "r", at_ns, at_ns + 20 * MS_NS, "icmp")])
    # Sent second to last, answered last and late; three newer ones say that there is no queue.
    tracker.observe([Sample("w", "r", 200 * MS_NS, 500 * MS_NS, "icmp")])
    tracker.update(520 * MS_NS, 5.0)
    assert tracker.delta_ms == 0.0
    assert tracker.rtt_ms == 20.0


def test_losses_are_the_share_that_was_never_answered() -> None:
    random = Random(5)
    probing = Probing(lambda *_: None if random.random() < 0.1 else 20.0)
    probing.until(60.0)
    assert probing.tracker.loss == pytest.approx(0.1, abs=0.05)


def test_a_late_answer_is_no_loss() -> None:
    probing = Probing(lambda *_: 1_500.0)
    probing.until(30.0)
    assert probing.tracker.loss == 0.0


def test_losses_can_be_forgotten() -> None:
    probing = Probing(lambda at_s, _: 20.0 if not 10.0 < at_s < 18.0 else None)
    probing.until(18.5)
    probing.tracker.forget_losses(probing.now_ns)
    probing.until(30.0)
    assert probing.tracker.loss == 0.0


def test_tcp_has_a_baseline_of_its_own() -> None:
    probing = Probing(lambda *_: 20.0)
    probing.until(5.0)
    probing.source = "tcp"
    probing.tracker.use(tcp=True)
    probing._rtt_ms = lambda *_: 31.0
    probing.until(8.0)
    assert probing.tracker.delta_ms == 0.0
    assert probing.tracker.baseline_ms == 31.0
    assert probing.tracker.source == "tcp"


def test_how_long_an_answer_has_been_owed() -> None:
    probing = Probing(lambda at_s, _: 20.0 if at_s < 10.0 else None)
    probing.until(12.0)
    assert probing.tracker.echo.owed_ms(probing.now_ns, 20.0) == pytest.approx(1_980.0)
    assert probing.tracker.connect.owed_ms(probing.now_ns, 20.0) is None


def test_the_slope_of_a_growing_queue_is_seconds_a_second() -> None:
    probing = Probing(lambda at_s, _: 20.0 + max(0.0, at_s - 10.0) * 250.0)
    probing.until(11.0)
    assert probing.tracker.slope() == pytest.approx(0.25, rel=0.05)


@pytest.mark.parametrize("hz", [10, 20, 50])
def test_the_step_response_is_the_same_at_each_tick_rate(hz: int) -> None:
    """C11: a step of the RTT, looked at at the same times; jitter, losses and delay agree to one percent."""

    def response(rate: int) -> list[float]:
        probing = Probing(lambda at_s, _: 20.0 if at_s < 10.0 else 80.0, hz=rate)
        seen = []
        for at_s in (9.9, 10.5, 11.0, 12.0, 15.0, 20.0):
            delta_ms = probing.until(at_s)
            tracker = probing.tracker
            assert delta_ms is not None
            assert tracker.baseline_ms is not None
            seen += [delta_ms, tracker.baseline_ms, tracker.baseline_ms + delta_ms, tracker.loss or 0.0]
        return seen

    assert response(hz) == pytest.approx(response(20), rel=0.01, abs=0.01)


@pytest.mark.parametrize("hz", [10, 20, 50])
def test_jitter_forgets_at_the_same_pace_at_each_tick_rate(hz: int) -> None:
    """C11: answers that alternate by 4 ms and then do not: jitter falls by 63 % a second."""
    probing = Probing(lambda at_s, reflector: 20.0 + (4.0 if at_s <= 20.0 and reflector % 2 else 0.0), hz=hz)
    probing.tracker.move_baselines("freeze")
    jitter_ms = {}
    for at_s in (20.0, 21.2, 22.2, 23.2):
        probing.until(at_s)
        jitter_ms[at_s] = probing.tracker.jitter_ms
    assert jitter_ms[22.2] == pytest.approx(jitter_ms[21.2] * 0.3679, rel=0.01)
    assert jitter_ms[23.2] == pytest.approx(jitter_ms[22.2] * 0.3679, rel=0.01)


def test_an_answer_from_nowhere_does_no_harm() -> None:
    tracker = DelayTracker(0)
    tracker.observe([Sample("w", "r", 10, 20 * MS_NS, "udp"), Sample("w", "r", 10, 20 * MS_NS, "udp")])
    tracker.update(SECOND_NS, 5.0)
    assert tracker.rtt_ms == pytest.approx(20.0, abs=0.001)
