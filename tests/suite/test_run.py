"""Running tests of a machine: what is expected, when, and what a failure tells."""

import pytest

from tests.suite.machines import outcome, suite_of, told
from wanctl.suite import run_case

HOT = "input: {delta: '5x20 20x2 5x3 20x3 5'}"


def test_three_hot_ticks_not_two_leave_green() -> None:
    result = outcome(f"""
{HOT}
expect:
  - {{at: 1.10s, state: GREEN}}
  - {{at: 1.30s, state: GREEN}}
  - {{at: 1.35s, state: RED.CUT, why: bloated for 3 ticks, fired: ['GREEN#1']}}
  - {{at: 1.40s, state: GREEN, why: calm again}}
""")
    assert result.passed, told(result)


@pytest.mark.parametrize(
    ("expectation", "what"),
    [
        ("state: RED", ("state", "RED", "GREEN")),
        ("states: {RED: CUT}", ("RED", "RED.CUT", "GREEN")),
        ("RED: DRAIN", ("RED", "RED.DRAIN", "GREEN")),
        ("why: calm again", ("why", "calm again", "no row has fired")),
        ("fired: ['GREEN#1']", ("fired", "GREEN#1", "none")),
        ("intents: [rate.cut]", ("intents", "rate.cut", "none")),
        ("data: {count: 1}", ("count", "1", "0")),
        ("data: {mode: low}", ("mode", "low", "unknown")),
        ("faults: 1", ("faults", "1", "0")),
    ],
)
def test_what_is_not_as_expected_is_told(expectation: str, what: tuple[str, str, str]) -> None:
    assert told(outcome(f"input: {{delta: 5}}\nexpect: [{{at: 1s, {expectation}}}]")) == [what]


@pytest.mark.parametrize(
    "expectation",
    [
        "state: RED",
        "state: [RED, RED.CUT]",
        "RED: CUT",
        "states: {RED: CUT}",
        "why: three hot ticks",
        "fired: ['GREEN#1']",
        "fired: GREEN#1",
        "intents: [rate.settle, rate.cut]",
        "intents: [{rate.settle: {share: 0.9}}]",
        "intents: [{rate.settle: {wait: target}}, {rate.cut: {most: 60%, least: 5%}}]",
        "data: {count: 1, mode: _}",
        "faults: 0",
    ],
)
def test_what_is_as_expected_passes(expectation: str) -> None:
    result = outcome(f"input: {{delta: 20}}\nexpect: [{{tick: 3, {expectation}}}]")
    assert result.passed, told(result)


def test_none_means_none_at_all() -> None:
    calm = outcome("input: {delta: 5}\nexpect: [{tick: 3, fired: [], intents: []}]")
    assert calm.passed
    hot = outcome("input: {delta: 20}\nexpect: [{tick: 3, fired: [], intents: []}]")
    assert [failure.what for failure in hot.failures] == ["fired", "intents"]


def test_intents_are_expected_in_their_order() -> None:
    wrong = outcome("input: {delta: 20}\nexpect: [{tick: 3, intents: [rate.cut, rate.settle]}]")
    assert [failure.what for failure in wrong.failures] == ["intents"]
    other = outcome("input: {delta: 20}\nexpect: [{tick: 3, intents: [{rate.settle: {share: 91%}}]}]")
    assert [failure.what for failure in other.failures] == ["intents"]


def test_events_come_before_the_tick_of_their_time_and_time_passes_between_ticks() -> None:
    result = outcome("""
input: {delta: 20}
events: [{at: 0.5s, event: operator.hold}, {tick: 21, event: operator.release}]
expect:
  - {at: 0.1s, state: RED.CUT}
  - {at: 0.199s, state: RED.CUT}
  - {at: 0.2s, state: RED.DRAIN, fired: ['RED.CUT#1']}
  - {at: 0.5s, state: RED}
""")
    assert result.passed, told(result)
    held = outcome("""
input: {delta: 5}
events: [{at: 0.5s, event: operator.hold}, {tick: 21, event: operator.release}]
expect: [{at: 0.49s, state: GREEN}, {at: 0.5s, state: HOLD, fired: ['GREEN#2']}, {at: 1s, state: GREEN}]
""")
    assert held.passed, told(held)


def test_a_missing_sample_breaks_a_hold() -> None:
    result = outcome("input: {delta: '20x2 _ 20x3'}\nexpect: [{tick: 5, state: GREEN}, {tick: 6, state: RED}]")
    assert result.passed, told(result)


def test_an_input_that_is_not_named_is_unknown() -> None:
    assert outcome("expect: [{tick: 9, state: GREEN}]").passed


def test_parameters_and_the_tick_of_a_test_count() -> None:
    result = outcome("""
tick: 10ms
params: {target: 30ms}
input: {delta: '20x3 40x3'}
expect: [{at: 40ms, state: GREEN}, {at: 50ms, state: RED}]
""")
    assert result.passed, told(result)


def test_a_failure_tells_where_it_stands_what_led_there_and_what_did_not() -> None:
    result = outcome(f"{HOT}\nexpect:\n  - {{at: 1.45s, state: RED}}")
    (failure,) = result.failures
    assert (failure.place.line, failure.at_ns) == (6, 1_450_000_000)
    assert failure.led == (
        "1.350 s  GREEN#1 → RED: bloated for 3 ticks (delta 20 ms, target 10 ms)",
        "1.400 s  RED#1 → GREEN: not bloated (delta 5 ms, target 10 ms)",
    )
    assert failure.blocked == ("GREEN#1: bloated for 3 ticks is false now (delta 5 ms, target 10 ms)",)


ENDLESS = """
schema: 1
machine: endless
states:
  a: {on: {go: [{to: b}]}}
  b: {always: [{to: c}]}
  c: {always: [{to: b}]}
"""


def test_a_fault_that_nobody_expects_fails_the_test() -> None:
    body = "events: [{at: 0.1s, event: go}]\nexpect: [{at: 1s, state: b}]"
    (case,) = suite_of(body, ENDLESS).cases
    assert [failure.what for failure in run_case(case).failures] == ["faults"]
    body = "events: [{at: 0.12s, event: go}]\nexpect: [{at: 0.13s, faults: 1}]"  # between two ticks
    (case,) = suite_of(body, ENDLESS).cases
    assert run_case(case).passed
