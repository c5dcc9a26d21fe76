"""What a run leaves behind: lines of JSON, of the schema `wanctl.transitions/1`.

A transcript opens with the machines that run and the leaves they start in, has one line for each row that fires, and
closes with the time of the end. `wanctl graph --trace` counts and draws it. Nothing is written here: the host has the
file, and it keeps the order of time.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from wanctl.engine.machine import Machine
from wanctl.engine.record import Transition

SCHEMA = "wanctl.transitions/1"


@dataclass(frozen=True, slots=True)
class Recording:
    """One machine's part of a transcript; times in ns, of whatever clock the host handed in."""

    name: str  # "cable/wan": as in `Transition.machine`
    began_ns: int
    ended_ns: int
    leaves: tuple[str, ...]  # active at the beginning
    transitions: tuple[Transition, ...]


def opening(machines: Iterable[Machine], now_ns: int) -> str:
    """The first line, with its newline: which machines run, from when on, and where each of them stands."""
    listed = [
        {"name": item.name, "machine": item.model.name, "source": item.model.source_hash, "leaves": list(item.leaves)}
        for item in machines
    ]
    return _line({"schema": SCHEMA, "at_ns": now_ns, "machines": listed})


def entry(transition: Transition) -> str:
    """The line of one row that fired, with its newline."""
    return _line(
        {
            "at_ns": transition.at_ns,
            "machine": transition.machine,
            "row": transition.row,
            "event": transition.event,
            "from": transition.source,
            "to": list(transition.targets),
            "guard": transition.guard,
            "why": transition.why,
            "values": dict(transition.values),
            "exited": list(transition.exited),
            "entered": list(transition.entered),
            "actions": list(transition.actions),
        }
    )


def closing(now_ns: int) -> str:
    """The last line, with its newline. A transcript without one is of a run that was cut off."""
    return _line({"end_ns": now_ns})


def _line(fields: dict[str, object]) -> str:
    return json.dumps(fields, separators=(",", ":")) + "\n"
