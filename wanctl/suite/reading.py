"""Reading the values of a test file: each wrong one is a finding, and reading goes on."""

from collections.abc import Iterable
from dataclasses import dataclass

from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.document import List, Map, Node, Text
from wanctl.engine.model import Model, State
from wanctl.engine.unit import Quantity, UnitError, parse_quantity, time_ns

MOST_NS = 7 * 86_400 * 1_000_000_000  # a test of a machine is not a soak


@dataclass(slots=True)
class Reader:
    """Takes nodes apart; faults go to `findings`."""

    findings: Findings

    def is_blank(self, node: Node | None) -> bool:
        """Whether nothing is there: no key, or a key without a value."""
        return node is None or (isinstance(node, Text) and node.value == "" and node.plain)

    def map(self, node: Node | None, what: str, example: str) -> Map:
        """A map; an empty one when there is none."""
        if isinstance(node, Map):
            return node
        if node is not None and not self.is_blank(node):
            self.findings.error("WC601", f"{what} must be a map", node.place, example)
        return Map({}, {}, node.place) if node is not None else _NOWHERE

    def list(self, node: Node | None, what: str, example: str) -> tuple[Node, ...]:
        """The items of a list; none when there is none."""
        if isinstance(node, List):
            return node.items
        if node is not None and not self.is_blank(node):
            self.findings.error("WC601", f"{what} must be a list", node.place, example)
        return ()

    def text(self, node: Node, what: str) -> Text | None:
        """A single value."""
        if isinstance(node, Text):
            return node
        self.findings.error("WC601", f"{what} must be a single value", node.place)
        return None

    def known_keys(self, node: Map, known: Iterable[str]) -> None:
        """Refuse every other key."""
        words = sorted(known)
        for key in node:
            if key not in words:
                self.findings.error("WC602", f"unknown key '{key}'", node.keys[key], did_you_mean(key, words))

    def time(self, node: Node, what: str, *, least_ns: int = 0) -> int | None:
        """A time in ns."""
        text = self.text(node, what)
        if text is None:
            return None
        try:
            quantity = parse_quantity(text.value)
        except UnitError as error:
            self.findings.error("WC605", str(error), text.place, "a time such as 1.4s or 150ms")
            return None
        if quantity.value == 0 and quantity.dimension == "" and least_ns == 0:
            return 0
        if quantity.dimension != "time":
            self.findings.error("WC605", f"{what} must be a time", text.place, "a time such as 1.4s or 150ms")
            return None
        if not least_ns / 1e6 <= quantity.value <= MOST_NS / 1e6:
            wanted = f"{Quantity(least_ns / 1e6, 'time')} to 7 days"
            self.findings.error("WC605", f"{what} must be {wanted}, not {text.value}", text.place)
            return None
        return time_ns(quantity)

    def moment(self, node: Map, tick_ns: int, what: str) -> int | None:
        """The time of an expectation or event: `at: TIME`, or `tick: NUMBER` counted from 1."""
        if ("at" in node) == ("tick" in node):
            problem = "has both 'at' and 'tick'" if "at" in node else "lacks its time"
            self.findings.error("WC614", f"{what} {problem}", node.place, "at: 1.4s, or tick: 29")
            return None
        if "at" in node:
            return self.time(node["at"], "'at'")
        text = self.text(node["tick"], "'tick'")
        if text is None:
            return None
        number = int(text.value[:12]) if text.value.isdecimal() else 0
        if number < 1 or (number - 1) * tick_ns > MOST_NS:
            self.findings.error("WC605", "'tick' must be a whole number from 1", text.place, "tick 1 is at 0 s")
            return None
        return (number - 1) * tick_ns

    def state(self, model: Model, node: Text, below: State | None = None) -> State | None:
        """The state that a name means: a whole path, or the end of one; `below` is the region it has to lie in."""
        name, top = node.value, below or model.states[0]
        inside = [state for state in model.states[1:] if model.is_below(state.index, top.index)]
        inside = [state for state in inside if state.kind != "history"]
        wanted = f"{top.path}.{name}" if top.path else name
        exact = [state for state in inside if state.path in (wanted, name)]
        matches = exact or [state for state in inside if state.path.endswith(f".{name}")]
        depth = {state.index: len(model.ancestors(state.index)) for state in matches}
        nearest = [state for state in matches if depth[state.index] == min(depth.values())]
        if len(nearest) == 1:
            return nearest[0]
        if nearest:
            paths = " or ".join(state.path for state in nearest)
            self.findings.error("WC609", f"'{name}' could be {paths}", node.place, "write more of the path")
            return None
        where = f" below {top.path}" if top.path else f" in {model.name}"
        names = [state.name for state in inside] if "." not in name else [state.path for state in inside]
        self.findings.error("WC609", f"there is no state '{name}'{where}", node.place, did_you_mean(name, names))
        return None


_NOWHERE = Map({}, {}, Place(""))
