"""A menu of RouterOS as a table: its fields, each with a kind, and its commands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from wanctl.testing.routeros.kind import TEXT, Boolean, Kept, Kind

Access = Literal["set", "add", "read"]  # by set and add; by add alone; by nobody


@dataclass(frozen=True, slots=True)
class Field:
    """A field. Without a default it is absent until it is written."""

    name: str
    kind: Kind = TEXT
    default: str | None = None
    access: Access = "set"
    counter: bool = False  # `reset-counters` makes it 0
    absent_if_empty: bool = False
    only: str = ""  # shown only for objects of this `kind` (queue types)
    hidden: bool = False  # never shown: a password


def counters(*names: str, pair: bool = False) -> tuple[Field, ...]:
    """Read-only fields that count."""
    return tuple(Field(name, default="0/0" if pair else "0", access="read", counter=True) for name in names)


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu. The order of its objects is the order in which they were made, unless somebody moved them."""

    path: str
    fields: tuple[Field, ...]
    commands: frozenset[str]
    singleton: bool = False
    first_id: int = 1
    required: tuple[str, ...] = ("name",)  # by `add`, if the menu has such fields
    by_name: Mapping[str, Field] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.fields})

    def wants(self, kept: Mapping[str, Kept]) -> list[str]:
        """The fields that `add` needs and that are not among those given."""
        return [name for name in self.required if name in self.by_name and name not in kept]

    @property
    def is_named(self) -> bool:
        """Whether an object may be addressed by its name."""
        return not self.singleton and "name" in self.by_name

    def applies(self, one: Field, item: Mapping[str, Kept]) -> bool:
        """Whether a field belongs to an object at all."""
        return not one.only or item.get("kind") == one.only


COMMENT = Field("comment", absent_if_empty=True)
DISABLED = Field("disabled", Boolean(), "false")
INVALID = Field("invalid", Boolean(), "false", access="read")
DYNAMIC = Field("dynamic", Boolean(), "false", access="read")


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set of commands."""
    return frozenset(text.split())
