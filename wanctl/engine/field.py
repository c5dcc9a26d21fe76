"""Reading the fields of a map, whatever the map is of."""

from collections.abc import Collection

from wanctl.engine.diagnostic import Findings, did_you_mean
from wanctl.engine.document import Map, Text


def known_keys(node: Map, known: Collection[str], findings: Findings) -> None:
    """Report every key that is none of the known ones."""
    for key in node:
        if key not in known:
            findings.error("WC202", f"unknown key '{key}'", node.keys[key], did_you_mean(key, known))


def plain_text(node: Map, key: str, findings: Findings) -> str:
    """The text of a field; "" when it is absent, or, reported, when it is no text."""
    value = node.get(key)
    if value is None:
        return ""
    if not isinstance(value, Text):
        findings.error("WC201", f"'{key}' must be a text", value.place)
        return ""
    return value.value
