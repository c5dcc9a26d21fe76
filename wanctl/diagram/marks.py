"""What is known about the parts of a machine beside what its file says: how often, how long, whether proved.

A picture is drawn with marks or without. Whatever they tell, they say it in two ways: a `look`, which the theme knows,
and words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wanctl.engine.model import Row, State


@dataclass(frozen=True, slots=True)
class Mark:
    """Of one part: how it looks ("" as ever), and what is written beside it."""

    look: str = ""
    notes: tuple[str, ...] = ()


PLAIN = Mark()


class Marks(Protocol):
    """Knows something about rows and states."""

    @property
    def title(self) -> tuple[str, ...]:
        """Lines for the head of the picture."""
        ...

    @property
    def legend(self) -> tuple[tuple[str, str], ...]:
        """Looks with what they mean."""
        ...

    def of_rows(self, rows: Sequence[Row]) -> Mark:
        """Of rows that share a label."""
        ...

    def of_state(self, state: State) -> Mark:
        """Of a state."""
        ...

    def row_fields(self, row: Row) -> dict[str, Any]:
        """What a row's JSON says of it."""
        ...

    def state_fields(self, state: State) -> dict[str, Any]:
        """What a state's JSON says of it."""
        ...

    def fields(self) -> dict[str, Any]:
        """What the JSON of the machine says of it."""
        ...


class Unmarked:
    """Nothing is known beside the file."""

    title: tuple[str, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()

    def of_rows(self, rows: Sequence[Row]) -> Mark:  # noqa: ARG002
        """Nothing."""
        return PLAIN

    def of_state(self, state: State) -> Mark:  # noqa: ARG002
        """Nothing."""
        return PLAIN

    def row_fields(self, row: Row) -> dict[str, Any]:  # noqa: ARG002
        """Nothing."""
        return {}

    def state_fields(self, state: State) -> dict[str, Any]:  # noqa: ARG002
        """Nothing."""
        return {}

    def fields(self) -> dict[str, Any]:
        """Nothing."""
        return {}


UNMARKED = Unmarked()
