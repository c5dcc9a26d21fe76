"""A machine file to a checked model: every error of the file at once.

Order of work: declarations, the tree of states (templates opened in place), then the names that rows, `initial` and
`active(...)` use, which can point anywhere in the finished tree.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from wanctl.engine.action import ActionRegistry
from wanctl.engine.actions import Reader
from wanctl.engine.declare import Declarations, Declarer
from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.document import Map, Node, Text, parse
from wanctl.engine.expression import Active, Constant, Expr, Name, walk
from wanctl.engine.field import known_keys, plain_text
from wanctl.engine.guard import parse_expression
from wanctl.engine.model import MAX_MICROSTEPS, Model, Row, State, Timer
from wanctl.engine.property import Properties
from wanctl.engine.resolve import resolve_names
from wanctl.engine.scope import Scope

TemplateSource = Callable[[str], tuple[str, str] | None]  # name -> (text, file)

_BODY = ("type", "initial", "states", "entry", "exit", "during", "on", "always", "after", "complete", "doc")
_STATE_KEYS = frozenset({*_BODY, "depth", "template", "with"})
_HEAD = ("schema", "machine", "summary", "conflicts", "max_microsteps", "inputs", "data", "params", "define", "where")
_PROPERTIES = ("never", "eventually", "forbid")
_MACHINE_KEYS = frozenset({*_BODY, *_HEAD, *_PROPERTIES}) - {"exit", "complete"}
_STATE_NAME = re.compile(r"[A-Za-z0-9_-]+")
_DESCRIPTOR = re.compile(r"\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?")
MAX_TEMPLATE_DEPTH = 4
MAX_STATES = 5_000  # with every template opened; the largest shipped machine has 41


def load(
    text: str, file: str, *, actions: ActionRegistry | None = None, read_template: TemplateSource | None = None
) -> Model:
    """The model of a machine file.

    `file` is what diagnostics call it; `read_template` finds the text of a template by its name. Raises `FileError`
    with everything that is wrong.
    """
    findings = Findings()
    model = check(text, file, findings, actions=actions, read_template=read_template)
    findings.raise_errors()
    assert model is not None
    return model


def check(
    text: str,
    file: str,
    findings: Findings,
    *,
    actions: ActionRegistry | None = None,
    read_template: TemplateSource | None = None,
) -> Model | None:
    """Like `load`, but the findings are the caller's; None when there is an error."""
    before = len(findings.errors)
    root = parse(text, file, findings)
    if root is None:
        return None
    if not isinstance(root, Map):
        findings.error("WC201", "a machine file is a map that begins with 'schema' and 'machine'", root.place)
        return None
    model = _Loader(findings, actions or ActionRegistry(), read_template).machine(root, text, file)
    return model if len(findings.errors) == before else None


