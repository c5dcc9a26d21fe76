"""Reading `expect:`: what has to be true at one time.

An item has a time (`at: 1.4s` or `tick: 29`) and what it expects then, after everything that is due at that time:

    download: YELLOW                     the region is in YELLOW or anywhere below it; any state can stand for a region
    state: RED.CUT                       the same without naming a region; a list of names is allowed
    why: bloated for 3 ticks             `why` or guard of the row that fired last (in the regions that the item names)
    fired: [download.GREEN#2]            rows that fired since the tick before; [] is none at all
    intents: [rate.cut, {rate.raise: {step: 3%}}]    intents since the tick before, in order, others may lie between;
                                         arguments that are not written may be anything; [] is none at all
    data: {count: 3}                     data; _ is unknown
    rates: {download: 85Mbit}            of tests with a law: what is wanted, or 80Mbit..90Mbit
    faults: 1                            faults since the tick before; a fault that nobody expects fails the test

A state that is called like one of these words stands under `states: {...}`.
"""

from dataclasses import dataclass

from wanctl.engine.diagnostic import Place, did_you_mean
from wanctl.engine.document import List, Map, Node, Text
from wanctl.engine.model import Action, Actions, Emit, If, Model, State
from wanctl.engine.program import Program
from wanctl.engine.record import Value
from wanctl.engine.unit import UnitError, parse_quantity
from wanctl.suite.case import Expectation, WantedIntent, WantedRate, WantedState
from wanctl.suite.reading import Reader
from wanctl.suite.series import PartError, parse_value

WORDS = ("at", "tick", "state", "states", "why", "fired", "intents", "data", "rates", "faults")


