"""Each check on a machine small enough to see that the verdict is right."""

import pytest

from tests.verify.proving import model_of, prove
from wanctl.engine import Model

HEAD = "schema: 1\nmachine: small\n"


def lamp(rows: str, more: str = "") -> Model:
    """A machine with one state A whose rows are given, and B, which goes back on its own."""
    return model_of(
        f"{HEAD}inputs: {{x: {{range: [0, 100]}}, y: {{type: bool}}}}\n{more}"
        f"states:\n  A:\n    on:\n      tick:\n{rows}\n  B: {{on: {{tick: [{{for: 4 ticks, to: A}}]}}}}\n"
    )


# -- rows --------------------------------------------------------------------------------------------------------------
def test_a_row_behind_one_that_is_always_true_when_it_is_never_fires() -> None:
    result = prove(lamp("        - {when: x > 5, to: B}\n        - {when: x > 9 and y, to: B}"), "rows")
    assert result.status == "violated"
    assert [(fault.subject, fault.text) for fault in result.faults] == [
        ("A#2", "whenever its condition is true, a row before it fires (#1)")
    ]


def test_a_row_whose_condition_contradicts_itself_or_the_range_never_fires() -> None:
    rows = "        - {when: x > 5 and x < 4, to: B}\n        - {when: x > 100, to: B}\n        - {when: y, to: B}"
    result = prove(lamp(rows), "rows")
    assert [fault.subject for fault in result.faults] == ["A#1", "A#2"]
    assert {fault.text for fault in result.faults} == {"its condition is never true here"}


def test_a_row_that_waits_no_shorter_than_one_before_it_never_fires() -> None:
    rows = "        - {when: x > 5, for: 3 ticks, to: B}\n        - {when: x > 9, for: 4 ticks, to: B}"
    result = prove(lamp(rows), "rows")
    assert [fault.text for fault in result.faults] == ["whenever it has waited long enough, A#1 has, too"]
    shorter = prove(lamp(rows.replace("4 ticks", "2 ticks")), "rows")
    assert shorter.status == "proved"


def test_an_inner_row_can_leave_an_outer_one_without_a_turn() -> None:
    text = HEAD + "inputs: {x: {range: [0, 9]}}\nstates:\n  A:\n    on: {tick: [{when: x > 5, to: B}]}\n"
    text += "    states: {I: {on: {tick: [{when: x > 4, to: B}]}}}\n  B: {on: {tick: [{to: A}]}}\n"
    result = prove(model_of(text), "rows")
    assert [(fault.subject, fault.text) for fault in result.faults] == [
        ("A#1", "whenever its condition is true, another row fires first")
    ]


def test_rows_that_overlap_are_listed_and_are_no_fault() -> None:
    result = prove(
        lamp("        - {when: x > 5, to: B}\n        - {when: y, to: A}\n        - {when: x < 5, to: A}"), "overlaps"
    )
    assert result.status == "remark"
    assert [(fault.subject, fault.text) for fault in result.faults] == [("A#1", "and A#2 can both be true")]


# -- states ------------------------------------------------------------------------------------------------------------
def test_a_complete_state_has_to_say_what_happens_when_an_input_is_unknown() -> None:
    text = HEAD + "inputs: {x: {range: [0, 9]}}\nstates:\n  A:\n    complete: true\n    on:\n      tick:\n"
    text += "        - {when: x > 5, to: B}\n        - {when: x <= 5, to: A}\n  B: {on: {tick: [{to: A}]}}\n"
    result = prove(model_of(text), "gaps")
    assert result.status == "violated"
    assert result.faults[0].text == "no row is true when x is unknown"
    whole = prove(model_of(text.replace("x <= 5", "not x > 5")), "gaps")
    assert whole.status == "proved"


def test_a_state_that_no_row_leads_to_and_one_that_no_row_leaves_are_faults() -> None:
    text = HEAD + "inputs: {y: {type: bool}}\nstates:\n  A: {on: {tick: [{when: y, to: B}]}}\n  B: {}\n  C: {}\n"
    result = prove(model_of(text), "states")
    assert [(fault.subject, fault.text) for fault in result.faults] == [
        ("B", "is a dead end: no row leads out of it"),
        ("C", "is never reached"),
    ]


def test_a_final_state_is_no_dead_end() -> None:
    text = HEAD + "inputs: {y: {type: bool}}\nstates:\n  A: {on: {tick: [{when: y, to: B}]}}\n  B: {type: final}\n"
    assert prove(model_of(text), "states").status == "proved"


# -- rest --------------------------------------------------------------------------------------------------------------
CHASE = (
    HEAD + "inputs: {x: {range: [0, 9]}}\nstates:\n  A: {on: {tick: [{when: x > 3, to: B}]}}\n"
    "  B: {on: {tick: [{when: x < 1, to: A}]}, always: [{when: x > 5, to: C}]}\n"
    "  C: {on: {tick: [{when: x < 1, to: A}]}, always: [{when: x < 8, to: B}]}\n"
)


def test_always_rows_that_chase_each_other_are_found_with_an_input_that_makes_them() -> None:
    result = prove(model_of(CHASE), "zero time")
    assert result.status == "violated"
    run = result.faults[0].run
    assert run is not None
    assert 5 < float(str(run.steps[-1].inputs["x"])) < 8


