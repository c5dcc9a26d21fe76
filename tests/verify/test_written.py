"""Each kind of violation is found in a machine that has it, and the test that is written of it fails."""

import json

import pytest

from tests.verify.proving import failing_tests, model_of, prove
from wanctl.actions import ACTIONS
from wanctl.data import data_folder
from wanctl.engine import FileError
from wanctl.verify import checks, run_check

MOST_ASKED = 2_000  # times that a machine's checks may look at the clock
HEAD = "schema: 1\nmachine: small\ninputs: {x: {range: [0, 100]}, y: {type: bool}}\n"
BACK = "  B: {on: {tick: [{when: not y, to: A}]}}\n"

RATES = """
schema: 1
machine: small
type: parallel
inputs: {x: {range: [0, 100]}, y: {type: bool}}
states:
  sight:
    initial: UP
    states:
      UP: {on: {tick: [{when: y, to: BLIND}]}}
      BLIND: {on: {tick: [{when: not y, to: UP}]}}
  rate:
    initial: GREEN
    states:
      GREEN: {on: {tick: [{when: x > 50, to: RED}, {when: x > 20, to: YELLOW}]}}
      YELLOW: {on: {tick: [{when: x > 50, to: RED}, {when: x < 10, to: GREEN}]}}
      RED: {entry: [CUT], on: {tick: [{when: x < 40, for: 1s, to: GREEN}]}}
"""
CUT = "{rate.cut: {least: 6%, most: 60%, pace: 50ms, blind: 15%}}"
RAISE = "{rate.raise: {first: 1%, step: 1%, leap: 1%, beyond: 1%}}"
SETTLE = "{rate.settle: {share: 90%, wait: 100ms}}"


def rates(*changes: tuple[str, str]) -> str:
    """The machine of rates with some words changed."""
    text = RATES.replace("[CUT]", f"[{CUT}]")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


VIOLATIONS = {
    "gaps": f"{HEAD}states:\n  A: {{complete: true, on: {{tick: [{{when: x > 5, to: B}}]}}}}\n{BACK}",
    "states": f"{HEAD}states:\n  A: {{on: {{tick: [{{when: x > 5, to: B}}]}}}}\n"
    "  B: {on: {tick: [{when: x > 7, to: B}]}}\n",
    "zero time": f"{HEAD}states:\n  A: {{on: {{tick: [{{when: y, to: B}}]}}}}\n"
    "  B: {always: [{when: x > 5, to: C}]}\n  C: {always: [{when: x < 9, to: B}]}\n",
    "flapping": f"{HEAD}states:\n  A: {{on: {{tick: [{{when: x > 5, to: B}}]}}}}\n"
    "  B: {on: {tick: [{when: x > 4, to: A}]}}\n",
    "never": f"{HEAD}states:\n  A: {{on: {{tick: [{{when: x > 5, to: B}}]}}}}\n{BACK}"
    "never: [{name: it, when: \"active('B') and x < 5\"}]\n",
    "eventually": f"{HEAD}states:\n  A: {{on: {{tick: [{{when: x > 5, to: B}}]}}}}\n"
    "  B: {on: {tick: [{when: x > 7, to: C}]}}\n  C: {on: {tick: [{when: x < 7, to: B}]}}\n"
    "eventually: [{name: it, from: any, to: \"active('A')\"}]\n",
    "forbid": f"{HEAD}states:\n  A: {{on: {{tick: [{{when: x > 5, to: B}}]}}}}\n"
    "  B: {during: [{rate.rest: {}}], on: {tick: [{when: not y, to: A}]}}\n"
    "forbid: [{state: B, actions: [rate.rest]}]\n",
    "severity": rates(("YELLOW: {on", f"YELLOW: {{entry: [{RAISE}], on")),
    "unseen": rates(("GREEN: {on", f"GREEN: {{during: [{RAISE}], on")),
}


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_a_violation_of_each_kind_is_found_and_its_test_fails(kind: str) -> None:
    model = model_of(VIOLATIONS[kind])
    result = prove(model, kind)
    assert result.status == "violated"
    assert result.faults[0].run is not None
    tests = failing_tests(model, result)
    assert tests
    assert all(tests.values()), f"these written tests pass: {tests}"


