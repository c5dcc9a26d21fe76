"""Reading the values of a scenario from its node tree, each with its unit, faults at their place."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from wanctl.engine.diagnostic import Findings, did_you_mean
from wanctl.engine.document import List, Map, Text
from wanctl.engine.unit import UnitError, parse_quantity

CODE = "LAB2"


class Span(NamedTuple):
    """From the least to the most: `4s..12s`."""

    least: float
    most: float


class Reader:
    """The values of one map. What is asked for is known; `done` tells what was not."""

    def __init__(self, node: Map, findings: Findings) -> None:
        self._node, self._findings = node, findings
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._node

    def fault(self, key: str, message: str) -> None:
        """Note what is wrong, at a key or at the whole map."""
        place = self._node.keys.get(key, self._node.place)
        self._findings.error(CODE, message, place)

    def done(self) -> None:
        """Nothing more is asked for: every other key is unknown."""
        for key in self._node:
            if key not in self._asked and key != "like":
                self._findings.error(CODE, f"unknown key '{key}'", self._node.keys[key], did_you_mean(key, self._asked))

    def text(self, key: str, default: str) -> str:
        """A text."""
        self._asked.add(key)
        node = self._node.get(key)
        if node is None:
            return default
        if not isinstance(node, Text):
            self.fault(key, f"'{key}' is a text")
            return default
        return node.value

    def choice(self, key: str, known: Sequence[str], default: str) -> str:
        """One of some words."""
        value = self.text(key, default)
        if value not in known:
            self.fault(key, f"'{value}' is none of {', '.join(known)}")
            return default
        return value

    def one_of(self, kinds: Sequence[str], default: str) -> str:
        """Which of some keys is there; one at most."""
        self._asked.update(kinds)
        found = [kind for kind in kinds if kind in self._node]
        if len(found) > 1:
            self.fault(found[1], f"'{found[0]}' and '{found[1]}' contradict each other")
        return found[0] if found else default

    def count(self, key: str, default: int) -> int:
        """A whole number above 0."""
        value = self._quantity(key, "", float(default))
        if value < 1 or value != int(value):
            self.fault(key, f"'{key}' is a whole number above 0")
            return default
        return int(value)

    def seconds(self, key: str, default: float) -> float:
        """A time, in seconds."""
        return self._quantity(key, "time", default * 1e3) / 1e3

    def milliseconds(self, key: str, default: float) -> float:
        """A time, in milliseconds."""
        return self._quantity(key, "time", default)

    def rate(self, key: str, default: float) -> float:
        """A rate in bit/s."""
        return self._quantity(key, "rate", default)

    def share(self, key: str, default: float) -> float:
        """A share, 1.0 for 100 %."""
        return self._quantity(key, "ratio", default)

    def span(self, key: str, dimension: str, default: Span, factor: float = 1.0) -> Span:
        """Two quantities of one dimension, such as `4s..12s`, times `factor`."""
        if key not in self._node:
            self._asked.add(key)
            return default
        parts = self.text(key, "").split("..")
        values = [self._parsed(key, part, dimension) for part in parts]
        if len(parts) != 2 or None in values:
            self.fault(key, f"'{key}' is a span, such as 4s..12s")
            return default
        least, most = (value for value in values if value is not None)
        if least > most:
            self.fault(key, f"'{key}' is empty: the first is above the second")
        return Span(least * factor, most * factor)

    def inner(self, key: str) -> "Reader":
        """The map at a key; an empty one where it is missing."""
        self._asked.add(key)
        node = self._node.get(key)
        if node is not None and not isinstance(node, Map):
            self.fault(key, f"'{key}' is a map")
        return Reader(node if isinstance(node, Map) else Map({}, {}, self._node.place), self._findings)

    def each(self, key: str) -> Iterator["Reader"]:
        """The maps of a list."""
        self._asked.add(key)
        node = self._node.get(key)
        if node is not None and not isinstance(node, List):
            self.fault(key, f"'{key}' is a list")
        for item in node if isinstance(node, List) else ():
            if isinstance(item, Map):
                yield Reader(item, self._findings)
            else:
                self._findings.error(CODE, "an item is a map", item.place)

    def pairs(self, dimension: str) -> tuple[tuple[float, float], ...]:
        """A map of times to quantities, such as {0s: 100%, 18s: 40%}: (s, share)."""
        found = []
        for key in self._node:
            at_ms, value = self._parsed(key, key, "time"), self._parsed(key, self.text(key, ""), dimension)
            if at_ms is not None and value is not None:
                found.append((at_ms / 1e3, value))
        return tuple(found)

    def _quantity(self, key: str, dimension: str, default: float) -> float:
        if key not in self._node:
            self._asked.add(key)
            return default
        value = self._parsed(key, self.text(key, ""), dimension)
        return default if value is None else value

    def _parsed(self, key: str, text: str, dimension: str) -> float | None:
        try:
            quantity = parse_quantity(text)
        except UnitError as error:
            self.fault(key, str(error))
            return None
        if quantity.dimension != dimension or quantity.value < 0:
            self.fault(key, f"'{text}' is no {dimension or 'number'} of at least 0")
            return None
        return quantity.value
