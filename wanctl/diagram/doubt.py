"""Marks from proofs: what can never fire or be reached, and what takes part in a violation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from wanctl.diagram.marks import PLAIN, Mark
from wanctl.engine.model import Row, State

Look = Literal["violated", "dead", "open"]
WORDS: dict[Look, str] = {
    "violated": "on the way to a violation",
    "dead": "can never fire, or never be reached or left",
    "open": "not proved",
}


@dataclass(slots=True)
class Doubts:
    """What a prover found; each finding is a numbered line of the title, and parts refer to it by its number."""

    summary: str
    findings: list[str] = field(default_factory=list)
    rows: dict[str, list[tuple[Look, str]]] = field(default_factory=dict)  # by row id
    states: dict[str, list[tuple[Look, str]]] = field(default_factory=dict)  # by path

    def add(self, finding: str) -> int:
        """One more finding; its number."""
        self.findings.append(finding)
        return len(self.findings)

    def mark_row(self, row: str, look: Look, note: str) -> None:
        """A row takes part."""
        _add(self.rows, row, look, note)

    def mark_state(self, path: str, look: Look, note: str) -> None:
        """A state takes part."""
        _add(self.states, path, look, note)

    @property
    def title(self) -> tuple[str, ...]:
        """The verdict, and each finding."""
        return (self.summary, *(f"{place}. {text}" for place, text in enumerate(self.findings, 1)))

    @property
    def legend(self) -> tuple[tuple[str, str], ...]:
        """The looks that are there."""
        used = {look for marks in (*self.rows.values(), *self.states.values()) for look, _ in marks}
        return tuple((look, meaning) for look, meaning in WORDS.items() if look in used)

    def of_rows(self, rows: Sequence[Row]) -> Mark:
        """The worst of what is known of them."""
        return _mark([mark for row in rows for mark in self.rows.get(row.id, ())])

    def of_state(self, state: State) -> Mark:
        """The worst of what is known of it."""
        return _mark(self.states.get(state.path, []))

    def row_fields(self, row: Row) -> dict[str, Any]:
        """The same as JSON."""
        return {"doubts": [{"kind": look, "text": note} for look, note in self.rows.get(row.id, ())]}

    def state_fields(self, state: State) -> dict[str, Any]:
        """The same as JSON."""
        return {"doubts": [{"kind": look, "text": note} for look, note in self.states.get(state.path, ())]}

    def fields(self) -> dict[str, Any]:
        """The verdict as JSON."""
        return {"verify": {"summary": self.summary, "findings": list(self.findings)}}


def _add(found: dict[str, list[tuple[Look, str]]], key: str, look: Look, note: str) -> None:
    marks = found.setdefault(key, [])
    if (look, note) not in marks:
        marks.append((look, note))


def _mark(marks: Sequence[tuple[Look, str]]) -> Mark:
    if not marks:
        return PLAIN
    worst = next(look for look in WORDS if look in {mark for mark, _ in marks})
    return Mark(worst, tuple(dict.fromkeys(note for _, note in marks)))
