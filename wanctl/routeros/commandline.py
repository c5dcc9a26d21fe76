"""Lines for RouterOS's command line, and what comes back from them.

An SSH command ends with status 0 whatever happened, and its error texts come on standard output. So a line proves what
it did: it says `wanctl KEY VALUE` for each thing that is wanted, and what comes without those words is a complaint. A
line counts first how many objects a name has; it goes on only if there is exactly one.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from wanctl.routeros.error import Denied, NotFound, Refused, RouterError
from wanctl.routeros.quote import ros_quote
from wanctl.routeros.record import Record
from wanctl.routeros.value import Json, json_value

MARK = "wanctl"
FOUND = "found"
_PERMISSION = re.compile(r"not (?:enough permissions|allowed) \(9\)")
_GRAMMAR = re.compile(r"(?:bad command name|bad parameter|syntax error|expected \w+)\b.*\(line \d+ column \d+\)")


class Said(NamedTuple):
    """What the router said: the values that were asked for, in order, and the complaints."""

    values: tuple[tuple[str, str], ...]
    complaints: tuple[str, ...]

    def value(self, key: str) -> str | None:
        """The last value of that key."""
        return next((text for name, text in reversed(self.values) if name == key), None)

    def all(self, key: str) -> list[str]:
        """Each value of that key."""
        return [text for name, text in self.values if name == key]


def put(key: str, expression: str) -> str:
    """A command that says a value."""
    return f':put ("{MARK} {key} " . {expression})'


def find(menu: str, conditions: Mapping[str, str], flag: str = "") -> str:
    """An expression: the objects of a menu whose properties have the given values, and of which `flag` is true."""
    where = " and ".join([*(f"{name}={ros_quote(text)}" for name, text in conditions.items()), *flag.split()])
    return f"[{menu}/find where {where}]"


def count(objects: str) -> str:
    """A command that says how many objects an expression finds."""
    return put(FOUND, f"[:len {objects}]")


def if_one(objects: str, commands: Iterable[str]) -> str:
    """Commands that run only if an expression finds exactly one object; how many it finds is said before."""
    return f"{count(objects)}; :if ([:len {objects}] = 1) do={{{'; '.join(commands)}}}"


def get(menu: str, objects: str, fields: Iterable[str]) -> list[str]:
    """Commands that say properties of the one object that an expression finds."""
    # Not `get ... .id`: the argument tree has no such value.
    return [
        put(field, f"[:tostr {objects}]" if field == ".id" else f"[{menu}/get {objects} {field}]") for field in fields
    ]


def assignments(values: Mapping[str, str]) -> str:
    """What `add` and `set` take: properties with their values; one that is empty is a flag, an id stays bare."""
    parts = []
    for name, text in values.items():
        bare = name == "place-before"
        parts.append(f"{name}={text if bare else ros_quote(text)}" if text else name)
    return " ".join(parts)


def all_of(conditions: Mapping[str, str]) -> str:
    """What `where` takes: properties that all have the given values."""
    return " and ".join(f"{name}={ros_quote(text)}" for name, text in conditions.items())


def as_json(menu: str, where: str) -> str:
    """A command that says all objects of a menu with all their properties. RouterOS 7.16 or newer."""
    chosen = f" where {where}" if where else ""
    return f":put [:serialize to=json [{menu}/print as-value{chosen}]]"


def said(output: str) -> Said:
    """Take apart what came back."""
    values, complaints = [], []
    for line in output.replace("\r\n", "\n").split("\n"):
        mark, _, rest = line.partition(" ")
        key, _, text = rest.partition(" ")
        if mark == MARK and key:
            values.append((key, text.strip()))
        elif line.strip():
            complaints.append(line.strip())
    return Said(tuple(values), tuple(complaints))


def records(output: str) -> list[Record]:
    """The objects that `as_json` asked for. Raises `RouterError`."""
    for line in output.replace("\r\n", "\n").split("\n"):
        if line.startswith(("[", "{")):
            try:
                parsed = json_value(line.encode())
            except ValueError:
                break
            listed = parsed if isinstance(parsed, list) else [parsed]
            return [_record(one) for one in listed]
    raise complaint(said(output), "a list")


def complaint(answer: Said, asked: str) -> RouterError:
    """The error that a line's complaints stand for; `asked` is what was wanted, for people."""
    text = " / ".join(answer.complaints)
    if _PERMISSION.search(text):
        return Denied(
            f"the router does not let this user do it ({asked}): {text}",
            "its group needs the policies read, write and ssh",
        )
    if "no such item" in text:
        return NotFound(f"the router no longer has it ({asked})", "it went away in between; ask again")
    if _GRAMMAR.search(text):
        return Refused(
            f"the router's command line does not know this ({asked}): {text}",
            text,
            "is it RouterOS 7.16 or newer?",
        )
    if text:
        return Refused(f"the router refuses it ({asked}): {text}", text)
    return Refused(f"the router did not say what became of it ({asked})", "", "read back before relying on it")


def _record(one: Json) -> Record:
    if not isinstance(one, dict):
        raise Refused("the router's answer makes no sense: a list holds something that is no object", str(one))
    return {name: _text(value) for name, value in one.items() if value is not None}


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_text(one) for one in value)
    return str(value)
