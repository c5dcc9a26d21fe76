"""A machine that is put away and taken out again goes on as if nothing had been."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.test_ticks import TICK_NS, WAN, values_of
from wanctl.engine import SnapshotError, compile_model, load, restore, snapshot

CLOCKWORK = """
schema: 1
machine: clockwork
data: {n: {range: [0, 9], default: 0}, id: {type: text}}
initial: OUT
states:
  OUT: {on: {go: [{to: IN}], back: [{to: IN.last}]}}
  IN:
    initial: a
    after: {300ms: [{to: OUT, do: [{assign: {n: 0}}]}]}
    states:
      last: {type: history, initial: a}
      a:
        entry: [{send: {event: step, delay: 70ms, id_to: id}}]
        on: {step: [{to: b, do: [{assign: {n: n + 1}}]}]}
      b: {after: {40ms: [{to: a}]}}
"""


@given(
    st.lists(st.tuples(values_of(WAN), st.integers(1, 50)), min_size=1, max_size=6),
    st.lists(st.tuples(values_of(WAN), st.integers(1, 50)), min_size=1, max_size=6),
)
@settings(max_examples=40, deadline=None)
def test_a_run_with_a_snapshot_in_it_is_the_same_run(before: list[Any], after: list[Any]) -> None:
    whole = WAN.start(0, "cable")
    now_ns = drive(whole, before, 0)
    taken = json.loads(json.dumps(snapshot(whole)))
    resumed = restore(WAN, taken, "cable")
    assert resumed.leaves == whole.leaves
    for values, count in after:
        whole.set_inputs(values)
        resumed.set_inputs(values)
        for _ in range(count):
            now_ns += TICK_NS
            assert resumed.tick(now_ns) == whole.tick(now_ns)
    assert snapshot(resumed) == snapshot(whole)


def drive(machine: Any, steps: list[Any], now_ns: int) -> int:
    for values, count in steps:
        machine.set_inputs(values)
        for _ in range(count):
            now_ns += TICK_NS
            machine.tick(now_ns)
    return now_ns


@given(
    st.lists(st.tuples(st.sampled_from(["go", "back", "step"]), st.integers(0, 120)), max_size=12), st.integers(0, 11)
)
def test_timers_sends_data_and_history_survive(events: list[tuple[str, int]], cut: int) -> None:
    program = compile_model(load(CLOCKWORK, "clockwork.yaml"))
    whole = program.start(0)
    resumed = None
    now_ns = 0
    for number, (name, pause_ms) in enumerate(events):
        if number == cut:
            resumed = restore(program, json.loads(json.dumps(snapshot(whole))))
        now_ns += pause_ms * 1_000_000
        outcome = whole.event(now_ns, name)
        if resumed is not None:
            assert resumed.event(now_ns, name) == outcome
            assert (resumed.leaves, resumed.values) == (whole.leaves, whole.values)


def test_a_snapshot_of_another_machine_is_refused() -> None:
    program = compile_model(load(CLOCKWORK, "clockwork.yaml"))
    with pytest.raises(SnapshotError, match="of 'wan', not of 'clockwork'"):
        restore(program, snapshot(WAN.start(0)))


def test_a_snapshot_of_an_older_file_is_refused_unless_its_migration_is_named() -> None:
    program = compile_model(load(CLOCKWORK, "clockwork.yaml"))
    older = compile_model(load(CLOCKWORK.replace("70ms", "80ms"), "clockwork.yaml"))
    taken = snapshot(older.start(0))
    with pytest.raises(SnapshotError, match="has changed"):
        restore(program, taken)
    assert restore(program, taken, migrate_from={older.model.source_hash: "a longer delay"}).leaves == ("OUT",)


@pytest.mark.parametrize("leaves", [[], ["IN.a", "IN.b"], ["IN"], ["OUT", "IN.a"]])
def test_an_illegal_configuration_is_refused(leaves: list[str]) -> None:
    program = compile_model(load(CLOCKWORK, "clockwork.yaml"))
    taken = snapshot(program.start(0)) | {"leaves": leaves}
    with pytest.raises(SnapshotError, match="illegal configuration"):
        restore(program, taken)


@pytest.mark.parametrize("missing", ["leaves", "holds", "history", "data", "pending", "now_ns"])
def test_a_damaged_snapshot_is_refused(missing: str) -> None:
    program = compile_model(load(CLOCKWORK, "clockwork.yaml"))
    taken = snapshot(program.start(0))
    del taken[missing]
    with pytest.raises(SnapshotError, match="damaged"):
        restore(program, taken)
