"""JSON Schemas (2020-12) of machine files and test files, for editors: they complete, underline and explain.

A schema says what a file may look like; what it means (names, units, states) is checked when it is loaded. Actions,
their parameters and units come from the same tables that the loader reads. Scalars may be numbers and truth values
here, because that is how an editor reads YAML; the loader takes each for the text it is.
"""

from typing import Any

from wanctl.engine.action import ActionRegistry
from wanctl.engine.unit import CANONICAL, UNITS

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCALAR: Schema = {"type": ["string", "number", "boolean"]}
NAME: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}
_STATE = r"^[A-Za-z0-9_.-]+$"
_DESCRIPTOR = r"^(\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?)$"
_TRUTH: Schema = {"enum": [True, False, "true", "false"]}
_ONE: Schema = {"enum": [1, "1"]}


def _text(description: str) -> Schema:
    return SCALAR | {"description": description}


def _ref(name: str, description: str = "") -> Schema:
    found: Schema = {"$ref": f"#/$defs/{name}"}
    return found | {"description": description} if description else found


def _map(properties: Schema, required: tuple[str, ...] = (), **more: Any) -> Schema:
    found = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return found | more


def _list(items: Schema, description: str = "", **more: Any) -> Schema:
    found = {"type": "array", "items": items, **more}
    return found | {"description": description} if description else found


def _names_of(value: Schema, description: str, pattern: str = "") -> Schema:
    """A map of names that are chosen freely."""
    found: Schema = {"type": "object", "additionalProperties": value, "description": description}
    return found | {"propertyNames": {"pattern": pattern}} if pattern else found


def _or_blank(schema: Schema) -> Schema:
    """Also nothing behind the key, which editors read as null and the loader as an empty text."""
    return schema | {"type": [schema["type"], "null", "string"], "maxLength": 0}


# -- machine files -----------------------------------------------------------------------------------------------------
def machine_schema(actions: ActionRegistry) -> Schema:
    """The schema of a machine file whose typed actions are those of a registry."""
    body = _body()
    head: Schema = {
        "schema": _ONE | {"description": "the version of the form"},
        "machine": NAME | {"description": "the machine's name"},
        "summary": _text("what it is, in one sentence"),
        "conflicts": {"enum": ["lca", "scxml"], "description": "which rows of different regions exclude each other"},
        "max_microsteps": _text("how many steps an event may set off before a fault is recorded (128)"),
        "inputs": _or_blank(_names_of(_ref("input"), "sampled once a tick, frozen while the tick is decided")),
        "params": _or_blank(_names_of(_ref("value"), "bound from the configuration")),
        "data": _or_blank(_names_of(_ref("value"), "what the machine itself remembers")),
        "define": _or_blank(_names_of(SCALAR, "words for guards: one vocabulary for rows, diagrams and proofs")),
        "where": _or_blank(_list(SCALAR, "conditions that the params satisfy, whatever their values")),
        "never": _or_blank(_list(_ref("never"), "what must not be reachable")),
        "eventually": _or_blank(_list(_ref("eventually"), "what must stay reachable")),
        "forbid": _or_blank(_list(_ref("forbid"), "actions that a state must never ask for")),
    }
    own = {key: value for key, value in body.items() if key not in ("exit", "complete")}
    return {
        "$schema": DIALECT,
        "title": "A machine of wanctl",
        **_map(head | own, ("schema", "machine", "states")),
        "$defs": _machine_defs(body, actions),
    }


def _body() -> Schema:
    """The keys of a state, those of a history and of a template aside."""
    return {
        "doc": _text("what the state means"),
        "type": {"enum": ["parallel", "history", "final"], "description": "none for all other states"},
        "initial": _ref("names", "entered first (the first state below, unless said)"),
        "states": _or_blank(_names_of(_ref("state"), "the states below, in order", r"^[A-Za-z0-9_-]+$")),
        "entry": _ref("actions", "when the state is entered"),
        "exit": _ref("actions", "when the state is left"),
        "during": _ref("actions", "at each tick at which the state stays active and none of its rows fires"),
        "on": _or_blank(_names_of(_ref("rows"), "rows by event; tick is the clock's", _DESCRIPTOR)),
        "always": _ref("rows", "tried after each step, until none is true"),
        "after": _or_blank(_names_of(_ref("rows"), "rows that are tried once, so long after the state was entered")),
        "complete": _TRUTH | {"description": "some row is true in any situation; verify proves it"},
    }


