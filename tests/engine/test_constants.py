"""Times, counts and numbers that no machine can have: refused with a code, whatever they are made of."""

import pytest

from wanctl.control.action import ACTIONS
from wanctl.engine import FileError, Findings, check, compile_model
from wanctl.engine.example import example


def codes(lines: str) -> list[str]:
    findings = Findings()
    model = check(example("", lines), "example.yaml", findings, actions=ACTIONS)
    if model is None:
        return [item.code for item in findings]
    try:
        machine = compile_model(model).start(0)
    except FileError as error:
        return [item.code for item in error.findings]
    machine.tick(50_000_000)
    return []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("states: {A: {after: {1e400ms: [{to: B}]}}, B: {}}", ["WC303"]),
        ("states: {A: {after: {1e305ms: [{to: B}]}}, B: {}}", ["WC284"]),
        ("states: {A: {after: {5ms - 10ms: [{to: B}]}}, B: {}}", ["WC284"]),
        ("states: {A: {after: {target - 20ms: [{to: B}]}}, B: {}}", ["WC284"]),
        ("states: {A: {on: {tick: [{when: delay > 1e400ms, to: B}]}}, B: {}}", ["WC303"]),
        ("states: {A: {on: {tick: [{for: 1e308ms * 100, to: B}]}}, B: {}}", ["WC284"]),
        ("states: {A: {on: {tick: [{for: 1e300 ticks, to: B}]}}, B: {}}", ["WC284"]),
        ("states: {A: {on: {tick: [{cooldown: 1e304ms, to: B}]}}, B: {}}", ["WC284"]),
        ("states: {A: {entry: [{send: {event: e, delay: 1e304ms}}]}, B: {}}", ["WC220"]),
        ("where: [target * 1e308 * 1e308 > 1ms]", ["WC282"]),
        ("params: {target: {unit: ms, default: 1e400}}", ["WC303"]),
        ("inputs: {delay: {unit: ms, range: [0, 1e400]}}", ["WC303"]),
    ],
)
def test_what_cannot_be_is_refused(lines: str, expected: list[str]) -> None:
    assert codes(lines) == expected


@pytest.mark.parametrize("when", ["entry", "during"])
def test_an_argument_that_cannot_be_computed_fails_when_it_is_run(when: str) -> None:
    lines = f"states: {{A: {{{when}: [{{rate.creep: {{step: 1e308 * 1e308}}}}]}}, B: {{}}}}"
    model = check(example("", lines), "example.yaml", Findings(), actions=ACTIONS)
    assert model is not None
    machine = compile_model(model).start(0)
    assert machine.started.intents + machine.tick(50_000_000).intents == ()
