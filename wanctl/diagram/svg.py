"""A scene as SVG: colours in one style sheet, for light and dark, and stable ids."""

from collections.abc import Iterator
from html import escape

from wanctl.diagram.lettering import printable
from wanctl.diagram.scene import Circle, Curve, Group, Polygon, Rect, Scene, Shape, Text
from wanctl.diagram.theme import style_sheet


def svg(scene: Scene) -> str:
    """The text of an SVG file."""
    return "\n".join(_lines(scene)) + "\n"


def _lines(scene: Scene) -> Iterator[str]:
    width, height = _number(scene.width), _number(scene.height)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-labelledby="title">'
    )
    yield f'<title id="title">{_text(scene.title)}: {_text(scene.summary)}</title>'
    used = {look for group in scene.groups for look in _looks(group)}
    yield f"<style>\n{style_sheet(used)}\n</style>"
    yield f'<rect class="page" width="{width}" height="{height}"/>'
    for group in scene.groups:
        yield from _group(group)
    yield "</svg>"


def _looks(group: Group) -> Iterator[str]:
    """Every look of a group, and of what is in it."""
    yield from group.looks
    for shape in group.shapes:
        if isinstance(shape, Group):
            yield from _looks(shape)
        else:
            yield shape.look


def _group(group: Group) -> Iterator[str]:
    named = f' id="{_text(group.id)}"' if group.id else ""
    yield f'<g{named} class="{" ".join(group.looks)}">'
    if group.title:
        yield f"<title>{_text(group.title)}</title>"
    for shape in group.shapes:
        if isinstance(shape, Group):
            yield from _group(shape)
        else:
            yield _shape(shape)
    yield "</g>"


def _shape(shape: Shape) -> str:
    match shape:
        case Rect(look, x, y, width, height, radius):
            size = f'width="{_number(width)}" height="{_number(height)}" rx="{_number(radius)}"'
            return f'<rect class="{look}" x="{_number(x)}" y="{_number(y)}" {size}/>'
        case Circle(look, x, y, radius):
            return f'<circle class="{look}" cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}"/>'
        case Curve(look, points):
            start, *rest = (f"{_number(x)},{_number(y)}" for x, y in points)
            return f'<path class="{look}" d="M{start}C{" ".join(rest)}"/>'
        case Polygon(look, points):
            corners = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
            return f'<polygon class="{look}" points="{corners}"/>'
        case Text(look, x, y, text, anchor):
            middle = ' text-anchor="middle"' if anchor == "middle" else ""
            return f'<text class="{look}" x="{_number(x)}" y="{_number(y)}"{middle}>{_text(text)}</text>'


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    return escape(printable(text))