def _machine_defs(body: Schema, actions: ActionRegistry) -> Schema:
    declared: Schema = {
        "unit": {"enum": sorted(unit for unit in UNITS if unit), "description": "of plain numbers"},
        "range": _list(SCALAR, "the lowest and the highest value", minItems=2, maxItems=2),
        "enum": _list(SCALAR, "the words it can be", minItems=1),
        "type": {"enum": ["number", "bool", "text"], "description": "number unless said"},
        "doc": _text("what it means"),
    }
    state = body | {
        "depth": {"enum": ["shallow", "deep"], "description": "of a history"},
        "template": _text("the machine file that this state is made from"),
        "with": _names_of(SCALAR, "what the template's names stand for here"),
    }
    return {
        "names": {"anyOf": [SCALAR, _list(SCALAR, minItems=1)]},
        "input": _or_blank(_map(declared)),
        "value": _or_blank(_map(declared | {"default": _text("the value unless another is given")})),
        "state": _or_blank(
            _map(
                state,
                allOf=[
                    _when({"type": "final"}, ("type", "entry", "exit", "doc")),
                    _when({"type": "history"}, ("type", "depth", "initial", "doc")),
                    _when({"template": None}, ("template", "with", "doc")),
                ],
            )
        ),
        "rows": _or_blank(_list(_ref("row"), "in order: the first true one wins")),
        "row": _map(_row()),
        "actions": _or_blank(_list(_ref("action"))),
        "action": {"anyOf": [*_engine_actions(), *_typed_actions(actions)]},
        "never": _map({"name": _text("what it says"), "when": _text("a condition")}, ("when",)),
        "eventually": _map(
            {"name": _text("what it says"), "from": _text("a condition, or any"), "to": _text("a condition")}, ("to",)
        ),
        "forbid": _map(
            {"state": SCALAR, "actions": _list(SCALAR, "names; rate.* for all of a kind")}, ("state", "actions")
        ),
    }


def _when(properties: Schema, allowed: tuple[str, ...]) -> Schema:
    wanted = {key: {"const": value} for key, value in properties.items() if value is not None}
    return {
        "if": {"properties": wanted, "required": list(properties)},
        "then": {"propertyNames": {"enum": list(allowed)}},
    }


def _row() -> Schema:
    return {
        "when": _text("a guard; true unless said"),
        "to": _ref("names", "the states to enter; none: the state stays"),
        "do": _ref("actions", "between the exits and the entries"),
        "kind": {"enum": ["external", "internal"], "description": "internal: targets below do not leave the state"},
        "for": _text("how long the guard has been true: 150ms, or 3 ticks"),
        "of": SCALAR | {"pattern": r"^\s*\d+\s+in\s+\d+\s+ticks?\s*$", "description": "such as 3 in 5 ticks"},
        "cooldown": _text("how long it does not fire again"),
        "why": _text("the reason, for people"),
    }


