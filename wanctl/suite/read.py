"""A test file to cases that can run: every fault of the file at once.

    machine: wan.yaml
    tests:
      - name: three hot ticks, not two, leave GREEN
        input: {delta: '5x20 20x2 5x3 20x3'}
        expect:
          - {at: 1.10s, download: GREEN}
          - {at: 1.40s, download: YELLOW, why: bloated for 3 ticks}

`machine` names a file, looked for beside the test file first. Keys of the file that tests may set, too (`tick`,
`params`, `law`, `plan`), hold for all tests that do not. For `input` see `wanctl.suite.series`, for `expect`
`wanctl.suite.wanted`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wanctl.engine.diagnostic import FileError, Findings, Place, did_you_mean
from wanctl.engine.document import List, Map, Node, Text, parse
from wanctl.engine.expression import Symbol
from wanctl.engine.model import Model
from wanctl.engine.program import Program, compile_model
from wanctl.engine.record import Value
from wanctl.engine.unit import UnitError, parse_quantity
from wanctl.suite.case import DEFAULT_TICK_NS, Case, Suite, TimedEvent
from wanctl.suite.law import LAW_INPUTS, read_plan
from wanctl.suite.reading import Reader
from wanctl.suite.series import Series, parse_series
from wanctl.suite.wanted import ExpectationReader

LEAST_TICK_NS = 1_000_000
MOST_TICKS = 1_000_000  # of one test: half a day at 20 ticks a second
_SHARED = ("tick", "params", "law", "plan")
FILE_KEYS = ("schema", "machine", "summary", *_SHARED, "tests")
CASE_KEYS = ("name", "doc", *_SHARED, "input", "events", "expect")
EVENT_KEYS = ("at", "tick", "event", "data")

OpenMachine = Callable[[str], Model | None]  # name as written -> model; None: no such machine; FileError: a faulty one


def read_suite(text: str, file: str, findings: Findings, open_machine: OpenMachine) -> Suite | None:
    """The cases of a test file; None, with every fault in `findings`, when it cannot be run.

    `open_machine` gives the model of the machine that the file names. What is wrong with that machine goes to
    `findings`, too.
    """
    before = len(findings.errors)
    root = parse(text, file, findings)
    if root is None:
        return None
    if not isinstance(root, Map):
        hint = "machine: NAME.yaml, then tests: [...]"
        findings.error("WC601", "a test file must be a map", root.place, hint)
        return None
    reader = Reader(findings)
    reader.known_keys(root, FILE_KEYS)
    model = _model(root, reader, open_machine)
    if model is None:
        return None
    suite = _SuiteReader(reader, root, model).read(file)
    return suite if len(findings.errors) == before else None


def _model(root: Map, reader: Reader, open_machine: OpenMachine) -> Model | None:
    findings = reader.findings
    if "schema" in root:
        schema = reader.text(root["schema"], "'schema'")
        if schema is not None and schema.value != "1":
            findings.error("WC603", "a test file is of schema 1", schema.place)
    if "machine" not in root:
        findings.error("WC603", "the file does not say which machine it tests", root.place, "machine: NAME.yaml")
        return None
    name = reader.text(root["machine"], "'machine'")
    if name is None:
        return None
    try:
        model = open_machine(name.value)
    except FileError as error:
        findings.items += [item for item in error.findings.items if item not in findings.items]
        findings.sources |= error.findings.sources
        return None
    if model is None:
        hint = "a file beside this one, or the name of a machine"
        findings.error("WC604", f"there is no machine '{name.value}'", name.place, hint)
    return model


@dataclass(slots=True)
class _SuiteReader:
    reader: Reader
    root: Map
    model: Model
    programs: dict[tuple[tuple[str, object], ...], Program | None] = field(default_factory=dict)

    @property
    def findings(self) -> Findings:
        return self.reader.findings

    def read(self, file: str) -> Suite:
        nodes = self.reader.list(self.root.get("tests"), "'tests'", "tests: [{name: ..., expect: [...]}]")
        cases: list[Case] = []
        names: dict[str, int] = {}
        for node in nodes:
            if not isinstance(node, Map):
                self.findings.error("WC601", "a test must be a map", node.place, "- {name: ..., expect: [...]}")
                continue
            case = self._case(node)
            if case is None:
                continue
            if "name" in node and case.name in names:
                self.findings.error(
                    "WC615", f"another test has this name (line {names[case.name]})", node["name"].place
                )
            names.setdefault(case.name, node.place.line)
            cases.append(case)
        tests = self.root.get("tests")
        if self.reader.is_blank(tests) or (isinstance(tests, List) and not nodes):
            place = self.root.place if tests is None else tests.place
            self.findings.error("WC619", "the file holds no test", place, "tests: [{name: ..., expect: [...]}]")
        return Suite(file, self.model, cases)

    def _case(self, node: Map) -> Case | None:
        self.reader.known_keys(node, CASE_KEYS)
        name = self._name(node)
        tick_ns = self._tick(node)
        law = self._law(node)
        params, places = self._params(node)
        plan = None
        if law:
            plan = read_plan(self.reader, law, self._either(node, "plan"), self.model, params, node.place)
        elif self._either(node, "plan") is not None:
            self.findings.error("WC617", "'plan' is for tests that name a law", self._either_place(node, "plan"))
        program = self._program(params, places, node.place)
        series = self._series(node, LAW_INPUTS if law else self.model.inputs)
        events = self._events(node, tick_ns)
        if program is None or (law and plan is None):
            return None
        expectations = ExpectationReader(self.reader, self.model, program, tick_ns, law).read(node)
        if not expectations and "expect" not in node:
            self.findings.error("WC603", "the test expects nothing", node.place, "expect: [{at: 1s, state: NAME}]")
        case = Case(name, node.place, program, tick_ns, series, events, expectations, plan)
        if case.end_ns // tick_ns > MOST_TICKS:
            self.findings.error("WC618", f"the test has more than {MOST_TICKS:,} ticks", node.place, "a longer 'tick'?")
            return None
        return case

    def _name(self, node: Map) -> str:
        if "name" not in node:
            hint = "a sentence that says what the machine does"
            self.findings.error("WC603", "the test has no 'name'", node.place, hint)
            return f"line {node.place.line}"
        text = self.reader.text(node["name"], "'name'")
        if text is not None and not text.value.strip():
            self.findings.error("WC603", "the test's 'name' is empty", text.place)
        return "" if text is None else " ".join(text.value.split())

    def _either(self, node: Map, key: str) -> Node | None:
        """What the test says, or else what the file says."""
        return node.get(key) if key in node else self.root.get(key)

    def _either_place(self, node: Map, key: str) -> Place:
        return node.keys[key] if key in node else self.root.keys[key]

    def _tick(self, node: Map) -> int:
        written = self._either(node, "tick")
        found = None if written is None else self.reader.time(written, "'tick'", least_ns=LEAST_TICK_NS)
        return DEFAULT_TICK_NS if found is None else found

    def _law(self, node: Map) -> str:
        written = self._either(node, "law")
        text = None if written is None else self.reader.text(written, "'law'")
        if text is None:
            return ""
        if text.value not in ("default", "classic"):
            hint = did_you_mean(text.value, ("default", "classic"))
            self.findings.error("WC617", f"there is no law '{text.value}'", text.place, hint)
            return ""
        return text.value

    # -- parameters ----------------------------------------------------------------------------------------------------
    def _params(self, node: Map) -> tuple[dict[str, object], dict[str, Place]]:
        values: dict[str, object] = {}
        places: dict[str, Place] = {}
        for source in (self.root, node):
            written = self.reader.map(source.get("params"), "'params'", "params: {target: 15ms}")
            for name in written:
                symbol = self.model.params.get(name)
                text = self.reader.text(written[name], f"'{name}'")
                if symbol is None:
                    message = f"{self.model.name} has no parameter '{name}'"
                    hint = did_you_mean(name, self.model.params)
                    self.findings.error("WC613", message, written.keys[name], hint)
                elif text is not None:
                    values[name], places[name] = _param(symbol, text.value), text.place
        return values, places

    def _program(self, params: Mapping[str, object], places: Mapping[str, Place], place: Place) -> Program | None:
        key = tuple(sorted(params.items()))
        if key not in self.programs:
            try:
                self.programs[key] = compile_model(self.model, params)
            except FileError as error:
                self.programs[key] = None
                for item in error.findings.errors:
                    # The finding is about the machine's declaration; the slip is where the value was written.
                    said = item.message.replace("'", " ").split()
                    named = [places[name] for name in places if name in said]
                    self.findings.error("WC613", item.message, named[-1] if named else place, item.hint)
        return self.programs[key]

    # -- what is fed ---------------------------------------------------------------------------------------------------
    def _series(self, node: Map, inputs: Mapping[str, Symbol]) -> dict[str, Series]:
        written = self.reader.map(node.get("input"), "'input'", "input: {delta: '5x20 20x2'}")
        found: dict[str, Series] = {}
        for name in written:
            symbol = inputs.get(name)
            if symbol is None:
                hint = did_you_mean(name, inputs)
                self.findings.error("WC606", f"there is no input '{name}'", written.keys[name], hint)
                continue
            text = self.reader.text(written[name], f"the series of '{name}'")
            series = None if text is None else parse_series(text, symbol, self.findings)
            if series is not None:
                found[name] = series
        return found

    def _events(self, node: Map, tick_ns: int) -> list[TimedEvent]:
        found: list[TimedEvent] = []
        for item in self.reader.list(node.get("events"), "'events'", "events: [{at: 1s, event: operator.hold}]"):
            if not isinstance(item, Map):
                hint = "{at: 1s, event: operator.hold}"
                self.findings.error("WC601", "an event must be a map", item.place, hint)
                continue
            self.reader.known_keys(item, EVENT_KEYS)
            at_ns = self.reader.moment(item, tick_ns, "the event")
            name = self.reader.text(item["event"], "'event'") if "event" in item else None
            if "event" not in item:
                self.findings.error("WC603", "the event has no name", item.place, "event: operator.hold")
            elif name is not None and not _is_event(name.value):
                hint = "words with dots between them, such as operator.hold; ticks come from the clock"
                self.findings.error("WC620", f"'{name.value}' is no event", name.place, hint)
            data = self.reader.map(item.get("data"), "'data'", "data: {speed: 3}")
            values = {key: _plain_value(data[key]) for key in data}
            for key in data:
                self.reader.text(data[key], f"'{key}'")
            if at_ns is not None and name is not None:
                found.append(TimedEvent(at_ns, name.value, values, item.place))
        return sorted(found, key=lambda event: event.at_ns)


def _is_event(name: str) -> bool:
    words = name.split(".")
    return name != "tick" and all(word and word.replace("-", "").replace("_", "").isalnum() for word in words)


def _param(symbol: Symbol, text: str) -> object:
    if symbol.kind == "bool" and text in ("true", "false"):
        return text == "true"
    return text


def _plain_value(node: Node) -> Value:
    """The value of an event's datum: a number (in canonical units), true, false, or a text."""
    if not isinstance(node, Text):
        return None
    if node.plain and node.value in ("true", "false"):
        return node.value == "true"
    try:
        return parse_quantity(node.value).value if node.plain else node.value
    except UnitError:
        return node.value
