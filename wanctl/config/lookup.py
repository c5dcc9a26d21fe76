"""Looking things up in the node tree of a site file, whatever is still wrong in it."""

from collections.abc import Iterator

from wanctl.config import value
from wanctl.config.model import DEFAULT_LAW
from wanctl.config.value import BadValueError
from wanctl.engine.document import List, Map, Node, Text
from wanctl.engine.unit import format_quantity

DIRECTIONS = ("download", "upload")


def text_of(node: Node | None) -> str:
    """A scalar's text; "" for anything else."""
    return node.value if isinstance(node, Text) else ""


def texts_of(node: Node | None) -> list[Text]:
    """The scalars of a list."""
    return [item for item in node if isinstance(item, Text)] if isinstance(node, List) else []


def maps(node: Node | None) -> Iterator[tuple[str, Map]]:
    """The values of a map that are maps themselves."""
    if isinstance(node, Map):
        yield from ((name, inner) for name in node if isinstance(inner := node[name], Map))


def rate_of(node: Node | None) -> int | None:
    """A rate, or None where there is none that can be read: its own fault is told elsewhere."""
    try:
        return value.rate(text_of(node))
    except BadValueError:
        return None


def shown(rate_bps: float) -> str:
    """A rate as people write it."""
    return format_quantity(rate_bps, "rate")


def law_of(root: Map, wan: str) -> str:
    """The law that a site's text gives one of its WANs."""
    wans = root.get("wans")
    node = wans.get(wan) if isinstance(wans, Map) else None
    own = text_of(node.get("law")) if isinstance(node, Map) else ""
    return own or text_of(root.get("law")) or DEFAULT_LAW