def test_in_machines_of_every_construct_each_written_test_fails() -> None:
    cases = (data_folder("machines").parent / "tests" / "engine" / "conformance" / "own.jsonl").read_text().splitlines()
    written, passing = 0, []
    for case in map(json.loads, cases):
        try:
            model = model_of(case["machine"])
        except FileError:
            continue
        left = iter(range(MOST_ASKED))
        results = [run_check(check) for check in checks(model, ACTIONS, lambda left=left: next(left, None) is None)]  # type: ignore[misc]
        for result in results:
            tests = {} if result is None else failing_tests(model, result)
            written += len(tests)
            passing += [f"{case['id']}: {name}" for name, fails in tests.items() if not fails]
    assert passing == []
    assert written > 50


# -- severity ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("YELLOW: {on", f"YELLOW: {{entry: [{RAISE}], on"), "rate.raise from GREEN to YELLOW, which raises a rate"),
        (("RED: {entry", f"RED: {{during: [{RAISE}], entry"), "rate.raise from RED to RED, which raises a rate"),
        (
            ("YELLOW: {on", f"YELLOW: {{entry: [{SETTLE}], on"),
            "rate.settle from GREEN to YELLOW, which may raise a rate",
        ),
        (("RED: {entry", "RED: {exit: [{rate.step: {step: 1Mbit, floor: 1Mbit}}], entry"), "from RED to GREEN"),
        (("GREEN: {on", f"GREEN: {{exit: [{RAISE}], on"), "GREEN exit asks for rate.raise from GREEN to YELLOW"),
    ],
)
def test_a_state_that_is_worse_asks_for_no_more(change: tuple[str, str], told: str) -> None:
    result = prove(model_of(rates(change)), "severity")
    assert result.status == "violated"
    assert any(told in fault.text for fault in result.faults)


def test_a_better_state_may_settle_and_the_best_may_climb() -> None:
    climbs = ("GREEN: {on", f"GREEN: {{during: [{RAISE}], on")
    settles = ("for: 1s, to: GREEN", f"for: 1s, to: GREEN, do: [{SETTLE}]")
    assert prove(model_of(rates(climbs, settles)), "severity").status == "proved"


def test_a_floor_must_not_lift_a_rate_that_gets_worse() -> None:
    def keep(floor: str) -> str:
        return f"{{entry: [{{rate.keep: {{floor: {floor}}}}}], on"

    low = rates(("GREEN: {on", f"GREEN: {keep('5Mbit')}"), ("YELLOW: {on", f"YELLOW: {keep('2Mbit')}"))
    assert prove(model_of(low), "severity").status == "proved"
    result = prove(model_of(low.replace("2Mbit", "8Mbit")), "severity")
    assert "with a floor of 8e+06 bit/s, above the one before" in result.text


# -- the scale ---------------------------------------------------------------------------------------------------------
def test_a_red_that_nothing_leads_to_is_a_fault_of_the_scale() -> None:
    model = model_of(rates(("x > 50, to: RED", "x > 50 and x < 40, to: RED")))
    assert prove(model, "worst").status == "violated"
    assert prove(model_of(rates()), "worst").text == "after 1 tick"


def test_the_best_state_has_to_be_regained_even_where_the_file_does_not_promise_it() -> None:
    for_ever = ("x < 40, for: 1s, to: GREEN", "x < 40, for: 1s, to: YELLOW"), ("x < 10, to: GREEN", "x < 10, to: RED")
    result = prove(model_of(rates(*for_ever)), "rate.GREEN can be regained")
    assert result.status == "violated"
    assert prove(model_of(rates()), "rate.GREEN can be regained").status == "proved"


# -- rows of different depth -------------------------------------------------------------------------------------------
def test_an_inner_row_that_makes_an_outer_one_wait_is_listed() -> None:
    text = f"{HEAD}states:\n  A:\n    on: {{tick: [{{when: x > 9, to: C}}]}}\n    states:\n"
    text += "      I: {on: {tick: [{when: x > 5, to: J}]}}\n      J: {on: {tick: [{when: x < 1, to: I}]}}\n"
    text += "  C: {on: {tick: [{when: y, to: A}]}}\n"
    result = prove(model_of(text), "overlaps")
    assert [(fault.subject, fault.text) for fault in result.faults] == [
        ("A.I#1", "and A#1 can both be true, and the inner one wins")
    ]
