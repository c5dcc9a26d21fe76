"""What the form of a site file knows and this version does not do yet.

`check` names such keys, `run` refuses them: a key that is silently without effect is a lie.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from wanctl.engine.diagnostic import Findings, Place
from wanctl.engine.document import List, Map, Node


@dataclass(frozen=True, slots=True)
class Unserved:
    """A key."""

    path: tuple[str, ...]  # "*" stands for any key or position
    what: str


NOT_YET_SERVED = (Unserved(("wans", "*", "metered"), "counting metered traffic"),)


def unserved(root: Map) -> Iterator[tuple[Unserved, Place]]:
    """The keys of a site that this version does not serve, and where they stand."""
    for entry in NOT_YET_SERVED:
        for place in _places(root, entry.path, root.place):
            yield entry, place


def note_unserved(root: Map, findings: Findings, *, refuse: bool) -> None:
    """Add each of them to `findings`: as an error where a running site must not have it, else as a warning."""
    for entry, place in unserved(root):
        message = f"{entry.what} is not served by this version yet"
        if refuse:
            findings.error("WC154", message, place, "leave it out for now")
        else:
            findings.warning("WC154", message, place, "'wanctl run' refuses this site until it is")


def _places(node: Node, path: tuple[str, ...], place: Place) -> Iterator[Place]:
    if not path:
        yield place
    elif isinstance(node, Map):
        for key in node:
            if path[0] in ("*", key):
                yield from _places(node[key], path[1:], node.keys[key])
    elif isinstance(node, List) and path[0] == "*":
        for item in node:
            yield from _places(item, path[1:], item.place)
