"""The repository as its own tests see it: the files that git tracks, and the Python among them, parsed."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Source(NamedTuple):
    """One tracked Python file; `path` counts from the root, as in "wanctl/engine/guard.py"."""

    path: str
    text: str
    tree: ast.Module


@cache
def tracked() -> tuple[str, ...]:
    """The tracked files that exist, as paths from the root."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(name for name in listing.split("\0") if name and (ROOT / name).is_file()))


@cache
def read(path: str) -> str:
    """The text of a tracked file; bytes that are no UTF-8 are replaced."""
    return (ROOT / path).read_text("utf-8", errors="replace")


@cache
def _parsed(path: str) -> Source:
    return Source(path, read(path), ast.parse(read(path), path))


def sources(*folders: str) -> Iterator[Source]:
    """The tracked Python files below the folders, or all of them."""
    for path in tracked():
        if path.endswith(".py") and (not folders or path.startswith(folders)):
            yield _parsed(path)


def allowed(path: str, doors: tuple[str, ...]) -> bool:
    """Whether the path is one of the doors, or lies below one that ends in "/"."""
    return any(path == door or (door.endswith("/") and path.startswith(door)) for door in doors)
