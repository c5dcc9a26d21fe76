"""Whose queue it is: load, climbs and experiments decide."""

import pytest

from wanctl.control.attribution import Attribution
from wanctl.control.direction import Direction
from wanctl.plan import DirectionPlan

MS_NS = 1_000_000
SECOND_NS = 1_000 * MS_NS
CUT = {"least": 0.06, "most": 0.60, "pace_ms": 50.0, "blind": 0.15}
CLIMB = {"first": 0.015, "step": 0.03, "leap": 0.15, "beyond": 0.03}
RTT_MS = 25.0


class Wan:
    """Two directions with counters that tick at 20 Hz, and what is blamed at the end."""

    def __init__(self) -> None:
        self.down = Direction(DirectionPlan(2_000_000, 48_000_000, 40_000_000), 0, 60.0, upload=False)
        self.up = Direction(DirectionPlan(500_000, 12_000_000, 10_000_000), 0, 60.0, upload=True)
        self.attribution = Attribution(self.down, self.up)
        self.now_ns = 0
        self._bytes = [0.0, 0.0]

    def carry(self, down_bps: float, up_bps: float, seconds: float, delta_ms: float = 0.0) -> None:
        for _ in range(int(seconds * 20)):
            self.now_ns += 50 * MS_NS
            for side, (direction, rate) in enumerate(((self.down, down_bps), (self.up, up_bps))):
                self._bytes[side] += rate * 0.05 / 8
                direction.read(self.now_ns, int(self._bytes[side]), self.now_ns, RTT_MS)
                direction.update(self.now_ns, delta_ms)
            self.down.contend(self.up)
            self.up.contend(self.down)

    def blamed(self, slope: float = 0.0) -> str:
        self.attribution.blame(self.now_ns, slope, 25 * MS_NS)
        assert not (self.down.blamed and self.up.blamed)
        return "download" if self.down.blamed else "upload" if self.up.blamed else "nobody"


def test_the_loaded_direction_owns_the_queue() -> None:
    wan = Wan()
    wan.carry(38e6, 0.8e6, 2.0)
    assert wan.blamed() == "download"
    wan = Wan()
    wan.carry(0.5e6, 9e6, 2.0)
    assert wan.blamed() == "upload"


def test_with_both_loaded_the_climber_owns_the_queue() -> None:
    for climber in ("download", "upload"):
        wan = Wan()
        wan.carry(38e6, 9.5e6, 2.0)
        side = wan.down if climber == "download" else wan.up
        side.law.climb(wan.now_ns, 25.0, 1e6, **CLIMB)
        wan.carry(38e6, 9.5e6, 0.1)
        assert wan.blamed() == climber


def test_a_download_that_fell_just_now_while_the_delay_grows_fast_lost_its_capacity() -> None:
    wan = Wan()
    wan.carry(38e6, 9.5e6, 2.0)
    wan.carry(16e6, 9.5e6, 0.1)
    assert wan.blamed(slope=1.2) == "download"


def test_otherwise_the_upload_is_blamed() -> None:
    wan = Wan()
    wan.carry(38e6, 9.5e6, 2.0)
    assert wan.blamed(slope=1.2) == "upload"


def test_an_upload_that_sends_enough_for_a_queue_contends_with_a_loaded_download() -> None:
    wan = Wan()
    wan.carry(38e6, 4e6, 2.0, delta_ms=65.0)
    assert wan.up.loaded
    assert wan.blamed(slope=0.1) == "upload"


def test_acknowledgements_do_not_make_an_upload_a_suspect() -> None:
    wan = Wan()
    wan.carry(38e6, 0.9e6, 2.0, delta_ms=300.0)
    assert not wan.up.loaded
    assert wan.blamed(slope=1.0) == "download"


