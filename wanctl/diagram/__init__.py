"""Diagrams of machines: as SVG and PNG, laid out by Graphviz, and as DOT, Mermaid and JSON.

A model becomes an `outline` (what is drawn), that becomes a `picture` (where it lies), and that becomes bytes. No
module but `graphviz` knows Graphviz, and it is loaded when a layout is needed.
"""

from wanctl.diagram.active import ActiveError, lit
from wanctl.diagram.graphviz import GraphvizError
from wanctl.diagram.render import BRIEF_FORMS, FORMS, SUFFIXES, Form, render

__all__ = ["BRIEF_FORMS", "FORMS", "SUFFIXES", "ActiveError", "Form", "GraphvizError", "lit", "render"]
