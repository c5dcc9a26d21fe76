"""The codes of what can be wrong with YAML itself and with a machine file, each with what it means and what to do.

A code keeps its meaning for ever; a new fault gets a new code. `bad` and `good` are the lines of a machine that
matter: put into a complete one (`example.example`), `bad` raises the code and no other, `good` raises none. They are
empty where no lines of a machine raise it.
"""

from typing import NamedTuple

from wanctl.engine.example import BASE


class Code(NamedTuple):
    """One code: what it means and what to do, with lines that raise it and lines that do not."""

    title: str
    explanation: str
    bad: str = ""
    good: str = ""


_STATES = "states: {{A: {{{}}}, B: {{}}}}"
_ROW = "states: {{A: {{on: {{tick: [{{{}}}]}}}}, B: {{}}}}"
_DO = "states: {{A: {{entry: [{}]}}, B: {{}}}}"
_WHOLE = "schema: 1\nmachine: example\n"


def _row(row: str) -> str:
    return _ROW.format(row)


def _do(action: str) -> str:
    return _DO.format(action)


def _state(keys: str) -> str:
    return _STATES.format(keys)


_YAML: dict[str, Code] = {
    "WC001": Code("empty file", "There is nothing in the file but comments.", "# to be written\n", BASE),
    "WC002": Code(
        "not valid YAML",
        "The text breaks a rule of YAML. Often a text with ': ' or '#' in it lacks quotes, a bracket is not closed, "
        "or a line is indented with a tab.",
        f"{_WHOLE}states: {{A: {{}}, B: {{}}\n",
        f"{_WHOLE}states: {{A: {{}}, B: {{}}}}\n",
    ),
    "WC003": Code(
        "duplicate key",
        "The same key stands twice in one map; YAML readers would silently keep one of them.",
        f"{_WHOLE}states: {{A: {{}}, A: {{}}}}\n",
        f"{_WHOLE}states: {{A: {{}}, B: {{}}}}\n",
    ),
    "WC004": Code(
        "a key that is no text",
        "Keys are plain texts; a list or a map cannot be one.",
        f"{_WHOLE}states: {{A: {{}}, [B]: {{}}}}\n",
        f"{_WHOLE}states: {{A: {{}}, B: {{}}}}\n",
    ),
    "WC005": Code(
        "tags and merge keys",
        "Tags (!Ref) and merge keys (<<) make a file mean something else than what it shows. Anchors and aliases are "
        "allowed.",
        f"{_WHOLE}summary: !Ref lamp\nstates: {{A: {{}}}}\n",
        f"{_WHOLE}summary: lamp\nstates: {{A: {{}}}}\n",
    ),
    "WC006": Code(
        "alias bomb",
        "Aliases that stand for themselves, or for more values than any real file has, would fill the memory.",
        f"{_WHOLE}states: &all {{A: {{states: *all}}}}\n",
        f"{_WHOLE}states: {{A: &state {{doc: one}}, B: *state}}\n",
    ),
    "WC007": Code(
        "nested too deeply",
        "No machine needs so many levels.",
        f"{_WHOLE}states: {'{A: {states: ' * 40}{{}}{'}}' * 40}\n",
        f"{_WHOLE}states: {'{A: {states: ' * 4}{{B: {{}}}}{'}}' * 4}\n",
    ),
    "WC009": Code("too large a file", "A file of a megabyte is no machine and no site."),
}

_FORM: dict[str, Code] = {
    "WC201": Code(
        "wrong kind of value",
        "A single value, a list in [ ] or a map of keys is needed, and something else is there.",
        "summary: [lamp]",
        "summary: lamp",
    ),
    "WC202": Code(
        "unknown key",
        "A key that is not known would be without effect. Mostly it is misspelt, or stands one level too high or low.",
        _row("wen: up, to: B"),
        _row("when: up, to: B"),
    ),
    "WC203": Code(
        "an 'if' without 'then'",
        "An action that decides says what to do: then, and perhaps else.",
        _do("{if: count > 3, else: [{raise: low}]}"),
        _do("{if: count > 3, then: [{raise: high}], else: [{raise: low}]}"),
    ),
    "WC204": Code(
        "no head",
        "A machine file begins with 'schema: 1' and 'machine: NAME'.",
        "schema: 1\nstates: {A: {}}\n",
        "schema: 1\nmachine: lamp\nstates: {A: {}}\n",
    ),
    "WC205": Code(
        "not a setting",
        "'conflicts' is lca (a parallel state may be the common ancestor of a row and its targets; the default) or "
        "scxml; 'max_microsteps' is a whole number.",
        "conflicts: none",
        "conflicts: scxml",
    ),
}

