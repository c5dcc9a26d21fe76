"""The engine's codes: each is explained, each is used, and its examples are examples of it."""

import re
from pathlib import Path

import pytest

from wanctl import engine
from wanctl.control.action import ACTIONS
from wanctl.engine import FileError, Findings, check, compile_model
from wanctl.engine.code import CODES
from wanctl.engine.example import TEMPLATE, example

ROOM = Path(engine.__file__).parent
WITHOUT = {"WC009", "WC263", "WC280", "WC283"}  # too large to be shown; values that come from whoever runs it


def found(text: str) -> set[str]:
    findings = Findings()
    templates = {"part": (TEMPLATE, "part.yaml")}
    model = check(text, "example.yaml", findings, actions=ACTIONS, read_template=templates.get)
    if model is not None:
        try:
            compile_model(model).start(0)
        except FileError as error:
            return {item.code for item in error.findings}
    return {item.code for item in findings}


@pytest.mark.parametrize("code", [code for code in CODES if code not in WITHOUT])
def test_a_bad_example_has_its_code_alone_and_a_good_one_none(code: str) -> None:
    assert found(example(code, CODES[code].bad)) == {code}
    assert found(example(code, CODES[code].good)) == set()


def test_every_code_that_is_used_is_explained_and_the_other_way_round() -> None:
    used = {
        code
        for path in ROOM.rglob("*.py")
        if path.name != "code.py"
        for code in re.findall(r'"(WC[0234]\d\d)"', path.read_text())
    }
    assert used == set(CODES)


def test_every_code_that_lines_can_raise_has_examples() -> None:
    assert {code for code, entry in CODES.items() if not (entry.bad and entry.good)} == WITHOUT


def test_an_explanation_is_more_than_its_title() -> None:
    assert [code for code, entry in CODES.items() if len(entry.explanation) <= len(entry.title)] == []
