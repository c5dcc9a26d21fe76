"""Marks from a transcript: how often each row fired, and how long each state was active."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from wanctl.diagram.duration import span
from wanctl.diagram.marks import PLAIN, Mark
from wanctl.engine.model import Model, Row, State
from wanctl.engine.transcript import Recording

BUSY = 0.1  # of all hits: a line is drawn heavy from here on


class Usage:
    """Counts over one recording or several of a machine; times and shares are sums over them."""

    def __init__(self, model: Model, recordings: Sequence[Recording]) -> None:
        self._model, self._recordings = model, recordings
        self._hits: Counter[str] = Counter()
        self._active_ns: Counter[str] = Counter()
        self._entries: Counter[str] = Counter()
        self._total_ns = sum(item.ended_ns - item.began_ns for item in recordings)
        for recording in recordings:
            self._count(recording)
        self._all = sum(self._hits.values())

    def _count(self, recording: Recording) -> None:
        active = dict.fromkeys(_with_ancestors(recording.leaves), recording.began_ns)
        self._entries.update(active.keys())
        for item in recording.transitions:
            self._hits[item.row] += 1
            for path in item.exited:
                self._active_ns[path] += item.at_ns - active.pop(path, item.at_ns)
            active.update(dict.fromkeys(item.entered, item.at_ns))
            self._entries.update(item.entered)
        for path, since_ns in active.items():
            self._active_ns[path] += recording.ended_ns - since_ns

    # -- what is drawn -------------------------------------------------------------------------------------------------
    @property
    def title(self) -> tuple[str, ...]:
        """Whose counts these are."""
        whose = " + ".join(item.name for item in self._recordings)
        never = sum(1 for row in self._model.rows if not self._hits[row.id])
        rows = len(self._model.rows)
        told = f"{whose}: {self._all:,} transitions in {span(self._total_ns)}"
        return (f"{told}; {rows - never} of {rows} rows fired, {never} never did",)

    @property
    def legend(self) -> tuple[tuple[str, str], ...]:
        """What heavy and grey mean."""
        return (
            ("busy", f"fired often: {100 * BUSY:g} % of all hits or more"),
            ("taken", "fired: 12 × says how often"),
            ("never", "never fired, never active"),
            ("", "in a state: its share of the time, and its time"),
        )

    def of_rows(self, rows: Sequence[Row]) -> Mark:
        """Their hits together; where they are of several states, of each."""
        hits = [self._hits[row.id] for row in rows]
        total = sum(hits)
        if not total:
            return Mark("never")
        look = "busy" if total >= BUSY * self._all else "taken"
        return Mark(look, (f"{total:,} ×",))

    def of_state(self, state: State) -> Mark:
        """How long it was active, and which part of the time."""
        if state.kind == "history" or not state.path:
            return PLAIN
        if not self._entries[state.path]:
            return Mark("never")
        if state.kind == "final" or self._is_always(state):
            return PLAIN
        active_ns = self._active_ns[state.path]
        return Mark("taken", (f"{_percent(self._share(active_ns))} · {span(active_ns)}",))

    def _is_always(self, state: State) -> bool:
        """Whether it is a region of what cannot be left."""
        around = self._model.states[state.parent]
        return around.kind == "parallel" and around.index == 0

    def _share(self, active_ns: int) -> float:
        return active_ns / self._total_ns if self._total_ns else 0.0

    # -- the same numbers as JSON --------------------------------------------------------------------------------------
    def row_fields(self, row: Row) -> dict[str, Any]:
        """How often it fired."""
        return {"hits": self._hits[row.id]}

    def state_fields(self, state: State) -> dict[str, Any]:
        """How long it was active, and how often it was entered, its activity at the beginning counted."""
        active_ns = self._active_ns[state.path]
        return {
            "active_s": active_ns / 1e9,
            "share": round(self._share(active_ns), 6),
            "entries": self._entries[state.path],
        }

    def fields(self) -> dict[str, Any]:
        """Of what the counts are."""
        return {
            "trace": {
                "instances": [item.name for item in self._recordings],
                "seconds": self._total_ns / 1e9,
                "transitions": self._all,
            }
        }


def _percent(share: float) -> str:
    if 0.0 < share < 0.0001:
        return "< 0.01 %"
    return f"{100 * share:.3g} %" if share < 0.9995 else "100 %"


def _with_ancestors(leaves: Sequence[str]) -> Iterator[str]:
    for leaf in leaves:
        words = leaf.split(".")
        yield from (".".join(words[: count + 1]) for count in range(len(words)))
