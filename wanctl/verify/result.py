"""What came of a check: a verdict, and for each fault what it is about and a run that shows it."""

from dataclasses import dataclass, field
from typing import Literal

from wanctl.engine.diagnostic import Place
from wanctl.engine.record import Value

Status = Literal["proved", "violated", "undecided", "vacuous", "remark"]
Level = Literal["", "static", "abstract", "exact", "arithmetic"]


@dataclass(frozen=True, slots=True)
class Step:
    """One tick of a run, with the events before it."""

    number: int  # of the tick, from 1
    inputs: dict[str, Value]  # canonical units; None is unknown
    events: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()


@dataclass(slots=True)
class Run:
    """A run of the real engine from its start to the fault."""

    steps: list[Step] = field(default_factory=list)
    started: tuple[str, ...] = ()  # leaves before the first tick
    params: dict[str, Value] = field(default_factory=dict)  # those that are not the defaults
    expect: dict[str, object] = field(default_factory=dict)  # what a test says that fails on the fault
    note: str = ""


@dataclass(slots=True)
class Fault:
    """One thing that is wrong, or worth knowing."""

    subject: str  # a row, a state, a name
    text: str
    place: Place | None = None
    run: Run | None = None


@dataclass(slots=True)
class Result:
    """The verdict about one property of one machine."""

    name: str
    kind: str
    status: Status
    level: Level = ""
    text: str = ""
    faults: list[Fault] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        found: dict[str, object] = {"property": self.name, "kind": self.kind, "status": self.status}
        found |= {"level": self.level, "text": self.text}
        found["faults"] = [_fault(fault) for fault in self.faults]
        return found


def _fault(fault: Fault) -> dict[str, object]:
    found: dict[str, object] = {"subject": fault.subject, "text": fault.text}
    if fault.place is not None:
        found |= {"file": fault.place.file, "line": fault.place.line, "column": fault.place.column}
    if fault.run is not None:
        found["run"] = {
            "params": fault.run.params,
            "note": fault.run.note,
            "steps": [
                {
                    "tick": step.number,
                    "events": list(step.events),
                    "inputs": step.inputs,
                    "rows": list(step.rows),
                    "leaves": list(step.leaves),
                }
                for step in fault.run.steps
            ],
        }
    return found
