"""How much is asked of a calm link, and how soon a queue is seen that builds up on it."""

import statistics
from dataclasses import dataclass

import pytest

from tests.control.probing import MS_NS, SECOND_NS
from wanctl.config.law import law_model
from wanctl.control.sample import Gap, Observation, Reading, Sample, Sent, Unsent, Void
from wanctl.decision import DirectionSignals, WanSignals
from wanctl.engine import compile_model
from wanctl.plan import DirectionPlan, WanPlan
from wanctl.probe.pace import BLACKOUT_NS, FULL_NS, HALF_NS, QUARTER_NS, Pace
from wanctl.probe.rotation import PUBLIC_GAP_NS, Rotation
from wanctl.wan import DefaultWan

TICK_NS = 50 * MS_NS
CALM_STATES = (
    "connectivity.UP.ICMP",
    "baseline.TRACKING",
    "download.GREEN.CRUISE",
    "upload.GREEN.CRUISE",
)


@dataclass
class Calm:
    """A WAN on which nothing happens, and what a test makes of it."""

    states: tuple[str, ...] = CALM_STATES
    newest_ms: float | None = 0.4
    load: float | None = 0.05
    age_ms: float = 30.0

    def signals(self) -> WanSignals:
        directions = [DirectionSignals(load=self.load), DirectionSignals(load=0.02)]
        return WanSignals(
            states=self.states,
            newest_ms=self.newest_ms,
            limit_ms=5.0,
            age_ms=self.age_ms,
            rtt_ms=20.0,
            download=directions[0],
            upload=directions[1],
        )


def pace_after(seconds: float) -> Pace:
    pace = Pace()
    for tick in range(round(seconds * 20) + 1):
        pace.heed(tick * TICK_NS, Calm().signals())
    return pace


@pytest.mark.parametrize(
    ("seconds", "interval_ns"), [(0, FULL_NS), (9, FULL_NS), (11, HALF_NS), (59, HALF_NS), (61, QUARTER_NS)]
)
def test_the_rate_falls_by_steps_while_a_link_stays_calm_and_idle(seconds: float, interval_ns: int) -> None:
    now_ns = round(seconds * SECOND_NS)
    assert pace_after(seconds).interval_ns(now_ns, now_ns) == interval_ns


@pytest.mark.parametrize(
    "moved",
    [
        Calm(load=0.31),
        Calm(load=None),
        Calm(newest_ms=5.1),
        Calm(newest_ms=-5.1),
        Calm(newest_ms=None),
        Calm(age_ms=200.0),
        Calm(states=("connectivity.DEGRADED", *CALM_STATES[1:])),
        Calm(states=(CALM_STATES[0], "baseline.FROZEN", *CALM_STATES[2:])),
        Calm(states=(*CALM_STATES[:2], "download.YELLOW", CALM_STATES[3])),
    ],
    ids=[
        "load",
        "nobody counts",
        "a late answer",
        "an early answer",
        "no answer",
        "overdue",
        "losses",
        "frozen",
        "yellow",
    ],
)
def test_whatever_is_not_calm_brings_the_full_rate_back_at_once(moved: Calm) -> None:
    pace, now_ns = pace_after(100), 100 * SECOND_NS
    assert pace.interval_ns(now_ns, now_ns) == QUARTER_NS
    pace.heed(now_ns, moved.signals())
    assert pace.interval_ns(now_ns, now_ns) == FULL_NS


def test_nobody_is_hammered_through_a_blackout() -> None:
    pace = Pace()
    assert pace.interval_ns(59 * SECOND_NS, 0) == FULL_NS
    assert pace.interval_ns(61 * SECOND_NS, 0) == BLACKOUT_NS


