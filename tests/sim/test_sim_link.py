from random import Random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wanctl.sim.link import Bottleneck, Link, Noise, Side
from wanctl.sim.schedule import Steps

MS_NS = 1_000_000
SECOND_NS = 1_000_000_000
MBIT = 1_000_000
IDLE = Steps((0, 0.0))
SIDES: tuple[Side, Side] = ("download", "upload")


def link(down: Bottleneck, up: Bottleneck | None = None, noise: Noise | None = None, seed: int = 1) -> Link:
    return Link(down, up or Bottleneck(Steps((0, 10e6)), offered=IDLE), Random(seed), noise=noise)


def queues_ms(
    link: Link, side: Side, until_s: float, down: int | None, up: int | None, from_s: float = 0
) -> list[float]:
    """The queue every 10 ms."""
    seen = []
    for tick in range(int(from_s * 100), int(until_s * 100)):
        link.advance((tick + 1) * 10 * MS_NS, down, up)
        seen.append(link.queue_ms(side))
    return seen


@pytest.mark.parametrize("unshaped", [None, 0])
def test_without_a_shaper_the_download_bloats_to_hundreds_of_ms(unshaped: int | None) -> None:
    dumb = link(Bottleneck(Steps((0, 40e6)), limit_bytes=4_000_000))
    assert median(queues_ms(dumb, "download", 40, unshaped, unshaped)[2000:]) > 200


def test_without_a_shaper_the_upload_bloats_to_hundreds_of_ms() -> None:
    dumb = link(Bottleneck(Steps((0, 40e6)), offered=IDLE), Bottleneck(Steps((0, 10e6)), limit_bytes=1_000_000))
    assert median(queues_ms(dumb, "upload", 30, None, None)[1500:]) > 200


def test_shaped_at_95_percent_no_queue_stands_in_either_direction() -> None:
    both = link(Bottleneck(Steps((0, 40e6))), Bottleneck(Steps((0, 10e6))))
    for side in SIDES:
        later = queues_ms(both, side, 30, 38 * MBIT, 9_500_000)[300:]
        assert median(later) == 0.0
        assert max(later) < 10.0


def test_shaped_senders_fill_what_the_shaper_lets_through() -> None:
    both = link(Bottleneck(Steps((0, 40e6))), Bottleneck(Steps((0, 10e6))))
    both.advance(30 * SECOND_NS, 38 * MBIT, 9_500_000)
    assert both.ledger("download").delivered_bytes * 8 / 30 > 0.95 * 38 * MBIT
    assert both.ledger("upload").delivered_bytes * 8 / 30 > 0.95 * 9_500_000


def test_while_a_queue_stands_what_arrives_is_the_capacity() -> None:
    dumb = link(Bottleneck(Steps((0, 40e6), (10 * SECOND_NS, 16e6))))
    dumb.advance(12 * SECOND_NS, 38 * MBIT, None)
    assert dumb.queue_ms("download") > 20
    before = dumb.rx_bytes
    dumb.advance(13 * SECOND_NS, 38 * MBIT, None)
    assert (dumb.rx_bytes - before) * 8 == pytest.approx(16 * MBIT, rel=0.01)


def test_a_cut_below_the_capacity_drains_the_queue_after_about_a_round_trip() -> None:
    dumb = link(Bottleneck(Steps((0, 40e6), (10 * SECOND_NS, 16e6))))
    dumb.advance(round(10.3 * SECOND_NS), 38 * MBIT, None)
    standing_ms = dumb.queue_ms("download")
    assert standing_ms > 30
    dumb.advance(round(10.31 * SECOND_NS), 8 * MBIT, None)
    assert dumb.queue_ms("download") > standing_ms - 5, "the senders cannot know yet"
    dumb.advance(round(10.7 * SECOND_NS), 8 * MBIT, None)
    assert dumb.queue_ms("download") == 0.0


def test_senders_take_a_risen_rate_within_seconds_but_not_at_once() -> None:
    shaped = link(Bottleneck(Steps((0, 100e6))))
    shaped.advance(10 * SECOND_NS, 16 * MBIT, None)
    before = shaped.rx_bytes
    shaped.advance(round(10.02 * SECOND_NS), 80 * MBIT, None)
    assert (shaped.rx_bytes - before) * 8 / 0.02 < 40 * MBIT
    shaped.advance(14 * SECOND_NS, 80 * MBIT, None)
    before = shaped.rx_bytes
    shaped.advance(15 * SECOND_NS, 80 * MBIT, None)
    assert (shaped.rx_bytes - before) * 8 > 70 * MBIT


def test_a_queue_in_the_upload_delays_acknowledgements_and_so_slows_the_download() -> None:
    def downloaded(up: Bottleneck) -> int:
        both = link(Bottleneck(Steps((0, 40e6))), up)
        both.advance(5 * SECOND_NS, 38 * MBIT, None)
        return both.rx_bytes

    slow = Bottleneck(Steps((0, 5e6)), limit_bytes=500_000)
    assert downloaded(slow) < 0.8 * downloaded(Bottleneck(Steps((0, 5e6)), offered=IDLE))


