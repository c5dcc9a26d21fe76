"""The tick path: three ways to decide a tick, one outcome."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wanctl.config.law import law_model
from wanctl.engine import NOTHING, Machine, Program, compile_model, load
from wanctl.engine.ticks import TickCode

TICK_NS = 50_000_000
WAN = compile_model(law_model("default"))

LAMP = """
schema: 1
machine: lamp
inputs: {level: {unit: ms, range: [0, 1000]}, on: {type: bool}}
params: {limit: {unit: ms, default: 5ms}}
define: {high: level > limit}
initial: UP
states:
  UP:
    initial: A
    on: {tick: [{when: high, for: 3 ticks, to: DOWN, why: high for three observations}]}
    states:
      A: {on: {tick: [{when: level > 7ms, to: B, why: any change inside will do}]}}
      B: {}
  DOWN: {on: {tick: [{when: not high, to: UP}]}}
"""


def values_of(program: Program) -> st.SearchStrategy[dict[str, Any]]:
    """Values for every input: around what the machine's guards ask, and unknown now and then."""
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for name, symbol in program.model.inputs.items():
        if symbol.kind == "bool":
            fields[name] = st.sampled_from([True, False, None])
        elif symbol.choices:
            fields[name] = st.sampled_from([*symbol.choices, None])
        else:
            edges = [-40.0, -6.0, 0.0, 0.05, 0.5, 0.89, 1.0, 3.0, 5.0, 6.0, 31.0, 90.0, 250.0, 700.0, 1_500.0, 7_000.0]
            low = -1e300 if symbol.low is None else symbol.low
            high = 1e300 if symbol.high is None else symbol.high
            fields[name] = st.sampled_from([edge for edge in edges if low <= edge <= high] + [None])
    return st.fixed_dictionaries(fields)


def general(program: Program) -> Program:
    """The same program with nothing generated: every tick is decided by the evaluator."""
    return replace(program, fast=False, ticks=TickCode.empty(), plans={})


@given(st.lists(st.tuples(values_of(WAN), st.integers(1, 70)), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_generated_code_and_the_evaluator_decide_alike(steps: list[tuple[dict[str, Any], int]]) -> None:
    """Runs of equal inputs are long enough for a configuration to earn its merged function."""
    one, other = WAN.start(0), general(WAN).start(0)
    now_ns = 0
    for values, count in steps:
        one.set_inputs(values)
        other.set_inputs(values)
        for _ in range(count):
            now_ns += TICK_NS
            assert one.tick(now_ns) == other.tick(now_ns)
            assert one.leaves == other.leaves


def test_a_machine_that_must_not_be_late_compiles_nothing_and_decides_alike() -> None:
    program = compile_model(load(LAMP, "lamp.yaml"))
    one, other = program.start(0), replace(program, plans={}).start(0)
    one.never_merge()
    for tick in range(1, 200):
        for machine in (one, other):
            machine.inputs.level = 6.0 if tick % 70 == 0 else 1.0  # type: ignore[attr-defined]
        assert one.tick(tick * TICK_NS) == other.tick(tick * TICK_NS)
    assert one.plan.merged is None
    assert other.plan.merged is not None


def lamp() -> Machine:
    return compile_model(load(LAMP, "lamp.yaml")).start(0)


def test_a_hold_belongs_to_the_state_that_declares_it() -> None:
    """A child's change must not reset its parent's hold."""
    machine = lamp()
    for tick, level in enumerate([6.0, 8.0, 6.0], start=1):
        machine.inputs.level = level  # type: ignore[attr-defined]
        machine.tick(tick * TICK_NS)
    assert machine.leaves == ("DOWN",)


def test_one_false_observation_breaks_a_hold() -> None:
    machine = lamp()
    for tick, level in enumerate([6.0, 6.0, 1.0, 6.0, 6.0], start=1):
        machine.inputs.level = level  # type: ignore[attr-defined]
        machine.tick(tick * TICK_NS)
    assert machine.leaves == ("UP.A",)


def test_a_tick_that_changes_nothing_returns_one_and_the_same_object() -> None:
    machine = lamp()
    machine.inputs.level = 1.0  # type: ignore[attr-defined]
    outcomes = {id(machine.tick(tick * TICK_NS)) for tick in range(1, 200)}
    assert outcomes == {id(NOTHING)}


def test_a_comparison_with_an_unknown_value_is_false() -> None:
    machine = lamp()
    for tick in range(1, 10):
        machine.tick(tick * TICK_NS)
    assert machine.leaves == ("UP.A",)


def test_a_record_tells_the_guard_its_values_and_by_how_much() -> None:
    machine = lamp()
    machine.inputs.level = 6.5  # type: ignore[attr-defined]
    outcomes = [machine.tick(tick * TICK_NS) for tick in (1, 2, 3)]
    (record,) = outcomes[2].transitions
    assert (record.row, record.source, record.targets) == ("UP#1", "UP", ("DOWN",))
    assert record.guard == "high for 3 ticks"
    assert dict(record.values) == {"level": 6.5, "limit": 5.0}
    assert dict(record.margins) == {"level > limit": 1.5}
    assert (record.exited, record.entered) == (("UP.A", "UP"), ("DOWN",))
    assert record.why == "high for three observations"


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "5", True, 2_000.0])
def test_what_is_no_number_in_range_is_refused_at_the_door(wrong: Any) -> None:
    with pytest.raises(ValueError, match="level"):
        lamp().set_inputs({"level": wrong})


def test_transitions_holds_the_configuration_and_calls_the_host() -> None:
    machine = lamp()
    seen: list[str] = []
    machine.chart.when_entered("DOWN", lambda data: seen.append(data.model.state))
    machine.inputs.level = 6.0  # type: ignore[attr-defined]
    for tick in (1, 2, 3):
        machine.tick(tick * TICK_NS)
    assert machine.configuration.state == "DOWN"
    assert machine.chart.is_state("DOWN", machine.configuration)
    assert seen == ["DOWN"]
