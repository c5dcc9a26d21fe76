"""What the form of a site file knows and this version does not do yet.

`check` names such keys, `run` refuses them: a key that is silently without effect is a lie.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wanctl.engine.diagnostic import Findings, Place
from wanctl.engine.document import List, Map, Node, Text


@dataclass(frozen=True, slots=True)
class Unserved:
    """A key, or some values of a key."""

    path: tuple[str, ...]  # "*" stands for any key or position
    what: str
    values: str = ""  # a pattern for the value, a list's items joined by commas; "" for any value
    refused: bool = True  # by `run`; else it runs without


NOT_YET_SERVED = (
    Unserved(("linux",), "shaping by this host's own CAKE"),
    Unserved(("classes",), "steering"),
    Unserved(("router", "transport"), "ssh without rest", r"ssh"),
    Unserved(("router", "transport"), "ssh beside rest", r".*,ssh|ssh,.*", refused=False),
    Unserved(("wans", "*", "metered"), "counting metered traffic"),
    Unserved(("wans", "*", "download", "simple_queue"), "a simple queue"),
    Unserved(("wans", "*", "upload", "simple_queue"), "a simple queue"),
)


def unserved(root: Map) -> Iterator[tuple[Unserved, Place]]:
    """The keys of a site that this version does not serve, and where they stand."""
    for entry in NOT_YET_SERVED:
        for node, place in _matches(root, entry.path, root.place):
            if not entry.values or re.fullmatch(entry.values, _joined(node)):
                yield entry, place


def note_unserved(root: Map, findings: Findings, *, refuse: bool) -> None:
    """Add each of them to `findings`: as an error where a running site must not have it, else as a warning."""
    for entry, place in unserved(root):
        if not refuse:
            hint = "'wanctl run' refuses this site until it is" if entry.refused else "'wanctl run' does without it"
            findings.warning("WC154", f"{entry.what} is not served by this version yet", place, hint)
        elif entry.refused:
            hint = "leave it out for now"
            findings.error("WC154", f"{entry.what} is not served by this version yet", place, hint)


def _matches(node: Node, path: tuple[str, ...], place: Place) -> Iterator[tuple[Node, Place]]:
    if not path:
        yield node, place
    elif isinstance(node, Map):
        for key in node:
            if path[0] in ("*", key):
                yield from _matches(node[key], path[1:], node.keys[key])
    elif isinstance(node, List) and path[0] == "*":
        for item in node:
            yield from _matches(item, path[1:], item.place)


def _joined(node: Node) -> str:
    if isinstance(node, List):
        return ",".join(_joined(item) for item in node)
    return node.value if isinstance(node, Text) else ""
