"""The whole picture of a machine: its name, and its regions side by side, each in a panel of its own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wanctl.diagram.block import PADDING_X_PX, of_header, of_machine
from wanctl.diagram.lettering import width_px
from wanctl.diagram.outline import Outline
from wanctl.diagram.placement import RADIUS_PX, Placement, state_group, write
from wanctl.diagram.scene import Curve, Group, Rect, Scene, Text, moved
from wanctl.diagram.theme import style
from wanctl.engine.model import State

MARGIN_PX, GAP_PX, INSET_PX = 18.0, 14.0, 12.0
KEY_PX, SWATCH_PX = 18.0, 26.0  # a line of the legend


@dataclass(slots=True)
class Panel:
    """A region, or the machine where it has none: its frame, and what is in it, from (0, 0)."""

    frame: Group
    inside: list[Group]
    width: float
    height: float
    above: float  # what its header takes


def picture(found: Outline, active: frozenset[int] = frozenset()) -> Scene:
    """The picture of a machine; the states in `active` are filled, or framed if they are composite."""
    model = found.model
    head = Group(("machine",))
    block = of_machine(found)
    write(found, head, block, MARGIN_PX - PADDING_X_PX, MARGIN_PX - 8, block.width, "start")
    top = MARGIN_PX + block.height
    key, key_width = legend(found.marks.legend, MARGIN_PX, top)
    top += KEY_PX if key else 0.0
    columns = _columns([_panel(found, root, active) for root in found.regions() or [model.states[0]]])
    groups = [head, *key]
    left = MARGIN_PX
    for column in columns:
        width = max(panel.width for panel in column)
        down = top
        for panel in column:
            groups += _placed(panel, left, down, width)
            down += panel.height + GAP_PX
        left += width + GAP_PX
    height = top + max(_height(column) for column in columns) + MARGIN_PX
    width = max(left - GAP_PX, MARGIN_PX + block.width, key_width) + MARGIN_PX
    return Scene(model.name, model.summary, width, height, groups)


def legend(items: Sequence[tuple[str, str]], left: float, top: float) -> tuple[list[Group], float]:
    """What the looks of lines and states mean, in a row; and where it ends."""
    groups = []
    for look, meaning in items:
        if look:
            start, end = (left, top), (left + SWATCH_PX, top)
            groups.append(Group(("link", look), [Curve("line", (start, start, end, end))]))
            left += SWATCH_PX + 6
        groups.append(Group(("key",), [Text("doc", left, top + 4, meaning)]))
        left += width_px(meaning, style("doc").size) + GAP_PX
    return groups, left


def _panel(found: Outline, root: State, active: frozenset[int]) -> Panel:
    placement = Placement(found, root, active)
    width, height = math.ceil(placement.width + 2 * INSET_PX), math.ceil(placement.height + 2 * INSET_PX)
    if not root.path or not root.children:  # the machine itself, or a region that is one state
        return Panel(Group(("machine",)), list(placement.groups()), width, height, 0.0)
    header = of_header(found, root, region=True)
    frame = state_group(found, root, active, "composite", "region")
    write(found, frame, header, 4, 4, header.width, "start")
    return Panel(frame, list(placement.groups()), max(width, header.width), height + header.height, header.height)


def _placed(panel: Panel, left: float, top: float, column: float) -> list[Group]:
    """A panel where it belongs, as wide as its column."""
    panel.frame.shapes.insert(0, Rect("panel", 0, 0, column, panel.height, RADIUS_PX))
    inset = INSET_PX + (column - panel.width) / 2
    inside = [moved(group, round(left + inset, 1), top + panel.above + INSET_PX) for group in panel.inside]
    return [moved(panel.frame, left, top), *inside]


def _height(column: list[Panel]) -> float:
    return sum(panel.height for panel in column) + GAP_PX * (len(column) - 1)


def _columns(panels: list[Panel]) -> list[list[Panel]]:
    """Panels in columns: those that fit below each other beside the tallest one are."""
    tallest = max(panel.height for panel in panels)
    columns = [[panels[0]]]
    for panel in panels[1:]:
        if _height([*columns[-1], panel]) <= 1.1 * tallest:
            columns[-1].append(panel)
        else:
            columns.append([panel])
    return columns
