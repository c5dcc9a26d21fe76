"""A picture as data: shapes with coordinates in pixels, y downwards, and a word for what each of them is.

Nothing here has a colour. A shape's `look` and the `looks` of the group it is in are looked up in `theme` by whoever
writes the picture to a file.
"""

from dataclasses import dataclass, field
from typing import Literal

Point = tuple[float, float]
Anchor = Literal["start", "middle"]


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle, its corners rounded."""

    look: str
    x: float
    y: float
    width: float
    height: float
    radius: float = 0.0


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle around a point."""

    look: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Cubic Bézier segments: a start, then two control points and an end for each."""

    look: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed shape of straight lines."""

    look: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; `y` is its baseline."""

    look: str
    x: float
    y: float
    text: str
    anchor: Anchor = "start"


Shape = Rect | Circle | Curve | Polygon | Text


@dataclass(slots=True)
class Group:
    """Shapes that are one thing: a state, a link, a row of it."""

    looks: tuple[str, ...]
    shapes: list["Shape | Group"] = field(default_factory=list)
    id: str = ""
    title: str = ""  # its tooltip


@dataclass(slots=True)
class Scene:
    """A whole picture; later groups lie on top of earlier ones."""

    title: str
    summary: str
    width: float
    height: float
    groups: list[Group]


def moved(group: Group, dx: float, dy: float) -> Group:
    """A group somewhere else."""
    shapes = [moved(item, dx, dy) if isinstance(item, Group) else _moved(item, dx, dy) for item in group.shapes]
    return Group(group.looks, shapes, group.id, group.title)


def _moved(shape: Shape, dx: float, dy: float) -> Shape:
    match shape:
        case Rect(look, x, y, width, height, radius):
            return Rect(look, x + dx, y + dy, width, height, radius)
        case Circle(look, x, y, radius):
            return Circle(look, x + dx, y + dy, radius)
        case Curve(look, points):
            return Curve(look, tuple((x + dx, y + dy) for x, y in points))
        case Polygon(look, points):
            return Polygon(look, tuple((x + dx, y + dy) for x, y in points))
        case Text(look, x, y, text, anchor):
            return Text(look, x + dx, y + dy, text, anchor)
