"""A running machine as plain JSON values, and back.

A snapshot holds everything that has memory: active leaves, entry times, holds, cooldowns, history, data, frozen inputs,
pending sends and timers. It names its machine and the hash of its source; `restore` refuses another one, and it refuses
a configuration that could not be.
"""

from collections.abc import Mapping
from typing import Any, cast

from wanctl.engine.machine import Machine
from wanctl.engine.program import Program
from wanctl.engine.queue import Entry, QueuedEvent

SCHEMA = "wanctl.snapshot/1"


class SnapshotError(ValueError):
    """A snapshot that this program cannot take; the text says why."""


def snapshot(machine: Machine) -> dict[str, Any]:
    """The memory of a machine at rest, as JSON values."""
    model, rows = machine.model, machine.program.rows
    return {
        "schema": SCHEMA,
        "machine": model.name,
        "source": model.source_hash,
        "now_ns": machine.now_ns,
        "leaves": list(machine.leaves),
        "ended": machine.ended,
        "entered_ns": {s.path: machine.entered_ns[s.index] for s in model.states if machine.active[s.index]},
        "holds": {r.row.id: machine.holds[r.index] for r in rows if r.held and machine.active[r.state]},
        "ready_ns": {r.row.id: machine.ready[r.index] for r in rows if machine.ready[r.index] > machine.now_ns},
        "history": {model.states[h].path: [model.states[s].path for s in held] for h, held in machine.history.items()},
        "data": {name: machine.values[name] for name in model.data},
        # What a late guard would read. A machine without one keeps no inputs between ticks.
        "inputs": {n: machine.values[n] for n in model.inputs} if machine.program.reads_inputs_late else {},
        "pending": [_pending(machine, entry) for entry in sorted(machine.pending)],
        "next_id": machine.next_id,
    }


def _pending(machine: Machine, entry: Entry) -> dict[str, Any]:
    if entry.event is None:
        return {"due_ns": entry.due_ns, "state": machine.model.states[entry.state].path, "timer": entry.timer}
    return {"due_ns": entry.due_ns, "event": entry.event.name, "data": dict(entry.event.data), "id": entry.id}


def restore(
    program: Program, taken: Mapping[str, Any], instance: str = "", *, migrate_from: Mapping[str, str] | None = None
) -> Machine:
    """A machine that goes on where the snapshot was taken. Raises `SnapshotError`.

    `migrate_from` names the source hashes whose snapshots are acceptable although the file has changed since, each
    with the reason; names that no longer exist are still refused.
    """
    model = program.model
    if taken.get("schema") != SCHEMA:
        raise SnapshotError(f"not a snapshot of this kind: schema {taken.get('schema')!r}, wanted {SCHEMA!r}")
    if taken.get("machine") != model.name:
        raise SnapshotError(f"a snapshot of '{taken.get('machine')}', not of '{model.name}'")
    source = str(taken.get("source"))
    if source != model.source_hash and source not in (migrate_from or {}):
        raise SnapshotError(f"the file of '{model.name}' has changed since the snapshot was taken")
    try:
        return _restore(program, taken, instance)
    except SnapshotError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise SnapshotError(f"a damaged snapshot: {type(error).__name__} {error}") from None


def _restore(program: Program, taken: Mapping[str, Any], instance: str) -> Machine:
    model = program.model
    machine = Machine(program, int(taken["now_ns"]), instance, start=False)
    index_of = {state.path: state.index for state in model.states}
    leaves = {index_of[path] for path in cast("list[str]", taken["leaves"])}
    for leaf in leaves:
        for index in (leaf, *model.ancestors(leaf)):
            machine.active[index] = True
    _check_legal(machine, leaves)
    by_id = program.rows_by_id
    for path, at_ns in taken["entered_ns"].items():
        machine.entered_ns[index_of[path]] = int(at_ns)
    for identity, value in taken["holds"].items():
        machine.holds[by_id[identity].index] = int(value)
    for identity, value in taken["ready_ns"].items():
        machine.ready[by_id[identity].index] = int(value)
    for path, held in taken["history"].items():
        machine.history[index_of[path]] = tuple(index_of[item] for item in held)
    for name, symbol in model.data.items():
        value = taken["data"][name]
        refusal = symbol.refuses(value)
        if refusal:
            raise SnapshotError(f"a damaged snapshot: {refusal}")
        machine.values[name] = value
    for name in model.inputs:
        machine.values[name] = taken["inputs"].get(name)
    entries = [_entry(order, item, index_of) for order, item in enumerate(taken["pending"])]
    machine.resume(entries, int(taken["next_id"]), ended=bool(taken["ended"]))
    return machine


def _entry(order: int, item: Mapping[str, Any], index_of: Mapping[str, int]) -> Entry:
    if "state" in item:
        return Entry(int(item["due_ns"]), order, None, "", index_of[item["state"]], int(item["timer"]))
    return Entry(int(item["due_ns"]), order, QueuedEvent(item["event"], dict(item["data"])), item["id"])


def _check_legal(machine: Machine, leaves: set[int]) -> None:
    """One child of each active compound state, every region of each active parallel one, nothing else."""
    states = machine.model.states
    if not machine.active[0]:
        raise SnapshotError("an illegal configuration: no state is active")
    for state in states:
        if not machine.active[state.index]:
            continue
        inside = [child for child in state.children if machine.active[child]]
        regions = [child for child in state.children if states[child].kind != "history"]
        wanted = len(regions) if state.kind == "parallel" else min(1, len(regions))
        if len(inside) != wanted or state.kind == "history":
            raise SnapshotError(
                f"an illegal configuration: '{state.path or machine.model.name}' with {len(inside)} of {wanted}"
            )
        if not inside and state.index not in leaves:
            raise SnapshotError(f"an illegal configuration: nothing is active in '{state.path}'")
