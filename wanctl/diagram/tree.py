"""A machine as JSON, schema `wanctl.graph/1`: the tree of its states, and its rows."""

import json
from typing import Any

from wanctl.diagram.marks import UNMARKED, Marks
from wanctl.diagram.wording import actions, hold, row_id, state_id
from wanctl.engine.model import Model, Row, State

SCHEMA = "wanctl.graph/1"


def graph_json(model: Model, active: frozenset[int] = frozenset(), marks: Marks = UNMARKED) -> str:
    """The text of a JSON document. Names and guards are as the file has them; `element` is the id in the SVG."""
    root = model.states[0]
    document = {
        "schema": SCHEMA,
        "machine": model.name,
        "summary": model.summary,
        "parallel": root.kind == "parallel",
        **marks.fields(),
        "initial": [model.states[index].path for index in root.initial],
        "states": [_state(model, model.states[index], active, marks) for index in root.children],
        "rows": [_row(model, row) | marks.row_fields(row) for row in model.rows],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _state(model: Model, state: State, active: frozenset[int], marks: Marks) -> dict[str, Any]:
    lists = (("entry", state.entry), ("during", state.during), ("exit", state.exit))
    return {
        "path": state.path,
        "element": state_id(state),
        "name": state.name,
        "kind": state.kind,
        **({"deep": state.deep} if state.kind == "history" else {}),
        "doc": state.doc,
        "active": state.index in active,
        **marks.state_fields(state),
        "initial": [model.states[index].path for index in state.initial],
        **{title: [actions(model, state.index, (action,)) for action in listed] for title, listed in lists},
        "rows": [row.id for row in state.rows()],
        "states": [_state(model, model.states[index], active, marks) for index in state.children],
    }


def _row(model: Model, row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "element": row_id(row),
        "state": model.states[row.state].path,
        "trigger": row.trigger,
        "guard": row.guard_text,
        "hold": hold(row),
        "targets": [model.states[index].path for index in row.targets],
        "internal": row.internal or not row.targets,
        "actions": [actions(model, row.state, (action,)) for action in row.do],
        "why": row.why,
    }
