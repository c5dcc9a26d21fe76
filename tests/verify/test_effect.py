"""What the proofs believe of the typed actions is what the laws do."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from wanctl.actions import ACTIONS
from wanctl.budget import DAY_NS, MINUTE_NS, WriteBudget
from wanctl.control.classic import next_rate
from wanctl.control.law import RateLaw
from wanctl.plan import DirectionPlan
from wanctl.verify.effect import MOVED, WAYS, moves
from wanctl.verify.writes import HOUR_NS, greedy_writes, most_writes

MS_NS = 1_000_000
SHARES = st.floats(0.01, 0.95)
DELAYS_MS = st.floats(0.0, 2_000.0)
RATES = st.none() | st.floats(1_000.0, 2e9)


def cut(law: RateLaw, now_ns: int, rate_bps: float | None, delay_ms: float, share: float) -> None:
    law.cut(now_ns, rate_bps, delay_ms, least=min(share, 0.06), most=share, pace_ms=50.0, blind=share)


def refine(law: RateLaw, now_ns: int, rate_bps: float | None, delay_ms: float, _share: float) -> None:
    law.refine(now_ns, rate_bps, delay_ms)


def drain(law: RateLaw, now_ns: int, rate_bps: float | None, delay_ms: float, share: float) -> None:
    law.drain(now_ns, rate_bps, delay_ms, 5.0, share * 200.0)


def settle(law: RateLaw, now_ns: int, rate_bps: float | None, delay_ms: float, share: float) -> None:
    law.settle(now_ns, delay_ms, rate_bps, share=share, wait_ms=100.0)


def climb(law: RateLaw, now_ns: int, rate_bps: float | None, delay_ms: float, share: float) -> None:
    law.climb(now_ns, delay_ms, rate_bps or 1e6, first=share, step=share, leap=share, beyond=0.03)


def creep(law: RateLaw, _now_ns: int, _rate_bps: float | None, _delay_ms: float, share: float) -> None:
    law.creep(step=share)


def rest(law: RateLaw, now_ns: int, _rate_bps: float | None, _delay_ms: float, _share: float) -> None:
    law.rest(now_ns)


Act = Callable[[RateLaw, int, float | None, float, float], None]
ACTS: dict[str, Act] = {
    "rate.cut": cut,
    "rate.refine": refine,
    "rate.drain": drain,
    "rate.settle": settle,
    "rate.raise": climb,
    "rate.creep": creep,
    "rate.rest": rest,
}


@given(
    st.integers(1_000, 10**9).flatmap(lambda most: st.tuples(st.integers(1_000, most), st.just(most))),
    st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(1, 500), RATES, DELAYS_MS, SHARES), max_size=30),
)
def test_after_any_history_an_action_moves_a_rate_only_the_way_that_is_said(
    ends: tuple[int, int], acts: list[tuple[str, int, float | None, float, float]]
) -> None:
    floor_bps, ceiling_bps = ends
    law, now_ns = RateLaw(DirectionPlan(floor_bps, ceiling_bps, (floor_bps + ceiling_bps) // 2), 0), 0
    uncut_bps = law.rate_bps
    for name, ticks, rate_bps, delay_ms, share in acts:
        now_ns += ticks * MS_NS
        before = law.rate_bps
        ACTS[name](law, now_ns, rate_bps, delay_ms, share)
        way = WAYS[name]
        if way in ("down", "none"):
            assert law.rate_bps <= before
        if way in ("up", "none"):
            assert law.rate_bps >= before
        if way == "either":  # a settled rate never exceeds the highest one before the cuts
            assert law.rate_bps <= uncut_bps
        uncut_bps = max(uncut_bps, law.rate_bps)
        assert floor_bps <= law.rate_bps <= ceiling_bps


@given(st.integers(1, 10**9), st.floats(0.01, 1.0), st.integers(1, 10**9), st.integers(1, 10**9))
def test_what_is_floored_never_raises_a_rate_that_is_not_below_the_floor(
    rate_bps: int, factor: float, floor_bps: int, above_bps: int
) -> None:
    ceiling_bps = max(rate_bps, floor_bps) + above_bps
    for action, values in (("rate.scale", {"factor": factor}), ("rate.keep", {})):
        after = next_rate(rate_bps, action, {**values, "floor": floor_bps}, ceiling_bps)
        assert after <= max(rate_bps, floor_bps)
    assert next_rate(rate_bps, "rate.step", {"step": above_bps, "floor": floor_bps}, ceiling_bps) >= rate_bps


@given(st.floats(1e5, 1e9), st.floats(1e5, 1e9), DELAYS_MS, DELAYS_MS)
def test_of_two_cuts_the_one_for_the_deeper_queue_shapes_no_faster(
    rate_bps: float, capacity_bps: float, one_ms: float, other_ms: float
) -> None:
    def rate_after(queue_ms: float) -> int:
        law = RateLaw(DirectionPlan(1_000, 10**10, int(rate_bps)), 0)
        cut(law, MS_NS, capacity_bps, queue_ms, 0.6)
        return law.rate_bps

    assert rate_after(max(one_ms, other_ms)) <= rate_after(min(one_ms, other_ms))


def test_every_action_on_a_rate_is_described() -> None:
    names = {signature.name for signature in ACTIONS if signature.name.startswith("rate.")}
    assert set(WAYS) == names
    assert names <= set(MOVED)


def test_inputs_of_a_template_are_known_by_their_own_names() -> None:
    assert moves("rate.settle", ["download_debt"])
    assert not moves("rate.settle", ["tcp_age"])
    assert moves("lamp.set", ["anything"]), "nobody has said what it moves"


# -- writes ------------------------------------------------------------------------------------------------------------
def test_the_greediest_hour_and_day_attain_the_bound() -> None:
    assert greedy_writes(WriteBudget(), HOUR_NS) == most_writes(WriteBudget(), HOUR_NS) == 30 + 30 * 60
    assert greedy_writes(WriteBudget(), DAY_NS) == most_writes(WriteBudget(), DAY_NS) == 10_000 + 10_000


@given(
    st.integers(1, 60),
    st.lists(st.tuples(st.booleans(), st.integers(0, 20_000)), min_size=1, max_size=200),
    st.integers(1, 10 * MINUTE_NS),
)
def test_no_sequence_of_writes_exceeds_the_bound_in_any_window(
    minute: int, writes: list[tuple[bool, int]], window_ns: int
) -> None:
    budget, now_ns, sent = WriteBudget(minute=minute), 0, list[int]()
    for is_cut, pause_ms in writes:
        now_ns += pause_ms * MS_NS
        now_ns += budget.wait_ns(now_ns, cut=is_cut)
        budget.spend(now_ns)
        sent.append(now_ns)
    bound = most_writes(WriteBudget(minute=minute), window_ns)
    busiest = max(sum(1 for other in sent if at_ns <= other < at_ns + window_ns) for at_ns in sent)
    assert busiest <= bound
