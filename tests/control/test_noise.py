"""How far an idle link strays by itself."""

from random import Random

import pytest

from wanctl.control.noise import IdleNoise

TICK_NS = 50_000_000


def feed(noise: IdleNoise, delays_ms: list[float], begin_ns: int = 0) -> None:
    for number, delay_ms in enumerate(delays_ms):
        noise.feed(delay_ms, begin_ns + number * TICK_NS)


def test_a_few_answers_say_nothing() -> None:
    noise = IdleNoise()
    feed(noise, [3.0] * 40)
    assert noise.p98_ms is None


@pytest.mark.parametrize("scale_ms", [0.5, 5.0, 40.0])
def test_the_98th_percentile_is_met_within_a_bucket(scale_ms: float) -> None:
    random = Random(3)
    delays = [random.expovariate(1.0 / scale_ms) for _ in range(20_000)]
    noise = IdleNoise()
    feed(noise, delays)
    true_ms = sorted(delays)[int(0.98 * len(delays))]
    assert noise.p98_ms == pytest.approx(true_ms, rel=0.15)


def test_rare_spikes_are_no_noise() -> None:
    noise = IdleNoise()
    feed(noise, ([1.0] * 199 + [300.0]) * 20)
    assert noise.p98_ms is not None
    assert noise.p98_ms < 1.5


def test_noise_of_long_ago_fades() -> None:
    noise = IdleNoise()
    feed(noise, [30.0] * 6_000)
    feed(noise, [1.0] * 60_000, begin_ns=6_000 * TICK_NS)
    assert noise.p98_ms is not None
    assert noise.p98_ms < 2.0


def test_after_a_restart_nothing_is_known() -> None:
    noise = IdleNoise()
    feed(noise, [30.0] * 600)
    noise.restart()
    assert noise.p98_ms is None
