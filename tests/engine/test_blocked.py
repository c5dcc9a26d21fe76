"""What keeps a machine where it is."""

import pytest

from wanctl.engine import Machine, compile_model, load
from wanctl.engine.blocked import Blocked, Held, Need, Still, blocked

LAMP = """
schema: 1
machine: lamp
inputs:
  delta: {unit: ms, range: [-100, 1000]}
  limit: {unit: ms, range: [0, 1000]}
  mine: {type: bool}
  load: {unit: ratio, range: [0, 10]}
params:
  hard: {unit: ms, default: 80ms, range: [1ms, 1s]}
define:
  severe: delta > limit and delta > hard
  odd: load > 2 or not mine
initial: ON
states:
  ON:
    on:
      tick:
        - {when: severe and mine, to: OFF.COLD, why: too much}
        - {when: odd, to: OFF, why: strange}
        - {when: delta < 0.5 * limit, for: 1s, to: OFF, why: calm}
        - {when: delta > 1ms, of: 3 in 5 ticks, to: OFF, why: often}
        - {when: load > 0.5, cooldown: 10s, to: ON, why: busy}
        - {when: known(load) and 0ms < delta < 5ms, to: OFF, why: between}
      operator.hold: [{to: OFF, why: asked}]
    after: {30s: [{to: OFF, why: late}]}
  OFF:
    initial: WARM
    states:
      WARM: {on: {tick: [{when: active('COLD') or not (delta > 1ms), to: COLD}]}}
      COLD: {}
"""


@pytest.fixture
def lamp() -> Machine:
    return compile_model(load(LAMP, "lamp.yaml")).start(now_ns=0)


def ways(machine: Machine) -> dict[str, Blocked]:
    return {way.row: way for way in blocked(Still.of(machine))}


def tick(machine: Machine, at_ms: int, **inputs: float | bool | None) -> None:
    machine.set_inputs(inputs)
    machine.tick(at_ms * 1_000_000)


def test_a_comparison_says_what_it_needs_and_what_is_now(lamp: Machine) -> None:
    tick(lamp, 50, delta=52.4, limit=5.0, mine=True)
    assert ways(lamp)["ON#1"].needs == ((Need("delta > hard (80 ms)", "52.4 ms", pytest.approx(-27.6)),),)


def test_everything_that_is_missing_together_is_told_together(lamp: Machine) -> None:
    tick(lamp, 50, delta=3.0, limit=5.0, mine=True)
    (needs,) = ways(lamp)["ON#1"].needs
    assert [(need.text, need.now) for need in needs] == [
        ("delta > limit (5 ms)", "3 ms"),
        ("delta > hard (80 ms)", "3 ms"),
    ]


def test_alternatives_are_told_apart(lamp: Machine) -> None:
    tick(lamp, 50, load=0.4, mine=True)
    assert [list(needs) for needs in ways(lamp)["ON#2"].needs] == [
        [Need("load > 2", "40 %", pytest.approx(-1.6))],
        [Need("not mine", "yes")],
    ]


def test_an_unknown_value_is_named_as_such(lamp: Machine) -> None:
    tick(lamp, 50, mine=True)
    assert ways(lamp)["ON#3"].needs == ((Need("delta < 0.5 * limit (unknown)", "unknown"),),)
    (needs,) = ways(lamp)["ON#6"].needs
    assert needs[0] == Need("known(load)", "unknown")


def test_of_a_chain_only_the_pair_that_fails_is_told(lamp: Machine) -> None:
    tick(lamp, 50, delta=7.0, load=0.1, mine=True)
    assert [need.text for need in ways(lamp)["ON#6"].needs[0]] == ["delta < 5ms"]


def test_a_negation_is_told_as_the_opposite(lamp: Machine) -> None:
    lamp.event(0, "operator.hold")
    tick(lamp, 50, delta=2.0)
    assert [[need.text for need in needs] for needs in ways(lamp)["OFF.WARM#1"].needs] == [
        ["active('COLD')"],
        ["delta <= 1ms"],
    ]


def test_a_hold_says_how_much_of_it_has_passed(lamp: Machine) -> None:
    for at_ms in (50, 450):
        tick(lamp, at_ms, delta=2.0, limit=5.0, mine=True)
    calm, often = ways(lamp)["ON#3"], ways(lamp)["ON#4"]
    assert (calm.needs, calm.held) == ((), Held(400_000_000, 1_000_000_000, counts_ticks=False))
    assert (often.needs, often.held) == ((), Held(2, 3, counts_ticks=True, window=5))
    assert calm.guard == "delta < 0.5 * limit for 1s"


def test_a_cooldown_says_how_much_of_it_is_left(lamp: Machine) -> None:
    tick(lamp, 1_000, load=0.7, mine=True, delta=90.0)
    tick(lamp, 3_000, load=0.7, mine=True)
    assert (ways(lamp)["ON#5"].needs, ways(lamp)["ON#5"].cooldown_ns) == ((), 8_000_000_000)


def test_rows_that_wait_for_an_event_or_for_time_say_so(lamp: Machine) -> None:
    tick(lamp, 4_000, mine=True)
    event, late = ways(lamp)["ON#7"], ways(lamp)["ON#8"]
    assert (event.trigger, event.needs, event.due_ns) == ("operator.hold", (), None)
    assert (late.targets, late.due_ns) == (("OFF",), 26_000_000_000)


def test_only_rows_of_active_states_are_told(lamp: Machine) -> None:
    assert {way.source for way in blocked(Still.of(lamp))} == {"ON"}


def test_a_still_does_not_move_with_its_machine(lamp: Machine) -> None:
    tick(lamp, 50, delta=2.0, limit=5.0, mine=True)
    before = Still.of(lamp)
    told = blocked(before)
    tick(lamp, 100, delta=90.0, limit=5.0, mine=True)
    assert lamp.leaves == ("OFF.COLD",)
    assert blocked(before) == told


def test_a_long_guard_does_not_make_endless_alternatives() -> None:
    guard = " and ".join(f"(a > {number} or b > {number})" for number in range(40))
    text = f"""
schema: 1
machine: long
inputs: {{a: {{range: [0, 99]}}, b: {{range: [0, 99]}}}}
initial: A
states:
  A: {{on: {{tick: [{{when: {guard}, to: B}}]}}}}
  B: {{}}
"""
    machine = compile_model(load(text, "long.yaml")).start()
    (way,) = blocked(Still.of(machine))
    assert len(way.needs) <= 8
    assert len(way.needs[0]) == 40
