"""Graphviz, through pygraphviz: the one door to it."""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any


class GraphvizError(Exception):
    """Graphviz is not there, or cannot do what it was asked."""


def lay_out(source: str) -> dict[str, Any]:
    """Where everything of a graph lies, as Graphviz's JSON; y upwards, in points."""
    found: dict[str, Any] = json.loads(_run(source, "json0", "dot"))
    return found


def rasterise(source: str, background: str) -> bytes:
    """A PNG of a graph whose positions are given, over a background in the xdot language."""
    return _run(source, "png", "nop2", background)


def _run(source: str, form: str, program: str, background: str = "") -> bytes:
    try:
        import pygraphviz
    except ImportError as error:
        raise GraphvizError(f"pygraphviz is not installed ({error})") from error
    with _overheard() as said:
        try:
            graph = pygraphviz.AGraph(string=source)
            if background:  # not in the source: the scanner of DOT has a limit for texts
                graph.graph_attr["_background"] = background
            data: bytes = graph.draw(format=form, prog=program)
        except (ValueError, OSError) as error:
            raise GraphvizError(f"Graphviz: {error}") from error
    if not data:
        raise GraphvizError(f"Graphviz made nothing: {' '.join(said)}")
    return data


@contextlib.contextmanager
def _overheard() -> Iterator[list[str]]:
    """What C libraries print on stderr meanwhile, instead of printing it: warnings about fonts of no interest."""
    said: list[str] = []
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            said += file.read().decode("utf-8", "replace").split("\n")
