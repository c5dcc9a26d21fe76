"""The pen that writes DOT with words, for people and other tools: `dot -Tsvg` draws much the same picture from it."""

from wanctl.diagram.block import Block, of_header, of_link, of_state
from wanctl.diagram.lettering import printable
from wanctl.diagram.outline import Link, Outline
from wanctl.diagram.placement import state_group, told
from wanctl.diagram.source import GRAPH, PSEUDO_PX, PX_PER_INCH, Line, dot
from wanctl.diagram.theme import FONT_FAMILY, style
from wanctl.diagram.wording import explain_state, row_id, state_id
from wanctl.engine.model import State


def graph_source(found: Outline, active: frozenset[int] = frozenset()) -> str:
    """DOT of a whole machine; the rows of a line stand in its `comment`."""
    return dot(found, found.model.states[0], Words(found, active)) + "\n"


class Words:
    """Every text is written, and Graphviz measures it."""

    def __init__(self, found: Outline, active: frozenset[int]) -> None:
        self._found, self._active = found, active
        font = f"fontname={_quoted(FONT_FAMILY.replace(chr(39), ''))}, fontsize=11"
        title = f"label={_quoted(_title(found))}, labelloc=t, labeljust=l, tooltip={_quoted(found.model.name)}"
        self.graph = f"{GRAPH}, {font}, {title}"
        self.node = f'shape=box, style="rounded,filled", margin="0.12,0.08", {font}'

    def cluster(self, state: State) -> str:
        """A rounded frame with its words at the upper left."""
        return f'style="rounded,filled", {self._state(state, of_header(self._found, state), "composite")}'

    def state(self, state: State) -> str:
        """A box, or a circle."""
        if state.kind in ("history", "final"):
            size = f"fixedsize=true, width={PSEUDO_PX / PX_PER_INCH:.2f}"
            shape = "doublecircle" if state.kind == "final" else "circle"
            label = "" if state.kind == "final" else "H*" if state.deep else "H"
            return f'shape={shape}, style=solid, {size}, label="{label}", id={_quoted(state_id(state))}'
        return self._state(state, of_state(self._found, state))

    def label(self, link: Link) -> str:
        """Text without a frame."""
        tooltip = "\n\n".join(told(self._found, row) for row in link.rows)
        return f"shape=plaintext, style=solid, label={_lines(of_link(self._found, link))}, tooltip={_quoted(tooltip)}"

    def line(self, line: Line) -> str:
        """The ids of the rows that this line is of."""
        if line.link < 0:
            return ""
        link = self._found.links[line.link]
        mine = link.rows if line.arrow else [row for row in link.rows if row.state == line.state]
        comment = f"comment={_quoted(' '.join(row_id(row) for row in mine))}"
        mark = self._found.marks.of_rows(mine).look
        if not mark:
            return comment
        look = style("line", ("link", mark))
        return f'{comment}, color="{look.stroke}", penwidth={look.width:g}'

    def _state(self, state: State, block: Block, *more: str) -> str:
        looks = state_group(self._found, state, self._active, *more).looks
        box, name = style("box", looks), style("name", looks)
        colours = f'fillcolor="{box.fill}", color="{box.stroke}", fontcolor="{name.fill}", penwidth={box.width:g}'
        named = f"id={_quoted(state_id(state))}, tooltip={_quoted(explain_state(state))}"
        return f"label={_lines(block, left=bool(more))}, {colours}, {named}"


def _title(found: Outline) -> str:
    model = found.model
    return "\n".join([f"{model.name}: {model.summary}" if model.summary else model.name, *found.marks.title])


def _lines(block: Block, *, left: bool = False) -> str:
    text = _quoted("\n".join(line.text or "–" for line in block.lines))
    return f'{text[:-1]}\\n"'.replace("\\n", "\\l") if left else text


def _quoted(text: str) -> str:
    """A text of DOT; a backslash begins an escape there."""
    return '"' + printable(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
