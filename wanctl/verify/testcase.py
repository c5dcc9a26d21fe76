"""A run as a case for `wanctl test` that fails as long as the fault is there."""

import json
from collections.abc import Iterable, Iterator

from wanctl.engine.expression import Symbol
from wanctl.engine.model import Model
from wanctl.engine.record import Value
from wanctl.engine.unit import UNITS
from wanctl.verify.result import Result, Run

MISSING = "_"


def violations(results: Iterable[Result]) -> Iterator[tuple[str, Run]]:
    """The runs that show what is violated, each with the name of its test."""
    for result in results:
        shown = [fault for fault in result.faults if fault.run is not None] if result.status == "violated" else []
        for fault in shown:
            assert fault.run is not None
            yield (result.name if len(shown) == 1 else f"{result.name}: {fault.subject}"), fault.run


def test_file(model: Model, machine: str, cases: list[tuple[str, Run]]) -> str:
    """The text of a test file; `machine` is how it names the machine."""
    lines = [f"# Written by wanctl verify: runs to what {model.name} must not do.", f"machine: {json.dumps(machine)}"]
    lines += ["tests:"] if cases else ["tests: []"]
    for name, run in cases:
        lines += _case(model, name, run)
    return "\n".join([*lines, ""])


def _case(model: Model, name: str, run: Run) -> Iterator[str]:
    yield f"  - name: {json.dumps(name)}"
    if run.params:
        shown = {param: _written(value, model.params[param]) for param, value in run.params.items()}
        yield f"    params: {{{', '.join(f'{param}: {value}' for param, value in shown.items())}}}"
    names = list(run.steps[0].inputs) if run.steps else []
    if names:
        yield "    input:"
        for item in names:
            yield f"      {item}: {series([step.inputs[item] for step in run.steps], model.inputs[item])}"
    events = [(step.number, event) for step in run.steps for event in step.events]
    if events:
        yield "    events:"
        for tick, event in events:
            yield f"      - {{tick: {tick}, event: {event}}}"
    yield "    # What must not happen happens at this tick. Which state would be right is yours to say."
    yield f"    expect: [{{{', '.join(f'{key}: {json.dumps(value)}' for key, value in run.expect.items())}}}]"


def series(values: list[Value], symbol: Symbol) -> str:
    """Values as the shorthand of test files: `5x20 20x2 _`."""
    parts: list[tuple[str, int]] = []
    for value in values:
        written = _written(value, symbol)
        if parts and parts[-1][0] == written:
            parts[-1] = (written, parts[-1][1] + 1)
        else:
            parts.append((written, 1))
    number = symbol.kind == "number"
    return " ".join(
        written if count == 1 else f"{written}x{count}" if number and written != MISSING else f"{written} x{count}"
        for written, count in parts
    )


def _written(value: Value, symbol: Symbol) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    inner = value / UNITS[symbol.unit][1]
    return f"{inner:.15g}"
