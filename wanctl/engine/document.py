"""YAML as text, maps and lists, each with its place.

PyYAML's composer gives the node tree; no resolver runs, so `on`, `no`, `12:30` and `1` stay the texts they are and
get a type from the schema that reads them. Duplicate keys, alias bombs, deep nesting, tags and merge keys are refused
here, so that nothing behind this module has to think of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from wanctl.engine.diagnostic import Findings, Place

# Limits of a file. A site with 64 WANs has some 2,000 nodes; the largest shipped machine has 900.
MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar, as it stands in the file."""

    value: str
    place: Place
    plain: bool = True  # not quoted: `when: a > 1` and `when: 'a > 1'` have their columns one apart

    @property
    def content(self) -> Place:
        """Where the first character of the value stands."""
        shift = 0 if self.plain else 1
        return Place(self.place.file, self.place.line, self.place.column + shift)


@dataclass(frozen=True, slots=True)
class List:
    """A sequence."""

    items: tuple["Node", ...]
    place: Place

    def __iter__(self) -> Iterator["Node"]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping in file order; `keys` holds where each key stands."""

    items: dict[str, "Node"]
    keys: dict[str, Place]
    place: Place

    def __contains__(self, key: str) -> bool:
        return key in self.items

    def __getitem__(self, key: str) -> "Node":
        return self.items[key]

    def get(self, key: str) -> "Node | None":
        """The value of a key, or None."""
        return self.items.get(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


Node = Text | List | Map


def parse(text: str, file: str, findings: Findings) -> Node | None:
    """The node tree of a YAML text; None, with the reasons in `findings`, when there is none."""
    findings.sources[file] = text
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        findings.error("WC009", f"the file is larger than {MAX_BYTES} bytes", Place(file))
        return None
    try:
        loader = _LOADER(text)
    except yaml.YAMLError as error:
        _syntax(error, file, findings)
        return None
    try:
        root = loader.get_single_node()
    except yaml.YAMLError as error:
        _syntax(error, file, findings)
        return None
    except RecursionError:
        findings.error("WC007", "the file is nested too deeply", Place(file), f"at most {MAX_DEPTH} levels")
        return None
    finally:
        loader.dispose()
    if root is None:
        findings.error("WC001", "the file is empty", Place(file))
        return None
    return _Builder(file, findings).build(root)


_LOADER: type = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def _syntax(error: yaml.YAMLError, file: str, findings: Findings) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
    several = "expected a single document" in str(error)
    if several:
        problem = "more than one YAML document in the file"
    elif "found undefined alias" in str(error):
        problem = str(problem)
    findings.error("WC002", f"not valid YAML: {problem}", place, _syntax_hint(str(problem)))


def _syntax_hint(problem: str) -> str:
    if "tab" in problem.lower() or "\\t" in problem:
        return "indent with blanks, not with tabs"
    if "mapping values are not allowed" in problem:
        return "put a text that holds ': ' in quotes"
    if "flow" in problem or "expected ',' or" in problem:
        return "a '{' or '[' is not closed, or a text in it needs quotes"
    return ""


@dataclass(slots=True)
class _Builder:
    """Turns PyYAML's nodes into ours, once a node, and counts what it builds."""

    file: str
    findings: Findings
    count: int = 0
    open_nodes: set[int] = field(default_factory=set)
    stopped: bool = False

    def build(self, root: yaml.Node) -> Node | None:
        node = self._node(root, 0)
        return None if self.stopped else node

    def _place(self, node: yaml.Node) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _stop(self, code: str, message: str, node: yaml.Node, hint: str = "") -> None:
        if not self.stopped:
            self.stopped = True
            self.findings.error(code, message, self._place(node), hint)

    def _node(self, node: yaml.Node, depth: int) -> Node:
        place = self._place(node)
        self.count += 1
        if self.count > MAX_NODES:  # aliases are counted each time they are used: that is what a bomb does
            self._stop("WC006", f"more than {MAX_NODES} values once every alias is followed", node, "an alias bomb?")
        elif depth > MAX_DEPTH:
            self._stop("WC007", "the file is nested too deeply", node, f"at most {MAX_DEPTH} levels")
        elif id(node) in self.open_nodes:
            self._stop("WC006", "an alias that contains itself", node)
        if self.stopped:
            return Text("", place)
        if node.tag and node.tag.startswith("!") and node.tag != "!":
            self.findings.error("WC005", f"a tag ({node.tag}) is not allowed", place, "write the plain value")
        self.open_nodes.add(id(node))
        try:
            return self._dispatch(node, place, depth)
        finally:
            self.open_nodes.discard(id(node))

    def _dispatch(self, node: yaml.Node, place: Place, depth: int) -> Node:
        if isinstance(node, yaml.ScalarNode):
            return Text(node.value, place, node.style not in ("'", '"'))
        if isinstance(node, yaml.SequenceNode):
            return List(tuple(self._node(item, depth + 1) for item in node.value), place)
        assert isinstance(node, yaml.MappingNode)
        return self._map(node, place, depth)

    def _map(self, node: yaml.MappingNode, place: Place, depth: int) -> Map:
        items: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key, value in node.value:
            key_place = self._place(key)
            if not isinstance(key, yaml.ScalarNode):
                self.findings.error("WC004", "a key must be a plain text", key_place)
                continue
            if key.value == "<<" and not key.style:
                self.findings.error("WC005", "merge keys ('<<') are not allowed", key_place, "write the keys out")
                continue
            if key.value in items:
                first = keys[key.value].line
                self.findings.error("WC003", f"duplicate key '{key.value}' (first on line {first})", key_place)
                continue
            items[key.value] = self._node(value, depth + 1)
            keys[key.value] = key_place
            if self.stopped:
                break
        return Map(items, keys, place)