_DECLARATIONS: dict[str, Code] = {
    "WC210": Code(
        "not a name",
        "Names of inputs, params, data and words are letters, digits and '_', and no words of the expression language.",
        "define: {not: delay > target}",
        "define: {late: delay > target}",
    ),
    "WC211": Code(
        "declared twice",
        "Inputs, params, data and defined words share one vocabulary.",
        "define: {delay: up}",
        "define: {late: up}",
    ),
    "WC212": Code(
        "unknown type",
        "A declared value is a number, a bool or a text; one of some words is declared with enum.",
        "data: {count: {type: integer}}",
        "data: {count: {type: number}}",
    ),
    "WC213": Code(
        "unknown unit",
        "Units are those of time (ns us ms s min h d), rate (bit kbit Mbit Gbit), size (B kB MB GB TB), share (% "
        "ratio), slope (ms/s), ticks and Hz; case counts.",
        "data: {wait: {unit: msec}}",
        "data: {wait: {unit: ms}}",
    ),
    "WC214": Code(
        "an enum without words",
        "An enum lists the words that the value can be.",
        "data: {mode: {enum: low}}",
        "data: {mode: {enum: [low, high]}}",
    ),
    "WC215": Code(
        "not a range",
        "A range is its lowest and its highest number, in this order.",
        "data: {count: {range: [9, 0]}}",
        "data: {count: {range: [0, 9]}}",
    ),
    "WC216": Code(
        "the default does not fit",
        "A default has the kind, the range and the words of its own declaration.",
        "data: {count: {range: [0, 9], default: 12}}",
        "data: {count: {range: [0, 9], default: 2}}",
    ),
    "WC217": Code(
        "defined by itself",
        "Words may be made of words, in any order, but not of each other in a circle.",
        "define: {late: late or up}",
        "define: {late: slow or up, slow: up}",
    ),
    "WC218": Code(
        "a law of parameters that reads something else",
        "'where' is checked when the parameters get their values: inputs, data, states and events have none by then.",
        "where: [count < 5]",
        "where: [target < 90ms]",
    ),
}

_ACTIONS: dict[str, Code] = {
    "WC220": Code(
        "not a constant time or count",
        "'for', 'after', 'cooldown' and 'delay' are known before the machine runs: a time such as 150ms, for 'for' "
        "also a count such as 3 ticks, or an expression of params.",
        _row("when: up, for: 3, to: B"),
        _row("when: up, for: 3 ticks, to: B"),
    ),
    "WC221": Code(
        "not a list of actions",
        "Actions stand in a list, each a map with one key.",
        _state("entry: {raise: begun}"),
        _state("entry: [{raise: begun}]"),
    ),
    "WC222": Code(
        "not a datum",
        "Only what is declared under 'data' can be assigned: inputs come from outside, params from the configuration.",
        _do("{assign: {delay: 3}}"),
        _do("{assign: {count: 3}}"),
    ),
    "WC223": Code(
        "a value of another kind",
        "A datum keeps the kind it was declared with.",
        _do("{assign: {count: up}}"),
        _do("{assign: {count: count + 1}}"),
    ),
    "WC224": Code(
        "not an event to raise",
        "Events are named by words with dots between them; ticks come from the clock and cannot be raised.",
        _do("{raise: tick}"),
        _do("{raise: link.up}"),
    ),
    "WC225": Code(
        "two ids for one send",
        "A send has an id of its own (id) or gets one that is stored in a datum (id_to).",
        _do("{send: {event: late, delay: 10ms, id: a, id_to: label}}"),
        _do("{send: {event: late, delay: 10ms, id_to: label}}"),
    ),
    "WC230": Code(
        "unknown action",
        "An action is one of the engine's own (assign, raise, send, cancel, if) or a typed one that the program knows.",
        _do("{rate.cutt: {}}"),
        _do("{rate.drain: {}}"),
    ),
    "WC231": Code(
        "parameters that are no map",
        "The parameters of an action are a map; {} for none.",
        _do("{rate.creep: 3%}"),
        _do("{rate.creep: {step: 3%}}"),
    ),
    "WC232": Code(
        "unknown parameter of an action",
        "The action has no parameter of that name.",
        _do("{rate.creep: {step: 3%, size: 1}}"),
        _do("{rate.creep: {step: 3%}}"),
    ),
    "WC233": Code(
        "missing parameter of an action",
        "The action cannot do its work without it.",
        _do("{rate.creep: {}}"),
        _do("{rate.creep: {step: 3%}}"),
    ),
    "WC234": Code(
        "a parameter that does not fit the action",
        "The value has another unit or kind, or lies outside what the action takes.",
        _do("{rate.creep: {step: 3ms}}"),
        _do("{rate.creep: {step: 3%}}"),
    ),
}

