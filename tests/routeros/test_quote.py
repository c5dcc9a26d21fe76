"""No text can be anything but text on the router's command line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wanctl.routeros import Refused
from wanctl.routeros.quote import ros_quote, safe_name
from wanctl.testing.routeros import State, home_router
from wanctl.testing.routeros.console import Console
from wanctl.testing.routeros.parser import Parser
from wanctl.testing.routeros.script import Command, Text

HOSTILE = st.text(alphabet=st.sampled_from('abc$[]{}();"\\#=\n\r\t \x00\x07\x7f~|&/:0AFé€😀'), max_size=40)
ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)


def message(source: str) -> str:
    """The text that `:put` is given, by the emulator's parser."""
    (command,) = Parser(source).parse().commands
    assert isinstance(command, Command)
    assert command.name == "put"
    (argument,) = command.arguments
    assert isinstance(argument.value, Text)
    assert all(isinstance(part, str) for part in argument.value.parts)
    return "".join(str(part) for part in argument.value.parts)


@settings(max_examples=400, deadline=None)
@given(HOSTILE | ANY)
def test_a_quoted_text_is_read_as_that_text(text: str) -> None:
    assert message(f":put {ros_quote(text)}") == text


@settings(max_examples=200, deadline=None)
@given(HOSTILE | ANY)
def test_a_quoted_text_ends_where_its_quote_ends(text: str) -> None:
    commands = Parser(f":put {ros_quote(text)}; :put after").parse().commands
    assert [command.name for command in commands] == ["put", "put"]


@settings(max_examples=100, deadline=None)
@given(HOSTILE)
def test_no_name_runs_a_command(name: str) -> None:
    state = State(home_router(), now_ns=lambda: 0, wall_ns=lambda: 0)
    before = state.dump()
    Console(state).run(
        f"/queue/tree/set [find where name={ros_quote(name + '$[/system/identity/set name=owned]')}] priority=1"
    )
    assert state.dump() == before


def test_unquoted_the_same_name_does_run() -> None:
    state = State(home_router(), now_ns=lambda: 0, wall_ns=lambda: 0)
    Console(state).run('/queue/tree/set [find where name="x$[/system/identity/set name=owned]"] priority=1')
    assert state.records("/system/identity")[0]["name"] == "owned"


@settings(max_examples=200, deadline=None)
@given(HOSTILE | ANY)
def test_a_name_is_refused_or_harmless(name: str) -> None:
    try:
        quoted = safe_name(name, "queue")
    except Refused:
        return
    assert "$" not in quoted
    assert message(f":put {quoted}") == name


@pytest.mark.parametrize(
    "name", ["", "a" * 129, "x$y", "x;y", 'x"y', "x\ny", "a\u202eb", "a\u0085b", "[x]", "{x}", "x\\y"]
)
def test_a_name_that_looks_like_syntax_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        safe_name(name, "queue")


def test_names_that_people_give_are_fine() -> None:
    for name in ("WAN-Download-Cable", "mw:steer:wan2", "10.0.0.0/8", "LTE backup (office), 2nd"):
        assert safe_name(name, "queue") == f'"{name}"'


def test_a_name_in_another_script_goes_out_as_its_bytes() -> None:
    assert safe_name("Zürich", "queue") == r'"Z\C3\BCrich"'
