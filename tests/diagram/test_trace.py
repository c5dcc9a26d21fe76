"""`wanctl graph --trace`: what a run did, on the picture of its machine."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.diagram.drawn import by_id, svg_of, texts, tooltip
from tests.diagram.recorded import PRESSURE, changed, recorded, transcript
from wanctl.cli import wanctl


def graph(*args: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(wanctl, ["graph", "pump.yaml", *args], input=stdin)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a machine and a transcript of it, and the place where commands run."""
    monkeypatch.chdir(tmp_path)
    recorded(tmp_path)
    return tmp_path


def counted(*args: str) -> dict[str, object]:
    done = graph("--trace", "run.jsonl", "--json", *args)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def states(found: dict[str, object]) -> dict[str, dict[str, object]]:
    todo, flat = list(found["states"]), {}  # type: ignore[call-overload]
    while todo:
        state = todo.pop()
        flat[state["path"]] = state
        todo += state["states"]
    return flat


def test_the_hits_of_every_row_are_counted(folder: Path) -> None:
    hits = {row["id"]: row["hits"] for row in counted()["rows"]}  # type: ignore[attr-defined]
    assert hits == {
        "motor.GREEN#1": 0,
        "motor.GREEN#2": 2,
        "motor.YELLOW#1": 1,
        "motor.YELLOW#2": 1,
        "motor.RED#1": 1,
        "lamp.OFF#1": 2,
        "lamp.ON#1": 2,
    }


def test_the_time_in_each_state_is_told_in_seconds_and_as_a_share(folder: Path) -> None:
    found = counted()
    assert found["trace"] == {"instances": ["one/pump"], "seconds": 11.0, "transitions": 9}
    shown = {path: (state["active_s"], state["entries"]) for path, state in states(found).items()}
    assert shown["motor.GREEN"] == (6.0, 3)
    assert shown["motor.YELLOW"] == (3.0, 2)
    assert shown["motor.RED"] == (2.0, 1)
    assert shown["motor.BROKEN"] == (0.0, 0)
    assert shown["motor"] == (11.0, 1)
    assert states(found)["motor.RED"]["share"] == pytest.approx(2 / 11, abs=1e-6)


def drawn(*args: str) -> ET.Element:
    done = graph("--trace", "run.jsonl", *args)
    assert done.exit_code == 0, done.output
    return svg_of(done.stdout)


def test_the_picture_says_it_on_labels_and_in_states(folder: Path) -> None:
    root = drawn()
    assert "18.2 % · 2.00 s" in texts(by_id(root, "state-motor.RED"))
    assert "2 ×" in texts(root)
    assert "one/pump: 9 transitions in 11.0 s; 6 of 7 rows fired, 1 never did" in texts(root)
    assert tooltip(by_id(root, "row-motor.GREEN-2")).startswith("2 ×\nmotor.GREEN#2 →")


def test_what_never_was_is_grey_in_light_and_in_dark(folder: Path) -> None:
    root = drawn()
    assert "never" in by_id(root, "state-motor.BROKEN").get("class", "").split()
    assert "never" not in by_id(root, "state-motor.RED").get("class", "").split()
    light, dark = "".join(root.itertext()).split("@media (prefers-color-scheme: dark)")
    assert ".state.never .box" in light
    assert ".state.never .box" in dark


def test_a_picture_without_marks_has_no_rules_for_them(folder: Path) -> None:
    assert ".never" not in graph().stdout


def test_the_brief_picture_has_the_hits_alone(folder: Path) -> None:
    shown = texts(drawn("--brief"))
    assert "2 ×" in shown
    assert not any("would burst" in text for text in shown)


@pytest.mark.parametrize("form", ["dot", "mermaid"])
def test_other_forms_say_the_hits_too(folder: Path, form: str) -> None:
    shown = graph("--trace", "run.jsonl", "--format", form).stdout
    assert "2 ×" in shown
    assert "18.2 % · 2.00 s" in shown


def test_several_instances_are_summed_and_stderr_says_so(folder: Path) -> None:
    recorded(folder, "one", "two")
    done = graph("--trace", "run.jsonl", "--json")
    assert "the sum of one/pump, two/pump; --instance NAME takes one of them" in done.stderr
    assert json.loads(done.stdout)["trace"] == {
        "instances": ["one/pump", "two/pump"],
        "seconds": 22.0,
        "transitions": 18,
    }


def test_one_instance_can_be_chosen(folder: Path) -> None:
    recorded(folder, "one", "two")
    done = graph("--trace", "run.jsonl", "--json", "--instance", "two")
    assert done.stderr == ""
    assert json.loads(done.stdout)["trace"]["instances"] == ["two/pump"]


def test_an_instance_that_did_not_run_is_refused_with_the_ones_that_did(folder: Path) -> None:
    done = graph("--trace", "run.jsonl", "--instance", "onne")
    assert done.exit_code == 2
    assert "run.jsonl has one/pump (did you mean 'one'?)" in done.stderr


