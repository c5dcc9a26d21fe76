"""What coverage counts, and what it leaves alone."""

from tests.suite.machines import outcome, small, suite_of
from wanctl.suite import Coverage, run_case

THERE_AND_BACK = """
input: {delta: '5x2 20x6 5x2'}
events: [{at: 2s, event: operator.hold}, {at: 3s, event: operator.release}]
expect: [{at: 1s, state: GREEN}, {at: 2s, state: HOLD}, {at: 3s, state: GREEN}]
"""


def covered(*bodies: str) -> Coverage:
    coverage = Coverage(small())
    for body in bodies:
        assert outcome(body, coverage).passed
    return coverage


def test_rows_guards_and_states_are_counted() -> None:
    coverage = covered(THERE_AND_BACK)
    assert coverage.counts() == {"rows": (5, 5), "guard sides": (5, 6), "states": (5, 5)}
    assert [(gap.kind, gap.name, gap.line) for gap in coverage.gaps()] == [("guard false", "GREEN#2", 20)]
    assert coverage.percent < 100


def test_tests_of_one_machine_add_up() -> None:
    often = "input: {delta: '5 20x3 ' }\nexpect: [{at: 1s, state: RED}]"
    many = " ".join(["20x3 5"] * 5)
    refused = (
        f"input: {{delta: '{many}'}}\nevents: [{{at: 2s, event: operator.hold}}]\nexpect: [{{at: 2s, state: GREEN}}]"
    )
    assert covered(THERE_AND_BACK, often, refused).percent == 100


def test_a_machine_that_was_not_run_is_not_covered() -> None:
    assert Coverage(small()).percent == 0
    assert len([gap for gap in Coverage(small()).gaps() if gap.kind == "row"]) == 5


def test_measuring_changes_nothing() -> None:
    (case,) = suite_of(THERE_AND_BACK).cases
    plain = run_case(case)
    (case,) = suite_of(THERE_AND_BACK).cases
    measured = run_case(case, Coverage(case.program.model))
    assert (plain.passed, plain.ticks) == (measured.passed, measured.ticks)
