"""Recordings from what `wanctl why --json` says of a site that runs, or of its history (`wanctl.why/1`).

Such an answer has the last transitions, each with the state of its region that was left and the one that was entered.
From these, and from where the machines stand now, follows where each region was since the first of them.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from wanctl.engine import Model, Transition, Value
from wanctl.engine.transcript import Recording
from wanctl.replay.fault import refuse

SCHEMA = "wanctl.why/1"
MOST_BYTES = 64 * 1_024 * 1_024
LARGEST = 1e18  # of values
TIMES_NS = 1 << 62  # a hundred years
HOW_TO = "wanctl why SITE -n 500 --json prints one"
_BEGINS = re.compile(rb'\s*\{\s*"schema"\s*:\s*"wanctl\.why/')


@dataclass(slots=True)
class _Wan:
    """What the answer says of one WAN."""

    records: list[dict[str, Any]] = field(default_factory=list)
    now: dict[str, str] = field(default_factory=dict)  # region -> path of its leaf


def value_of(found: object) -> Value:
    """A value of a guard as JSON has it; what no guard can have seen is unknown, or the text of it."""
    if isinstance(found, bool | str) or found is None:
        return found
    if isinstance(found, int | float):
        return float(found) if abs(found) < LARGEST else None
    return str(found)


def is_answer(begin: bytes) -> bool:
    """Whether a file that begins so is an answer."""
    return _BEGINS.match(begin) is not None


def read_answer(data: bytes, name: str, model: Model) -> tuple[tuple[Recording, ...], tuple[str, ...]]:
    """A recording for each WAN that runs the machine, and the names of what else runs. `TraceError` as a transcript."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        refuse("WC711", "the answer is torn: it is no whole JSON", name, 1, HOW_TO)
    if answer.get("schema") != SCHEMA:
        refuse("WC711", f"the answer is of {answer.get('schema')!r}, and {SCHEMA} can be read", name, 1, HOW_TO)
    try:
        ended_ns, wans = _sorted(answer)
        rows = {row.id for row in model.rows}
        mine = {wan: said for wan, said in wans.items() if _is_of(said, model, rows)}
        if not mine:
            refuse("WC713", f"the answer tells of no machine {model.name}", name, 1, "wanctl graph lists machines")
        reader = _Reader(name, model)
        recordings = tuple(reader.recording(wan, said, ended_ns) for wan, said in mine.items())
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        refuse("WC711", f"the answer lacks something: {type(error).__name__} {error}", name, 1, HOW_TO)
    return recordings, tuple(sorted(set(wans) - set(mine)))


def _sorted(answer: dict[str, Any]) -> tuple[int, dict[str, _Wan]]:
    wans: dict[str, _Wan] = {}
    for state in answer["states"]:
        wan = wans.setdefault(str(state["wan"]), _Wan())
        wan.now[state["region"]] = _path(state["region"], state["state"])
    for record in sorted(answer["transitions"], key=lambda item: item["at_s"]):
        wans.setdefault(str(record["wan"]), _Wan()).records.append(record)
    return _ns(answer["at_s"]), wans


def _is_of(said: _Wan, model: Model, rows: set[str]) -> bool:
    paths = {state.path for state in model.states}
    return any(item["row"] in rows for item in said.records) or (bool(said.now) and set(said.now.values()) <= paths)


def _ns(seconds: float) -> int:
    at_ns = round(float(seconds) * 1e9)
    if not 0 <= at_ns < TIMES_NS:
        raise ValueError("a time that cannot be")
    return at_ns


def _path(region: str, below: str) -> str:
    return f"{region}.{below}" if below and below != region else region


class _Reader:
    def __init__(self, file: str, model: Model) -> None:
        self._file, self._model = file, model
        self._index_of = {state.path: state.index for state in model.states}
        self._rows = {row.id: row for row in model.rows}

    def recording(self, wan: str, said: _Wan, ended_ns: int) -> Recording:
        """From its first transition to the answer."""
        at = dict(said.now)  # region -> leaf; at first where each stood in the beginning
        for record in reversed(said.records):
            at[record["region"]] = _path(record["region"], record["from"])
        leaves = tuple(at.values())
        for leaf in leaves:
            self._state(leaf)
        machine = f"{wan}/{self._model.name}"
        found = []
        for record in said.records:
            region = record["region"]
            left, entered = at[region], _path(region, record["to"]) if record["to"] else ""
            found.append(self._transition(machine, record, left, entered))
            at[region] = entered or left
        began_ns = found[0].at_ns if found else ended_ns
        return Recording(machine, began_ns, max(ended_ns, began_ns), leaves, tuple(found))

    def _transition(self, machine: str, record: dict[str, Any], left: str, entered: str) -> Transition:
        row = self._rows.get(record["row"])
        if row is None:
            hint = "the machine's file has changed since, or the site runs another one"
            refuse("WC713", f"{self._model.name} has no row '{record['row']}'", self._file, 1, hint)
        exits, entries = self._between(left, entered) if entered else ((), ())
        values = tuple((str(item["name"]), value_of(item["value"])) for item in record["values"])
        states = self._model.states
        return Transition(
            _ns(record["at_s"]),
            machine,
            row.id,
            str(record["event"]),
            states[row.state].path,
            tuple(states[target].path for target in row.targets),
            str(record["guard"]),
            str(record["why"]),
            values,
            (),
            exits,
            entries,
            tuple(str(action) for action in record["actions"]),
        )

    def _between(self, left: str, entered: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is exited and entered from one leaf to another, or to itself."""
        states = self._model.states
        old, new = self._chain(left), self._chain(entered)
        common = [index for index in old if index in new] if left != entered else old[1:]
        exits = tuple(states[index].path for index in old if index not in common)
        return exits, tuple(states[index].path for index in reversed(new) if index not in common)

    def _chain(self, path: str) -> list[int]:
        """A state and those around it, innermost first, without the machine."""
        state = self._state(path)
        return [state, *self._model.ancestors(state)[:-1]]

    def _state(self, path: str) -> int:
        if path not in self._index_of:
            hint = "the machine's file has changed since, or the site runs another one"
            refuse("WC713", f"{self._model.name} has no state '{path}'", self._file, 1, hint)
        return self._index_of[path]
