import pytest

from tests.control.probing import Probing
from wanctl.control.evidence import PERIODS, Unfelt

SECOND_NS = 1_000_000_000


@pytest.mark.parametrize(
    ("step_ms", "moves", "share"),
    [(20.0, range(6), 1.0), (-8.0, range(6), 1.0), (20.0, range(3), 0.5), (20.0, [4], 1 / 6), (2.0, range(6), 0.0)],
    ids=["all rise", "all fall", "half", "one", "less than half the limit"],
)
def test_how_many_reflectors_a_step_has_moved_is_told(step_ms: float, moves: range | list[int], share: float) -> None:
    probing = Probing(lambda at_s, number: 20.0 + number + (step_ms if at_s > 10.0 and number in moves else 0.0))
    probing.tracker.move_baselines("follow")
    probing.until(9.0)
    probing.tracker.move_baselines("freeze")
    assert probing.tracker.moved == 0.0
    probing.until(12.5)
    assert probing.tracker.moved == pytest.approx(share)


def test_noise_moves_nobody() -> None:
    probing = Probing(lambda at_s, number: 20.0 + (30.0 if round(at_s * 1_000 + number) % 3 == 0 else 0.0))
    probing.tracker.move_baselines("follow")
    for second in range(3, 30):
        probing.until(float(second))
        assert probing.tracker.moved == 0.0


def watched(load: float, loss: float | None, delta_ms: float | None, seconds: int = 12) -> bool:
    """What is seen after some seconds of this; the limit is 5 ms."""
    unfelt, seen = Unfelt(), False
    for tick in range(seconds * 20):
        seen = unfelt.look(tick * SECOND_NS // 20, load + 0.02 * (tick % 2), loss, delta_ms, 5.0)
    return seen


def test_a_policer_is_seen_by_losses_without_a_delay_below_the_shaped_rate() -> None:
    assert watched(0.7, 0.04, 0.3)
    assert not watched(0.7, 0.04, 0.3, seconds=PERIODS - 1)


@pytest.mark.parametrize(
    ("load", "loss", "delta_ms"),
    [(0.95, 0.04, 0.3), (0.2, 0.04, 0.3), (0.7, 0.0, 0.3), (0.7, None, 0.3), (0.7, 0.04, 9.0), (0.7, 0.04, None)],
    ids=["at the shaped rate", "idle", "no losses", "losses unknown", "a delay", "delay unknown"],
)
def test_whatever_else_there_is_no_policer(load: float, loss: float | None, delta_ms: float | None) -> None:
    assert not watched(load, loss, delta_ms)


def test_traffic_that_comes_and_goes_is_no_policer() -> None:
    unfelt = Unfelt()
    seen = [unfelt.look(second * SECOND_NS, 0.55 + 0.1 * (second % 3), 0.04, 0.1, 5.0) for second in range(30)]
    assert not any(seen)
