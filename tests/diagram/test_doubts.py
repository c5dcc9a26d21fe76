"""`wanctl graph --verify`: what is not proved, on the picture of its machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.diagram.drawn import by_id, groups, svg_of, texts
from wanctl.cli import wanctl

GATE = """\
schema: 1
machine: gate
summary: A gate that must not close on a car.
inputs: {car: {type: bool}, button: {type: bool}}
initial: OPEN
states:
  OPEN: {on: {tick: [{when: button and not car, to: CLOSING, why: somebody wants it shut}]}}
  CLOSING:
    on:
      tick:
        - {when: not button, to: SHUT, why: done}
        - {when: car, to: OPEN, why: a car is in the way}
        - {when: button and car, to: OPEN, why: and a button}
  SHUT: {on: {tick: [{when: button, to: OPEN, why: somebody wants it open}]}}
  LOST: {on: {tick: [{when: button, to: OPEN, why: found}]}}
never: [{name: nothing is crushed, when: "active('SHUT') and car"}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a machine that has three faults, and the place where commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gate.yaml").write_text(GATE)
    return tmp_path


def graph(*args: str) -> Result:
    return CliRunner().invoke(wanctl, ["graph", "gate.yaml", "--verify", *args])


def looks(root: object, name: str) -> list[str]:
    return by_id(root, name).get("class", "").split()  # type: ignore[arg-type]


def test_faults_are_numbered_above_the_picture_and_named_at_their_places(folder: Path) -> None:
    done = graph()
    root = svg_of(done.stdout)
    shown = texts(root)
    assert any(text.startswith("wanctl verify: ") and "violated" in text for text in shown)
    numbers = {text.partition("violated: ")[2]: text[0] for text in shown if ". violated: " in text}
    dead = next(number for text, number in numbers.items() if text.startswith("every row can fire"))
    crushed = next(number for text, number in numbers.items() if text.startswith("nothing is crushed"))
    assert f"{dead}: never fires" in shown
    assert f"{crushed}: step 1" in shown
    assert f"{crushed}: ends here" in shown
    assert "proving gate ..." in done.stderr


def test_what_is_never_reached_and_where_a_violation_ends_look_different(folder: Path) -> None:
    root = svg_of(graph().stdout)
    assert "dead" in looks(root, "state-LOST")
    assert "violated" in looks(root, "state-SHUT")
    assert not {"dead", "violated", "open"} & set(looks(root, "state-OPEN"))


def test_the_legend_says_what_the_looks_mean_that_are_there(folder: Path) -> None:
    shown = texts(svg_of(graph().stdout))
    assert "on the way to a violation" in shown
    assert "can never fire, or never be reached or left" in shown
    assert "not proved" not in shown


def test_both_colour_schemes_have_the_looks(folder: Path) -> None:
    light, dark = graph().stdout.split("@media (prefers-color-scheme: dark)")
    assert ".state.violated .box" in light
    assert ".state.violated .box" in dark
    assert "stroke-dasharray" in light


def test_the_json_has_the_same(folder: Path) -> None:
    found = json.loads(graph("--json").stdout)
    rows = {row["id"]: row["doubts"] for row in found["rows"]}
    assert [doubt["kind"] for doubt in rows["CLOSING#3"]] == ["dead"]
    assert [doubt["kind"] for doubt in rows["CLOSING#1"]] == ["violated"]
    assert any("nothing is crushed" in text for text in found["verify"]["findings"])


def test_a_machine_that_is_proved_has_no_marks(folder: Path) -> None:
    sound = GATE.replace("  LOST: {on: {tick: [{when: button, to: OPEN, why: found}]}}\n", "")
    sound = sound.replace("        - {when: button and car, to: OPEN, why: and a button}\n", "")
    sound = sound.partition("never:")[0]
    (folder / "gate.yaml").write_text(sound)
    root = svg_of(graph("--brief").stdout)
    assert any("0 violated, 0 undecided" in text for text in texts(root))
    assert not [group for look in ("dead", "violated", "open") for group in groups(root, look)]


def test_without_the_prover_it_says_what_to_install(folder: Path) -> None:
    program = (
        "import importlib.util as u; found = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'z3' else found(name, *more)\n"
        "import sys; from wanctl.cli import main; main(sys.argv[1:])"
    )
    command = [sys.executable, "-c", program, "graph", "gate.yaml", "--verify"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'wanctl[verify]'" in done.stderr
