from hypothesis import given
from hypothesis import strategies as st

from wanctl.sim.schedule import Sawtooth, Steps, Trace

SECOND_NS = 1_000_000_000


def test_a_step_holds_until_the_next_one() -> None:
    steps = Steps((0, 40e6), (10 * SECOND_NS, 16e6))
    assert [steps.at(at) for at in (0, 10 * SECOND_NS - 1, 10 * SECOND_NS, 99 * SECOND_NS)] == [40e6, 40e6, 16e6, 16e6]


def test_steps_with_a_period_begin_anew() -> None:
    steps = Steps((0, 40e6), (10 * SECOND_NS, 16e6), period_ns=20 * SECOND_NS)
    assert [steps.at(at * SECOND_NS) for at in (19, 20, 30)] == [16e6, 40e6, 16e6]


def test_a_sawtooth_climbs_in_a_line_and_falls_at_once() -> None:
    saw = Sawtooth(10e6, 30e6, 10 * SECOND_NS)
    assert [saw.at(at * SECOND_NS) for at in (0, 5, 10)] == [10e6, 20e6, 10e6]


def test_a_trace_repeats() -> None:
    trace = Trace([1e6, 2e6, 3e6], SECOND_NS)
    assert [trace.at(at * SECOND_NS) for at in range(5)] == [1e6, 2e6, 3e6, 1e6, 2e6]


@given(st.integers(0, 10**13), st.floats(0, 1e9), st.floats(0, 1e9), st.integers(1, 10**12))
def test_a_sawtooth_stays_between_its_bounds(at_ns: int, one: float, other: float, period_ns: int) -> None:
    low, high = sorted((one, other))
    assert low <= Sawtooth(low, high, period_ns).at(at_ns) <= high * (1 + 1e-9) + 1e-9
