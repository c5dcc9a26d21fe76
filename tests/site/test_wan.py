"""The default WAN: its signals, what is unknown, and faults of the field that it must not have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.site.loop import make_plan
from wanctl.config.law import law_model
from wanctl.control.sample import Confirmation, Observation, Reading, Sample, Sent
from wanctl.engine import compile_model
from wanctl.wan import DefaultWan

TICK_NS = 50_000_000
SEVERITY = {"GREEN": 0, "YELLOW": 1, "SOFT_RED": 2, "RED": 3}


class Line:
    """A WAN that is told round-trip times and what it carries; nothing it wants has an effect."""

    def __init__(self, **params: float) -> None:
        plan = make_plan(**params)
        self.wan = DefaultWan(plan, compile_model(law_model("default"), plan.params))
        self.signals = self.wan.signals
        self.now_ns = 0
        self._bytes = [0.0, 0.0]
        self._sent = 0

    def tick(self, rtt_ms: float | None, down_mbit: float | None = None, up_mbit: float | None = None) -> None:
        self.now_ns += TICK_NS
        observations: list[Observation] = []
        for _ in range(2):
            name = f"r{self._sent % 6}"
            self._sent += 1
            sent_ns = self.now_ns - (0 if rtt_ms is None else round(rtt_ms * 1e6))
            observations.append(Sent("cable", name, sent_ns, "icmp"))
            if rtt_ms is not None:
                observations.append(Sample("cable", name, sent_ns, self.now_ns, "icmp"))
        readings: tuple[Reading, ...] = ()
        if down_mbit is not None and up_mbit is not None:
            self._bytes[0] += down_mbit * 1e6 / 160
            self._bytes[1] += up_mbit * 1e6 / 160
            readings = (Reading("cable", self.now_ns, int(self._bytes[0]), int(self._bytes[1])),)
        wanted, _, _ = self.wan.tick(self.now_ns, tuple(observations), readings, ())
        for rate in wanted:
            confirmation = Confirmation("cable", rate.direction, rate.rate_bps, self.now_ns)
            self.wan.tick(self.now_ns, (), (), (confirmation,))

    def ticks(self, count: int, rtt_ms: float | None, down: float | None = None, up: float | None = None) -> None:
        for _ in range(count):
            self.tick(rtt_ms, down, up)


def test_the_signals_of_an_idle_line() -> None:
    line = Line()
    line.ticks(200, 21.5, 1.0, 0.2)
    shown = line.signals
    assert shown.baseline_ms == shown.load_rtt_ms == shown.rtt_ms == 21.5
    assert (shown.delta_ms, shown.jitter_ms, shown.loss, shown.age_ms) == (0.0, 0.0, 0.0, 0.0)
    assert (shown.source, shown.reflectors_alive) == ("icmp", 6)
    assert shown.download.achieved_bps == pytest.approx(1e6, rel=0.01)
    assert shown.download.load == pytest.approx(0.05, rel=0.01)
    assert shown.states == (
        "connectivity.UP.ICMP",
        "baseline.TRACKING",
        "download.GREEN.CRUISE",
        "upload.GREEN.CRUISE",
    )


def test_the_load_rtt_is_the_baseline_and_the_delay() -> None:
    line = Line()
    line.ticks(100, 20.0, 1.0, 0.2)
    line.ticks(10, 65.0, 1.0, 0.2)
    shown = line.signals
    assert (shown.baseline_ms, shown.delta_ms, shown.load_rtt_ms) == (20.0, 45.0, 65.0)


def test_without_answers_the_delay_is_unknown_and_the_age_grows() -> None:
    line = Line()
    line.ticks(100, 20.0, 1.0, 0.2)
    line.ticks(60, None, 1.0, 0.2)
    shown = line.signals
    assert (shown.delta_ms, shown.load_rtt_ms, shown.source) == (None, None, "none")
    assert shown.age_ms == pytest.approx(3_000.0)
    assert shown.baseline_ms == 20.0


def test_a_counter_that_never_moves_does_not_make_an_outage_of_a_slow_answer() -> None:
    """Some interfaces count nothing; a bloated line answers after a second."""
    line = Line()
    line.ticks(100, 20.0, 0.0, 0.1)
    for number in range(200):
        line.tick(1_200.0 if number % 2 else None, 0.0, 4.9)
    assert line.signals.states[0] != "connectivity.OUTAGE"


def test_one_outlier_costs_nothing() -> None:
    line = Line()
    line.ticks(100, 20.0, 19.0, 0.5)
    before = line.signals.download.wanted_bps
    line.tick(95.0, 19.0, 0.5)
    line.ticks(40, 20.0, 19.0, 0.5)
    assert line.signals.download.wanted_bps >= before
    assert line.signals.download.state.startswith("GREEN")


def test_sixty_milliseconds_of_queue_are_never_held_at_a_high_rate() -> None:
    """The classic law's SOFT_RED left the download at 92 % of its ceiling for as long as the queue stood."""
    line = Line()
    line.ticks(100, 20.0, 1.0, 0.2)
    for _ in range(400):
        line.tick(80.0, min(line.signals.download.wanted_bps / 1e6, 20.0), 0.3)
    assert line.signals.download.wanted_bps <= 0.98 * 20e6