_ROWS: dict[str, Code] = {
    "WC240": Code(
        "rows that are no list",
        "The rows of an event or a timer are always a list, also when there is one; the first true one wins.",
        "states: {A: {on: {tick: {when: up, to: B}}}, B: {}}",
        "states: {A: {on: {tick: [{when: up, to: B}]}}, B: {}}",
    ),
    "WC241": Code(
        "not a kind of row",
        "An internal row with targets below its state does not leave that state; all others are external.",
        _row("to: B, kind: local"),
        _row("to: B, kind: external"),
    ),
    "WC242": Code(
        "a hold without ticks",
        "'for' and 'of' look at the observations that ticks make, so they stand under 'tick' alone, and not both.",
        "states: {A: {on: {go: [{when: up, for: 2 ticks, to: B}]}}, B: {}}",
        "states: {A: {on: {tick: [{when: up, for: 2 ticks, to: B}]}}, B: {}}",
    ),
    "WC243": Code(
        "not so many of so many",
        "'of: 3 in 5 ticks' is true when the guard was true in at least three of the last five observations.",
        _row("when: up, of: 5 in 3 ticks, to: B"),
        _row("when: up, of: 3 in 5 ticks, to: B"),
    ),
    "WC244": Code(
        "not the name of a state",
        "'to' and 'initial' are the name of a state, or a list of names in different regions.",
        _row("to: []"),
        _row("to: [B]"),
    ),
    "WC245": Code(
        "a row that never comes to rest",
        "A row of 'always' without condition, target and action is true again at once, until the bound on microsteps "
        "ends it with a FAULT, at each event. It is allowed, and hardly ever meant.",
        _state("always: [{why: nothing}]"),
        _state("always: [{when: count > 3, to: B}]"),
    ),
    "WC246": Code(
        "not an event to wait for",
        "Words with dots between them; '*' stands alone or as the last word, and takes no ticks.",
        "states: {A: {on: {'a*b': [{to: B}]}}, B: {}}",
        "states: {A: {on: {'a.*': [{to: B}]}}, B: {}}",
    ),
}

