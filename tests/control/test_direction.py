"""One direction: load and its memory, room for a queue, and what a cut may take as the capacity."""

import pytest

from wanctl.control.direction import Direction
from wanctl.plan import DirectionPlan

MS_NS = 1_000_000
SECOND_NS = 1_000 * MS_NS
RTT_MS = 25.0


class Line:
    """A direction whose counter is read at 20 Hz."""

    def __init__(self, *, upload: bool = False) -> None:
        self.direction = Direction(DirectionPlan(2_000_000, 48_000_000, 40_000_000), 0, 60.0, upload=upload)
        self.now_ns = 0
        self._bytes = 0.0

    def carry(self, rate_bps: float, seconds: float, delta_ms: float = 0.0) -> Direction:
        for _ in range(round(seconds * 20)):
            self.now_ns += 50 * MS_NS
            self._bytes += rate_bps * 0.05 / 8
            self.direction.read(self.now_ns, int(self._bytes), self.now_ns, RTT_MS)
            self.direction.update(self.now_ns, delta_ms)
        return self.direction


def test_load_is_achieved_over_shaped() -> None:
    assert Line().carry(30e6, 1.0).load == pytest.approx(0.75, rel=0.01)


def test_load_is_judged_by_what_the_shaper_confirmed() -> None:
    line = Line()
    line.direction.law.applied_bps = 20_000_000
    assert line.carry(15e6, 1.0).load == pytest.approx(0.75, rel=0.01)


def test_a_load_is_remembered_for_a_while() -> None:
    """It falls at the very moment a capacity does."""
    line = Line()
    line.carry(38e6, 1.0)
    assert line.carry(5e6, 0.4).loaded
    assert not line.carry(5e6, 0.4).loaded


def test_without_readings_nothing_is_known() -> None:
    line = Line()
    line.carry(38e6, 1.0)
    line.direction.update(line.now_ns + 2 * SECOND_NS, 0.0)
    assert line.direction.load is None
    assert line.direction.achieved_bps is None
    assert line.direction.packets is None


def test_packets_are_what_would_wait_if_the_delay_were_a_queue_here() -> None:
    assert Line().carry(12e6, 1.0, delta_ms=20.0).packets == pytest.approx(20.0, rel=0.02)


def test_a_link_that_carries_next_to_nothing_is_idle_whatever_its_delay() -> None:
    assert Line().carry(0.3e6, 1.0, delta_ms=250.0).idle
    assert not Line().carry(9e6, 1.0).idle


def test_what_arrives_is_the_capacity_of_a_download() -> None:
    line = Line()
    line.carry(40e6, 1.0)
    line.carry(16e6, 0.1)
    assert line.direction.capacity_bps(line.now_ns, 0.0) == pytest.approx(16e6, rel=0.01)


def test_after_an_own_climb_a_longer_look_errs_less() -> None:
    line = Line()
    line.carry(40e6, 1.0)
    line.direction.law.climb(line.now_ns, 25.0, 39e6, first=0.015, step=0.03, leap=0.15, beyond=0.03)
    line.carry(42e6, 0.1)
    assert line.direction.capacity_bps(line.now_ns, 0.0) == pytest.approx(41e6, rel=0.01)


def test_a_fall_during_a_climb_is_seen_by_the_shorter_look() -> None:
    line = Line()
    line.carry(40e6, 1.0)
    line.direction.law.climb(line.now_ns, 25.0, 39e6, first=0.015, step=0.03, leap=0.15, beyond=0.03)
    line.carry(16e6, 0.1)
    assert line.direction.capacity_bps(line.now_ns, 0.0) == pytest.approx(16e6, rel=0.01)


def test_the_capacity_of_an_upload_is_what_is_sent_less_what_piles_up() -> None:
    line = Line(upload=True)
    line.carry(10e6, 1.0)
    assert line.direction.capacity_bps(line.now_ns, 1.5) == pytest.approx(4e6, rel=0.01)
    assert line.direction.capacity_bps(line.now_ns, -0.5) == pytest.approx(10e6, rel=0.01)


def test_too_little_to_tell_a_rate_is_no_capacity() -> None:
    line = Line()
    line.carry(40e6, 1.0)
    line.carry(0.05e6, 0.3)
    assert line.direction.capacity_bps(line.now_ns, 0.0) is None


def test_a_fall_leaves_a_queue_that_is_not_seen_yet() -> None:
    """What was under way for 40 Mbit/s and 20 ms needs 50 ms at 16 Mbit/s: 30 of them are a queue."""
    line = Line()
    line.carry(40e6, 2.0)
    line.carry(16e6, 0.05)
    assert line.direction.standing_ms(line.now_ns, 16e6, 20.0) == pytest.approx(28.5, rel=0.05)
    assert line.direction.standing_ms(line.now_ns, 38e6, 20.0) == 0.0
