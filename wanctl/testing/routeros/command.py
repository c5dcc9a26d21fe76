"""The commands of a menu, as REST's `POST /rest/MENU/COMMAND` and the command line run them.

An answer is None (nothing to say), a text (`{"ret": ...}`), or records.
"""

from collections.abc import Callable, Mapping

from wanctl.testing.routeros.grammar import grammar
from wanctl.testing.routeros.menu import Menu
from wanctl.testing.routeros.query import select
from wanctl.testing.routeros.state import State
from wanctl.testing.routeros.trap import NoSuchItem, Trap, UnknownParameter

_OF_EVERY_COMMAND = frozenset((".id", ".proplist", ".query", "numbers", "number"))
Arguments = Mapping[str, str | list[str]]
Reply = None | str | list[dict[str, str]] | dict[str, str]


def run(state: State, menu: Menu, command: str, arguments: Arguments) -> Reply:
    """Run a command. Raises `Trap`; `NoSuchItem` if it names an object that does not exist."""
    if command not in menu.commands:
        raise Trap("no such command")
    # `set` and `add` are told by the fields of the menu, each with what it takes.
    known = _OF_EVERY_COMMAND.union(grammar().menus[menu.path].get(command, ()))
    for name in arguments if command not in ("add", "set") else ():
        if name not in known:
            raise UnknownParameter(name)
    texts = {name: value if isinstance(value, str) else ",".join(value) for name, value in arguments.items()}
    if command == "print":
        shown = print_(state, menu, arguments)
        return str(len(shown)) if "count-only" in arguments and isinstance(shown, list) else shown
    return _COMMANDS[command](state, menu, texts)


def print_(state: State, menu: Menu, arguments: Arguments) -> list[dict[str, str]] | dict[str, str]:
    """The records of a menu, those of them that `.query` selects, and of these exactly the keys of `.proplist`."""
    words = arguments.get(".query", [])
    records = select(state.records(menu.path), [words] if isinstance(words, str) else words)
    listed = arguments.get(".proplist", "")
    wanted = listed.split(",") if isinstance(listed, str) else listed
    shown = [{name: record[name] for name in record if not any(wanted) or name in wanted} for record in records]
    return shown[0] if menu.singleton and shown else shown


def find_items(state: State, menu: Menu, texts: Mapping[str, str]) -> list[str]:
    """The ids of the objects that `.id` or `numbers` name. Raises `Trap`, `NoSuchItem`."""
    named = texts.get(".id") or texts.get("numbers") or texts.get("number")
    if not named:
        raise Trap("missing =.id=")
    return [item_id(state, menu, one) for one in named.split(",")]


def item_id(state: State, menu: Menu, word: str) -> str:
    """The id of the object with that id or, where the menu has names, that name. Raises `NoSuchItem`."""
    if word.startswith("*"):
        state.record(menu.path, word)
        return word
    found = state.id_of(menu.path, word) if menu.is_named else None
    if found is None:
        raise NoSuchItem
    return found


def _values(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if name not in (".id", "numbers")}


def _add(state: State, menu: Menu, texts: Mapping[str, str]) -> Reply:
    return state.add(menu.path, texts)


def _set(state: State, menu: Menu, texts: Mapping[str, str]) -> Reply:
    for id_ in ["*0"] if menu.singleton else find_items(state, menu, texts):
        state.set(menu.path, id_, _values(texts))
    return None


def _remove(state: State, menu: Menu, texts: Mapping[str, str]) -> Reply:
    for id_ in find_items(state, menu, texts):
        state.remove(menu.path, id_)
    return None


def _enable(state: State, menu: Menu, texts: Mapping[str, str]) -> Reply:
    for id_ in find_items(state, menu, texts):
        state.set(menu.path, id_, {"disabled": "no"}, "enable")
    return None


def _disable(state: State, menu: Menu, texts: Mapping[str, str]) -> Reply:
    for id_ in find_items(state, menu, texts):
        state.set(menu.path, id_, {"disabled": "yes"}, "disable")
    return None


def _comment(state: State, menu: Menu, texts: Mapping[str, str]) -> Reply:
    for id_ in find_items(state, menu, texts):
        state.set(menu.path, id_, {"comment": texts.get("comment", "")}, "comment")
    return None


def _unset(state: State, menu: Menu, texts: Mapping[str, str]) -> Reply:
    for id_ in find_items(state, menu, texts):
        state.unset(menu.path, id_, texts.get("value-name", ""))
    return None


def _move(state: State, menu: Menu, texts: Mapping[str, str]) -> Reply:
    for id_ in find_items(state, menu, texts):
        state.move(menu.path, id_, texts.get("destination", ""))
    return None


def _reset_counters(state: State, menu: Menu, texts: Mapping[str, str]) -> Reply:
    state.reset_counters(menu.path, find_items(state, menu, texts))
    return None


def _reset_all_counters(state: State, menu: Menu, _: Mapping[str, str]) -> Reply:
    state.reset_counters(menu.path, [record[".id"] for record in state.records(menu.path)])
    return None


def _get(state: State, menu: Menu, texts: Mapping[str, str]) -> Reply:
    id_ = "*0" if menu.singleton else find_items(state, menu, texts)[0]
    record = state.record(menu.path, id_)
    name = texts.get("value-name")
    if name is None:
        return record
    if name not in menu.by_name:
        raise UnknownParameter(name)
    return record.get(name, "")


def _find(state: State, menu: Menu, _: Mapping[str, str]) -> Reply:
    return ";".join(record[".id"] for record in state.records(menu.path))


_COMMANDS: Mapping[str, Callable[[State, Menu, Mapping[str, str]], Reply]] = {
    "add": _add,
    "set": _set,
    "remove": _remove,
    "enable": _enable,
    "disable": _disable,
    "comment": _comment,
    "unset": _unset,
    "move": _move,
    "reset-counters": _reset_counters,
    "reset-counters-all": _reset_all_counters,
    "get": _get,
    "find": _find,
}
