"""`never` and `eventually`, at both levels."""

import pytest

from tests.verify.proving import model_of, prove
from wanctl.engine import Findings, Model
from wanctl.suite import read_suite, run_case
from wanctl.verify import Result
from wanctl.verify import test_file as written_test

# `left` waits for two ticks, `right` for five of the same input: abstractly each of them may fire alone.
PATIENT = """
schema: 1
machine: patient
type: parallel
inputs: {x: {range: [0, 100]}, y: {type: bool}}
states:
  left:
    initial: A
    states:
      A: {on: {tick: [{when: x > 5, for: 2 ticks, to: B}]}}
      B: {on: {tick: [{when: not x > 5, for: 9 ticks, to: A}]}}
  right:
    initial: C
    states:
      C: {on: {tick: [{when: x > 5, for: 5 ticks, to: D}]}}
      D: {on: {tick: [{when: not x > 5, to: C}]}}
never: [{name: right is not ahead, when: "active('D') and active('A')"}]
"""


def never(condition: str, text: str = PATIENT) -> Model:
    head, _, _ = text.partition("never:")
    return model_of(f'{head}never: [{{name: it, when: "{condition}"}}]\n')


def rerun(model: Model, result: Result) -> bool:
    """Whether the test that is written of a violation passes."""
    run = result.faults[0].run
    assert run is not None
    findings = Findings()
    suite = read_suite(written_test(model, "it", [(result.name, run)]), "it.test.yaml", findings, lambda _: model)
    assert suite is not None, findings.render()
    return run_case(suite.cases[0]).passed


def test_what_the_abstract_level_proves_holds_for_all_inputs() -> None:
    result = prove(never("active('D') and not x > 5"), "it")
    assert (result.status, result.level) == ("proved", "abstract")


def test_a_violation_is_the_shortest_run_and_its_test_fails() -> None:
    model = never("active('D') and y")
    result = prove(model, "it")
    assert (result.status, result.text) == ("violated", "5 ticks")
    run = result.faults[0].run
    assert run is not None
    assert [step.leaves for step in run.steps][-1] == ("left.B", "right.D")
    assert run.steps[-1].inputs["y"] is True
    assert not rerun(model, result)


def test_an_abstract_counterexample_that_the_engine_refuses_is_settled_by_walking_the_engine() -> None:
    model = model_of(PATIENT)
    assert prove(model, "right is not ahead", exact=False).status == "undecided"
    result = prove(model, "right is not ahead")
    assert (result.status, result.level) == ("proved", "exact")
    assert "cut short" in result.text


def test_the_exact_level_finds_what_only_a_change_of_inputs_in_time_shows() -> None:
    # `left` is back in A after nine ticks in which `right`, which looks at y, may have stayed in D.
    text = PATIENT.replace("D: {on: {tick: [{when: not x > 5, to: C}]}}", "D: {on: {tick: [{when: y, to: C}]}}")
    model = never("active('D') and active('A')", text)
    result = prove(model, "it")
    assert result.status == "violated"
    assert not rerun(model, result)


def test_a_hold_of_ten_minutes_is_walked_through_in_a_few_ticks() -> None:
    model = model_of(PATIENT.replace("for: 2 ticks", "for: 5s").replace("for: 5 ticks", "for: 10min"))
    result = prove(model, "right is not ahead")
    assert (result.status, result.level) == ("proved", "exact")
    assert "600 s as 6 ticks" in result.text


@pytest.mark.parametrize("condition", ["active('D') and x < 0", "active('A') and active('B')", "x > 5 and x < 3"])
def test_a_situation_that_does_not_exist_is_not_proved_but_vacuous(condition: str) -> None:
    assert prove(never(condition), "it").status == "vacuous"


def test_a_part_of_a_condition_that_is_bad_on_its_own_is_enough() -> None:
    result = prove(never("x < 0 or (active('D') and (active('A') or y))"), "it")
    assert result.status == "violated"


def test_a_violation_that_needs_other_parameters_names_them() -> None:
    text = PATIENT.replace("inputs:", "params: {top: {default: 5, range: [0, 50]}}\ninputs:").replace(
        "x > 5", "x > top"
    )
    model = never("active('D') and x < 3", text)
    result = prove(model, "it")
    assert result.status == "violated"
    run = result.faults[0].run
    assert run is not None
    assert set(run.params) == {"top"}
    assert not rerun(model, result)