@dataclass(slots=True)
class ExpectationReader:
    """Reads the expectations of one test."""

    reader: Reader
    model: Model
    program: Program
    tick_ns: int
    law: str

    def read(self, case: Map) -> list[Expectation]:
        """The expectations in order of time."""
        found: list[Expectation] = []
        for item in self.reader.list(case.get("expect"), "'expect'", "expect: [{at: 1s, state: NAME}]"):
            if not isinstance(item, Map):
                self._error("WC601", "an expectation must be a map", item, "{at: 1s, state: NAME}")
                continue
            at_ns = self.reader.moment(item, self.tick_ns, "the expectation")
            expectation = self._expectation(item, 0 if at_ns is None else at_ns)
            if not set(item) - {"at", "tick"}:
                self._error("WC616", "the expectation expects nothing", item, "{at: 1s, state: NAME}")
            if at_ns is not None:
                found.append(expectation)
        return sorted(found, key=lambda item: item.at_ns)

    def _error(self, code: str, message: str, node: Node, hint: str = "") -> None:
        self.reader.findings.error(code, message, node.place, hint)

    def _expectation(self, item: Map, at_ns: int) -> Expectation:
        expectation = Expectation(at_ns, item.place)
        for key in item:
            node = item[key]
            match key:
                case "at" | "tick":
                    continue
                case "state":
                    for name in node.items if isinstance(node, List) else (node,):
                        self._state("", name, expectation)
                case "states":
                    inner = self.reader.map(node, "'states'", "states: {download: GREEN}")
                    for region in inner:
                        self._region(region, inner, expectation)
                case "why":
                    text = self.reader.text(node, "'why'")
                    expectation.why = None if text is None else " ".join(text.value.split())
                case "fired":
                    expectation.fired = self._rows(node)
                case "intents":
                    expectation.intents = self._intents(node)
                case "data":
                    expectation.data = self._data(node)
                case "rates":
                    expectation.rates = self._rates(node)
                case "faults":
                    expectation.faults = self._count(node)
                case _:
                    self._region(key, item, expectation)
        return expectation

    # -- states --------------------------------------------------------------------------------------------------------
    def _region(self, key: str, item: Map, expectation: Expectation) -> None:
        names = {state.name for state in self.model.states[1:]}
        place = item.keys[key]
        if key.rpartition(".")[2] not in names:
            regions = [state.name for state in self.model.states[1:] if state.children]
            hint = did_you_mean(key, [*WORDS, *regions])
            self.reader.findings.error("WC602", f"'{key}' is neither a word of expectations nor a state", place, hint)
            return
        region = self.reader.state(self.model, Text(key, place))
        if region is not None:
            self._state(region.path, item[key], expectation, region)

    def _state(self, region: str, node: Node, expectation: Expectation, below: State | None = None) -> None:
        text = self.reader.text(node, f"the state of '{region}'" if region else "'state'")
        state = None if text is None else self.reader.state(self.model, text, below)
        if text is not None and state is not None:
            expectation.states.append(WantedState(region, text.value, state.index, text.place))

    # -- rows and intents ----------------------------------------------------------------------------------------------
    def _rows(self, node: Node) -> tuple[str, ...]:
        found: list[str] = []
        known = [row.id for row in self.model.rows]
        for item in node.items if isinstance(node, List) else (node,):
            text = self.reader.text(item, "a row")
            if text is None or text.value in known:
                found += [] if text is None else [text.value]
                continue
            self._error("WC610", f"{self.model.name} has no row '{text.value}'", item, did_you_mean(text.value, known))
        return tuple(found)

    def _intents(self, node: Node) -> tuple[WantedIntent, ...]:
        if self.law:
            self._error("WC617", "a law carries its intents out itself", node, "expect rates: {download: 85Mbit}")
            return ()
        emits = _emits(self.model)
        found: list[WantedIntent] = []
        for item in self.reader.list(node, "'intents'", "intents: [rate.cut, {rate.raise: {step: 3%}}]"):
            if isinstance(item, Map) and len(item) == 1:
                name = next(iter(item))
                arguments = self.reader.map(item[name], f"the arguments of '{name}'", f"{{{name}: {{step: 3%}}}}")
            elif isinstance(item, Text):
                name, arguments = item.value, Map({}, {}, item.place)
            else:
                hint = "{rate.raise: {step: 3%}}"
                self._error("WC601", "an intent must be a name, or a map with one key", item, hint)
                continue
            if name not in emits:
                self._error("WC611", f"{self.model.name} never asks for '{name}'", item, did_you_mean(name, emits))
                continue
            found.append(WantedIntent(name, self._arguments(name, arguments, emits[name])))
        return tuple(found)

    def _arguments(self, action: str, written: Map, known: set[str]) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for name in written:
            text = self.reader.text(written[name], f"'{name}'")
            if name not in known:
                place, hint = written.keys[name], did_you_mean(name, known)
                self.reader.findings.error("WC611", f"'{action}' has no argument '{name}' here", place, hint)
            elif text is not None:
                values[name] = self._argument(text)
        return values

    def _argument(self, text: Text) -> Value:
        """A quantity in canonical units, a truth value, the value of a parameter, or a text."""
        if text.value in ("true", "false"):
            return text.value == "true"
        if text.value in self.program.params:
            return self.program.params[text.value]
        try:
            return parse_quantity(text.value).value
        except UnitError:
            return text.value

    # -- values --------------------------------------------------------------------------------------------------------
    def _data(self, node: Node) -> tuple[tuple[str, Value, Place], ...]:
        written = self.reader.map(node, "'data'", "data: {count: 3}")
        found = []
        for name in written:
            symbol = self.model.data.get(name)
            text = self.reader.text(written[name], f"'{name}'")
            if symbol is None:
                hint = did_you_mean(name, self.model.data)
                message = f"{self.model.name} has no datum '{name}'"
                self.reader.findings.error("WC612", message, written.keys[name], hint)
            elif text is not None:
                try:
                    found.append((name, parse_value(text.value, symbol), text.place))
                except PartError as error:
                    self._error("WC612", error.message, text, error.hint)
        return tuple(found)

    def _rates(self, node: Node) -> tuple[WantedRate, ...]:
        if not self.law:
            self._error("WC617", "'rates' needs a law: a machine alone moves no rate", node, "law: default")
            return ()
        written = self.reader.map(node, "'rates'", "rates: {download: 85Mbit}")
        self.reader.known_keys(written, ("download", "upload"))
        found = []
        for direction in written:
            text = self.reader.text(written[direction], f"'{direction}'")
            ends = [] if text is None else [_rate_bps(end) for end in text.value.split("..")]
            if text is None:
                continue
            low, high = ends[0], ends[-1]
            if len(ends) > 2 or low is None or high is None or low > high:
                self._error("WC612", f"'{text.value}' is no rate", text, "85Mbit, or 80Mbit..90Mbit")
            else:
                found.append(WantedRate(direction, low, high, text.value, text.place))
        return tuple(found)

    def _count(self, node: Node) -> int | None:
        text = self.reader.text(node, "'faults'")
        if text is not None and not text.value.isdecimal():
            self._error("WC612", "'faults' is a count", text)
            return None
        return None if text is None else int(text.value[:9])


def _rate_bps(text: str) -> float | None:
    try:
        quantity = parse_quantity(text)
    except UnitError:
        return None
    return quantity.value if quantity.dimension == "rate" else None


def _emits(model: Model) -> dict[str, set[str]]:
    """The typed actions that a machine can ask for, each with the arguments it gives."""
    found: dict[str, set[str]] = {}

    def collect(actions: Actions) -> None:
        for action in actions:
            _collect(action)

    def _collect(action: Action) -> None:
        if isinstance(action, Emit):
            found.setdefault(action.action, set()).update(name for name, _ in action.arguments)
        elif isinstance(action, If):
            collect(action.then)
            collect(action.otherwise)

    for state in model.states:
        for actions in (state.entry, state.exit, state.during, *(row.do for row in state.rows())):
            collect(actions)
    return found