_TREE: dict[str, Code] = {
    "WC250": Code(
        "unknown type of state",
        "States with states below them and states without need no type; the others are parallel, history and final.",
        _state("type: atomic"),
        _state("type: final"),
    ),
    "WC251": Code(
        "a key that this kind of state cannot have",
        "A history only says where to go, a final state only ends: neither has rows. 'depth' belongs to a history.",
        _state("type: final, on: {tick: [{to: B}]}"),
        _state("type: final, entry: [{raise: ended}]"),
    ),
    "WC252": Code(
        "initial in the wrong place",
        "A state with states below it may say which is entered first, a history must say where to go when nothing is "
        "recorded; a parallel state enters all its regions, and an atomic one has none to enter.",
        "states: {A: {type: parallel, initial: ON, states: {OFF: {}, ON: {}}}}",
        "states: {A: {initial: ON, states: {OFF: {}, ON: {}}}}",
    ),
    "WC253": Code(
        "no states",
        "A machine and a parallel state have states below them, and one of them is not a history.",
        "states: {A: {type: parallel}}",
        "states: {A: {type: parallel, states: {left: {}, right: {}}}}",
    ),
    "WC254": Code(
        "a final region",
        "A region of a parallel state cannot be final itself; its final child ends it.",
        "states: {A: {type: parallel, states: {left: {type: final}, right: {}}}}",
        "states: {A: {type: parallel, states: {left: {states: {end: {type: final}}}, right: {}}}}",
    ),
    "WC255": Code(
        "not the name of a new state",
        "Letters, digits, '_' and '-'; a dot is what stands between the names of a path.",
        "states: {A.B: {}, C: {}}",
        "states: {A: {states: {B: {}}}, C: {}}",
    ),
    "WC256": Code(
        "no such state",
        "A name is looked for in the state that says it and below, then in its parent, and so on outward; 'initial' "
        "looks below its own state only.",
        _row("when: up, to: BB"),
        _row("when: up, to: B"),
    ),
    "WC257": Code(
        "an ambiguous name",
        "Two states of that name are equally near. More of the path tells them apart.",
        "states: {A: {on: {go: [{to: X}]}}, B: {states: {X: {}}}, C: {states: {X: {}}}}",
        "states: {A: {on: {go: [{to: B.X}]}}, B: {states: {X: {}}}, C: {states: {X: {}}}}",
    ),
    "WC258": Code(
        "states that cannot be active together",
        "Several targets, or several initial states, must lie in different regions of a parallel state.",
        "states: {A: {on: {go: [{to: [B, C]}]}}, B: {}, C: {}}",
        "states: {A: {on: {go: [{to: [B, C]}]}}, P: {type: parallel, states: {B: {}, C: {}}}}",
    ),
    "WC259": Code(
        "a history that leads back to itself",
        "Where to go when nothing is recorded must be a state in the end, not a circle of histories.",
        "states: {A: {states: {h: {type: history, initial: i}, i: {type: history, initial: h}, a: {}}}}",
        "states: {A: {states: {h: {type: history, initial: i}, i: {type: history, initial: a}, a: {}}}}",
    ),
}

_WHOLES: dict[str, Code] = {
    "WC260": Code(
        "a state that has a template and more",
        "What the state does stands in the template; beside it there are 'with' and 'doc'.",
        "states: {A: {template: part, with: {late: delay}, on: {tick: [{to: A}]}}}",
        "states: {A: {template: part, with: {late: delay}, doc: one of them}}",
    ),
    "WC261": Code(
        "no such template",
        "A template is a machine file of its own: NAME.yaml beside the file that uses it, or a shipped one.",
        "states: {A: {template: prat}, B: {}}",
        "states: {A: {template: part, with: {late: delay}}}",
    ),
    "WC262": Code(
        "a binding that does not fit the template",
        "'with' binds names that the template declares: inputs to an expression, params to a param or constant, data "
        "to a datum. What is not bound becomes a name of the machine, with the state's name before it.",
        "states: {A: {template: part, with: {lat: delay}}}",
        "states: {A: {template: part, with: {late: delay}}}",
    ),
    "WC263": Code(
        "too many states",
        "Templates that are made of templates multiply: no real machine has ten thousand states.",
    ),
    "WC270": Code(
        "not a property",
        "never: [{name, when}], eventually: [{name, from, to}] and forbid: [{state, actions}] are lists of maps.",
        "never: [{name: it is never both}]",
        "never: [{name: it is never both, when: active('A') and active('B')}]",
    ),
    "WC280": Code("no such parameter", "The machine declares no parameter of that name."),
    "WC281": Code(
        "a parameter without a value",
        "A parameter has a default, or whoever runs the machine must give its value.",
        "params: {target: {unit: ms, range: [1ms, 200ms]}}",
        "params: {target: {unit: ms, range: [1ms, 200ms], default: 15ms}}",
    ),
    "WC282": Code(
        "a rule between parameters does not hold",
        "The conditions under 'where' hold for every set of values that the machine is run with, its defaults "
        "included.",
        "where: [target > 20ms]",
        "where: [target > 2ms]",
    ),
    "WC283": Code("a parameter's value does not fit", "The value has another unit or kind, or is out of range."),
    "WC284": Code(
        "a time or count that cannot be",
        "With the values that the parameters have, the time is negative, longer than a hundred years, or cannot be "
        "computed at all.",
        "states: {A: {after: {target - 20ms: [{to: B}]}}, B: {}}",
        "states: {A: {after: {target + 20ms: [{to: B}]}}, B: {}}",
    ),
}

