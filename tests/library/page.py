"""A page of the documentation whose examples are run: its files written, its sessions replayed in one namespace."""

import doctest
import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([\w./-]+\.\w+)\n")


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a language, in order."""
    return [text for found, text in BLOCK.findall((DOCS / page).read_text("utf-8")) if found == language]


def write_files(page: str, folder: Path) -> list[str]:
    """Write each YAML block that begins with the name of a file; their names."""
    names = []
    for text in blocks(page, "yaml"):
        named = FILE.match(text)
        if named:
            (folder / named[1]).write_text(text)
            names.append(named[1])
    return names


def replay(page: str) -> tuple[int, str]:
    """Run every Python block of a page as one session: how many examples there are, and what differs."""
    session = "\n".join(blocks(page, "python"))
    test = doctest.DocTestParser().get_doctest(session, {}, page, page, 0)
    told: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=told.append)
    return len(test.examples), "".join(told)
