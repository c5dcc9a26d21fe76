"""Diagrams of machines: as SVG and PNG, laid out by Graphviz, and as DOT, Mermaid and JSON.

A model becomes an `outline` (what is drawn), that becomes a `picture` (where it lies), and that becomes bytes. No
module but `graphviz` knows Graphviz, and it is loaded when a layout is needed. `marks` are what is known beside the
file: `Usage` counts a recorded run, `Doubts` are what a prover found. An `excursion` of a run is drawn as a
`timeline`.
"""

from wanctl.diagram.active import ActiveError, lit
from wanctl.diagram.doubt import Doubts
from wanctl.diagram.excursion import Excursion, ExcursionError, excursion
from wanctl.diagram.graphviz import GraphvizError
from wanctl.diagram.marks import UNMARKED, Marks
from wanctl.diagram.render import BRIEF_FORMS, FORMS, SUFFIXES, Form, render
from wanctl.diagram.sequence import SEQUENCE_FORMS, render_sequence
from wanctl.diagram.usage import Usage

__all__ = [
    "BRIEF_FORMS",
    "FORMS",
    "SEQUENCE_FORMS",
    "SUFFIXES",
    "UNMARKED",
    "ActiveError",
    "Doubts",
    "Excursion",
    "ExcursionError",
    "Form",
    "GraphvizError",
    "Marks",
    "Usage",
    "excursion",
    "lit",
    "render",
    "render_sequence",
]
