"""An outline as DOT, the language of Graphviz: for the layout, or with words for people and other tools.

A picture reads like the machine's file: what comes first there is further up, so each line is told to Graphviz from its
upper to its lower end, whichever way its arrow points. Every label is a node that its lines run through: it has room of
its own, and nobody has to guess which line it belongs to. A composite state is a cluster with a row of points just
inside its upper and its lower border, one for each line that ends there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from wanctl.diagram.block import Block, of_header, of_link, of_state
from wanctl.diagram.outline import Link, Outline
from wanctl.engine.model import State

PX_PER_INCH = 72.0  # one pixel is one point
DOT_PX, PSEUDO_PX, STATE_MIN_PX = 9.0, 20.0, 84.0
GRAPH = "compound=true, rankdir=TB, nodesep=0.16, ranksep=0.17, splines=spline"
POINT = "shape=point, width=0.01, height=0.01"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the picture. `state` is the state at the end that is not a label; -1 where neither is a label."""

    upper: str  # names of nodes
    lower: str
    arrow: Literal["", "up", "down"] = ""
    link: int = -1
    state: int = -1


class Pen(Protocol):
    """The attributes of what is drawn."""

    graph: str
    node: str

    def cluster(self, state: State) -> str:
        """Of a composite state."""
        ...

    def state(self, state: State) -> str:
        """Of a state without states, a history or a final state."""
        ...

    def label(self, link: Link) -> str:
        """Of the label of a link."""
        ...

    def line(self, line: Line) -> str:
        """Of a line, "" for none."""
        ...


class Sizes:
    """The pen of the layout: every box has the size of its text, every text is empty, and no font is asked for."""

    graph = f"{GRAPH}, margin=0"
    node = 'shape=box, fixedsize=true, label=""'

    def __init__(self, found: Outline) -> None:
        self._found = found

    def cluster(self, state: State) -> str:
        """Room above for the words of the composite state."""
        return f"margin=10, labeljust=l, label={_room(of_header(self._found, state))}"

    def state(self, state: State) -> str:
        """A box that its words fill, or a circle."""
        if state.kind in ("history", "final"):
            return f"shape=circle, {_size(PSEUDO_PX, PSEUDO_PX)}"
        box = of_state(self._found, state)
        return _size(max(box.width, STATE_MIN_PX), box.height)

    def label(self, link: Link) -> str:
        """A box that its words fill."""
        box = of_link(self._found, link)
        return _size(box.width, box.height)

    def line(self, line: Line) -> str:  # noqa: ARG002  (all lines are alike)
        """Nothing."""
        return ""


def lines(found: Outline, root: State) -> list[Line]:
    """Every line of a region, or of a whole machine."""
    inside = range(root.index, root.last + 1)
    drawn = []
    for state in (found.model.states[index] for index in inside):
        name = f"s{state.index}" if state.kind == "history" else f"i{state.index}"
        drawn += [Line(name, _end(found, target, "t", name), "down") for target in state.initial]
    for place, link in enumerate(found.links):
        if link.home in inside:
            drawn += _lines_of(found, place, link)
    return drawn


def dot(found: Outline, root: State, pen: Pen) -> str:
    """DOT for a region, or for a whole machine."""
    drawn = lines(found, root)
    nodes = _inside(found, root, pen, drawn) if root.children else [f"s{root.index} [{pen.state(root)}]"]
    text = ["digraph {", f"graph [{pen.graph}]", f"node [{pen.node}]", "edge [arrowsize=0.6]"]
    return "\n".join([*text, *nodes, *(_edge(line, pen) for line in drawn), "}"])


def _lines_of(found: Outline, place: int, link: Link) -> Iterator[Line]:
    label = f"l{place}"
    sources = () if link.named else link.sources
    for state, is_target in (*((source, False) for source in sources), *((target, True) for target in link.targets)):
        if link.downwards != is_target:
            yield Line(_end(found, state, "b", label), label, "up" if is_target else "", place, state)
        else:
            yield Line(label, _end(found, state, "t", label), "down" if is_target else "", place, state)


def _end(found: Outline, state: int, side: Literal["t", "b"], other: str) -> str:
    """The node where a line to a state ends: of a composite one a point at its top or bottom, of this line alone."""
    return f"{side}{state}_{other}" if found.model.states[state].children else f"s{state}"


def _inside(found: Outline, around: State, pen: Pen, drawn: list[Line]) -> Iterator[str]:
    if around.initial and around.kind != "history":
        yield f'i{around.index} [shape=circle, style=filled, fillcolor=black, label="", {_size(DOT_PX, DOT_PX)}]'
    for child in around.children:
        state = found.model.states[child]
        if state.children:
            yield from _cluster(found, state, pen, drawn)
        else:
            yield f"s{child} [{pen.state(state)}]"
    for place, link in enumerate(found.links):
        if link.home == around.index:
            yield f"l{place} [{pen.label(link)}]"


def _cluster(found: Outline, state: State, pen: Pen, drawn: list[Line]) -> Iterator[str]:
    yield f"subgraph cluster_{state.index} {{"
    yield f"graph [{pen.cluster(state)}]"
    yield from _inside(found, state, pen, drawn)
    ends = [end for line in drawn for end in (line.upper, line.lower)]
    tops = [f"t{state.index}", *(end for end in ends if end.startswith(f"t{state.index}_"))]
    bottoms = [f"b{state.index}", *(end for end in ends if end.startswith(f"b{state.index}_"))]
    yield f"node [{POINT}, style=invis]"
    yield "; ".join(tops + bottoms)
    for inner in state.children:
        first, last = ("t", "b") if found.model.states[inner].children else ("s", "s")
        yield from (f"{top} -> {first}{inner} [style=invis, weight=0]" for top in tops)
        yield from (f"{last}{inner} -> {bottom} [style=invis, weight=0]" for bottom in bottoms)
    yield "}"


def _edge(line: Line, pen: Pen) -> str:
    attributes = {"": ["dir=none"], "up": ["dir=back"], "down": []}[line.arrow]
    for side, end, port in (("tail", line.upper, "s"), ("head", line.lower, "n")):
        if end[0] == "l":
            attributes.append(f"{side}port={port}")
        elif end[0] in "tb":
            attributes.append(f"l{side}=cluster_{end[1:].split('_')[0]}")
    if line.link < 0:
        # The dot is close to its state, but not so close to the border of a composite one that its arrow has no room.
        attributes.append("weight=5, minlen=2" if line.lower[0] == "t" else "weight=5")
    attributes += [more] if (more := pen.line(line)) else []
    return f"{line.upper} -> {line.lower} [{', '.join(attributes)}]"


def _size(width: float, height: float) -> str:
    return f"width={width / PX_PER_INCH:.4f}, height={height / PX_PER_INCH:.4f}"


def _room(block: Block) -> str:
    """A label that takes the room of a block."""
    cell = f'<TD FIXEDSIZE="TRUE" WIDTH="{block.width:g}" HEIGHT="{block.height:g}"></TD>'
    return f'<<TABLE BORDER="0" CELLPADDING="0" CELLSPACING="0"><TR>{cell}</TR></TABLE>>'
