"""What recordings of real links show, in their plainest form: spikes, levels, stalls, late answers, shelves.

Shapes and figures are those of public recordings of 5G, LTE, Starlink and cable links; the answers come when they came.
"""

from collections.abc import Callable
from heapq import heappop, heappush
from math import sin

import pytest

from tests.site.loop import SECOND_NS, TICK_NS, WAN
from wanctl.config.law import build_site
from wanctl.control.sample import Observation, Reading, Sample, Sent
from wanctl.plan import DirectionPlan, SitePlan, WanPlan


class Replayed:
    """What a site made of a recording: rates at each tick, and the states each region was in."""

    def __init__(
        self,
        seconds: float,
        rtt_ms: Callable[[float], float | None],
        *,
        hz: float = 20.0,
        mbit: Callable[[float], tuple[float, float]] | None = None,
        start_mbit: tuple[int, int] = (50, 10),
    ) -> None:
        limits = [DirectionPlan(mbit_ * 100_000, mbit_ * 2_000_000, mbit_ * 1_000_000) for mbit_ in start_mbit]
        site = build_site(SitePlan("field", (WanPlan(WAN, "default", *limits),)), 0)
        self.rates: list[tuple[float, float, float]] = []
        self.seen: list[tuple[float, tuple[str, ...], float | None]] = []
        under_way: list[tuple[int, Sample]] = []
        total, next_ns = [0.0, 0.0], 0
        for tick in range(1, round(seconds * 20) + 1):
            now_ns = tick * TICK_NS
            came: list[Observation] = []
            while next_ns <= now_ns:
                came.append(Sent(WAN, "r1", next_ns, "icmp"))
                rtt = rtt_ms(next_ns / SECOND_NS)
                if rtt is not None:
                    received_ns = next_ns + round(rtt * 1e6)
                    heappush(under_way, (received_ns, Sample(WAN, "r1", next_ns, received_ns, "icmp")))
                next_ns += round(SECOND_NS / hz)
            while under_way and under_way[0][0] <= now_ns:
                came.append(heappop(under_way)[1])
            readings: tuple[Reading, ...] = ()
            if mbit is not None:
                for side, rate in enumerate(mbit(now_ns / SECOND_NS)):
                    total[side] += rate * 1e6 / 160
                readings = (Reading(WAN, now_ns, int(total[0]), int(total[1])),)
            shown = site.tick(now_ns, tuple(came), readings, ()).signals[WAN]
            self.rates.append((now_ns / SECOND_NS, shown.download.wanted_bps / 1e6, shown.upload.wanted_bps / 1e6))
            self.seen.append((now_ns / SECOND_NS, shown.states, shown.baseline_ms))

    def states(self, region: str, begin_s: float = 0.0, end_s: float = 1e9) -> set[str]:
        return {
            leaf.partition(".")[2]
            for at_s, states, _ in self.seen
            if begin_s <= at_s < end_s
            for leaf in states
            if leaf.startswith(region + ".")
        }

    def never_cut(self) -> bool:
        """Whether no rate ever fell."""
        pairs = zip(self.rates, self.rates[1:], strict=False)
        return all(after[1] >= before[1] and after[2] >= before[2] for before, after in pairs)


def jitter(at_s: float, width_ms: float) -> float:
    """Something like noise that is the same each time."""
    return (sin(at_s * 12.9898) * 43_758.5453 % 1.0) * width_ms


@pytest.mark.parametrize("counted", [True, False])
def test_handover_spikes_of_half_a_second_pass(counted: bool) -> None:
    """5G in a car: 13 to 22 ms, a spike of 270 ms every ten seconds that drains one to one."""

    def rtt_ms(at_s: float) -> float:
        into = at_s % 10.0 - 5.0
        return 14.0 + jitter(at_s, 6.0) + (max(0.0, 270.0 - into * 600.0) if into >= 0.0 else 0.0)

    run = Replayed(120.0, rtt_ms, mbit=(lambda _: (0.3, 0.1)) if counted else None)
    assert run.never_cut()
    assert run.states("download") == {"GREEN.CRUISE"}
    assert run.states("connectivity") == {"UP.ICMP"}


@pytest.mark.parametrize("counted", [True, False])
def test_a_new_level_each_15_seconds_is_followed_and_is_no_queue(counted: bool) -> None:
    """An idle dish reached over laser links: the level changes by up to 40 ms, with a spike at the change."""

    def rtt_ms(at_s: float) -> float:
        level = (113.0, 146.0, 107.0, 139.0)[int(at_s / 15.0) % 4]
        return level + jitter(at_s, 3.0) + (150.0 if at_s % 15.0 < 0.1 else 0.0)

    run = Replayed(90.0, rtt_ms, hz=60.0, mbit=(lambda _: (0.2, 0.1)) if counted else None)
    assert run.never_cut()
    assert "OUTAGE" not in run.states("connectivity")
    for change_s in (15.0, 30.0, 45.0, 60.0):
        level = (113.0, 146.0, 107.0, 139.0)[int(change_s / 15.0) % 4]
        learnt = [baseline for at_s, _, baseline in run.seen if change_s + 5.5 <= at_s < change_s + 14.0]
        assert all(baseline == pytest.approx(level, abs=3.0) for baseline in learnt)


