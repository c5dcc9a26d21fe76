"""The default law in a closed loop: what people on the link would notice, and what they would not."""

from statistics import median

import pytest

from tests.site.loop import GREEDY, SECOND_NS, make_link, run_loop, steps
from wanctl.sim.link import Noise

LOAD = steps((0, 0), (3, GREEDY))
NOISE = Noise(jitter_ms=0.5, spike_ms=8.0, spike_share=0.02)


@pytest.mark.parametrize(("before", "after"), [(40, 16), (24, 12), (40, 9)])
def test_a_fall_of_capacity_is_cut_within_200_ms_and_drained_within_a_second(before: float, after: float) -> None:
    link = make_link(steps((0, before), (10, after)), steps((0, 10)), down_load=LOAD, noise=NOISE)
    run = run_loop(link, 16.0)
    assert run.cut_after_s(10.0) <= 0.2
    assert run.gone_after_s(10.0) <= 1.1
    assert min(row.down_mbit for row in run.between(10.0, 12.0)) < after
    assert run.states("upload") == {"GREEN.CRUISE"}


def test_a_capacity_that_comes_back_is_found_again_within_two_seconds() -> None:
    link = make_link(steps((0, 40), (8, 16), (16, 40)), steps((0, 10)), down_load=LOAD, noise=NOISE)
    run = run_loop(link, 22.0)
    assert max(row.down_mbit for row in run.between(14.0, 16.0)) < 18.0
    assert max(row.down_mbit for row in run.between(16.0, 18.5)) > 36.0
    assert median(row.down_mbit for row in run.between(19.0, 22.0)) > 36.0


def test_under_full_load_the_queue_stays_small_and_the_link_is_used() -> None:
    link = make_link(steps((0, 40)), steps((0, 10)), down_load=LOAD, noise=NOISE)
    run = run_loop(link, 30.0)
    assert run.queue_ms(0.50, 6.0) < 3.0
    assert run.queue_ms(0.95, 6.0) < 15.0
    assert run.down_bytes > 0.92 * 26.5 * 40e6 / 8


def test_an_upload_is_held_as_well_as_a_download() -> None:
    link = make_link(steps((0, 40)), steps((0, 10), (12, 4), (20, 10)), up_load=LOAD, noise=NOISE)
    run = run_loop(link, 28.0)
    assert run.queue_ms(0.95, 6.0) < 20.0
    assert run.up_bytes > 0.88 * (9 + 8) * 10e6 / 8 + 0.88 * 8 * 4e6 / 8
    assert run.states("download") == {"GREEN.CRUISE"}
    assert {row.down_mbit for row in run.rows} == {20.0}


def test_with_both_directions_full_neither_spirals_to_its_floor() -> None:
    link = make_link(
        steps((0, 40), (12, 16), (20, 40)), steps((0, 10), (15, 4), (24, 10)), down_load=LOAD, up_load=LOAD, noise=NOISE
    )
    run = run_loop(link, 32.0)
    could_down, could_up = (9 + 12) * 40e6 / 8 + 8 * 16e6 / 8, (12 + 8) * 10e6 / 8 + 9 * 4e6 / 8
    assert run.down_bytes > 0.75 * could_down
    assert run.up_bytes > 0.75 * could_up
    assert run.queue_ms(0.95, 6.0) < 50.0


def test_short_spikes_and_jitter_of_an_unloaded_link_change_no_rate() -> None:
    wild = Noise(jitter_ms=3.0, spike_ms=120.0, spike_share=0.1, loss_share=0.01)
    run = run_loop(make_link(steps((0, 40)), steps((0, 10)), noise=wild), 60.0)
    assert {(row.down_mbit, row.up_mbit) for row in run.rows} == {(20.0, 5.0)}
    assert run.states("download") == run.states("upload") == {"GREEN.CRUISE"}


@pytest.mark.parametrize("read_every", [1, 4])
def test_an_outage_of_eight_seconds_holds_all_rates(read_every: int) -> None:
    dead = steps((0, 40), (12, 0), (20, 40)), steps((0, 10), (12, 0), (20, 10))
    run = run_loop(make_link(*dead, down_load=LOAD, noise=NOISE), 26.0, read_every=read_every)
    held = run.between(11.95, 12.1)[-1]
    assert {(row.down_mbit, row.up_mbit) for row in run.between(12.1, 20.0)} == {(held.down_mbit, held.up_mbit)}
    assert "OUTAGE" in run.states("connectivity", 13.5, 20.0)
    assert run.states("connectivity", 21.5) == {"UP.ICMP"}
    assert median(row.down_mbit for row in run.between(22.0, 26.0)) > 34.0
    assert run.queue_ms(0.95, 21.5) < 25.0