# -- eventually --------------------------------------------------------------------------------------------------------
TRAP = """
schema: 1
machine: trap
inputs: {x: {range: [0, 100]}}
initial: GREEN
states:
  GREEN: {on: {tick: [{when: x > 50, to: RED}, {when: x > 40, to: HOLE}]}}
  RED: {on: {tick: [{when: x < 10, for: 3 ticks, to: GREEN}]}}
  HOLE: {on: {tick: [{when: x < 10, to: PIT}]}}
  PIT: {on: {tick: [{when: x > 90, to: HOLE}], rescue: [{to: GREEN}]}}
eventually: [{name: recoverable, from: any, to: "active('GREEN')"}]
"""


def test_what_can_always_be_reached_again_is_proved_and_needed_help_is_named() -> None:
    result = prove(model_of(TRAP), "recoverable")
    assert (result.status, result.level) == ("proved", "abstract")
    assert "with the help of an event from HOLE, PIT" in result.text


def test_a_trap_is_shown_with_the_way_into_it() -> None:
    model = model_of(TRAP.replace(", rescue: [{to: GREEN}]", ""))
    result = prove(model, "recoverable")
    assert result.status == "violated"
    assert result.text == "no way leads from HOLE to active('GREEN')"
    assert not rerun(model, result)


def test_only_the_situations_named_in_from_have_to_lead_there() -> None:
    text = TRAP.replace(", rescue: [{to: GREEN}]", "").replace("from: any", "from: \"active('RED')\"")
    assert prove(model_of(text), "recoverable").status == "proved"


def test_a_way_that_timers_may_cut_off_is_settled_by_walking_the_engine() -> None:
    # Two timers race in RED: which one is first is not known abstractly.
    text = TRAP.replace(
        "RED: {on: {tick: [{when: x < 10, for: 3 ticks, to: GREEN}]}}",
        "RED: {after: {100ms: [{to: GREEN}], 200ms: [{to: HOLE}]}}",
    )
    assert prove(model_of(text), "recoverable", exact=False).status == "undecided"
    assert prove(model_of(text), "recoverable").status == "proved"
    lost = text.replace("100ms", "300ms").replace(", rescue: [{to: GREEN}]", "")
    assert prove(model_of(lost), "recoverable").status == "violated"


def test_the_time_back_under_a_calm_input_is_told() -> None:
    result = prove(model_of(TRAP), "recovery")
    assert "within 0.15 s of calm" in result.text


def test_a_deadline_that_has_passed_leaves_things_undecided() -> None:
    from wanctl.actions import ACTIONS
    from wanctl.verify import checks, run_check

    planned = checks(model_of(TRAP), ACTIONS, lambda: True)
    verdicts = {check.kind: run_check(check) for check in planned}
    late = verdicts["eventually"]
    assert late is not None
    assert (late.status, late.text) == ("undecided", "out of time")


# -- data --------------------------------------------------------------------------------------------------------------
COUNTER = """
schema: 1
machine: counter
inputs: {y: {type: bool}}
data: {n: {default: 0, range: [0, 9]}}
initial: IDLE
states:
  IDLE: {on: {tick: [{when: y and n < 3, to: BUSY, do: [{assign: {n: n + 1}}]}]}}
  BUSY: {always: [{when: n > 3, to: OVER}], on: {tick: [{when: not y, to: IDLE}]}}
  OVER: {on: {tick: [{when: y, to: IDLE}]}}
never: [{name: it counts to three, when: "active('OVER')"}]
eventually: [{name: always at work again, from: any, to: "active('BUSY')"}]
"""


def test_data_are_anything_abstractly_and_what_they_are_for_the_engine() -> None:
    model = model_of(COUNTER)
    assert prove(model, "it counts to three", exact=False).status == "undecided"
    assert prove(model, "it counts to three").status == "proved"
    more = model_of(COUNTER.replace("n < 3", "n < 4"))
    result = prove(more, "it counts to three")
    assert (result.status, result.text) == ("violated", "7 ticks")
    assert not rerun(more, result)


def test_nobody_can_choose_data_to_get_out_of_a_trap() -> None:
    model = model_of(COUNTER)
    result = prove(model, "always at work again")
    assert result.status == "violated"
    assert "IDLE" in result.text


def test_a_value_that_is_kept_is_not_proved_by_a_few_of_its_kind() -> None:
    text = COUNTER.replace("inputs: {", "inputs: {x: {range: [0, 9]}, ").replace("n: n + 1", "n: x")
    assert prove(model_of(text), "it counts to three").status in ("violated", "undecided")
