"""A running machine as plain JSON values.

A snapshot holds everything that has memory: active leaves, entry times, holds, cooldowns, history, data, inputs that
may still be read, pending sends and timers. It names its machine and the hash of its source, so that
`wanctl.engine.restore` can refuse what is not its own.
"""

from typing import Any

from wanctl.engine.machine import Machine
from wanctl.engine.queue import Entry

SCHEMA = "wanctl.snapshot/1"


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