class Line:
    """The default law on a line of six public reflectors that is probed as its pace wants it."""

    def __init__(self, *, sparing: bool) -> None:
        limits = DirectionPlan(2_500_000, 50_000_000, 50_000_000)
        plan = WanPlan("cable", "default", limits, limits)
        self.wan = DefaultWan(plan, compile_model(law_model("default"), plan.params))
        self.pace = Pace()
        self.sparing = sparing
        self.rotation = Rotation([PUBLIC_GAP_NS] * 6, 2)
        self.now_ns = 0
        self.sent = 0
        self.queue_ms = 0.0
        self.rate_bps = 500_000.0
        self._bytes = 0.0
        self._sent_ns = -SECOND_NS
        self._under_way: list[Sample] = []

    def tick(self) -> float | None:
        self.now_ns += TICK_NS
        now_ns = self.now_ns
        came: list[Observation] = [one for one in self._under_way if one.received_ns <= now_ns]
        self._under_way = [one for one in self._under_way if one.received_ns > now_ns]
        interval_ns = self.pace.interval_ns(now_ns, now_ns) if self.sparing else FULL_NS
        most = 2 if not interval_ns else int(now_ns - self._sent_ns >= interval_ns)
        for index in self.rotation.choose(now_ns, most):
            self._sent_ns = now_ns
            self.sent += 1
            came.append(Sent("cable", str(index), now_ns, "icmp"))
            received_ns = now_ns + round((20.0 + index + self.queue_ms) * MS_NS)
            self._under_way.append(Sample("cable", str(index), now_ns, received_ns, "icmp"))
        self._bytes += self.rate_bps * 0.05 / 8
        readings = (Reading("cable", now_ns, round(self._bytes), round(self._bytes / 20)),)
        self.wan.tick(now_ns, tuple(came), readings, ())
        self.pace.heed(now_ns, self.wan.signals)
        return self.wan.signals.delta_ms

    def run(self, seconds: float) -> None:
        until_ns = self.now_ns + round(seconds * SECOND_NS)
        while self.now_ns < until_ns:
            self.tick()

    def seen_after_ms(self, queue_ms: float) -> float:
        """From the step of the queue to the signal of it, less the round trip and the wait for the next tick."""
        begun_ns, self.queue_ms = self.now_ns, queue_ms
        while (self.tick() or 0.0) < queue_ms / 2:
            assert self.now_ns - begun_ns < 5 * SECOND_NS
        return (self.now_ns - begun_ns - TICK_NS) / MS_NS - 20.0 - queue_ms

    def steps_seen_after_ms(self, queue_ms: float) -> list[float]:
        """The same for ten steps, each after the queue has been gone for a while."""
        seen = []
        for number in range(10):
            seen.append(self.seen_after_ms(queue_ms))
            self.queue_ms = 0.0
            self.run(2.0 + number * 0.05)
        return seen


def test_a_calm_and_idle_link_is_probed_at_a_quarter_of_the_rate() -> None:
    line = Line(sparing=True)
    line.run(100)
    before = line.sent
    line.run(60)
    assert 580 <= line.sent - before <= 605


def test_a_queue_on_a_loaded_link_is_seen_as_soon_as_with_the_full_rate() -> None:
    """Within 100 ms, the round trip and the wait for the next probe aside."""
    delays_ms = {}
    for sparing in (False, True):
        line = Line(sparing=sparing)
        line.run(100)
        line.rate_bps = 40_000_000.0
        line.run(1)
        delays_ms[sparing] = line.steps_seen_after_ms(30.0)
    for delay_ms in delays_ms.values():
        assert max(delay_ms) <= 100
    assert statistics.mean(delays_ms[True]) <= statistics.mean(delays_ms[False]) + 5


def test_a_queue_out_of_nowhere_is_seen_two_tenths_of_a_second_later() -> None:
    full, sparing = Line(sparing=False), Line(sparing=True)
    for line in (full, sparing):
        line.run(100)
    assert sparing.seen_after_ms(30.0) <= full.seen_after_ms(30.0) + 200


def test_disowned_probes_are_no_losses_and_sleep_forgets_delays() -> None:
    line = Line(sparing=False)
    line.run(20)
    for index in range(6):
        sent_ns = line.now_ns + index
        line.wan.tick(
            line.now_ns,
            (Sent("cable", str(index), sent_ns, "icmp"), Void("cable", str(index), sent_ns, "icmp")),
            (),
            (),
        )
    line.run(5)
    assert line.wan.signals.loss == 0.0
    assert line.wan.signals.delta_ms is not None
    baseline_ms = line.wan.signals.baseline_ms
    line.wan.tick(line.now_ns, (Gap("cable", line.now_ns),), (), ())
    assert {line.wan.signals.delta_ms, line.wan.signals.newest_ms} == {None}
    assert line.wan.signals.download.achieved_bps is None
    line.run(1)
    assert line.wan.signals.baseline_ms == baseline_ms
    assert line.wan.signals.states == CALM_STATES


def test_a_machine_that_slept_believes_no_rate_from_before() -> None:
    """A router counted for hours what the clock of this machine calls a moment."""
    line = Line(sparing=False)
    line.run(20)
    line.wan.tick(line.now_ns, (Gap("cable", line.now_ns),), (), ())
    line._bytes += 10e9
    for _ in range(20):
        line.tick()
        assert (line.wan.signals.download.achieved_bps or 0.0) < 1e6


def test_probes_that_cannot_leave_are_silence_and_no_loss() -> None:
    line = Line(sparing=False)
    line.run(20)
    for tick in range(1, 61):
        now_ns = line.now_ns + tick * TICK_NS
        gone = tuple(Unsent("cable", str(index), now_ns, "icmp") for index in range(2))
        line.wan.tick(now_ns, gone, (Reading("cable", now_ns, round(line._bytes), 0),), ())
    assert "connectivity.OUTAGE" in line.wan.signals.states
    assert line.wan.signals.loss in (0.0, None)