def test_always_rows_that_exclude_each_other_come_to_rest() -> None:
    assert prove(model_of(CHASE.replace("x < 8", "x < 5")), "zero time").status == "proved"


HEATING = (
    HEAD + "inputs: {t: {unit: ms, range: [0, 40]}}\nstates:\n"
    "  OFF: {on: {tick: [{when: t < 20ms, to: ON}]}}\n  ON: {on: {tick: [{when: t > 19ms, to: OFF}]}}\n"
)


def test_a_threshold_without_hysteresis_flaps() -> None:
    result = prove(model_of(HEATING), "flapping")
    assert result.status == "violated"
    assert "without hysteresis in t" in result.faults[0].text
    run = result.faults[0].run
    assert run is not None
    assert len({step.inputs["t"] for step in run.steps}) == 1
    assert [step.rows for step in run.steps[:3]] == [("OFF#1",), ("ON#1",), ("OFF#1",)]


def test_hysteresis_and_patience_do_not_flap() -> None:
    assert prove(model_of(HEATING.replace("19ms", "21ms")), "flapping").status == "proved"
    assert prove(model_of(HEATING.replace("19ms,", "19ms, for: 1s,")), "flapping").status == "proved"


HANDSHAKE = (
    HEATING.replace("inputs: {t", "inputs: {rest: {unit: ms}, t")
    .replace("t > 19ms", "rest <= 0ms")
    .replace("ON: {on", "ON: {entry: [{rate.rest: {}}], on")
)


def test_a_handshake_is_listed_and_is_no_fault() -> None:
    result = prove(model_of(HANDSHAKE), "flapping")
    assert result.status == "proved"
    assert [fault.text for fault in result.faults] == ["in turn while nothing changes: OFF#1 -> ON#1"]


def test_an_action_that_moves_nothing_of_what_is_read_ends_no_cycle() -> None:
    other = HANDSHAKE.replace("rest: {unit", "tcp_age: {unit").replace("rest <=", "tcp_age <=")
    assert prove(model_of(other), "flapping").status == "violated"


def test_a_round_that_takes_its_time_is_listed_and_is_no_fault() -> None:
    result = prove(model_of(HEATING.replace("19ms,", "19ms, for: 1s,")), "slow rounds")
    assert result.status == "remark"
    assert [fault.text for fault in result.faults] == ["slowly in turn while nothing changes: OFF#1 -> ON#1"]
    assert prove(model_of(HEATING.replace("19ms,", "21ms, for: 1s,")), "slow rounds").status == "proved"


# -- parameters --------------------------------------------------------------------------------------------------------
PARAMS = (
    HEAD + "params:\n  low: {unit: ms, default: 5ms, range: [1ms, 10ms]}\n"
    "  high: {unit: ms, default: 8ms, range: [1ms, 20ms]}\n"
    "where: [low < high]\ninputs: {x: {unit: ms, range: [0, 100]}}\n"
    "states:\n  A: {on: {tick: [{when: x > low, for: high - low, to: B}]}}\n  B: {on: {tick: [{to: A}]}}\n"
)


def test_a_time_that_some_parameters_make_negative_is_a_fault() -> None:
    assert prove(model_of(PARAMS), "arguments").status == "proved"
    result = prove(model_of(PARAMS.replace("where: [low < high]\n", "")), "arguments")
    assert result.status == "violated"
    assert result.faults[0].text.startswith("high - low can be below 0 ms: ")


def test_the_end_of_a_range_that_where_excludes_is_told() -> None:
    result = prove(model_of(PARAMS), "parameters")
    assert result.status == "proved"
    assert [fault.text for fault in result.faults] == ["its lowest value 1 ms contradicts where"]


@pytest.mark.parametrize("law", ["low < high and high < low", "low > 10ms", "high < 0ms"])
def test_laws_that_nothing_satisfies_are_refused_by_the_defaults(law: str) -> None:
    from wanctl.engine import FileError

    with pytest.raises(FileError, match="does not hold"):
        prove(model_of(PARAMS.replace("low < high", law)), "parameters")


# -- forbid ------------------------------------------------------------------------------------------------------------
ASKING = (
    HEAD + "inputs: {x: {range: [0, 9]}}\nstates:\n  OUT:\n    during: [{rate.refine: {}}]\n    states:\n"
    "      A: {on: {tick: [{when: x > 5, to: B, do: [{rate.rest: {}}]}]}}\n"
    "      B: {on: {tick: [{when: x < 1, to: A}]}}\n"
)


@pytest.mark.parametrize(
    ("rule", "status", "told"),
    [
        ("{state: A, actions: [rate.drain]}", "vacuous", "nothing in the machine asks for rate.drain"),
        ("{state: B, actions: [rate.rest]}", "proved", ""),
        ("{state: A, actions: [rate.re*]}", "violated", "OUT during asks for rate.refine"),
        ("{state: OUT, actions: [rate.rest]}", "violated", "A#1 asks for rate.rest"),
    ],
)
def test_a_state_asks_for_what_its_lists_and_those_around_it_say(rule: str, status: str, told: str) -> None:
    result = prove(model_of(f"{ASKING}forbid: [{rule}]\n"), "forbid")
    assert result.status == status
    assert told in result.text
    assert all(fault.run is not None for fault in result.faults)