def test_a_released_queue_raises_no_rate_by_jumps_of_floors() -> None:
    line = Line()
    line.ticks(100, 20.0, 1.0, 0.2)
    line.ticks(40, 400.0, 1.7, 0.3)
    low = line.signals.download.wanted_bps
    line.ticks(40, 20.0, 0.2, 0.1)
    assert line.signals.download.wanted_bps <= low * 2.6  # settled just below the estimate, and no further without load


def test_where_nobody_counts_bytes_a_queue_is_cut_and_the_way_back_is_slow() -> None:
    line = Line()
    line.ticks(100, 20.0)
    for number in range(200):
        line.tick(90.0 + number * 2)
    cut = line.signals.download.wanted_bps
    assert cut < 0.75 * 20e6
    line.ticks(400, 20.0)
    assert cut < line.signals.download.wanted_bps < cut * 1.5


def test_where_nobody_counts_bytes_a_calm_line_only_creeps() -> None:
    line = Line()
    rates = []
    for _ in range(1_200):
        line.tick(20.0)
        rates.append(line.signals.download.wanted_bps)
    assert rates == sorted(rates)
    assert len(set(rates)) <= 13
    assert line.signals.download.state == "GREEN.CRUISE"


def test_a_line_with_noise_of_its_own_raises_its_limit() -> None:
    line = Line()
    for number in range(1_200):
        line.tick(40.0 + (25.0 if number % 40 < 4 else 0.0), 0.5, 0.1)
    assert line.wan.machine.inputs.limit > 30.0  # type: ignore[attr-defined]


def test_the_limit_never_exceeds_its_maximum() -> None:
    line = Line(limit_max=40.0)
    for number in range(1_200):
        line.tick(40.0 + (300.0 if number % 40 < 8 else 0.0), 0.5, 0.1)
    assert line.wan.machine.inputs.limit == 40.0  # type: ignore[attr-defined]


def test_at_a_low_rate_two_packets_are_no_queue() -> None:
    line = Line()
    line.ticks(100, 20.0, 0.3, 0.1)
    line.wan.tick(line.now_ns, (), (), (Confirmation("cable", "upload", 1_500_000, line.now_ns),))
    line.ticks(60, 30.0, 0.3, 1.5)
    assert line.wan.machine.inputs.limit == pytest.approx(20.0, rel=0.02)  # type: ignore[attr-defined]
    assert line.signals.upload.state.startswith("GREEN")


stretch = st.tuples(
    st.integers(1, 60),
    st.none() | st.floats(5.0, 900.0),
    st.none() | st.sampled_from([0.0, 0.3, 5.0, 19.0, 45.0]),
    st.sampled_from([0.0, 0.3, 4.9, 9.0]),
)


@settings(max_examples=30, deadline=None)
@given(stretches=st.lists(stretch, min_size=1, max_size=8))
def test_whatever_happens_rates_stay_within_their_limits_and_a_worse_state_never_shapes_faster(
    stretches: list[tuple[int, float | None, float | None, float]],
) -> None:
    line, plan = Line(), make_plan()
    shown = (line.signals.download, plan.download), (line.signals.upload, plan.upload)
    before = [(signals.state, signals.wanted_bps) for signals, _ in shown]
    for count, rtt_ms, down, up in stretches:
        for _ in range(count):
            line.tick(rtt_ms, down, up)
            for side, (signals, limits) in enumerate(shown):
                assert limits.floor_bps <= signals.wanted_bps <= limits.ceiling_bps
                state, rate_bps = before[side]
                was, now = (SEVERITY.get(name.partition(".")[0], 0) for name in (state, signals.state))
                assert now <= was or signals.wanted_bps <= rate_bps
                held = signals.state.startswith("HOLD") and state.startswith("HOLD")
                assert not held or signals.wanted_bps == rate_bps
                before[side] = signals.state, signals.wanted_bps
