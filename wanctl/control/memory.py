"""What a law has learnt, as JSON values: for the next process, or for the next configuration of this one.

Each part that remembers has `memory()`, and `recall(memory)` for a fresh one. A memory is checked like anything that
comes from a file: `RecallError` says what is wrong with it, and then the part must be made anew.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

Memory = Mapping[str, Any]


class RecallError(ValueError):
    """A memory that does not fit; the text says why."""


def number(memory: Memory, name: str, low: float = 0.0) -> float:
    """A finite number of at least `low`."""
    value = optional(memory, name, low)
    if value is None:
        raise RecallError(f"'{name}' is missing")
    return value


def optional(memory: Memory, name: str, low: float = 0.0) -> float | None:
    """The same, or None where nothing was known."""
    value = memory.get(name)
    return None if value is None else _checked(value, name, low)


def numbers(memory: Memory, name: str, most: int, low: float = 0.0) -> list[float]:
    """At most `most` finite numbers of at least `low`."""
    return [_checked(value, name, low) for value in entries(memory, name, most)]


def entries(memory: Memory, name: str, most: int) -> list[Any]:
    """At most `most` of anything."""
    values = memory.get(name)
    if not isinstance(values, list) or len(values) > most:
        raise RecallError(f"'{name}' is no list of at most {most}")
    return values


def part(memory: Memory, name: str) -> Memory:
    """The memory of a part."""
    value = memory.get(name)
    if not isinstance(value, Mapping):
        raise RecallError(f"'{name}' is missing")
    return value


def _checked(value: object, name: str, low: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < low:
        raise RecallError(f"'{name}' is {value!r}")
    return value