def test_a_queue_that_survives_the_drain_belongs_to_the_other() -> None:
    wan = Wan()
    wan.carry(38e6, 9.5e6, 2.0)
    assert wan.blamed() == "upload"
    wan.up.law.cut(wan.now_ns, 9e6, 30.0, **CUT)
    wan.carry(38e6, 8e6, 0.1)
    assert wan.blamed() == "upload"  # still draining
    wan.up.law.settle(wan.now_ns, 25.0, None, share=0.98, wait_ms=100.0)
    wan.carry(38e6, 9e6, 0.1)
    assert wan.blamed() == "upload"  # what is measured is the past
    wan.carry(38e6, 9e6, 0.1)
    assert wan.blamed() == "download"


def test_with_neither_loaded_the_slower_one_that_sends_enough_for_the_queue_owns_it() -> None:
    wan = Wan()
    wan.carry(20e6, 3e6, 2.0, delta_ms=250.0)
    assert wan.blamed() == "upload"
    wan = Wan()
    wan.carry(20e6, 0.5e6, 2.0, delta_ms=250.0)
    assert wan.blamed() == "download"


def test_a_direction_that_is_not_loaded_is_suspected_after_two_drains_of_the_other() -> None:
    wan = Wan()
    wan.carry(38e6, 2e6, 2.0, delta_ms=250.0)
    for _ in range(2):
        assert wan.blamed() == "download"
        wan.down.law.cut(wan.now_ns, 37e6, 250.0, **CUT)
        wan.down.law.settle(wan.now_ns, 25.0, None, share=0.98, wait_ms=100.0)
        wan.carry(38e6, 2e6, 0.3, delta_ms=250.0)
    assert wan.blamed() == "upload"


def test_without_a_queue_nobody_is_blamed() -> None:
    wan = Wan()
    wan.carry(38e6, 1e6, 2.0)
    assert wan.blamed() == "download"
    wan.attribution.clear()
    assert not wan.down.blamed
    assert not wan.up.blamed


@pytest.mark.parametrize("first", ["download", "upload"])
def test_while_both_are_loaded_they_climb_in_turn(first: str) -> None:
    wan = Wan()
    wan.carry(38e6, 9.5e6, 2.0)
    climber, other = (wan.down, wan.up) if first == "download" else (wan.up, wan.down)
    climber.law.climb(wan.now_ns, 25.0, 1e6, **CLIMB)
    wan.attribution.take_turns(wan.now_ns, 0.88)
    assert climber.turn
    assert not other.turn
    climber.law.rest(wan.now_ns)
    wan.carry(40e6, 10.5e6, 1.0)
    wan.attribution.take_turns(wan.now_ns, 0.88)
    assert other.turn
    assert not climber.turn


def test_a_direction_that_cannot_climb_does_not_keep_the_other_waiting() -> None:
    wan = Wan()
    wan.carry(38e6, 9.5e6, 2.0)
    wan.down.law.climb(wan.now_ns, 25.0, 1e6, **CLIMB)
    wan.down.law.rest(wan.now_ns)
    wan.carry(45e6, 6.5e6, 1.0)  # the upload is loaded, but does not fill its rate
    wan.attribution.take_turns(wan.now_ns, 0.88)
    assert wan.down.turn


def test_alone_a_direction_climbs_when_it_likes() -> None:
    wan = Wan()
    wan.carry(38e6, 1e6, 2.0)
    wan.attribution.take_turns(wan.now_ns, 0.88)
    assert wan.down.turn
    assert wan.up.turn


def test_a_download_that_fell_to_a_twentieth_still_owns_its_queue() -> None:
    wan = Wan()
    wan.carry(39e6, 1.5e6, 2.0)
    wan.carry(1.9e6, 0.5e6, 3.0, delta_ms=540.0)
    assert wan.down.loaded
    assert not wan.down.gone(wan.now_ns)
    assert wan.blamed() == "download"


def test_a_load_that_was_low_before_the_delay_rose_is_not_taken_for_full() -> None:
    wan = Wan()
    wan.carry(2e6, 0.5e6, 2.0)
    wan.carry(2e6, 0.5e6, 2.0, delta_ms=540.0)
    assert not wan.down.loaded