def test_an_idle_link_has_its_idle_round_trip_and_moves_nothing() -> None:
    idle = link(Bottleneck(Steps((0, 40e6)), offered=IDLE))
    idle.advance(10 * SECOND_NS, None, None)
    assert idle.rtt_ms() == 20.0
    assert (idle.rx_bytes, idle.tx_bytes, idle.delivered_bytes) == (0, 0, 0)


def test_applications_that_offer_less_than_the_capacity_get_it_without_a_queue() -> None:
    light = link(Bottleneck(Steps((0, 40e6)), offered=Steps((0, 8e6))))
    assert max(queues_ms(light, "download", 10, None, None)) < 1.0
    assert light.rx_bytes * 8 / 10 == pytest.approx(8e6, rel=0.02)


def test_a_dead_link_loses_probes_and_recovers_when_it_is_back() -> None:
    outage = link(Bottleneck(Steps((0, 40e6), (5 * SECOND_NS, 0.0), (10 * SECOND_NS, 40e6))))
    outage.advance(9 * SECOND_NS, 38 * MBIT, None)
    assert outage.rtt_ms() is None
    before = outage.rx_bytes
    outage.advance(15 * SECOND_NS, 38 * MBIT, None)
    assert outage.rtt_ms() == pytest.approx(20.0, abs=2.0)
    assert (outage.rx_bytes - before) * 8 > 4 * 30 * MBIT


def test_a_full_fifo_loses_some_probes_and_not_all() -> None:
    tiny = link(Bottleneck(Steps((0, 10e6)), limit_bytes=30_000, flows=16))
    lost = 0
    for tick in range(2000):
        tiny.advance((tick + 1) * 10 * MS_NS, None, None)
        lost += tiny.rtt_ms() is None
    assert 0 < lost < 1000


def test_noise_adds_to_a_round_trip_and_loses_its_share() -> None:
    noisy = link(Bottleneck(Steps((0, 40e6)), offered=IDLE), noise=Noise(jitter_ms=1.0, loss_share=0.1))
    noisy.advance(SECOND_NS, None, None)
    rtts = [noisy.rtt_ms() for _ in range(2000)]
    answered = [rtt for rtt in rtts if rtt is not None]
    assert min(answered) >= 20.0
    assert median(answered) == pytest.approx(20.7, abs=0.2)
    assert 120 < rtts.count(None) < 280


def test_the_same_seed_is_the_same_run() -> None:
    def run(seed: int) -> list[float | None]:
        noisy = link(Bottleneck(Steps((0, 40e6))), noise=Noise(jitter_ms=1.0, loss_share=0.1), seed=seed)
        rtts = []
        for tick in range(200):
            noisy.advance((tick + 1) * 50 * MS_NS, None, None)
            rtts.append(noisy.rtt_ms())
        return rtts

    assert run(7) == run(7)
    assert run(7) != run(8)


rates = st.one_of(st.none(), st.just(0), st.integers(100_000, 500 * MBIT))
capacities = st.lists(st.one_of(st.just(0.0), st.floats(1e5, 1e9)), min_size=1, max_size=4)


def steps(capacities: list[float]) -> Steps:
    return Steps(*((index * 700 * MS_NS, rate) for index, rate in enumerate(capacities)))


@settings(max_examples=40, deadline=None)
@given(
    capacities,
    capacities,
    st.lists(st.tuples(st.integers(1, 300), rates, rates), min_size=1, max_size=15),
    st.integers(10_000, 5_000_000),
    st.integers(1, 20),
)
def test_bytes_are_conserved_and_no_queue_is_negative_or_beyond_its_limit(
    down: list[float], up: list[float], course: list[tuple[int, int | None, int | None]], limit: int, flows: int
) -> None:
    both = Link(Bottleneck(steps(down), limit, flows), Bottleneck(steps(up), limit, flows), Random(1))
    now_ns = 0
    before = (0, 0, 0)
    for wait_ms, down_bps, up_bps in course:
        now_ns += wait_ms * MS_NS
        both.advance(now_ns, down_bps, up_bps)
        for side in SIDES:
            ledger = both.ledger(side)
            offered, *places = ledger
            assert sum(places) == pytest.approx(offered, rel=1e-9, abs=1.0)
            assert min(ledger) >= 0.0
            assert ledger.queued_bytes <= limit
            assert 0.0 <= both.queue_ms(side) <= 60_000.0
        rtt_ms = both.rtt_ms()
        assert rtt_ms is None or rtt_ms >= 20.0
        after = (both.rx_bytes, both.tx_bytes, both.delivered_bytes)
        assert all(old <= new for old, new in zip(before, after, strict=True)), "counters only grow"
        before = after


@settings(max_examples=20, deadline=None)
@given(capacities, st.lists(st.integers(1, 400), min_size=1, max_size=30))
def test_how_often_the_link_is_looked_at_does_not_change_it(down: list[float], waits_ms: list[int]) -> None:
    looked_at = link(Bottleneck(steps(down)))
    left_alone = link(Bottleneck(steps(down)))
    now_ns = 0
    for wait_ms in waits_ms:
        now_ns += wait_ms * MS_NS
        looked_at.advance(now_ns, 20 * MBIT, None)
    left_alone.advance(now_ns, 20 * MBIT, None)
    assert looked_at.ledger("download") == left_alone.ledger("download")
