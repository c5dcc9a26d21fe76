"""Machines to draw, and pictures as a reader of the file sees them."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from wanctl.actions import ACTIONS
from wanctl.diagram import render
from wanctl.engine.load import load
from wanctl.engine.model import Model
from wanctl.machines import read_text, shipped_machines, templates_for

HERE = Path(__file__).parent
SVG = "{http://www.w3.org/2000/svg}"
MACHINES = {**shipped_machines(), "zoo": HERE / "zoo.yaml", "crossing": HERE / "crossing.yaml"}


@cache
def machine(name: str) -> Model:
    """A shipped machine, or one of the files beside this one."""
    path = MACHINES[name]
    return load(read_text(path), str(path), actions=ACTIONS, read_template=templates_for(path))


def written(text: str) -> Model:
    """A machine from its text."""
    return load(text, "machine.yaml", actions=ACTIONS)


@cache
def picture(name: str, *, brief: bool = False) -> ET.Element:
    """The root of the SVG of one of `MACHINES`, nothing active."""
    return svg(machine(name), brief=brief)


def svg(model: Model, active: frozenset[int] = frozenset(), *, brief: bool = False) -> ET.Element:
    """The root of a machine's SVG."""
    return ET.fromstring(render(model, "svg", active, brief=brief))


def svg_of(text: str) -> ET.Element:
    """The root of an SVG file's text."""
    return ET.fromstring(text)


def ids(root: ET.Element, prefix: str) -> list[str]:
    """All ids that begin so, in the order of the file."""
    return [found for element in root.iter() if (found := element.get("id", "")).startswith(prefix)]


def by_id(root: ET.Element, name: str) -> ET.Element:
    """The one element with an id."""
    (found,) = [element for element in root.iter() if element.get("id") == name]
    return found


def groups(root: ET.Element, look: str) -> Iterator[ET.Element]:
    """The groups that are of a class."""
    for element in root.iter(f"{SVG}g"):
        if look in element.get("class", "").split():
            yield element


def texts(element: ET.Element) -> list[str]:
    """The lines of text that can be read in an element; not its tooltips."""
    return [text.text or "" for text in element.iter(f"{SVG}text")]


def tooltip(element: ET.Element) -> str:
    """The tooltip of an element."""
    return element.findtext(f"{SVG}title") or ""


def box(element: ET.Element) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the rectangle of a group."""
    rect = element.find(f"{SVG}rect")
    assert rect is not None
    x, y, width, height = (float(rect.get(name, "nan")) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height