def test_echoes_that_are_filtered_under_load_change_no_rate_and_tcp_takes_over() -> None:
    """C8: ICMP is dropped from 12 s to 20 s; the TCP connects have a baseline of their own."""
    link = make_link(steps((0, 40)), steps((0, 10)), down_load=LOAD, noise=NOISE)
    run = run_loop(
        link,
        26.0,
        sources=("icmp", "icmp", "tcp"),
        answered=lambda at_s, source: source == "tcp" or not 12.0 <= at_s < 20.0,
    )
    low = min(row.down_mbit for row in run.between(12.0, 26.0))
    assert low > 0.8 * 39.0
    assert "UP.TCP_FALLBACK" in run.states("connectivity", 15.0, 20.0)
    assert "OUTAGE" not in run.states("connectivity")
    assert run.states("connectivity", 24.0) == {"UP.ICMP"}


def test_when_nobody_answers_although_traffic_flows_rates_hold() -> None:
    """C9: BLIND."""
    link = make_link(steps((0, 40)), steps((0, 10)), down_load=LOAD, noise=NOISE)
    run = run_loop(link, 24.0, answered=lambda at_s, _: not 12.0 <= at_s < 20.0)
    before = run.between(11.9, 12.1)[-1]
    assert {row.down_mbit for row in run.between(12.1, 20.0)} == {before.down_mbit}
    assert "BLIND" in run.states("connectivity", 15.5, 20.0)
    assert run.states("connectivity", 22.0) == {"UP.ICMP"}


def test_a_longer_path_of_an_idle_link_is_learnt_within_seconds() -> None:
    run = run_loop(make_link(steps((0, 40)), steps((0, 10))), 30.0, far_ms=lambda at_s: 20.0 if at_s > 15.0 else 0.0)
    assert run.rows[-1].baseline_ms == pytest.approx(40.0, abs=1.0)
    learnt_s = next(row.at_s for row in run.rows if (row.baseline_ms or 0.0) > 39.0)
    assert learnt_s < 20.0
    assert {row.down_mbit for row in run.rows} == {20.0}


def test_a_longer_path_under_load_does_not_pin_the_link_to_its_floor() -> None:
    """Cuts do not move the delay, so it is the path: relearnt, and the rate is back soon after."""
    link = make_link(steps((0, 40)), steps((0, 10)), down_load=LOAD)
    run = run_loop(link, 60.0, far_ms=lambda at_s: 20.0 if at_s > 12.0 else 0.0)
    assert run.rows[-1].baseline_ms == pytest.approx(40.0, abs=2.0)
    assert median(row.down_mbit for row in run.between(50.0, 60.0)) > 34.0


def test_two_minutes_of_load_move_the_baseline_by_less_than_half_a_millisecond() -> None:
    """C10."""
    load = steps((0, 0), (10, GREEDY), (130, 0))
    run = run_loop(make_link(steps((0, 40)), steps((0, 10)), down_load=load, noise=NOISE), 136.0)
    before = run.between(9.9, 10.0)[-1].baseline_ms
    assert before is not None
    assert all(abs((row.baseline_ms or 0.0) - before) < 0.5 for row in run.between(10.0, 136.0))
    assert run.states("baseline", 11.0, 130.0) == {"FROZEN"}
    assert run.states("baseline", 133.0) == {"TRACKING"}


def test_a_line_that_is_loaded_from_the_start_is_learnt_nonetheless() -> None:
    run = run_loop(make_link(steps((0, 40)), steps((0, 10)), down_load=steps((0, GREEDY))), 20.0)
    assert run.states("baseline") == {"LEARNING"}
    assert run.rows[-1].baseline_ms == pytest.approx(20.0, abs=3.0)
    assert median(row.down_mbit for row in run.between(10.0, 20.0)) > 34.0
    assert run.queue_ms(0.95, 6.0) < 20.0


def test_a_line_far_slower_than_its_shaper_is_found_although_its_load_looks_small() -> None:
    link = make_link(steps((0, 4)), steps((0, 10)), down_load=steps((0, 0), (5, GREEDY)), noise=NOISE)
    run = run_loop(link, 20.0)
    assert max(row.down_mbit for row in run.between(8.0, 20.0)) < 6.0
    assert run.queue_ms(0.95, 10.0) < 60.0


def test_a_router_that_is_read_four_times_a_second_and_obeys_late_is_good_enough() -> None:
    link = make_link(steps((0, 40), (12, 16), (20, 40)), steps((0, 10)), down_load=LOAD, noise=NOISE)
    run = run_loop(link, 30.0, read_every=5, obeyed_after_ns=SECOND_NS // 10)
    assert run.queue_ms(0.95, 6.0) < 60.0
    assert run.down_bytes > 0.8 * (9 + 10) * 40e6 / 8 + 0.8 * 8 * 16e6 / 8
