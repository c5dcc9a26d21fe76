"""A machine in any of the forms that a diagram has."""

from typing import Literal, get_args

from wanctl.diagram.marks import UNMARKED, Marks
from wanctl.diagram.mermaid import mermaid
from wanctl.diagram.outline import outline
from wanctl.diagram.pen import graph_source
from wanctl.diagram.picture import picture
from wanctl.diagram.png import png
from wanctl.diagram.svg import svg
from wanctl.diagram.tree import graph_json
from wanctl.engine.model import Model

Form = Literal["svg", "png", "dot", "mermaid", "json"]
FORMS: tuple[Form, ...] = get_args(Form)
BRIEF_FORMS: tuple[Form, ...] = ("svg", "png", "dot")
SUFFIXES: dict[str, Form] = {
    ".svg": "svg",
    ".png": "png",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".json": "json",
}


def render(
    model: Model,
    form: Form,
    active: frozenset[int] = frozenset(),
    *,
    brief: bool = False,
    dark: bool = False,
    marks: Marks = UNMARKED,
) -> bytes:
    """The bytes of a file: the machine as it is, the states in `active` lit, parameters at their defaults.

    `brief`, in `BRIEF_FORMS`, is for the first look: states and lines, the words of the rows in tooltips. `dark` is
    for `png`, which has one set of colours; an SVG has both. `marks` are written and drawn beside what the file says.

    The same machine gives the same bytes on every host, except for `png`, whose letters come from the host's fonts.
    `svg` and `png` need Graphviz: `GraphvizError` when it is not there.
    """
    match form:
        case "json":
            return graph_json(model, active, marks).encode()
        case "dot":
            return graph_source(outline(model, brief=brief, marks=marks), active).encode()
        case "mermaid":
            return mermaid(outline(model, marks=marks), active).encode()
        case "svg":
            return svg(picture(outline(model, brief=brief, marks=marks), active)).encode()
        case "png":
            return png(picture(outline(model, brief=brief, marks=marks), active), dark=dark)
