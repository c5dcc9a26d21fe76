"""The rate law: what a cut, a drain, a settling, a climb and a rest do to the wanted rate."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from wanctl.control.law import REST_LEAST_MS, REST_MOST_MS, RateLaw
from wanctl.plan import DirectionPlan

MS_NS = 1_000_000
SECOND_NS = 1_000 * MS_NS
PLAN = DirectionPlan(floor_bps=2_000_000, ceiling_bps=48_000_000, start_bps=24_000_000)
CUT = {"least": 0.06, "most": 0.60, "pace_ms": 50.0, "blind": 0.15}
CLIMB = {"first": 0.015, "step": 0.03, "leap": 0.15, "beyond": 0.03}


def make_law(start_bps: int = 40_000_000) -> RateLaw:
    return RateLaw(DirectionPlan(PLAN.floor_bps, PLAN.ceiling_bps, start_bps), 0)


def test_a_cut_goes_below_what_is_achieved_at_once() -> None:
    law = make_law()
    law.cut(0, 16e6, 20.0, **CUT)
    assert law.rate_bps == 9_600_000
    assert law.capacity_bps == 16e6


@pytest.mark.parametrize(("queue_ms", "share"), [(1.0, 0.06), (10.0, 0.2), (25.0, 0.5), (400.0, 0.6)])
def test_the_share_taken_off_grows_with_the_queue(queue_ms: float, share: float) -> None:
    law = make_law()
    law.cut(0, 20e6, queue_ms, **CUT)
    assert law.rate_bps == pytest.approx(20e6 * (1.0 - share))


@pytest.mark.parametrize("queue_ms", [1.0, 12.0, 30.0, 90.0, 600.0])
def test_the_debt_lasts_as_long_as_the_share_needs_to_drain_the_queue(queue_ms: float) -> None:
    """Queue in bytes over the part of the capacity that is left free."""
    law = make_law()
    law.cut(0, 20e6, queue_ms, **CUT)
    queue_bits = queue_ms / 1_000 * 20e6
    drained_in_s = queue_bits / (20e6 - law.rate_bps)
    assert law.debt_until_ns / SECOND_NS == pytest.approx(drained_in_s, rel=0.01)


def test_no_debt_lasts_for_ever() -> None:
    law = make_law()
    law.cut(0, 1e6, 60_000.0, **CUT)
    assert law.debt_until_ns == 3 * SECOND_NS


def test_a_cut_never_raises_a_rate() -> None:
    law = make_law(10_000_000)
    law.cut(0, 45e6, 1.0, **CUT)
    assert law.rate_bps == 10_000_000


def test_a_floor_is_a_limit_and_never_a_jump_upwards() -> None:
    law = make_law()
    law.cut(0, 0.1e6, 500.0, **CUT)
    assert law.rate_bps == PLAN.floor_bps
    law.settle(SECOND_NS, 25.0, None, share=0.98, wait_ms=100.0)
    assert law.rate_bps == PLAN.floor_bps


def test_without_counters_a_cut_takes_a_share_of_the_rate() -> None:
    law = make_law()
    law.cut(0, None, 200.0, **CUT)
    assert law.rate_bps == 34_000_000


def test_a_second_look_lowers_the_estimate_and_never_lifts_it() -> None:
    law = make_law()
    law.cut(0, 27e6, 7.0, **CUT)
    law.refine(50 * MS_NS, 16e6, 40.0)
    assert law.capacity_bps == 16e6
    assert law.rate_bps == pytest.approx(6.4e6)
    law.refine(100 * MS_NS, 30e6, 10.0)
    assert law.capacity_bps == 16e6
    assert law.rate_bps == pytest.approx(6.4e6)


def test_a_settled_rate_is_just_below_the_estimate() -> None:
    law = make_law()
    law.cut(0, 32e6, 40.0, **CUT)
    law.settle(100 * MS_NS, 25.0, None, share=0.98, wait_ms=100.0)
    assert law.rate_bps == 31_360_000
    assert law.blind_until_ns == 225 * MS_NS


@pytest.mark.parametrize(("capacity_bps", "share"), [(40e6, 0.98), (16e6, 0.975), (10e6, 0.96), (2.5e6, 0.94)])
def test_at_a_low_rate_the_gap_below_the_estimate_is_wider(capacity_bps: float, share: float) -> None:
    """One packet too many is gone within 30 ms, and never more than 6 % are given away for it."""
    law = make_law()
    law.cut(0, capacity_bps, 40.0, **CUT)
    law.settle(100 * MS_NS, 25.0, None, share=0.98, wait_ms=100.0)
    assert law.rate_bps == pytest.approx(max(capacity_bps * share, PLAN.floor_bps))


def test_an_estimate_that_was_full_of_the_time_before_the_fall_is_corrected() -> None:
    law = make_law()
    law.cut(0, 27e6, 7.0, **CUT)
    law.settle(50 * MS_NS, 25.0, 16e6, share=0.98, wait_ms=100.0)
    assert law.rate_bps == 15_600_000


def test_settling_never_goes_above_the_rate_before_the_cut() -> None:
    law = make_law(12_000_000)
    law.cut(0, 40e6, 5.0, **CUT)
    law.settle(50 * MS_NS, 25.0, None, share=0.98, wait_ms=100.0)
    assert law.rate_bps == 12_000_000


def test_a_deeper_cut_of_the_same_queue_remembers_the_rate_before_the_first() -> None:
    law = make_law()
    law.cut(0, 30e6, 10.0, **CUT)
    law.cut(50 * MS_NS, 30e6, 60.0, **CUT)
    law.settle(200 * MS_NS, 25.0, None, share=0.98, wait_ms=100.0)
    assert law.rate_bps == 29_400_000


def test_a_queue_that_outlives_its_drain_is_owed_anew() -> None:
    law = make_law()
    law.cut(0, 30e6, 30.0, **CUT)
    law.debt_until_ns = 300 * MS_NS
    law.drain(250 * MS_NS, 12e6, 40.0, 5.0, 25.0)
    assert law.capacity_bps == 12e6
    assert law.debt_until_ns > 300 * MS_NS


def test_a_drain_that_works_is_left_alone() -> None:
    law = make_law()
    law.cut(0, 30e6, 30.0, **CUT)
    before = (law.rate_bps, law.debt_until_ns)
    law.drain(40 * MS_NS, 28e6, 2.0, 5.0, 25.0)
    assert (law.rate_bps, law.debt_until_ns) == before


def climb(law: RateLaw, seconds: float, begin_ns: int = 10 * SECOND_NS, achieved: float = 0.97) -> list[int]:
    rates = []
    for tick in range(int(seconds * 20)):
        law.climb(begin_ns + tick * 50 * MS_NS, 25.0, law.rate_bps * achieved, **CLIMB)
        rates.append(law.rate_bps)
    return rates


def test_a_climb_begins_in_small_steps_and_leaps_beyond_the_estimate() -> None:
    law = make_law()
    law.cut(0, 16e6, 10.0, **CUT)
    law.settle(50 * MS_NS, 25.0, None, share=0.98, wait_ms=100.0)
    before_bps, rates = law.rate_bps, sorted(set(climb(law, 0.95)))
    growth = [after / before for before, after in pairwise([before_bps, *rates])]
    assert growth[:3] == pytest.approx([1.0205, 1.03, 1.03], abs=0.001)  # the first goes to 99.5 % of the estimate
    assert growth[3:5] == pytest.approx([1.15, 1.225], abs=0.001)


def test_a_step_waits_until_the_one_before_can_show() -> None:
    law = make_law(10_000_000)
    rates = [10_000_000]
    for tick in range(40):
        law.climb(tick * 50 * MS_NS, 400.0, 9e6, **CLIMB)
        rates.append(law.rate_bps)
    steps = [tick for tick in range(40) if rates[tick + 1] != rates[tick]]
    assert min(after - before for before, after in pairwise(steps)) == 9  # 450 ms


def test_a_climb_waits_for_the_shaper() -> None:
    law = make_law(10_000_000)
    law.applied_bps = 10_000_000
    climb(law, 3.0)
    assert law.rate_bps <= 10_000_000 * 1.10 * 1.35


def test_a_climb_ends_at_the_ceiling() -> None:
    law = make_law(20_000_000)
    climb(law, 5.0)
    assert law.rate_bps == PLAN.ceiling_bps
    assert law.headroom == 0.0


def episode(law: RateLaw, now_ns: int, capacity_bps: float) -> int:
    """A climb that ends in a small queue; how long the rest after it is, in ms."""
    law.climb(now_ns, 25.0, law.rate_bps * 0.97, **CLIMB)
    law.cut(now_ns + 300 * MS_NS, capacity_bps, 6.0, **CUT)
    settled_ns = now_ns + 350 * MS_NS
    law.settle(settled_ns, 25.0, None, share=0.98, wait_ms=100.0)
    return (law.rest_until_ns - law.blind_until_ns) // MS_NS


def test_rests_grow_while_climbs_only_confirm_the_estimate() -> None:
    law = make_law()
    rests = [episode(law, number * 5 * SECOND_NS, 30e6) for number in range(6)]
    assert rests[0] == REST_LEAST_MS
    assert rests == sorted(rests)
    assert rests[-1] == REST_MOST_MS


@pytest.mark.parametrize("capacity_bps", [22e6, 36e6])
def test_a_capacity_that_moved_shortens_the_rest(capacity_bps: float) -> None:
    law = make_law()
    for number in range(6):
        episode(law, number * 5 * SECOND_NS, 30e6)
    assert episode(law, 60 * SECOND_NS, capacity_bps) == REST_LEAST_MS


def test_a_cut_out_of_a_steady_cruise_that_finds_nothing_changed_is_a_false_alarm() -> None:
    law = make_law()
    assert not law.confirms(0, 30e6)
    episode(law, 0, 30e6)
    assert not law.confirms(400 * MS_NS, 30e6)
    assert law.confirms(5 * SECOND_NS, 29e6)
    assert not law.confirms(5 * SECOND_NS, 20e6)


@given(
    capacity_bps=st.floats(0.5e6, 60e6),
    mild_ms=st.floats(0.0, 500.0),
    worse_ms=st.floats(0.0, 500.0),
)
@settings(max_examples=200)
def test_a_larger_queue_never_shapes_faster(capacity_bps: float, mild_ms: float, worse_ms: float) -> None:
    mild, worse = make_law(), make_law()
    low, high = sorted((mild_ms, worse_ms))
    mild.cut(0, capacity_bps, low, **CUT)
    worse.cut(0, capacity_bps, high, **CUT)
    assert worse.rate_bps <= mild.rate_bps


class AnyOrder(RuleBasedStateMachine):
    """Whatever is asked of the law, and in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.law = make_law(24_000_000)
        self.now_ns = 0
        self.may_rise = False
        self.last_bps = self.law.rate_bps

    @rule(passed_ms=st.integers(1, 2_000))
    def time_passes(self, passed_ms: int) -> None:
        self.now_ns += passed_ms * MS_NS
        self.may_rise = False

    @rule(capacity_bps=st.none() | st.floats(0.0, 1e9), queue_ms=st.floats(0.0, 10_000.0))
    def cut(self, capacity_bps: float | None, queue_ms: float) -> None:
        self.law.cut(self.now_ns, capacity_bps, queue_ms, **CUT)
        self.may_rise = False

    @rule(capacity_bps=st.none() | st.floats(0.0, 1e9), queue_ms=st.floats(0.0, 10_000.0))
    def refine_and_drain(self, capacity_bps: float | None, queue_ms: float) -> None:
        self.law.refine(self.now_ns, capacity_bps, queue_ms)
        self.law.drain(self.now_ns, capacity_bps, queue_ms, 5.0, 30.0)
        self.may_rise = False

    @rule(seen_bps=st.none() | st.floats(1.0, 1e9))
    def settle(self, seen_bps: float | None) -> None:
        self.law.settle(self.now_ns, 30.0, seen_bps, share=0.98, wait_ms=100.0)
        self.may_rise = True

    @rule(achieved_bps=st.floats(0.0, 1e9))
    def climb(self, achieved_bps: float) -> None:
        self.law.climb(self.now_ns, 30.0, achieved_bps, **CLIMB)
        self.may_rise = True

    @rule()
    def rest_and_creep(self) -> None:
        self.law.rest(self.now_ns)
        self.law.creep(step=0.05)
        self.may_rise = True

    @invariant()
    def rates_are_whole_and_within_the_limits(self) -> None:
        law = self.law
        assert isinstance(law.rate_bps, int)
        assert PLAN.floor_bps <= law.rate_bps <= PLAN.ceiling_bps
        assert law.debt_until_ns <= self.now_ns + 3 * SECOND_NS
        assert self.may_rise or law.rate_bps <= self.last_bps
        self.last_bps = law.rate_bps


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
