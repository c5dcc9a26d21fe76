"""Random machine files, legal by construction."""

from typing import Any

from tests.engine.differential.source import Source, chance, pick
from tests.engine.differential.words import DECLARATIONS, DESCRIPTORS, EVENTS, Words

PART = "part"  # the template of a machine, kept beside it in the same document
MOST_STATES = 14
MOST_DEPTH = 4
_TIMES = ("10ms", "0.01s", "20ms", "35ms", "50ms", "50ms", "0.1s", "0.1s", "3s")
_HOLDS = (
    {"for": "1 tick"},
    {"for": "2 ticks"},
    {"for": "3 ticks"},
    {"for": "15ms"},
    {"for": "20ms"},
    {"of": "2 in 3 ticks"},
    {"of": "3 in 5 ticks"},
    {"of": "1 in 4 ticks"},
)


class Node:
    """A state being drawn."""

    def __init__(self, name: str, kind: str, parent: "Node | None") -> None:
        self.name = name
        self.kind = kind
        self.parent = parent
        self.finishes = False  # a parallel state all of whose regions can be done, or one of these regions
        self.children: list[Node] = []
        self.spec: dict[str, Any] = {}

    def family(self) -> "list[Node]":
        """This state and all below."""
        return [self, *(node for child in self.children for node in child.family())]

    def path(self) -> str:
        around = self.parent.path() if self.parent is not None else ""
        return f"{around}.{self.name}" if around else self.name


