"""RouterOS's command language as a tree, and the parser that makes it.

As far as clients need it: commands with paths and arguments, `[...]`, `{...}`, `(...)`, strings with what they expand,
variables, and the conditions of `where`. Where the device was not seen, the text of an error is a guess; the texts and
columns of `bad command name`, `bad parameter` and `expected ...` are those of CHR 7.23.3.
"""

from dataclasses import dataclass, field
from typing import NamedTuple


class Place(NamedTuple):
    """Line and column, from 1; the column counts bytes."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"(line {self.line} column {self.column})"


class SyntaxFault(Exception):  # noqa: N818
    """The text is no program: nothing of it is run."""

    def __init__(self, text: str, place: Place) -> None:
        super().__init__(f"{text} {place}")


@dataclass(frozen=True, slots=True)
class Word:
    """A literal without quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string: what it says, and what is put in between."""

    parts: tuple["str | Value", ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Substitution:
    """`[...]`: what its commands return."""

    body: "Block"


@dataclass(frozen=True, slots=True)
class Block:
    """Commands, one after another."""

    commands: tuple["Command", ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with one or two operands."""

    operator: str
    operands: tuple["Value", ...]


Value = Word | Text | Variable | Substitution | Block | Operation


@dataclass(frozen=True, slots=True)
class Argument:
    """`name=value`, a bare word (`value` is None), or a value without a name (`name` is empty)."""

    name: str
    value: Value | None
    place: Place  # behind the name, where RouterOS points to


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `fault` is why it cannot be run; it is known, and told, when it is reached."""

    menu: str  # "/queue/tree", or ":" for those of the language
    name: str  # empty: the line does nothing but go to the menu
    arguments: tuple[Argument, ...] = ()
    where: Value | None = None
    fault: str = ""
    rest: tuple[str, ...] = field(default=())  # the words from the unknown one on