def test_a_stall_of_twelve_seconds_is_an_outage_and_its_late_answers_are_ignored() -> None:
    """5G off the road: no answer from 84 s on, then all of them at once."""

    def rtt_ms(at_s: float) -> float:
        return 16.0 + jitter(at_s, 5.0) + (max(0.0, 42.0 - at_s) * 1_000.0 if 30.0 <= at_s < 42.0 else 0.0)

    run = Replayed(60.0, rtt_ms)
    assert run.states("connectivity", 33.0, 42.0) == {"OUTAGE"}
    assert run.states("connectivity", 43.0) == {"UP.ICMP"}
    assert run.never_cut()
    assert run.seen[-1][2] == pytest.approx(16.0, abs=2.0)


@pytest.mark.parametrize(("hz", "within_s"), [(5.0, 1.5), (20.0, 0.5)])
def test_an_upload_that_bloats_to_a_second_is_cut_long_before(hz: float, within_s: float) -> None:
    """LTE: 40 ms, then 1,200 ms within some seconds, while 8 Mbit/s go up."""

    def rtt_ms(at_s: float) -> float:
        return 40.0 + jitter(at_s, 4.0) + min(1_200.0, max(0.0, at_s - 10.0) * 400.0)

    run = Replayed(20.0, rtt_ms, hz=hz, mbit=lambda at_s: (0.4, 8.0 if at_s > 10.0 else 0.1))
    first_s = next(at_s for at_s, _, up in run.rates if up < 10.0)
    assert 10.0 < first_s < 10.0 + within_s
    assert min(up for _, _, up in run.rates) < 8.0
    assert {down for _, down, _ in run.rates} == {50.0}
    assert run.states("connectivity") == {"UP.ICMP"}


def test_a_queue_behind_a_download_is_not_blamed_on_its_acknowledgements() -> None:
    """Cable, flows down only: 11 ms, then 30 to 590 ms within a tenth of a second."""

    def rtt_ms(at_s: float) -> float:
        return 11.0 + (0.0 if at_s < 10.0 else 30.0 + jitter(at_s, 400.0))

    run = Replayed(30.0, rtt_ms, mbit=lambda at_s: (48.0, 1.2) if at_s > 10.0 else (0.2, 0.1))
    assert {up for _, _, up in run.rates} == {10.0}
    assert min(down for _, down, _ in run.rates) < 47.0
    assert run.states("download", 10.5) <= {"YELLOW.DRAIN", "YELLOW.SETTLE", "SOFT_RED", "RED.CUT", "RED.DRAIN"}


def test_full_load_and_nothing_wrong_is_left_alone_after_a_while() -> None:
    """Cable held by a good queue for five minutes: some milliseconds come and go, and mean nothing."""

    def rtt_ms(at_s: float) -> float:
        return 10.0 + (jitter(at_s, 2.0) if at_s < 10.0 else 1.0 + jitter(at_s, 7.0))

    run = Replayed(200.0, rtt_ms, mbit=lambda at_s: (45.0, 5.0) if at_s > 10.0 else (0.3, 0.1))
    late = [states[2] for at_s, states, _ in run.seen if at_s > 60.0]
    assert sum(state.startswith("download.GREEN") for state in late) > 0.95 * len(late)
    assert run.states("download", 60.0) <= {"GREEN.CRUISE", "GREEN.PROBE", "YELLOW.DRAIN", "YELLOW.SETTLE"}
    assert min(down for at_s, down, _ in run.rates if at_s > 60.0) > 0.75 * 45.0


def test_a_dip_to_the_true_baseline_does_not_make_a_shelf_the_baseline() -> None:
    """Cable, flows up only: a flat shelf of 70 ms that dips to 11 ms every ten seconds (BBR's own probing)."""

    def rtt_ms(at_s: float) -> float:
        shelf = at_s >= 10.0 and at_s % 10.0 >= 0.3
        return 11.0 + (60.0 + jitter(at_s, 12.0) if shelf else jitter(at_s, 0.5))

    run = Replayed(60.0, rtt_ms, mbit=lambda at_s: (1.0, 9.5) if at_s > 10.0 else (0.2, 0.1))
    assert all(baseline is None or baseline < 12.0 for _, _, baseline in run.seen[40:])
