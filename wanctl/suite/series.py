"""Input series in shorthand: `5x20 20x2 _` is the value 5 twenty times, 20 twice, then missing.

Parts are separated by blanks. A part is a value, or a value and how often: `5`, `5ms`, `icmp` are values of the
input's kind, `_` is missing, and `x20` on its own repeats the part before it (`true x20`). `10+2x5` is a ramp of five
samples: 10 12 14 16 18; `10-2x5` goes down. Numbers are in the unit that the input declares; a unit may be written.
Sample k, from 1, belongs to tick k. A series that has ended keeps its last value.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.document import Text
from wanctl.engine.expression import Symbol
from wanctl.engine.record import Value
from wanctl.engine.unit import CANONICAL, NUMBER, UNITS, scale

MISSING = "_"
MOST_SAMPLES = 10_000_000  # of one series: a week at 20 ticks a second

_COUNTED = re.compile(r"(?P<value>.+?)x(?P<count>\d+)")
_COUNT = re.compile(r"x(?P<count>\d+)")
_NUMBER = re.compile(
    rf"(?P<first>[+-]?{NUMBER})(?P<unit>[A-Za-z%/]*?)"
    rf"(?:(?P<sign>[+-])(?P<step>{NUMBER})(?P<step_unit>[A-Za-z%/]*?))?(?:x(?P<count>\d+))?"
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples in a row: all alike, or with equal steps between them."""

    first: Value
    count: int = 1
    step: float = 0.0

    def sample(self, index: int) -> Value:
        """The sample with this index, from 0."""
        if self.step and isinstance(self.first, float):
            return self.first + self.step * index
        return self.first

    @property
    def ends(self) -> tuple[Value, Value]:
        """The first and the last sample: no other is further out."""
        return self.first, self.sample(self.count - 1)


class Series:
    """The samples of one input."""

    def __init__(self, stretches: tuple[Stretch, ...]) -> None:
        assert stretches
        self.stretches = stretches
        self._ends = list(accumulate(stretch.count for stretch in stretches))

    def __len__(self) -> int:
        return self._ends[-1]

    def at(self, tick: int) -> Value:
        """The sample of a tick, counted from 1; after the last one the last one stays."""
        number = bisect_right(self._ends, tick - 1)
        if number == len(self.stretches):
            return self.stretches[-1].ends[1]
        begin = self._ends[number] - self.stretches[number].count
        return self.stretches[number].sample(tick - 1 - begin)


class PartError(ValueError):
    """What is wrong with one part: code, message and hint."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def parse_series(node: Text, symbol: Symbol, findings: Findings) -> Series | None:
    """The series of an input; None, with every fault in `findings`, when there is none."""
    stretches: list[Stretch] = []
    faulty = False
    for word, place in _words(node):
        alone = _COUNT.fullmatch(word)
        try:
            if alone and word not in symbol.choices:
                _repeat(stretches, _count(alone["count"]), faulty=faulty)
            else:
                stretches.append(_stretch(word, symbol))
        except PartError as error:
            findings.error(error.code, error.message, place, error.hint)
            faulty = True
    if faulty:
        return None
    if not stretches:
        findings.error("WC607", f"the series of '{symbol.name}' is empty", node.place, _example(symbol))
        return None
    if sum(stretch.count for stretch in stretches) > MOST_SAMPLES:
        findings.error("WC618", f"the series of '{symbol.name}' has more than {MOST_SAMPLES:,} samples", node.place)
        return None
    return Series(tuple(stretches))


def parse_value(text: str, symbol: Symbol) -> Value:
    """One value as a series has it; ValueError says what does not fit."""
    stretch = _stretch(text, symbol)
    if stretch.count != 1:
        raise PartError("WC607", f"'{text}' is more than one value")
    return stretch.first


def _words(node: Text) -> Iterator[tuple[str, Place]]:
    one_line = "\n" not in node.value
    for match in re.finditer(r"\S+", node.value):
        place = node.content
        if one_line:
            place = Place(place.file, place.line, place.column + match.start())
        yield match[0], place


def _count(digits: str) -> int:
    count = int(digits[:12])
    if count < 1:
        raise PartError("WC607", f"'x{digits}' is no count", "counts start at 1")
    return count


def _repeat(stretches: list[Stretch], count: int, *, faulty: bool) -> None:
    if faulty and not stretches:
        return  # the part it belongs to has been told
    if not stretches or stretches[-1].count != 1:
        raise PartError("WC607", f"'x{count}' repeats the value before it, and there is none", "5 x20")
    stretches[-1] = Stretch(stretches[-1].first, count)


def _stretch(word: str, symbol: Symbol) -> Stretch:
    match = _COUNTED.fullmatch(word)
    if word == MISSING or (match and match["value"] == MISSING):
        return Stretch(None, _count(match["count"]) if match else 1)
    stretch = _number(word, symbol) if symbol.kind == "number" else _word(word, symbol)
    for end in stretch.ends:
        refusal = symbol.refuses(end)
        if refusal:
            raise PartError("WC608", refusal, did_you_mean(str(end), symbol.choices) if symbol.choices else "")
    return stretch


def _word(word: str, symbol: Symbol) -> Stretch:
    known = ("true", "false") if symbol.kind == "bool" else symbol.choices
    match = None if word in known else _COUNTED.fullmatch(word)
    value, count = (match["value"], _count(match["count"])) if match else (word, 1)
    if symbol.kind != "bool":
        return Stretch(value, count)
    if value not in known:
        raise PartError("WC608", f"'{symbol.name}' is true or false, not '{value}'", "true x20, or _ for missing")
    return Stretch(value == "true", count)


def _number(word: str, symbol: Symbol) -> Stretch:
    match = _NUMBER.fullmatch(word)
    if not match:
        raise PartError("WC607", f"'{word}' is no part of a series of numbers", _example(symbol))
    count = _count(match["count"]) if match["count"] else 1
    step = 0.0
    if match["step"]:
        if not match["count"]:
            raise PartError("WC607", f"'{word}' says no number of samples", f"{word}x5 is a ramp of five")
        step = _in_unit(match["step"], match["step_unit"] or match["unit"], symbol, word)
        step = -step if match["sign"] == "-" else step
    return Stretch(_in_unit(match["first"], match["unit"], symbol, word), count, step)


def _in_unit(number: str, written: str, symbol: Symbol, word: str) -> float:
    unit = written or symbol.unit
    if unit not in UNITS:
        raise PartError("WC608", f"unknown unit '{unit}' in '{word}'", did_you_mean(unit, UNITS))
    dimension, factor = UNITS[unit]
    if dimension != symbol.dimension and not {dimension, symbol.dimension} <= {"", "ratio"}:
        wanted = CANONICAL[symbol.dimension] or "no unit"
        raise PartError("WC608", f"'{symbol.name}' is in {wanted}, not in {unit or 'no unit'}")
    return scale(number, factor)


def _example(symbol: Symbol) -> str:
    match symbol.kind:
        case "number":
            return "'5x20 20x2 _': twenty times 5, twice 20, then missing; '10+2x5' is 10 12 14 16 18"
        case "bool":
            return "'true x20 false _': twenty times true, then false, then missing"
        case _:
            word = symbol.choices[0] if symbol.choices else "word"
            return f"'{word} x20 _': twenty times {word}, then missing"
