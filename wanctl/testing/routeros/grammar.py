"""Which menus, commands and arguments RouterOS has: a table derived from its own argument tree.

`grammar.json` says where each part of it comes from; `tests/emulator/derive_grammar.py` makes it.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

Commands = Mapping[str, tuple[str, ...]]


class Grammar(NamedTuple):
    """`menus` maps a path to commands and their arguments, `folders` a path (the root is empty) to what is below it."""

    menus: Mapping[str, Commands]
    folders: Mapping[str, frozenset[str]]

    def complete(self, menu: str, word: str) -> tuple[str, bool] | None:
        """The folder (True) or command (False) of `menu` that `word` is, or is an unambiguous beginning of."""
        folders, commands = self.folders.get(menu, frozenset()), self.menus.get(menu, {})
        found = _completed(word, [*folders, *commands])
        return None if found is None else (found, found in folders)

    def argument(self, menu: str, command: str, word: str) -> str | None:
        """The argument of a command that `word` is, or is an unambiguous beginning of."""
        return _completed(word, self.menus[menu][command])


@cache
def grammar() -> Grammar:
    """The grammar of RouterOS 7.24, as far as the emulator has it."""
    table = json.loads(files(__package__).joinpath("grammar.json").read_text())
    menus = {
        path: {command: tuple(words.split()) for command, words in commands.items()}
        for path, commands in table["menus"].items()
    }
    folders = {path: set(words.split()) for path, words in table["folders"].items()}
    for path in menus:
        words = path.strip("/").split("/")
        for depth, word in enumerate(words):
            folders.setdefault("".join(f"/{above}" for above in words[:depth]), set()).add(word)
    return Grammar(menus, {path: frozenset(names) for path, names in folders.items()})


def settable(path: str) -> list[str]:
    """The fields of a menu that `add` or `set` take, in alphabetical order."""
    commands = grammar().menus[path]
    words = {word for command in ("add", "set") for word in commands.get(command, ())}
    return sorted(words - {"numbers", "copy-from", "place-before"})


def _completed(word: str, known: Iterable[str]) -> str | None:
    names = set(known)
    if word in names:
        return word
    beginning = [name for name in names if name.startswith(word)]
    return beginning[0] if len(beginning) == 1 and word else None
