"""A small machine, and transcripts of runs of it."""

import json
from collections.abc import Sequence
from pathlib import Path

from wanctl.engine import Machine, compile_model, load
from wanctl.engine.model import Model
from wanctl.engine.transcript import closing, entry, opening

TEXT = """\
schema: 1
machine: pump
summary: A pump and its lamp.
type: parallel
inputs: {pressure: {unit: "", range: [0, 100]}}
define: {high: pressure > 50}
states:
  motor:
    initial: GREEN
    states:
      GREEN:
        doc: runs
        on:
          tick:
            - {when: pressure > 80, to: RED, why: it would burst}
            - {when: high, to: YELLOW, why: it is under stress}
      YELLOW:
        on:
          tick:
            - {when: pressure > 80, to: RED, why: it would burst}
            - {when: not high, to: GREEN, why: it is well again}
      RED:
        doc: stands
        on: {tick: [{when: not high, to: GREEN, why: it is well again}]}
      BROKEN: {}
  lamp:
    initial: "OFF"
    states:
      "OFF": {on: {tick: [{when: high, to: "ON", why: somebody should look}]}}
      "ON": {on: {tick: [{when: not high, to: "OFF", why: nothing to see}]}}
"""
TICK_NS = 1_000_000_000
# Pressure at ticks 1, 2, ...: two times out of GREEN, of 2 s and of 3 s.
PRESSURE = (10, 60, 60, 10, 10, 60, 90, 60, 10, 10)


def pump() -> Model:
    """The machine."""
    return load(TEXT, "pump.yaml")


def transcript(*instances: str, pressure: Sequence[int] = PRESSURE, closed: bool = True) -> str:
    """The text of a transcript of instances that see the same."""
    program = compile_model(pump())
    machines: list[Machine] = [program.start(0, name) for name in instances or ("one",)]
    lines = [opening(machines, 0)]
    for number, value in enumerate(pressure, 1):
        for machine in machines:
            machine.inputs.pressure = float(value)
            lines += [entry(item) for item in machine.tick(number * TICK_NS).transitions]
    return "".join([*lines, closing((len(pressure) + 1) * TICK_NS)] if closed else lines)


def recorded(folder: Path, *instances: str, **more: object) -> None:
    """Leave the machine and a transcript of it, `run.jsonl`, in a folder."""
    (folder / "pump.yaml").write_text(TEXT)
    (folder / "run.jsonl").write_text(transcript(*instances, **more))  # type: ignore[arg-type]


def changed(text: str, line: int, **fields: object) -> str:
    """A transcript with other fields in one line, from 1."""
    lines = text.splitlines()
    lines[line - 1] = json.dumps(json.loads(lines[line - 1]) | fields)
    return "\n".join(lines) + "\n"
