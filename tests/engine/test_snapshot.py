"""A machine that is put away and taken out again goes on as if nothing had been."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.test_ticks import TICK_NS, WAN, values_of
from wanctl.engine import Migration, SnapshotError, compile_model, load, restore, snapshot

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
    longer = Migration("a longer delay", older.model.source_hash)
    assert restore(program, taken, migrations=[longer]).leaves == ("OUT",)


OLDER_DOOR = """
schema: 1
machine: door
data: {knocks: {range: [0, 9], default: 0}, colour: {enum: [red, blue], default: red}}
initial: CLOSED
states:
  CLOSED:
    on:
      knock: [{do: [{assign: {knocks: knocks + 1}}, {send: {event: bell, delay: 100ms}}]}]
      open: [{to: OPEN}]
      tick: [{for: 3 ticks, do: [{assign: {knocks: 0}}]}]
  OPEN: {after: {1s: [{to: CLOSED}]}}
"""
DOOR = """
schema: 1
machine: door
data: {knocks: {range: [0, 9], default: 0}, rings: {range: [0, 9], default: 0}}
initial: SHUT
states:
  SHUT:
    on: {knock: [{do: [{assign: {knocks: knocks + 1}}]}], open: [{to: OPEN}]}
    states:
      LOCKED: {}
      LATCHED: {on: {bell: [{do: [{assign: {rings: rings + 1}}]}]}}
  OPEN: {after: {1s: [{to: LATCHED}]}}
"""


def test_a_named_migration_takes_a_snapshot_into_a_file_whose_states_have_other_names() -> None:
    older, program = (compile_model(load(text, "door.yaml")) for text in (OLDER_DOOR, DOOR))
    latched = Migration("CLOSED is SHUT, locked or not", older.model.source_hash, {"CLOSED": "SHUT.LATCHED"})
    whole = older.start(0)
    whole.event(10_000_000, "knock")
    door = restore(program, json.loads(json.dumps(snapshot(whole))), migrations=[latched])
    assert door.leaves == ("SHUT.LATCHED",)
    assert door.values == {"knocks": 1.0, "rings": 0.0}
    door.advance(110_000_000)
    assert door.values["rings"] == 1.0
    whole.event(200_000_000, "open")
    door = restore(program, snapshot(whole), migrations=[latched])
    assert door.advance(1_200_000_000).entered == ("SHUT", "SHUT.LATCHED")


def test_a_migration_that_leads_nowhere_is_refused_by_its_name() -> None:
    older, program = (compile_model(load(text, "door.yaml")) for text in (OLDER_DOOR, DOOR))
    taken = snapshot(older.start(0))
    for states, reason in (
        ({}, r"there is no state 'CLOSED' \(migration 'doors'\)"),
        ({"CLOSED": "SHUT"}, r"illegal configuration: 'SHUT' with 0 of 1 \(migration 'doors'\)"),
    ):
        with pytest.raises(SnapshotError, match=reason):
            restore(program, taken, migrations=[Migration("doors", older.model.source_hash, states)])
    with pytest.raises(SnapshotError, match="has changed"):
        restore(program, taken, migrations=[Migration("of a third file", "0" * 64)])


def test_a_snapshot_of_another_time_base_is_refused() -> None:
    program = compile_model(load(CLOCKWORK, "clockwork.yaml"))
    machine = program.start(0)
    machine.advance(5_000_000_000)
    taken = snapshot(machine)
    assert restore(program, taken, now_ns=5_000_000_000).leaves == machine.leaves
    with pytest.raises(SnapshotError, match=r"another time base: taken 2\.0 s after the present"):
        restore(program, taken, now_ns=3_000_000_000)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"entered_ns": {"OUT": 7}}, "where a whole number"),
        ({"entered_ns": {"IN.x": 0}}, "there is no state 'IN.x'"),
        ({"data": {"n": 70.0, "id": None}}, "out of range"),
        ({"data": {"n": [1], "id": None}}, "'n' is list"),
        ({"history": {"IN.last": ["OUT"]}}, "cannot remember that"),
        ({"history": {"IN.last": []}}, "illegal configuration: 'IN' with 0 of 1"),
        ({"history": {"IN": ["IN.a"]}}, "cannot remember that"),
        ({"pending": [{"due_ns": 9, "state": "IN", "timer": 0}]}, "'IN' has no such timer"),
        ({"pending": [{"due_ns": -9, "event": "step", "data": {}, "id": ""}]}, "where a whole number"),
        ({"pending": [{"due_ns": 9, "event": "step", "data": {"k": [1]}, "id": ""}]}, "the data of 'step'"),
        ({"pending": [7]}, "damaged"),
        ({"ended": True}, "'ended' does not fit"),
        ({"next_id": "7"}, "where a whole number"),
        ({"now_ns": 1.5}, "where a whole number"),
        ({"leaves": "OUT"}, "is no list of states"),
        ({"holds": {"OUT#1": 1}}, "nothing is held"),
        ({"schema": "wanctl.snapshot/0"}, "not a snapshot of this kind"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(change: dict[str, Any], reason: str) -> None:
    program = compile_model(load(CLOCKWORK, "clockwork.yaml"))
    with pytest.raises(SnapshotError, match=reason):
        restore(program, snapshot(program.start(0)) | change)


NASTY = (
    None,
    True,
    -1,
    0,
    1,
    1e999,
    float("nan"),
    "",
    "OUT",
    "IN.a",
    "IN",
    [],
    {},
    ["IN.b"],
    10**30,
    {"IN.last": ["IN.b"]},
)


@given(st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_a_snapshot_with_wrong_things_in_it_is_refused_or_goes_on(random: Any) -> None:
    program = compile_model(load(CLOCKWORK, "clockwork.yaml"))
    machine = program.start(0)
    for _ in range(random.randrange(4)):
        machine.event(machine.now_ns + random.randrange(200_000_000), random.choice(["go", "back", "step"]))
    taken = json.loads(json.dumps(snapshot(machine)))
    for _ in range(random.choice((1, 1, 2))):
        holder: Any = taken
        key = random.choice(list(holder))
        while isinstance(holder[key], dict | list) and holder[key] and random.random() < 0.8:
            holder = holder[key]
            key = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
        holder[key] = random.choice(NASTY)
    try:
        resumed = restore(program, taken)
    except SnapshotError:
        return
    for _ in range(6):
        resumed.event(resumed.now_ns + 60_000_000, random.choice(["go", "back", "step"]))
    restore(program, snapshot(resumed))


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
