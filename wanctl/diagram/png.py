"""A scene as PNG: drawn by Graphviz, which has the fonts and the rasteriser, on the background of an empty graph.

Graphviz draws what the attribute `_background` says in its xdot language before anything else. Source: Graphviz
documentation, xdot and `_background`.
"""

from collections.abc import Iterator

from wanctl.diagram.graphviz import rasterise
from wanctl.diagram.lettering import printable
from wanctl.diagram.scene import Circle, Curve, Group, Point, Polygon, Rect, Scene, Shape, Text
from wanctl.diagram.theme import Style, style

FONT = "DejaVu Sans"  # the font that `lettering` measures; Graphviz takes the nearest where it is not installed
DOTS_PER_INCH = 144  # twice the size of the SVG, for screens with small pixels
BOLD, ITALIC, REGULAR = 1, 2, 0  # font flags of xdot
KAPPA = 0.5523  # a circle's quarter as a Bézier curve


def png(scene: Scene, *, dark: bool = False) -> bytes:
    """The bytes of a PNG file, in light colours or in dark ones."""
    ends = f'a [pos="0,0"]; b [pos="{scene.width:g},{scene.height:g}"]'
    point = 'node [shape=point, style=invis, width=0.01, label=""]'
    return rasterise(
        f"digraph {{ graph [pad=0, dpi={DOTS_PER_INCH}]; {point}; {ends} }}", _background(scene, dark=dark)
    )


def _background(scene: Scene, *, dark: bool) -> str:
    page = Rect("page", 0, 0, scene.width, scene.height)
    commands = [_polygon(_corners(page), _style("page", (), dark=dark), scene.height)]
    for group in scene.groups:
        commands += _group(group, (), scene.height, dark=dark)
    return " ".join(commands)


def _style(look: str, looks: tuple[str, ...], *, dark: bool) -> Style:
    """A table of dark looks holds colours alone; sizes and widths are those of the light one."""
    light = style(look, looks)
    return style(look, looks, dark=True).over(light) if dark else light


def _group(group: Group, around: tuple[str, ...], height: float, *, dark: bool) -> Iterator[str]:
    looks = (*around, *group.looks)
    for shape in group.shapes:
        if isinstance(shape, Group):
            yield from _group(shape, looks, height, dark=dark)
        elif shape.look != "hit":
            yield from _commands(shape, _style(shape.look, looks, dark=dark), height)


def _commands(shape: Shape, look: Style, height: float) -> Iterator[str]:
    match shape:
        case Rect(radius=radius) if radius:
            yield _smooth(_rounded(shape), look, height)
        case Rect():
            yield _polygon(_corners(shape), look, height)
        case Circle(_, x, y, radius):
            yield _smooth(_rounded(Rect("", x - radius, y - radius, 2 * radius, 2 * radius, radius)), look, height)
        case Polygon(_, points):
            yield _polygon(points, look, height)
        case Curve(_, points):
            yield f"{_pen(look)} B {_points(points, height)}"
        case Text(_, x, y, said, anchor):
            text = printable(said)
            flags = (BOLD if look.bold else 0) | (ITALIC if look.italic else 0)
            yield f"t {flags} F {look.size:g} {len(FONT)} -{FONT} c {len(look.fill)} -{look.fill}"
            length = len(text.encode())
            yield f"T {x:g} {height - y:g} {0 if anchor == 'middle' else -1} 0 {length} -{text}"


def _pen(look: Style) -> str:
    width = f"setlinewidth({look.width or 1:g})"
    stroke = look.stroke or look.fill
    dash = "dashed" if look.dash else "solid"
    return f"S {len(dash)} -{dash} S {len(width)} -{width} c {len(stroke)} -{stroke}"


def _filled(look: Style) -> str:
    return f"{_pen(look)} C {len(look.fill)} -{look.fill}"


def _polygon(points: tuple[Point, ...], look: Style, height: float) -> str:
    return f"{_filled(look)} P {_points(points, height)}"


def _smooth(points: tuple[Point, ...], look: Style, height: float) -> str:
    return f"{_filled(look)} b {_points(points, height)}"


def _points(points: tuple[Point, ...], height: float) -> str:
    return " ".join([str(len(points)), *(f"{x:g} {height - y:g}" for x, y in points)])


def _corners(rect: Rect) -> tuple[Point, ...]:
    right, bottom = rect.x + rect.width, rect.y + rect.height
    return (rect.x, rect.y), (right, rect.y), (right, bottom), (rect.x, bottom)


def _rounded(rect: Rect) -> tuple[Point, ...]:
    """The outline of a rectangle with round corners, as Bézier segments, clockwise from its upper left."""
    r, k = rect.radius, rect.radius * (1 - KAPPA)
    left, top, right, bottom = rect.x, rect.y, rect.x + rect.width, rect.y + rect.height
    points: list[Point] = [(left + r, top)]

    def straight(x: float, y: float) -> None:
        points.extend([points[-1], (x, y), (x, y)])

    straight(right - r, top)
    points.extend([(right - k, top), (right, top + k), (right, top + r)])
    straight(right, bottom - r)
    points.extend([(right, bottom - k), (right - k, bottom), (right - r, bottom)])
    straight(left + r, bottom)
    points.extend([(left + k, bottom), (left, bottom - k), (left, bottom - r)])
    straight(left, top + r)
    points.extend([(left, top + k), (left + k, top), (left + r, top)])
    return tuple(points)
