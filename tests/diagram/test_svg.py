"""An SVG names every state and every row once, shows their words, and is the same bytes each time."""

import re
import subprocess
import sys

import pytest

from tests.diagram.drawn import MACHINES, SVG, by_id, groups, ids, machine, picture, svg, texts, tooltip, written
from wanctl.diagram import lit, render


@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("name", MACHINES)
def test_every_state_and_every_row_has_its_id_once(name: str, brief: bool) -> None:
    model = machine(name)
    root = picture(name, brief=brief)
    assert sorted(ids(root, "state-")) == sorted(f"state-{state.path}" for state in model.states[1:])
    # A brief picture writes nothing into states, so rows that stay in their state are not in it.
    inside = {row.id for row in model.rows if all(row.state == t or model.is_below(t, row.state) for t in row.targets)}
    drawn = [row.id for row in model.rows if not (brief and row.id in inside)]
    assert sorted(ids(root, "row-")) == sorted(f"row-{row.replace('#', '-')}" for row in drawn)


@pytest.mark.parametrize("name", MACHINES)
def test_every_id_can_be_used_in_xml(name: str) -> None:
    root = picture(name)
    assert [found for found in ids(root, "") if not re.fullmatch(r"[A-Za-z_][\w.-]*|", found)] == []


def test_a_label_says_event_guard_hold_action_and_reason() -> None:
    root = picture("zoo")
    words = [" ".join(texts(group)) for group in groups(root, "link")]
    assert (
        "late for patience it took too long late 3 in 5 ticks, at most once in 10s it took too long too often" in words
    )
    assert "after 10s back to where it was" in words
    assert "always count > 90 counted enough" in words
    assert "go.home" in words


def test_a_row_that_stays_is_written_into_its_state() -> None:
    state = by_id(picture("zoo"), "state-left.A")
    assert texts(by_id(state, "row-left.A-3")) == ["level < 5ms", "/ count := 0", "nothing leaves the state"]
    assert "→ itself" in texts(by_id(state, "row-left.A-4"))


def test_a_state_shows_its_doc_and_its_lists() -> None:
    words = " ".join(texts(by_id(picture("zoo"), "state-left.A")))
    assert 'a doc with <tags>, "quotes", a: colon; and a semicolon' in words
    assert "entry / count := count + 1, raise sting if late, else send hum in 5000 ms exit / cancel h" in words


def test_rows_that_say_the_same_share_one_label() -> None:
    root = picture("classic")
    (shared,) = [group for group in groups(root, "link") if texts(group)[:1] == ["delta > hard"]]
    assert ids(shared, "row-") == ["row-download.GREEN-1", "row-download.YELLOW-1", "row-download.SOFT_RED-1"]


def test_a_label_names_its_sources_when_they_are_many() -> None:
    states = "".join(f"  S{n}: {{on: {{stop: [{{to: END}}]}}}}\n" for n in range(4))
    root = svg(written(f"schema: 1\nmachine: many\ninitial: S0\nstates:\n{states}  END: {{}}\n"))
    (label,) = groups(root, "link")
    assert " ".join(texts(label)) == "from S0, S1, S2 or S3 stop"


def test_a_tooltip_tells_the_whole_row_and_what_its_words_mean() -> None:
    told = tooltip(by_id(picture("zoo"), "row-left.A-1"))
    assert told.splitlines() == [
        "left.A#1 → left.B",
        "late for patience",
        "  late: level > high",
        "  high = 45 ms",
        "  patience = 1500 ms",
        "it took too long",
    ]


def test_the_words_of_a_template_are_told_without_the_name_of_its_state() -> None:
    model = machine("wan")
    (row,) = [row for row in model.rows if row.id == "download.GREEN#2"]
    told = tooltip(by_id(svg(model), "row-download.GREEN-2"))
    assert row.guard_text in told
    assert "download_" not in told


def test_active_states_and_those_around_them_are_marked() -> None:
    model = machine("wan")
    root = svg(model, lit(model, ["download.RED.DRAIN", "OUTAGE"]))
    marked = sorted(group.get("id", "") for group in groups(root, "active"))
    assert marked == [
        "state-connectivity",
        "state-connectivity.OUTAGE",
        "state-download",
        "state-download.RED",
        "state-download.RED.DRAIN",
    ]


def test_nothing_is_active_unless_it_is_said() -> None:
    assert list(groups(picture("wan"), "active")) == []


def test_severities_have_a_colour_and_other_states_have_none() -> None:
    root = picture("classic")
    looks = {state: by_id(root, state).get("class", "").split() for state in ids(root, "state-download.")}
    assert "red" in looks["state-download.RED"]
    assert "soft_red" in looks["state-download.SOFT_RED"]
    assert "green" in looks["state-download.GREEN.COUNT"]
    assert "plain" in by_id(picture("wan"), "state-connectivity.OUTAGE").get("class", "").split()


def test_history_and_final_states_have_their_marks() -> None:
    root = picture("zoo")
    assert texts(by_id(root, "state-left.C.HISTORY")) == ["H*"]
    assert texts(by_id(root, "state-left.C.SHALLOW")) == ["H"]
    assert len(by_id(root, "state-left.END").findall(f"{SVG}circle")) == 2


def test_every_colour_comes_from_the_style_sheet_in_light_and_in_dark() -> None:
    text = render(machine("wan"), "svg").decode()
    sheet, body = text.split("</style>")
    assert not re.search(r'\b(fill|stroke|style|color)="', body)
    assert "prefers-color-scheme: dark" in sheet
    assert set(re.findall(r"#[0-9a-f]{6}", sheet.split("@media")[0])) != set(
        re.findall(r"#[0-9a-f]{6}", sheet.split("@media")[1])
    )


def test_every_class_has_a_rule() -> None:
    text = render(machine("zoo"), "svg").decode()
    sheet, body = text.split("</style>")
    used = {word for words in re.findall(r'<(?!g\b)\w+ class="([^"]+)"', body) for word in words.split()}
    assert {word for word in used if f".{word} {{" not in sheet} == set()


def test_the_same_machine_gives_the_same_bytes_in_another_process() -> None:
    program = (
        "import sys; from tests.diagram.drawn import machine; from wanctl.diagram import render\n"
        "sys.stdout.buffer.write(render(machine('wan'), 'svg'))"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout
    assert other == render(machine("wan"), "svg")


def test_a_control_character_in_a_text_does_not_break_the_file() -> None:
    model = written('schema: 1\nmachine: odd\ninitial: A\nstates: {A: {doc: "a\\u0007bell"}}\n')
    assert texts(by_id(svg(model), "state-A")) == ["A", "a bell"]