class MachineMaker:
    """Draws one machine file, or a template, whose states have names of their own and are fewer."""

    def __init__(self, source: Source, *, template: bool = False, unbounded: bool = False) -> None:
        self.source = source
        self.template = template
        self.count = MOST_STATES - 5 if template else 0
        self.may_end = chance(source, 15)
        self.unbounded = unbounded or chance(source, 2)  # but for the usual 128
        self.risky_ticks = chance(source, 40)
        self.root = Node("", pick(source, ("compound", "compound", "parallel")), None)

    def make(self) -> dict[str, Any]:
        """The file as a tree of maps, lists and texts."""
        source = self.source
        self._grow(self.root, 0)
        self.states = [node for node in self.root.family() if node.parent is not None]
        self.words = Words(source, [self._name_of(node) for node in self.states if node.kind != "history"])
        self.words.sends_left = 0 if self.unbounded else 3
        self.words.raises_left = 3
        for node in self.root.family():
            self._fill(node)
        places = [node for node in self.states if node.kind == "atomic"]
        opens = not self.template and bool(places) and chance(source, 25)
        for node in [pick(source, places) for _ in range(1 + chance(source, 40))] if opens else ():
            node.spec = {"template": PART, "with": self._bindings()}
        head: dict[str, Any] = {"schema": "1", "machine": "drawn"}
        if chance(source, 50):
            head["conflicts"] = "scxml"
        if not self.unbounded:
            head["max_microsteps"] = pick(source, ("8", "6", "12"))  # low, or loops would take most of the time
        whole = {**head, **DECLARATIONS, **self._document(self.root)}
        return {**whole, PART: MachineMaker(source, template=True, unbounded=self.unbounded).make()} if opens else whole

    # -- the tree ------------------------------------------------------------------------------------------------------

    def _grow(self, node: Node, depth: int) -> None:
        least = 2 if node.kind == "parallel" or depth == 0 else 1
        for number in range(least + self.source.below(3)):
            if number >= least and self.count >= MOST_STATES:
                break
            child = Node(self._new_name(), self._kind(node, depth), node)
            node.children.append(child)
            child.finishes = node.finishes if node.kind == "parallel" else chance(self.source, 50)
            if child.kind in ("compound", "parallel"):
                self._grow(child, depth + 1)
        if node.kind == "compound" and node.finishes:
            node.children.append(Node(self._new_name(), "final", node))
        if not any(child.kind not in ("history", "final") for child in node.children):
            node.children.append(Node(self._new_name(), "atomic", node))
        if chance(self.source, 30):
            place = self.source.below(len(node.children) + 1)
            node.children.insert(place, Node(self._new_name(), "history", node))

    def _kind(self, parent: Node, depth: int) -> str:
        if parent.kind == "compound" and chance(self.source, 15) and (depth or self.may_end):
            return "final"
        if parent.finishes and parent.kind == "parallel":
            return "compound"
        if depth + 1 >= MOST_DEPTH or self.count >= MOST_STATES:
            return "atomic"
        return pick(self.source, ("atomic", "atomic", "atomic", "compound", "compound", "parallel"))

    def _new_name(self) -> str:
        self.count += 1
        return f"{'t' if self.template else 's'}{self.count}"

    def _name_of(self, node: Node) -> str:
        words = node.path().split(".")
        return ".".join(words[self.source.below(len(words)) :]) if chance(self.source, 30) else node.name

    def _bindings(self) -> dict[str, str]:
        """What a template's names stand for: all its inputs, and some of the others."""
        source = self.source
        bound = {name: name for name in DECLARATIONS["inputs"]}
        others = {"limit": ("limit", "7"), "busy": ("not up", "busy"), "n": ("n",), "m": ("n", "m"), "flag": ("flag",)}
        return bound | {name: pick(source, choices) for name, choices in others.items() if chance(source, 40)}

    # -- what states hold ----------------------------------------------------------------------------------------------

    def _fill(self, node: Node) -> None:
        source, spec = self.source, node.spec
        if node.kind in ("parallel", "final", "history"):
            spec["type"] = node.kind
        if node.kind == "history":
            assert node.parent is not None
            if chance(source, 50):
                spec["depth"] = "deep"
            spec["initial"] = self._together(node.parent, without=node)
            return
        if node.kind == "compound" and chance(source, 70):
            spec["initial"] = self._together(node)
        for key in ("entry", "exit", "during"):
            if chance(source, 40) and (node.parent or key != "exit") and (node.kind != "final" or key != "during"):
                spec[key] = self.words.actions(2)
        if node.kind == "final":
            return
        if rows := self._events(node):
            spec["on"] = rows
        if chance(source, 20):
            spec["always"] = [self._always_row() for _ in range(1 + chance(source, 30))]
        if chance(source, 25):
            times = ("0ms",) if chance(source, 5) and not self.unbounded else _TIMES
            spec["after"] = {pick(source, times): self._rows() for _ in range(1 + chance(source, 40))}

    def _events(self, node: Node) -> dict[str, Any]:
        on: dict[str, Any] = {}
        for _ in range(self.source.below(4)):
            if chance(self.source, 40):
                on["tick"] = [self._tick_row() for _ in range(1 + self.source.below(3))]
            elif chance(self.source, 15):
                parallel = [other for other in self.states if other.kind == "parallel"]
                name = pick(self.source, parallel if parallel and chance(self.source, 60) else self.states).name
                on[f"done.state.{name}"] = self._rows()
            else:
                on[pick(self.source, DESCRIPTORS if chance(self.source, 40) else EVENTS)] = self._rows()
        return on

    def _rows(self) -> list[dict[str, Any]]:
        return [self._row() for _ in range(1 + self.source.below(2))]

    def _tick_row(self) -> dict[str, Any]:
        row = self._row(risky=self.risky_ticks)
        return {**pick(self.source, _HOLDS), **row} if chance(self.source, 35) else row

    def _always_row(self) -> dict[str, Any]:
        row = self._row()
        if chance(self.source, 8):
            row["when"] = self.words.guard(risky=True)
            row.setdefault("do", [{"mark": {"name": "always"}}])
        else:  # one that takes away what made it true, so that not every machine runs into its bound
            row["when"] = pick(self.source, ("flag and ({})", "flag", "({}) and flag")).format(
                self.words.guard(risky=True)
            )
            row["do"] = [{"assign": {"flag": "false"}}, *row.get("do", [])]
        return row

    def _row(self, *, risky: bool = True) -> dict[str, Any]:
        source = self.source
        row: dict[str, Any] = {}
        if chance(source, 60):
            row["when"] = self.words.guard(risky=risky)
        if chance(source, 75):
            row["to"] = self._targets()
            if chance(source, 25):
                row["kind"] = "internal"
        if chance(source, 50):
            row["do"] = self.words.actions(3)
        if chance(source, 15):
            row["cooldown"] = pick(source, ("10ms", "25ms", "0.1s", "1s"))
        return row

    def _targets(self) -> Any:
        parallel = [node for node in self.root.family() if node.kind == "parallel"]
        if parallel and chance(self.source, 25):
            return self._spread(pick(self.source, parallel))
        return self._name_of(pick(self.source, self.states))

    def _spread(self, parallel: Node) -> list[str]:
        """Targets in some regions of a parallel state."""
        regions = [child for child in parallel.children if child.kind != "history"]
        chosen = [region for region in regions if chance(self.source, 60)] or regions[:1]
        if chance(self.source, 50):
            chosen.reverse()
        return [self._name_of(pick(self.source, region.family())) for region in chosen]

    def _together(self, top: Node, without: Node | None = None) -> Any:
        """An `initial` below a state."""
        below = [node for node in top.family() if node not in (top, without)]
        if without is not None:  # a history must not lead back to itself
            below = [node for node in below if node.kind != "history"]
        parallel = [node for node in [top, *below] if node.kind == "parallel"]
        if parallel and chance(self.source, 40):
            inside = [node for node in pick(self.source, parallel).children if node.kind != "history"]
            return [pick(self.source, [n for n in r.family() if n.kind != "history"]).name for r in inside]
        deep = chance(self.source, 30)
        near = [node for node in below if node.parent is top]
        return pick(self.source, below if deep or not near else near).name

    def _document(self, node: Node) -> dict[str, Any]:
        spec = dict(node.spec)
        if node.children:
            spec["states"] = {child.name: self._document(child) for child in node.children}
        return spec
