"""Reading what a machine promises: `never`, `eventually`, `forbid`."""

from dataclasses import dataclass, field

from wanctl.engine.actions import Reader
from wanctl.engine.diagnostic import Findings, Place
from wanctl.engine.document import List, Map, Text
from wanctl.engine.expression import Expr
from wanctl.engine.field import known_keys, plain_text
from wanctl.engine.model import Eventually, Never

_KEYS = {"never": ("name", "when"), "eventually": ("name", "from", "to"), "forbid": ("state", "actions")}


@dataclass(slots=True)
class Properties:
    """The properties of a machine, those of its templates included; states of `forbid` have no index yet."""

    never: list[Never] = field(default_factory=list)
    eventually: list[Eventually] = field(default_factory=list)
    forbid: list[tuple[str, Place, int, tuple[str, ...]]] = field(default_factory=list)

    def read(self, root: Map, reader: Reader, findings: Findings, state: int) -> None:
        """Read the sections of a machine or a template, whose names are looked up from `state`."""
        for node in _items(root, "never", findings):
            when = _condition(node, "when", reader, findings)
            if when is not None:
                written = plain_text(node, "when", findings)
                self.never.append(Never(plain_text(node, "name", findings), when, written, node.place))
        for node in _items(root, "eventually", findings):
            any_start = plain_text(node, "from", findings) in ("", "any")
            start = None if any_start else _condition(node, "from", reader, findings)
            to = _condition(node, "to", reader, findings)
            if to is not None:
                name, written = plain_text(node, "name", findings), plain_text(node, "to", findings)
                self.eventually.append(Eventually(name, start, to, written, node.place))
        for node in _items(root, "forbid", findings):
            patterns = node.get("actions")
            if "state" not in node or not isinstance(patterns, List):
                findings.error("WC270", "'forbid' needs 'state' and a list 'actions'", node.place)
                continue
            names = tuple(item.value for item in patterns if isinstance(item, Text))
            self.forbid.append((plain_text(node, "state", findings), node["state"].place, state, names))


def _items(root: Map, section: str, findings: Findings) -> list[Map]:
    node = root.get(section)
    if node is None or (isinstance(node, Text) and node.value == ""):
        return []
    if not isinstance(node, List):
        findings.error("WC270", f"'{section}' must be a list", node.place)
        return []
    found = []
    for item in node:
        if isinstance(item, Map):
            known_keys(item, _KEYS[section], findings)
            found.append(item)
        else:
            findings.error("WC270", f"an item of '{section}' must be a map", item.place)
    return found


def _condition(node: Map, key: str, reader: Reader, findings: Findings) -> Expr | None:
    if key not in node:
        findings.error("WC270", f"'{key}' is missing", node.place)
        return None
    return reader.condition(node[key], f"'{key}'")
