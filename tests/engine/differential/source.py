"""Where a generator's choices come from: a seed, or hypothesis."""

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

T = TypeVar("T")


class Source(Protocol):
    """A supply of choices."""

    def below(self, count: int) -> int:
        """A whole number from 0 to `count` - 1; the smaller, the simpler."""
        ...


class Seeded:
    """Choices from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def below(self, count: int) -> int:
        return int(self._random.random() * count)


def pick(source: Source, items: Sequence[T]) -> T:
    """One of the items."""
    return items[source.below(len(items))]


def chance(source: Source, percent: int) -> bool:
    """True in so many of a hundred cases."""
    return source.below(100) >= 100 - percent