def test_a_run_comes_through_a_pipe(folder: Path) -> None:
    assert json.loads(graph("--trace", "-", "--json", stdin=transcript()).stdout)["trace"]["transitions"] == 9


def test_a_run_that_was_cut_off_counts_up_to_its_last_line(folder: Path) -> None:
    recorded(folder, closed=False)
    done = graph("--trace", "run.jsonl", "--json")
    assert "has no closing line" in done.stderr
    assert json.loads(done.stdout)["trace"]["seconds"] == 9.0


def test_a_machine_that_was_changed_since_is_told(folder: Path) -> None:
    (folder / "pump.yaml").write_text((folder / "pump.yaml").read_text().replace("> 80", "> 85"))
    assert "pump.yaml has changed since the run" in graph("--trace", "run.jsonl", "--json").stderr


def test_a_day_of_ticks_without_a_transition_is_a_picture_too(folder: Path) -> None:
    recorded(folder, pressure=(10,) * 5)
    assert "one/pump: 0 transitions in 6.00 s; 0 of 7 rows fired, 7 never did" in texts(drawn())


WHOLE = transcript()
LINES = WHOLE.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ["run.jsonl: error[WC711]: the file is empty", "wanctl replay TRACE --transitions OUT.jsonl"]),
        (WHOLE[:-20], ["run.jsonl:11:1: error[WC712]: the file ends in the middle of a line", "take line 11 away"]),
        ("t_ms,rtt_ms,load_rtt_ms,baseline_ms\n", ["it says which state each tick is in, and not which rows fired"]),
        ("t_s,reflector,rtt_ms\n0,a,1\n", ["this is a trace, not what a run made of it"]),
        (LINES[0] + "nonsense\n", ["run.jsonl:2:1: error[WC711]: the line is no JSON"]),
        (LINES[0] + "[" * 200_000 + "\n", ["run.jsonl:2:1: error[WC711]: the line is no JSON"]),
        (LINES[0] + "[1]\n", ["run.jsonl:2:1: error[WC711]: the line is no JSON object"]),
        ('{"schema": "wanctl.replay/1"}\n', ["not of the schema wanctl.transitions/1, it is of 'wanctl.replay/1'"]),
        (LINES[0].replace('"machine":"pump"', '"machine":"wan"'), ["WC713", "transitions of wan, not of pump"]),
        (LINES[0].replace("motor.GREEN", "motor.GREN"), ["pump has no state 'motor.GREN' (leaves)", "'motor.GREEN'"]),
        (changed(WHOLE, 2, row="motor.GREEN#9"), ["run.jsonl:2:1: error[WC713]: pump has no row 'motor.GREEN#9'"]),
        (changed(WHOLE, 3, entered=["x"]), ["run.jsonl:3:1: error[WC713]: pump has no state 'x' (entered)"]),
        (changed(WHOLE, 3, machine="three/pump"), ["has no machine 'three/pump'", "the first line knows one/pump"]),
        (changed(WHOLE, 5, at_ns=5), ["run.jsonl:5:1: error[WC711]: time goes back"]),
        (changed(WHOLE, 5, at_ns="5"), ["run.jsonl:5:1: error[WC711]: the line has no at_ns in whole nanoseconds"]),
        (changed(WHOLE, 5, exited=None), ["run.jsonl:5:1: error[WC711]: the line has no list 'exited'"]),
        (WHOLE + LINES[1], ["run.jsonl:12:1: error[WC711]: a line after the closing line"]),
        (changed(WHOLE, 1, machines=[]), ["the first line names no machine"]),
        (changed(WHOLE, 1, machines=[{"name": "x"}]), ["lacks name, machine, source or leaves"]),
    ],
)
def test_what_is_no_transcript_is_told_with_its_line(folder: Path, text: str, says: list[str]) -> None:
    (folder / "run.jsonl").write_text(text)
    done = graph("--trace", "run.jsonl", "--json")
    assert done.exit_code == 2
    assert done.stdout == ""
    for part in says:
        assert part in done.stderr.replace("\n           ", " ")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--trace", "nowhere.jsonl"], "nowhere.jsonl: error[WC140]: cannot be read: no such file or directory"),
        (["--instance", "one"], "--instance goes with --trace"),
        (["--dark"], "--dark is for png"),
        (["--verify", "--trace", "run.jsonl"], "a picture shows one of them"),
    ],
)
def test_options_that_make_no_picture_are_refused(folder: Path, args: list[str], says: str) -> None:
    done = graph(*args)
    assert done.exit_code == 2
    assert says in done.stderr


def test_a_png_can_be_dark(folder: Path) -> None:
    light, dark = (folder / "light.png", folder / "dark.png")
    assert graph("--trace", "run.jsonl", "-o", str(light)).exit_code == 0
    assert graph("--trace", "run.jsonl", "--dark", "-o", str(dark)).exit_code == 0
    assert light.read_bytes() != dark.read_bytes()


def test_ticks_stand_for_the_seconds_of_the_run() -> None:
    assert len(PRESSURE) == 10  # what the figures above count on