_EXPRESSIONS: dict[str, Code] = {
    "WC301": Code(
        "not an expression",
        "The text cannot be read as an expression: a bracket or an operand is missing, or it is empty or too long.",
        _row("when: delay >, to: B"),
        _row("when: delay > 5ms, to: B"),
    ),
    "WC302": Code(
        "not part of the language",
        "Expressions have and or not, comparisons, + - * /, min max abs, known(x), active('STATE'), and no more: "
        "whatever can be written can be drawn, explained and proved.",
        _row("when: delay ** 2 > 9, to: B"),
        _row("when: delay * 2 > 9ms, to: B"),
    ),
    "WC303": Code(
        "too large a number",
        "The number is beyond what a computer's arithmetic holds.",
        _row("when: delay > 1e999, to: B"),
        _row("when: delay > 1e9 ms, to: B"),
    ),
    "WC304": Code(
        "unknown name",
        "Names are those that the file declares: inputs, params, data and defined words, each before its use.",
        _row("when: dely > 5ms, to: B"),
        _row("when: delay > 5ms, to: B"),
    ),
    "WC305": Code(
        "unknown function",
        "The functions are min, max, abs, known and active.",
        _row("when: 'avg(delay, target) > 5ms', to: B"),
        _row("when: 'max(delay, target) > 5ms', to: B"),
    ),
    "WC306": Code(
        "arguments that do not fit",
        "known(x) and abs(x) take one argument, active('STATE') the name of a state in quotes, min and max two or "
        "more.",
        _row("when: active(A), to: B"),
        _row("when: active('A'), to: B"),
    ),
    "WC310": Code(
        "a condition is needed",
        "A guard is true or false; a number is compared with something.",
        _row("when: delay, to: B"),
        _row("when: delay > 0, to: B"),
    ),
    "WC311": Code(
        "a number is needed",
        "Arithmetic and < <= > >= are for numbers; == and != are for all values.",
        _row("when: probe > 3, to: B"),
        _row("when: probe == 'tcp', to: B"),
    ),
    "WC312": Code(
        "a division by zero",
        "Nothing divided by zero has a value.",
        _row("when: delay / 0 > 5ms, to: B"),
        _row("when: delay / 2 > 5ms, to: B"),
    ),
    "WC313": Code(
        "not linear",
        "Guards are linear, so that they can be proved: one side of * and the right side of / is a number. Values in "
        "actions are free.",
        _row("when: delay * count > 5ms, to: B"),
        _row("when: delay * 3 > 5ms, to: B"),
    ),
    "WC314": Code(
        "units that do not go together",
        "A time is compared with a time. A plain number has no unit: write it.",
        _row("when: delay > 5, to: B"),
        _row("when: delay > 5ms, to: B"),
    ),
    "WC315": Code(
        "a word that never comes",
        "The input or parameter is one of the words its declaration lists, and this is none of them.",
        _row("when: probe == 'udp', to: B"),
        _row("when: probe == 'tcp', to: B"),
    ),
}

CODES: dict[str, Code] = _YAML | _FORM | _DECLARATIONS | _ACTIONS | _ROWS | _TREE | _WHOLES | _EXPRESSIONS
