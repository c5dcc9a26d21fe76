"""What the documents promise exists."""

import re
from pathlib import Path

import pytest

from tests.house.repository import ROOT, read, tracked

DOCUMENTS = [path for path in tracked() if path.endswith(".md")]
LINK = re.compile(r"!?\[[^\]]*\]\((?!https?:|mailto:)([^)\s]+)\)")
KINDS = ("added", "changed", "fixed", "removed")


def anchors(path: str) -> set[str]:
    """The anchors that the headings of a document make, as the usual hosts spell them."""
    headings = re.findall(r"^#+ +(.+?) *$", read(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def has_anchor(file: Path, anchor: str) -> bool:
    return not anchor or file.suffix != ".md" or anchor in anchors(str(file.resolve().relative_to(ROOT)))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_links_lead_somewhere(path: str) -> None:
    dead = []
    for link in LINK.findall(re.sub(r"```.*?```", "", read(path), flags=re.DOTALL)):
        target, _, anchor = link.partition("#")
        file = (ROOT / path).parent / target if target else ROOT / path
        outside = not file.resolve().is_relative_to(ROOT)
        if outside or not file.exists() or not has_anchor(file, anchor):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_make_command_in_a_document_exists(path: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", read(path))) - targets == set()


def test_help_tells_every_target_in_a_line() -> None:
    makefile = read("Makefile")
    named = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert named
    assert set(named[1].split()) == set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))


def test_the_readme_has_the_two_commands() -> None:
    assert {"make demo", "make test"} <= set(re.findall(r"make \w+", read("README.md")))


def test_the_licence_is_there_in_full() -> None:
    text = read("LICENSE")
    assert "Apache License\n" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("path", [path for path in tracked() if path.startswith("changes/")])
def test_a_change_fragment_is_a_sentence_to_the_user(path: str) -> None:
    name = path.removeprefix("changes/")
    if name == "README.md":
        return
    assert re.fullmatch(rf"[a-z0-9-]+\.({'|'.join(KINDS)})\.md", name)
    assert re.match(r"[A-Z`]", read(path))
    assert "\n\n" not in read(path).strip()
