"""What Graphviz laid out, as groups of shapes: one region, or a whole machine."""

import math
from collections.abc import Iterator
from typing import Any

from wanctl.diagram.block import Block, of_header, of_link, of_state
from wanctl.diagram.graphviz import lay_out
from wanctl.diagram.outline import Link, Outline
from wanctl.diagram.scene import Anchor, Circle, Curve, Group, Point, Polygon, Rect, Shape, Text
from wanctl.diagram.source import DOT_PX, PSEUDO_PX, STATE_MIN_PX, Line, Sizes, dot, lines
from wanctl.diagram.theme import TONES
from wanctl.diagram.wording import explain_row, explain_state, row_id, state_id
from wanctl.engine.model import Model, Row, State

RADIUS_PX = 7.0
ARROW_PX = 3.0  # half of its width


class Placement:
    """A region, laid out with its upper left corner at (0, 0), the states in `active` lit."""

    def __init__(self, found: Outline, root: State, active: frozenset[int]) -> None:
        self._found, self._root, self._active = found, root, active
        self._lines = lines(found, root)
        layout = lay_out(dot(found, root, Sizes(found)))
        _, _, self.width, self.height = (float(number) for number in layout["bb"].split(","))
        objects = layout.get("objects", [])
        self._things: dict[str, dict[str, Any]] = {thing["name"]: thing for thing in objects}
        self._splines: dict[tuple[str, str], str] = {
            (objects[edge["tail"]]["name"], objects[edge["head"]]["name"]): edge["pos"]
            for edge in layout.get("edges", [])
        }

    def groups(self) -> Iterator[Group]:
        """Composite states from the outside inwards, then lines and labels, then states."""
        states = self._found.model.states[self._root.index : self._root.last + 1]
        inner = states[1:] if states[0].children else states
        yield from (self._composite(state) for state in inner if state.children)
        for state in states:
            yield from self._initial(state)
        for place, link in enumerate(self._found.links):
            if f"l{place}" in self._things:
                yield self._link(place, link)
        yield from (self._state(state) for state in inner if not state.children)

    def _point(self, written: str) -> Point:
        """A point of Graphviz, whose y points upwards."""
        x, y = written.split(",")
        return round(float(x), 1), round(self.height - float(y), 1)

    def _composite(self, state: State) -> Group:
        left, lower, right, upper = (
            float(number) for number in self._things[f"cluster_{state.index}"]["bb"].split(",")
        )
        x, y = self._point(f"{left},{upper}")
        width = round(right - left, 1)
        group = state_group(self._found, state, self._active, "composite")
        group.shapes.append(Rect("box", x, y, width, round(upper - lower, 1), RADIUS_PX))
        write(self._found, group, of_header(self._found, state), x, y + 2, width, "start")
        return group

    def _state(self, state: State) -> Group:
        x, y = self._point(self._things[f"s{state.index}"]["pos"])
        group = state_group(self._found, state, self._active)
        if state.kind == "history":
            group.shapes += [Circle("mark", x, y, PSEUDO_PX / 2), Text("event", x, y + 4, _history(state), "middle")]
        elif state.kind == "final":
            group.shapes += [Circle("mark", x, y, PSEUDO_PX / 2), Circle("dot", x, y, PSEUDO_PX / 2 - 4)]
        else:
            block = of_state(self._found, state)
            width = max(block.width, STATE_MIN_PX)
            left, top = x - width / 2, y - block.height / 2
            group.shapes.append(Rect("box", left, top, width, block.height, RADIUS_PX))
            write(self._found, group, block, left, top, width)
        return group

    def _initial(self, state: State) -> Iterator[Group]:
        name = f"s{state.index}" if state.kind == "history" else f"i{state.index}"
        if state.initial:
            looks = [self._found.marks.of_state(self._found.model.states[target]).look for target in state.initial]
            group = Group(("initial", "never") if looks == ["never"] else ("initial",))
            for line in self._lines:
                if line.upper == name:
                    group.shapes += self._line(line)
            if state.kind != "history":
                group.shapes.append(Circle("dot", *self._point(self._things[name]["pos"]), DOT_PX / 2))
            yield group

    def _link(self, place: int, link: Link) -> Group:
        mine = [line for line in self._lines if line.link == place]
        into = {line.state: self._line(line) for line in mine if not line.arrow}
        onward = [shape for line in mine if line.arrow for shape in self._line(line)]
        rows, marks = link.rows, self._found.marks
        block = of_link(self._found, link)
        x, y = self._point(self._things[f"l{place}"]["pos"])
        if not block.lines:
            into = {source: _joined(shapes, (x, y)) for source, shapes in into.items()}
            onward = _joined(onward, (x, y))
        left, top = x - block.width / 2, y - block.height / 2
        group = Group(("link",), title="\n\n".join(told(self._found, row) for row in rows))
        for source, shapes in into.items():
            mark = marks.of_rows([row for row in rows if row.state == source])
            group.shapes += [Group((mark.look,), list(shapes))] if mark.look else shapes
        mark = marks.of_rows(rows)
        group.shapes += [Group((mark.look,), list(onward))] if mark.look else onward
        if block.lines:
            group.shapes.append(Rect("chip", left, top, block.width, block.height, RADIUS_PX))
            write(self._found, group, block, left, top, block.width)
        for row in rows:
            group.shapes.append(_row_group(self._found, row, _hits(into.get(row.state, []) + onward)))
        return group

    def _line(self, line: Line) -> list[Shape]:
        """A line, and the arrow at its end where it has one."""
        tokens = self._splines[line.upper, line.lower].split()
        points = tuple(self._point(token) for token in tokens if token[0] not in "es")
        tip = next((self._point(token[2:]) for token in tokens if token[0] in "es"), None)
        if line.arrow == "up":
            points = points[::-1]
        shapes: list[Shape] = [Curve("line", points)]
        if tip is not None:
            shapes.append(Polygon("arrow", _arrow(points[-1], tip)))
        return shapes