@dataclass(slots=True)
class _Loader:
    findings: Findings
    registry: ActionRegistry
    read_template: TemplateSource | None
    states: list[State] = field(default_factory=list)
    declarations: Declarations = field(default_factory=Declarations)
    actives: list[tuple[Active, int]] = field(default_factory=list)
    properties: Properties = field(default_factory=Properties)
    next_row: list[int] = field(default_factory=lambda: [0])
    texts: list[str] = field(default_factory=list)
    templates: dict[str, tuple[str, Map]] = field(default_factory=dict)  # each is read once, however often used
    too_many: bool = False  # templates are opened no more
    state_at: int = 0  # whose lists are being read: where `active(...)` looks first

    def machine(self, root: Map, text: str, file: str) -> Model:
        self._known_keys(root, _MACHINE_KEYS)
        name = self._head(root)
        scope = Scope()
        self._declare(root, scope, "", 0)
        self.texts.append(text)
        self._state(root, "", "", -1, scope, 0, is_machine=True)
        self.properties.read(root, self._reader(scope, 0), self.findings, 0)
        declared = self.declarations
        model = Model(
            name,
            file,
            text,
            self.states,
            declared.inputs,
            declared.params,
            declared.data,
            declared.defines,
            declared.where,
        )
        model.never, model.eventually = self.properties.never, self.properties.eventually
        model.summary = self._plain(root, "summary")
        model.conflicts = "scxml" if self._plain(root, "conflicts") == "scxml" else "lca"
        model.max_microsteps = self._bound(root)
        model.source_hash = sha256("\0".join(self.texts).encode()).hexdigest()
        resolve_names(model, self.actives, self.properties.forbid, self.findings)
        return model

    def _declare(self, root: Map, scope: Scope, prefix: str, state: int) -> None:
        """Read what a machine or a template declares; states that a `define` asks for are looked up from `state`."""
        known = len(self.declarations.defines)
        Declarer(self.declarations, scope, self.findings, prefix).read(root)
        for symbol in list(self.declarations.defines.values())[known:]:
            if symbol.definition is not None:
                self._note_active(symbol.definition, state)

    def _note_active(self, expr: Expr, state: int) -> None:
        self.actives += [(item, state) for item in walk(expr) if isinstance(item, Active)]

    # -- head ----------------------------------------------------------------------------------------------------
    def _head(self, root: Map) -> str:
        if self._plain(root, "schema") != "1":
            place = root["schema"].place if "schema" in root else root.place
            self.findings.error("WC204", "a machine file says 'schema: 1'", place)
        name = self._plain(root, "machine")
        if not _STATE_NAME.fullmatch(name):
            place = root["machine"].place if "machine" in root else root.place
            self.findings.error(
                "WC204", "a machine file names itself: 'machine: NAME'", place, "letters, digits, '_' and '-'"
            )
        conflicts = root.get("conflicts")
        if conflicts is not None and self._plain(root, "conflicts") not in ("lca", "scxml"):
            self.findings.error("WC205", "'conflicts' is lca or scxml", conflicts.place)
        return name

    def _bound(self, root: Map) -> int:
        node = root.get("max_microsteps")
        if node is None:
            return MAX_MICROSTEPS
        written = self._plain(root, "max_microsteps")
        if not written.isdecimal() or not 1 <= int(written) <= 1_000_000:
            self.findings.error("WC205", "'max_microsteps' is a whole number from 1", node.place)
            return MAX_MICROSTEPS
        return int(written)

    def _known_keys(self, node: Map, known: frozenset[str]) -> None:
        known_keys(node, known, self.findings)

    def _plain(self, node: Map, key: str) -> str:
        return plain_text(node, key, self.findings)

    # -- the tree ------------------------------------------------------------------------------------------------
    def _state(
        self, node: Map, name: str, path: str, parent: int, scope: Scope, depth: int, *, is_machine: bool = False
    ) -> State:
        state = State(len(self.states), name, path, node.place, parent=parent)
        self.states.append(state)
        state.doc = self._plain(node, "doc")
        kind = self._plain(node, "type")
        states = node.get("states")
        if kind in ("parallel", "history", "final"):
            state.kind = kind  # type: ignore[assignment]
        elif kind:
            place = node["type"].place
            self.findings.error(
                "WC250", f"unknown type '{kind}'", place, "parallel, history or final; none for the others"
            )
        elif isinstance(states, Map) and len(states):
            state.kind = "compound"
        self._check_kind(state, node, is_machine=is_machine)
        if state.kind != "history":
            self._contents(state, node, scope)
        reader = self._reader(scope, state.index)
        state.initial_names = reader.names(node.get("initial"), "initial")
        state.deep = self._plain(node, "depth") == "deep"
        if isinstance(states, Map):
            self._children(state, states, scope, depth)
        elif states is not None and not (isinstance(states, Text) and states.value == ""):
            self.findings.error("WC201", "'states' must be a map of states", states.place)
        state.last = len(self.states) - 1
        return state

    def _check_kind(self, state: State, node: Map, *, is_machine: bool) -> None:
        allowed = {"history": {"type", "depth", "initial", "doc"}, "final": {"type", "entry", "exit", "doc"}}.get(
            state.kind
        )
        for key in node:
            if allowed is not None and key not in allowed:
                self.findings.error("WC251", f"a {state.kind} state has no '{key}'", node.keys[key])
        if "depth" in node and (state.kind != "history" or self._plain(node, "depth") not in ("deep", "shallow")):
            self.findings.error("WC251", "'depth' is deep or shallow, of a history", node.keys["depth"])
        if state.kind == "history" and "initial" not in node:
            self.findings.error("WC252", "a history needs 'initial': where to go when nothing is recorded", node.place)
        if state.kind == "parallel" and "initial" in node:
            self.findings.error(
                "WC252", "a parallel state has no 'initial': all its regions are entered", node.keys["initial"]
            )
        if state.kind == "atomic" and "initial" in node:
            self.findings.error("WC252", "'initial' without 'states'", node.keys["initial"])
        states = node.get("states")
        if state.kind == "parallel" and not (isinstance(states, Map) and len(states)):
            self.findings.error("WC253", "a parallel state needs regions under 'states'", node.place)
        if is_machine and state.kind not in ("compound", "parallel"):
            self.findings.error("WC253", "a machine needs states", node.place, "states: {A: {}}")
        if state.parent >= 0 and state.kind == "final" and self.states[state.parent].kind == "parallel":
            self.findings.error("WC254", "a region cannot be final", node.place, "give it a final child")

    def _children(self, state: State, states: Map, scope: Scope, depth: int) -> None:
        for name in states:
            node, place = states[name], states.keys[name]
            if not _STATE_NAME.fullmatch(name):
                self.findings.error(
                    "WC255", f"'{name}' cannot be the name of a state", place, "letters, digits, '_' and '-'"
                )
                continue
            path = f"{state.path}.{name}" if state.path else name
            if isinstance(node, Text) and node.value == "":
                node = Map({}, {}, place)
            if not isinstance(node, Map):
                self.findings.error("WC201", f"the state '{name}' must be a map", node.place, f"{name}: {{}}")
                continue
            self._known_keys(node, _STATE_KEYS)
            if "template" in node:
                child = self._template(node, name, path, state.index, scope, depth)
            else:
                child = self._state(node, name, path, state.index, scope, depth)
            if child is not None:
                child.place = place
                state.children.append(child.index)

    def _contents(self, state: State, node: Map, scope: Scope) -> None:
        """The lists and rows of one state, in file order: that order numbers the rows."""
        self.state_at = state.index
        reader = self._reader(scope, state.index)
        state.entry = reader.actions(node.get("entry"), "entry")
        state.exit = reader.actions(node.get("exit"), "exit")
        state.during = reader.actions(node.get("during"), "during")
        complete = self._plain(node, "complete")
        state.complete = complete == "true"
        if complete not in ("", "true", "false"):
            self.findings.error("WC201", "'complete' is true or false", node["complete"].place)
        count = 0
        for key in node:
            value = node[key]
            if key == "on":
                count += self._on(state, value, reader, count)
            elif key == "always":
                state.always = reader.rows(value, "always", state.index, state.path, count)
                count += len(state.always)
                self._check_always(state.always)
            elif key == "after":
                count += self._after(state, value, reader, count)

    def _reader(self, scope: Scope, state: int) -> Reader:
        return Reader(
            scope, self.registry, self.findings, lambda active: self.actives.append((active, state)), self.next_row
        )

    def _check_always(self, rows: tuple[Row, ...]) -> None:
        for row in rows:
            if row.guard is None and not row.target_names and not row.do:
                self.findings.warning(
                    "WC245", "an 'always' row without condition, target and action never comes to rest", row.place
                )

    def _on(self, state: State, node: Node, reader: Reader, count: int) -> int:
        if isinstance(node, Text) and node.value == "":
            return 0
        if not isinstance(node, Map):
            self.findings.error(
                "WC240", "'on' must be a map of events and lists of rows", node.place, "on: {tick: [...]}"
            )
            return 0
        found = 0
        events = []
        for descriptor in node:
            if not _DESCRIPTOR.fullmatch(descriptor):
                hint = "words with dots between them; '*' alone or as the last word"
                self.findings.error("WC246", f"'{descriptor}' is no event", node.keys[descriptor], hint)
                continue
            trigger = "tick" if descriptor == "tick.*" else descriptor  # `foo.*` means the same as `foo`
            rows = reader.rows(node[descriptor], trigger, state.index, state.path, count + found)
            found += len(rows)
            if trigger == "tick":
                state.ticks += rows
            else:
                events.append((descriptor, rows))
        state.events = tuple(events)
        return found

    def _after(self, state: State, node: Node, reader: Reader, count: int) -> int:
        if isinstance(node, Text) and node.value == "":
            return 0
        if not isinstance(node, Map):
            self.findings.error(
                "WC240", "'after' must be a map of times and lists of rows", node.place, "after: {10s: [...]}"
            )
            return 0
        found, timers = 0, []
        for key in node:
            delay = reader.constant(Text(key, node.keys[key]), "the time of 'after'", ("time",))
            rows = reader.rows(node[key], f"after {key}", state.index, state.path, count + found)
            found += len(rows)
            if delay is not None:
                timers.append(Timer(delay, key, rows))
        state.timers = tuple(timers)
        return found

    # -- templates -----------------------------------------------------------------------------------------------
    def _template(self, node: Map, name: str, path: str, parent: int, scope: Scope, depth: int) -> State | None:
        for key in node:
            if key not in ("template", "with", "doc"):
                self.findings.error("WC260", f"a state from a template has no '{key}' of its own", node.keys[key])
        wanted = self._plain(node, "template")
        place = node["template"].place
        if self.too_many:
            return None
        if depth >= MAX_TEMPLATE_DEPTH:
            self.too_many = True  # such a template holds itself: the first of its million places is enough
            self.findings.error("WC261", f"templates are nested more than {MAX_TEMPLATE_DEPTH} deep", place)
            return None
        if len(self.states) >= MAX_STATES:
            self.too_many = True
            self.findings.error("WC263", f"more than {MAX_STATES} states once every template is opened", place)
            return None
        source = self.templates.get(wanted) or self._read_template(wanted, place)
        if source is None:
            return None
        self.templates[wanted] = source
        text, root = source
        self.texts.append(text)
        self._known_keys(root, _MACHINE_KEYS)
        inner = Scope()
        self._bind(node.get("with"), root, scope, inner, parent)
        self._declare(root, inner, f"{name}_", len(self.states))
        state = self._state(root, name, path, parent, inner, depth + 1)
        state.doc = self._plain(node, "doc") or self._plain(root, "summary")
        self.properties.read(root, self._reader(inner, state.index), self.findings, state.index)
        return state

    def _read_template(self, wanted: str, place: Place) -> tuple[str, Map] | None:
        """Text and root of a template; None, with the reason in `findings`, when there is none."""
        source = self.read_template(wanted) if self.read_template is not None else None
        if source is None:
            hint = f"a file {wanted}.yaml beside this one"
            self.findings.error("WC261", f"there is no template '{wanted}'", place, hint)
            return None
        text, file = source
        root = parse(text, file, self.findings)
        return (text, root) if isinstance(root, Map) else None

    def _bind(self, node: Node | None, root: Map, outer: Scope, inner: Scope, parent: int) -> None:
        if node is None:
            return
        if not isinstance(node, Map):
            self.findings.error("WC262", "'with' must be a map of the template's names", node.place)
            return
        declared: dict[str, str] = {}
        for section in ("inputs", "params", "data", "define"):
            names = root.get(section)
            if isinstance(names, Map):
                declared |= dict.fromkeys(names, section)
        for name in node:
            value = node[name]
            if name not in declared:
                hint = did_you_mean(name, declared)
                self.findings.error("WC262", f"the template declares no '{name}'", node.keys[name], hint)
                continue
            if not isinstance(value, Text):
                self.findings.error("WC262", f"'{name}' must be a name or an expression", value.place)
                continue
            expr = parse_expression(value, outer, self.findings, linear=True)
            if expr is None:
                continue
            if declared[name] == "data" and not (isinstance(expr, Name) and expr.symbol.role == "data"):
                self.findings.error("WC262", f"'{name}' is a datum: bind it to a datum", value.place)
            if declared[name] == "params" and not isinstance(expr, Constant) and not _is_param(expr):
                self.findings.error("WC262", f"'{name}' is a param: bind it to a param or a constant", value.place)
            self._note_active(expr, parent)
            inner.bind(name, expr)


def _is_param(expr: object) -> bool:
    return isinstance(expr, Name) and expr.symbol.role == "param"
