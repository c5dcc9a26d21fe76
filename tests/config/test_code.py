"""The codes: each is explained, each is used, and its example is an example of it."""

import re
from pathlib import Path

import pytest

import wanctl
from tests.config.sites import SITE, with_files
from wanctl.config import load_site
from wanctl.config.code import CODES
from wanctl.engine import FileError, Findings
from wanctl.engine.document import Map, Text, parse

PACKAGE = Path(wanctl.__file__).parent
EXAMPLES = [(code, "bad") for code in CODES if CODES[code].bad] + [(code, "good") for code in CODES if CODES[code].good]


def tree(text: str) -> Map:
    root = parse(text, "example", Findings())
    assert isinstance(root, Map)
    return root


def put_in(base: Map, lines: Map) -> dict[str, object]:
    """A site with the lines of an example in it: a map with maps in it is merged, any other replaces its like."""
    both: dict[str, object] = {key: base[key] for key in base}
    for key in lines:
        new, old = lines[key], base.get(key)
        inner = isinstance(new, Map) and any(isinstance(new[name], Map) for name in new)
        both[key] = put_in(old, new) if inner and isinstance(old, Map) and isinstance(new, Map) else new
    return both


def written(value: object) -> str:
    match value:
        case Text(text):
            return "'" + text.replace("'", "''") + "'"
        case Map() | dict():
            return "{" + ", ".join(f"{key}: {written(value[key])}" for key in value) + "}"
        case _:
            return "[" + ", ".join(written(item) for item in value) + "]"  # type: ignore[attr-defined]


def found(example: str, folder: Path) -> set[str]:
    site = put_in(tree(SITE), tree(example))
    if "linux" in tree(example):
        site["linux"] = Map({}, {}, tree(SITE).place)
    path = with_files(folder, "\n".join(f"{key}: {written(site[key])}" for key in site))
    (folder / "pw").write_text("secret\n")
    try:
        return {item.code for item in load_site(path).warnings}
    except FileError as error:
        return {item.code for item in error.findings}


@pytest.mark.parametrize(("code", "which"), EXAMPLES)
def test_an_example_shows_its_code(code: str, which: str, tmp_path: Path) -> None:
    example = CODES[code].bad if which == "bad" else CODES[code].good
    assert (code in found(example, tmp_path)) == (which == "bad")


def test_every_code_that_is_used_is_explained_and_the_other_way_round() -> None:
    used = {
        code
        for path in PACKAGE.rglob("*.py")
        if path.name != "code.py" and path.parent.name != "engine"
        for code in re.findall(r'"(WC1\d\d)"', path.read_text())
    }
    assert used == set(CODES)


def test_an_explanation_is_more_than_its_title() -> None:
    assert [code for code, entry in CODES.items() if len(entry.explanation) <= len(entry.title)] == []
