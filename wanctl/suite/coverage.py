"""What the tests of a machine have exercised: rows fired, guards seen true and false, states entered.

A guard is seen where the machine looks at it: a row under `tick` at each tick at which its state is active, on the
inputs frozen for that tick, whichever row wins; a row of an event, of `always` or of `after` whenever the engine asks
it. A hold (`for`, `of`) does not count here: it is its guard that has to be seen both ways. Each state of a template
that is used twice is a state of its own. The engine's own compiled guards are asked, and asking changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from wanctl.engine.evaluate import EvaluationError, Event
from wanctl.engine.machine import TICK, Machine
from wanctl.engine.model import Model, Row
from wanctl.engine.program import LiveRow, Program
from wanctl.engine.record import Value


class Gap(NamedTuple):
    """Something that no test has exercised. Rank orders a report: states, rows, guards."""

    kind: str  # "state", "row", "guard true", "guard false"
    name: str
    file: str
    line: int
    guard: str


class Picture:
    """What a guard may read at a tick: frozen inputs, data, the configuration."""

    __slots__ = ("active", "current_event", "values")

    def __init__(self, machine: Machine, inputs: Mapping[str, Value], event: Event | None = TICK) -> None:
        self.values: dict[str, Value] = {**machine.values, **inputs}
        self.active = machine.active
        self.current_event = event


def guard_value(row: LiveRow, picture: Picture) -> bool:
    """A guard as the engine judges it; a failing one counts as false."""
    assert row.guard is not None
    try:
        return row.guard(picture)
    except EvaluationError:
        return False


@dataclass(slots=True)
class Coverage:
    """The coverage of one machine, over any number of tests."""

    model: Model
    fired: set[str] = field(default_factory=set)
    seen: dict[int, set[bool]] = field(default_factory=dict)  # by index of the row
    entered: set[str] = field(default_factory=set)
    _watched: list[Program] = field(default_factory=list)

    def watch(self, program: Program) -> None:
        """Learn of every guard outside ticks that machines of this program are asked from now on."""
        if any(known is program for known in self._watched):
            return
        self._watched.append(program)
        ticks = {row.index for state in self.model.states for row in state.ticks}
        for row in program.rows:
            if row.guard is not None and row.index not in ticks:
                row.guard = self._noted(row.index, row.guard)

    def _noted(self, index: int, guard: Callable[..., bool]) -> Callable[..., bool]:
        seen = self.seen.setdefault(index, set())

        def noted(context: object) -> bool:
            try:
                value = guard(context)
            except EvaluationError:
                seen.add(False)
                raise
            seen.add(value)
            return value

        return noted

    def look(self, machine: Machine, inputs: Mapping[str, Value]) -> None:
        """Note the guard of every row under `tick` of every active state, before the tick is decided."""
        picture = Picture(machine, inputs)
        for index, on in enumerate(machine.active):
            if on:
                for row in machine.program.states[index].ticks:
                    if row.guard is not None:
                        self.seen.setdefault(row.index, set()).add(guard_value(row, picture))

    # -- figures -------------------------------------------------------------------------------------------------------
    def _rows(self) -> list[Row]:
        return self.model.rows

    def _states(self) -> list[str]:
        return [state.path for state in self.model.states[1:] if state.kind != "history"]

    def counts(self) -> dict[str, tuple[int, int]]:
        """How many were exercised, of how many: of rows, of guard sides, of states."""
        rows = self._rows()
        guarded = [row for row in rows if row.guard is not None]
        return {
            "rows": (sum(1 for row in rows if row.id in self.fired), len(rows)),
            "guard sides": (sum(len(self.seen.get(row.index, ())) for row in guarded), 2 * len(guarded)),
            "states": (sum(1 for path in self._states() if path in self.entered), len(self._states())),
        }

    @property
    def percent(self) -> float:
        """The share of rows, guard sides and states together that was exercised; 100 for all of them and no other."""
        counts = self.counts().values()
        done, total = sum(pair[0] for pair in counts), sum(pair[1] for pair in counts)
        return 100.0 if done == total else min(99.9, 100.0 * done / total)

    def gaps(self) -> list[Gap]:
        """Everything that was not exercised."""
        found = [
            Gap("state", state.path, state.place.file, state.place.line, "")
            for state in self.model.states[1:]
            if state.kind != "history" and state.path not in self.entered
        ]
        for row in self._rows():
            if row.id not in self.fired:
                found.append(Gap("row", row.id, row.place.file, row.place.line, row.guard_text))
            if row.guard is not None:
                found += [
                    Gap(f"guard {str(side).lower()}", row.id, row.place.file, row.place.line, row.guard_text)
                    for side in (True, False)
                    if side not in self.seen.get(row.index, ())
                ]
        return found