def state_group(found: Outline, state: State, active: frozenset[int], *more: str) -> Group:
    """An empty group for a state: severe as the state or one around it is named, and active or not."""
    mark = found.marks.of_state(state)
    looks = (
        "state",
        *more,
        tone(found.model, state),
        *(("active",) if state.index in active else ()),
        *([mark.look] if mark.look else ()),
    )
    return Group(looks, id=state_id(state), title="\n".join([explain_state(state), *mark.notes]))


def tone(model: Model, state: State) -> str:
    """The hue of a state: it, or one around it, is named like a severity."""
    around = [state, *(model.states[index] for index in model.ancestors(state.index))]
    return next((item.name.lower() for item in around if item.name.lower() in TONES), "plain")


def told(found: Outline, row: Row) -> str:
    """The tooltip of a row, with what is known of it."""
    return "\n".join([*found.marks.of_rows((row,)).notes, explain_row(found.model, row)])


def write(
    found: Outline, group: Group, block: Block, x: float, y: float, width: float, anchor: Anchor = "middle"
) -> None:
    """Write a block into a group; what a row says there is a group in it."""
    rows: dict[int, Group] = {}
    for shape, line in block.shapes(x, y, width, anchor):
        row = line.row
        if row is None:
            group.shapes.append(Group((line.mark,), [shape]) if line.mark else shape)
        elif row.index in rows:
            rows[row.index].shapes.append(shape)
        else:
            rows[row.index] = _row_group(found, row, [shape], line.mark)
            group.shapes.append(rows[row.index])


def _row_group(found: Outline, row: Row, shapes: list[Shape], mark: str = "") -> Group:
    return Group(("row", mark) if mark else ("row",), list(shapes), row_id(row), told(found, row))


def _hits(shapes: list[Shape]) -> list[Shape]:
    """Lines again, wide and unseen: to point at, and to light up when their row has fired."""
    return [Curve("hit", shape.points) for shape in shapes if isinstance(shape, Curve)]


def _joined(shapes: list[Shape], point: Point) -> list[Shape]:
    """Lines that end near a point, drawn on to it: Graphviz leaves a gap around a node."""
    found: list[Shape] = []
    for shape in shapes:
        if isinstance(shape, Curve):
            start, *middle, end = shape.points
            if math.dist(start, point) < math.dist(end, point):
                start = point
            else:
                end = point
            found.append(Curve(shape.look, (start, *middle, end)))
        else:
            found.append(shape)
    return found


def _history(state: State) -> str:
    return "H*" if state.deep else "H"


def _arrow(base: Point, tip: Point) -> tuple[Point, ...]:
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = math.hypot(dx, dy) or 1.0
    across, along = -dy / length * ARROW_PX, dx / length * ARROW_PX
    return (
        (round(base[0] + across, 1), round(base[1] + along, 1)),
        tip,
        (round(base[0] - across, 1), round(base[1] - along, 1)),
    )
