"""From a snapshot to a running machine, or to the reason why not.

A snapshot is refused when it is of another machine, of another file, of another time base, damaged, or when it
describes a configuration that could not be. A file that has changed since needs a migration with a name:

    SPLIT = Migration("GREEN has sub-states now", "sha256 of the older file", {"GREEN": "GREEN.CRUISE"})
    machine = restore(program, taken, migrations=[SPLIT])

What a migration takes over: leaves, entry times, histories, sends and timers under their new names; data and cooldowns
that still exist. Data that are new have their default, and holds begin afresh, for rows may have changed places.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from wanctl.engine.machine import Machine
from wanctl.engine.model import Model, State
from wanctl.engine.program import LiveRow, Program
from wanctl.engine.queue import Entry, QueuedEvent
from wanctl.engine.snapshot import SCHEMA

LARGEST_NS = 1 << 62


class SnapshotError(ValueError):
    """A snapshot that this program cannot take; the text says why."""


@dataclass(frozen=True, slots=True)
class Migration:
    """Why snapshots of an older file may be taken, and what its states are called now.

    `source` is the older file's hash (`Model.source_hash`, "source" of its snapshots). `states` maps older paths to
    present ones; the paths below follow their state. One that is now compound needs the leaf to go on in.
    """

    name: str
    source: str
    states: Mapping[str, str] = field(default_factory=dict)

    def path(self, older: str) -> str:
        """The present path of a state."""
        words = older.split(".")
        for length in range(len(words), 0, -1):
            renamed = self.states.get(".".join(words[:length]))
            if renamed is not None:
                return ".".join([renamed, *words[length:]])
        return older


def restore(
    program: Program,
    taken: Mapping[str, Any],
    instance: str = "",
    *,
    migrations: Iterable[Migration] = (),
    now_ns: int | None = None,
) -> Machine:
    """A machine that goes on where the snapshot was taken. Raises `SnapshotError`.

    `now_ns` is the time now, where the caller knows it: a snapshot of a later time is of another time base.
    """
    if not isinstance(taken, Mapping):
        raise SnapshotError("a damaged snapshot: not a map")
    model = program.model
    if taken.get("schema") != SCHEMA:
        raise SnapshotError(f"not a snapshot of this kind: schema {taken.get('schema')!r}, wanted {SCHEMA!r}")
    if taken.get("machine") != model.name:
        raise SnapshotError(f"a snapshot of '{taken.get('machine')}', not of '{model.name}'")
    migration = None
    if taken.get("source") != model.source_hash:
        migration = next((one for one in migrations if one.source == taken.get("source")), None)
        if migration is None:
            raise SnapshotError(f"the file of '{model.name}' has changed since the snapshot was taken")
    try:
        return _Restorer(program, taken, migration, now_ns).machine(instance)
    except (KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"a damaged snapshot: {type(error).__name__} {error}") from None
    except SnapshotError as error:
        raise SnapshotError(f"{error} (migration '{migration.name}')" if migration else str(error)) from None


class _Restorer:
    def __init__(
        self, program: Program, taken: Mapping[str, Any], migration: Migration | None, now_ns: int | None
    ) -> None:
        self.program, self.model, self.taken, self.migration = program, program.model, taken, migration
        self.now_ns = _whole(taken["now_ns"])
        if now_ns is not None and self.now_ns > now_ns:
            ahead_s = (self.now_ns - now_ns) / 1e9
            raise SnapshotError(f"a snapshot of another time base: taken {ahead_s:.1f} s after the present")
        self._states = {state.path: state for state in self.model.states}

    def machine(self, instance: str) -> Machine:
        """The machine, when everything about the snapshot is right."""
        taken, model = self.taken, self.model
        machine = Machine(self.program, self.now_ns, instance, start=False)
        leaves = [self._state(path) for path in _texts(taken["leaves"])]
        for leaf in leaves:
            for index in (leaf.index, *model.ancestors(leaf.index)):
                machine.active[index] = True
        check_legal(model, machine.active, {leaf.index for leaf in leaves})
        self._times(machine)
        for path, held in taken["history"].items():
            history = self._state(path)
            machine.history[history.index] = self._recorded(history, [self._state(item) for item in _texts(held)])
        self._values(machine)
        ended = any(machine.active[child] and model.states[child].kind == "final" for child in model.states[0].children)
        if taken["ended"] is not ended or (ended and taken["pending"]):
            raise SnapshotError("a damaged snapshot: 'ended' does not fit the leaves")
        machine.resume(self._pending(machine), _whole(taken["next_id"], 0), ended=ended)
        return machine

    def _state(self, path: object) -> State:
        name = self.migration.path(path) if self.migration is not None and isinstance(path, str) else path
        state = self._states.get(name) if isinstance(name, str) else None
        if state is None:
            raise SnapshotError(f"a damaged snapshot: there is no state {name!r}")
        return state

    def _times(self, machine: Machine) -> None:
        taken, by_id = self.taken, self.program.rows_by_id
        for path, at_ns in taken["entered_ns"].items():
            machine.entered_ns[self._state(path).index] = _whole(at_ns, -LARGEST_NS, self.now_ns)
        holds = taken["holds"].items() if self.migration is None else ()
        for identity, value in holds:
            row = by_id[identity]
            if not row.held or not machine.active[row.state]:
                raise SnapshotError(f"a damaged snapshot: nothing is held by {identity}")
            machine.holds[row.index] = _whole(value, *_bounds(row, self.now_ns))
        for identity, value in taken["ready_ns"].items():
            if self.migration is None or identity in by_id:
                machine.ready[by_id[identity].index] = _whole(value)

    def _recorded(self, history: State, held: list[State]) -> tuple[int, ...]:
        """What a history remembers, when its parent could have been left like that."""
        parent, model = self.model.states[history.parent], self.model
        if history.kind != "history" or not all(model.is_below(state.index, parent.index) for state in held):
            raise SnapshotError(f"a damaged snapshot: '{history.path}' cannot remember that")
        inside = [False] * len(model.states)
        inside[parent.index] = True
        for state in held:
            for index in (state.index, *model.ancestors(state.index)):
                inside[index] = inside[index] or model.is_below(index, parent.index)
        depth = model.states if history.deep else (parent,)
        for state in depth:
            if inside[state.index]:
                check_children(model, state, inside)
        return tuple(state.index for state in held)

    def _values(self, machine: Machine) -> None:
        model, data, inputs = self.model, self.taken["data"], self.taken["inputs"]
        for symbol in (*model.data.values(), *model.inputs.values()):
            source = data if symbol.role == "data" else inputs
            required = symbol.role == "data" and self.migration is None
            if symbol.name not in source and not required:
                continue
            value = source[symbol.name]
            refusal = symbol.refuses(value) if _is_value(value) else f"'{symbol.name}' is {type(value).__name__}"
            if refusal:
                raise SnapshotError(f"a damaged snapshot: {refusal}")
            machine.values[symbol.name] = value

    def _pending(self, machine: Machine) -> list[Entry]:
        found: list[Entry] = []
        for order, item in enumerate(self.taken["pending"]):
            due_ns = _whole(item["due_ns"], self.now_ns)
            if "event" in item:
                data = item["data"]
                if not isinstance(item["id"], str) or not isinstance(item["event"], str):
                    raise SnapshotError("a damaged snapshot: a send without a name")
                if not all(isinstance(key, str) and _is_value(value) for key, value in data.items()):
                    raise SnapshotError(f"a damaged snapshot: the data of '{item['event']}'")
                found.append(Entry(due_ns, order, QueuedEvent(item["event"], dict(data)), item["id"]))
                continue
            state, number = self._state(item["state"]), _whole(item["timer"], 0)
            if number < len(self.program.states[state.index].timers) and machine.active[state.index]:
                found.append(Entry(due_ns, order, None, "", state.index, number))
            elif self.migration is None:
                raise SnapshotError(f"a damaged snapshot: '{state.path}' has no such timer")
        timers = [(entry.state, entry.timer) for entry in found if entry.event is None]
        if len(set(timers)) < len(timers):
            raise SnapshotError("a damaged snapshot: a timer twice")
        return found


def _whole(value: object, low: int = -LARGEST_NS, high: int = LARGEST_NS) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SnapshotError(f"a damaged snapshot: {value!r:.40} where a whole number from {low} to {high} is needed")
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SnapshotError(f"a damaged snapshot: {value!r:.40} is no list of states")
    return value


def _is_value(value: object) -> bool:
    number = isinstance(value, float | int) and not isinstance(value, bool)
    return value is None or isinstance(value, bool | str) or (number and isfinite(value))  # type: ignore[arg-type]


def _bounds(row: LiveRow, now_ns: int) -> tuple[int, int]:
    """The least and the most that a row's hold can be."""
    if row.window:
        return 0, (1 << row.window) - 1
    return (0, LARGEST_NS) if row.hold_ns < 0 else (-LARGEST_NS, now_ns)


def check_legal(model: Model, active: Sequence[bool], leaves: set[int]) -> None:
    """One child of each active compound state, every region of each active parallel one, and nothing else."""
    if not active[0]:
        raise SnapshotError("an illegal configuration: no state is active")
    for state in model.states:
        if active[state.index]:
            check_children(model, state, active)
            if not state.children and state.index not in leaves:
                raise SnapshotError(f"an illegal configuration: nothing is active in '{state.path}'")


def check_children(model: Model, state: State, active: Sequence[bool]) -> None:
    """Raise `SnapshotError` unless an active state has as many active children as it must have."""
    inside = [child for child in state.children if active[child]]
    regions = [child for child in state.children if model.states[child].kind != "history"]
    wanted = len(regions) if state.kind == "parallel" else min(1, len(regions))
    if len(inside) != wanted or state.kind == "history":
        where = state.path or model.name
        raise SnapshotError(f"an illegal configuration: '{where}' with {len(inside)} of {wanted}")


__all__ = ["Migration", "SnapshotError", "restore"]