def _engine_actions() -> list[Schema]:
    event = {"type": "string", "pattern": r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"}
    data = _names_of(SCALAR, "what goes with the event")
    sent = {"event": event, "delay": SCALAR, "id": SCALAR, "id_to": SCALAR, "data": data}
    branch = {"if": _text("a condition"), "then": _ref("actions"), "else": _ref("actions")}
    return [
        _map({"assign": _names_of(SCALAR, "data and their new values, one after the other")}, ("assign",)),
        _map({"raise": {"anyOf": [event, _map({"event": event, "data": data}, ("event",))]}}, ("raise",)),
        _map({"send": {"anyOf": [event, _map(sent, ("event",))]}}, ("send",)),
        _map({"cancel": _text("the id of pending sends")}, ("cancel",)),
        _map(branch, ("if", "then")),
    ]


def _typed_actions(actions: ActionRegistry) -> list[Schema]:
    found = []
    for signature in actions:
        params: Schema = {}
        for param in signature.params:
            unit = CANONICAL[param.dimension]
            params[param.name] = _text(f"{param.doc} ({unit})" if unit else param.doc)
            if param.choices:
                params[param.name] = {"enum": list(param.choices), "description": param.doc}
        required = tuple(param.name for param in signature.params if param.required)
        arguments = _map(params, required)
        value = arguments if required else _or_blank(arguments)
        found.append(_map({signature.name: value | {"description": signature.doc}}, (signature.name,)))
    return found


# -- test files --------------------------------------------------------------------------------------------------------
def suite_schema(actions: ActionRegistry) -> Schema:
    """The schema of a test file."""
    shared: Schema = {
        "tick": _text("the time between two ticks (50ms)"),
        "params": _or_blank(_names_of(SCALAR, "values of the machine's params")),
        "law": {"enum": ["default", "classic"], "description": "runs the law: input is rtt, tcp, download, upload"},
        "plan": _map(
            {"download": _ref("limits"), "upload": _ref("limits")}, description="the limits of both directions"
        ),
    }
    head = {
        "schema": _ONE,
        "machine": _text("the file, looked for beside this one, or the name of a machine"),
        "summary": _text("what is tested"),
        "tests": _list(_ref("test"), minItems=1),
    }
    case = {
        "name": _text("a sentence that says what the machine does"),
        "doc": _text("more about it"),
        "input": _or_blank(_names_of(_ref("series"), "the series of each input; one that is not named is unknown")),
        "events": _or_blank(_list(_ref("event"), "named events; one at the time of a tick comes before it")),
        "expect": _or_blank(_list(_ref("expectation"))),
    }
    event = _moment() | {"event": {"type": "string", "pattern": _STATE}, "data": _names_of(SCALAR, "its data")}
    return {
        "$schema": DIALECT,
        "title": "Tests of a machine of wanctl",
        **_map(head | shared, ("machine", "tests")),
        "$defs": {
            "test": _map(case | shared, ("name", "expect")),
            "series": _text(
                "'5x20 20x2 _': 5 twenty times, 20 twice, then missing; '10+2x5' is 10 12 14 16 18; true x20"
            ),
            "event": _map(event, ("event",), oneOf=_ONE_MOMENT),
            "expectation": _expectation(actions),
            "limits": {"anyOf": [SCALAR, _map({"ceiling": SCALAR, "floor": SCALAR, "start": SCALAR})]},
        },
    }


_ONE_MOMENT = [{"required": ["at"]}, {"required": ["tick"]}]


def _moment() -> Schema:
    return {"at": _text("the time since the start, such as 1.4s"), "tick": _text("or the number of a tick, from 1")}


def _expectation(actions: ActionRegistry) -> Schema:
    arguments = {"type": "object", "additionalProperties": SCALAR}
    named = [_map({signature.name: arguments}, (signature.name,)) for signature in actions]
    intents = {"anyOf": [{"enum": [signature.name for signature in actions]}, *named]}
    properties = _moment() | {
        "state": {"anyOf": [SCALAR, _list(SCALAR)], "description": "active then, or some state below it is"},
        "states": _names_of(SCALAR, "regions and their states; for those that are called like one of these words"),
        "why": _text("'why' or guard of the row that fired last (in the regions that are named here)"),
        "fired": {"anyOf": [SCALAR, _list(SCALAR)], "description": "rows that fired since the tick before; [] is none"},
        "intents": _list(intents, "what was asked for since the tick before, in order; [] is nothing"),
        "data": _names_of(SCALAR, "data; _ is unknown"),
        "rates": _map({"download": SCALAR, "upload": SCALAR}, description="wanted rates: 85Mbit, or 80Mbit..90Mbit"),
        "faults": _text("how many since the tick before"),
    }
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": SCALAR,
        "propertyNames": {"pattern": _STATE},
        "minProperties": 2,
        "oneOf": _ONE_MOMENT,
    }
