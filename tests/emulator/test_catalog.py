"""The emulator's menus have the commands and arguments that RouterOS's own argument tree has."""

import pytest

from wanctl.testing.routeros.catalog import MENUS
from wanctl.testing.routeros.grammar import grammar, settable

# What the emulator does not do. A client that asks for it is told so.
WITHOUT_FIELD = {"/queue/type": {"codel-ce-threshold", "fq-codel-ce-threshold"}}
WITHOUT_COMMAND = {"blink", "check", "debug", "error", "info", "warning", "monitor"}


@pytest.mark.parametrize("path", MENUS)
def test_every_argument_is_a_field_and_every_field_that_is_set_an_argument(path: str) -> None:
    fields = {name for name, field in MENUS[path].by_name.items() if field.access == "set"}
    missing = set(settable(path)) - fields
    assert missing <= WITHOUT_FIELD.get(path, set())
    assert fields - set(settable(path)) == set()


@pytest.mark.parametrize("path", MENUS)
def test_the_commands_are_those_of_the_tree(path: str) -> None:
    commands = set(grammar().menus[path])
    assert MENUS[path].commands - commands - {"monitor-traffic"} == set()
    assert commands - MENUS[path].commands - WITHOUT_COMMAND == set()


def test_a_word_may_be_shortened_while_it_is_clear() -> None:
    assert grammar().complete("/ip", "addr") == ("address", True)
    assert grammar().complete("/interface", "eth") == ("ethernet", True)
    assert grammar().complete("/queue", "t") is None  # tree or type
    assert grammar().complete("/queue/tree", "print") == ("print", False)
    assert grammar().complete("/queue/tree", "reset-counters") == ("reset-counters", False)
    assert grammar().argument("/queue/tree", "set", "max") == "max-limit"
