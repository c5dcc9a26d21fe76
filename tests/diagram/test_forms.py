"""The other forms: JSON, Mermaid, DOT and PNG."""

import json
import re
import struct

import pygraphviz
import pytest

from tests.diagram.drawn import MACHINES, machine
from wanctl.diagram import lit, render


@pytest.mark.parametrize("name", MACHINES)
def test_json_has_the_tree_and_every_row(name: str) -> None:
    model = machine(name)
    document = json.loads(render(model, "json"))
    assert document["schema"] == "wanctl.graph/1"

    def walk(states: list[dict[str, object]]) -> list[str]:
        return [path for s in states for path in (str(s["path"]), *walk(s["states"]))]  # type: ignore[arg-type]

    assert walk(document["states"]) == [state.path for state in model.states[1:]]
    assert [row["id"] for row in document["rows"]] == [row.id for row in model.rows]


def test_a_row_in_json_says_what_its_file_says() -> None:
    rows = {row["id"]: row for row in json.loads(render(machine("zoo"), "json"))["rows"]}
    assert rows["left.A#1"] == {
        "id": "left.A#1",
        "element": "row-left.A-1",
        "state": "left.A",
        "trigger": "tick",
        "guard": "late",
        "hold": "for patience",
        "targets": ["left.B"],
        "internal": False,
        "actions": [],
        "why": "it took too long",
    }
    assert rows["left.A#3"]["internal"]
    assert rows["left.A#3"]["actions"] == ["count := 0"]


def test_json_says_what_is_active() -> None:
    model = machine("classic")
    download, upload = json.loads(render(model, "json", lit(model, ["download.RED"])))["states"]
    assert download["active"]
    assert [state["name"] for state in download["states"] if state["active"]] == ["RED"]
    assert not upload["active"]


@pytest.mark.parametrize("name", MACHINES)
def test_mermaid_declares_every_state_it_names_and_no_line_enters_another_composite_state(name: str) -> None:
    lines = render(machine(name), "mermaid").decode().splitlines()
    assert lines[3] == "stateDiagram-v2"
    homes: dict[str, str] = {}
    around = [""]
    arrows = []
    for line in map(str.strip, lines[4:]):
        if declared := re.fullmatch(r'state "[^"]*" as (\w+)( \{)?', line):
            homes[declared[1]] = around[-1]
            around += [declared[1]] if declared[2] else []
        elif line == "}":
            around.pop()
        elif arrow := re.fullmatch(r"(\[\*\]|\w+) --> (\w+)( : [^:;]*(;[^:;]*)*)?", line):
            arrows.append((arrow[1], arrow[2], around[-1]))
        else:
            assert line.startswith("%%"), line
    assert around == [""]
    assert len(homes) == len(machine(name).states) - 1
    for tail, head, home in arrows:
        assert homes[head] == home
        assert tail == "[*]" or homes[tail] == home


def test_mermaid_says_where_a_line_really_leads() -> None:
    text = render(machine("zoo"), "mermaid").decode()
    assert "left_B --> left_C : after 10s<br/>back to where it was<br/>(to HISTORY)" in text


def test_mermaid_escapes_what_it_would_take_for_its_own() -> None:
    text = render(machine("zoo"), "mermaid").decode()
    assert "a doc with #lt;tags#gt;, #quot;quotes#quot;, a#58; colon#59; and a semicolon" in text


def test_mermaid_marks_active_states() -> None:
    model = machine("classic")
    assert render(model, "mermaid", lit(model, ["download.RED"])).decode().endswith("    class download_RED active\n")


@pytest.mark.parametrize("name", MACHINES)
def test_graphviz_reads_the_dot_and_finds_every_state_and_row(name: str) -> None:
    model = machine(name)
    graph = pygraphviz.AGraph(string=render(model, "dot").decode())
    found = {node.attr["id"] for node in graph.nodes()} | {sub.graph_attr["id"] for sub in _clusters(graph)}
    assert {f"state-{state.path}" for state in model.states[1:]} <= found
    rows = {row for edge in graph.edges() for row in (edge.attr["comment"] or "").split()}
    leads = [row for row in model.rows if any(t != row.state and not model.is_below(t, row.state) for t in row.targets)]
    assert rows == {f"row-{row.id.replace('#', '-')}" for row in leads}


def _clusters(graph: pygraphviz.AGraph) -> list[pygraphviz.AGraph]:
    return [found for sub in graph.subgraphs() for found in (sub, *_clusters(sub))]


@pytest.mark.parametrize("name", ["zoo", "classic"])
def test_a_png_has_the_size_of_the_svg_on_a_screen_with_small_pixels(name: str) -> None:
    model = machine(name)
    data = render(model, "png")
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    size = re.search(rb'width="(\d+)" height="(\d+)"', render(model, "svg"))
    assert size is not None
    assert abs(width - 2 * int(size[1])) <= 4
    assert abs(height - 2 * int(size[2])) <= 4
