"""The example from another field: its tests, its proof, its pictures, and a day of it."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml

from examples.heating.run import Boiler
from examples.heating.run import run as heat
from examples.heating.schema import HERE, schemas
from tests.cli.command import run

ROOT = Path(__file__).parents[2]
HEATING = "examples/heating/heating.yaml"
ACTIONS = ("--actions", "examples.heating.actions:ACTIONS")


@cache
def a_day() -> Boiler:
    return heat(24, 21.0)


def test_its_tests_pass_and_reach_everything() -> None:
    done = run("test", HEATING, *ACTIONS, "--coverage-threshold", "100", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "coverage 100.0 %" in done.stdout


def test_everything_it_promises_is_proved() -> None:
    done = run("verify", HEATING, *ACTIONS, "--level", "abstract", "--json", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (machine,) = json.loads(done.stdout)["machines"]
    statuses = {item["property"]: item["status"] for item in machine["properties"]}
    assert set(statuses.values()) <= {"proved", "remark"}
    assert {"no fire without a pump", "no fire in overheated water", "the pump comes to rest"} <= set(statuses)


def test_the_fault_that_the_prover_found_is_found_again(tmp_path: Path) -> None:
    text = (ROOT / HEATING).read_text()
    assert text.count("flame and safe, to: BURNING") == 1
    (tmp_path / "heating.yaml").write_text(text.replace("flame and safe, to: BURNING", "flame, to: BURNING"))
    args = ("--level", "abstract", "--property", "no fire in standing water")
    done = run("verify", str(tmp_path / "heating.yaml"), *ACTIONS, *args, cwd=ROOT)
    assert done.returncode == 1
    assert "burner.FIRING.IGNITING#1 -> burner.FIRING.BURNING" in done.stdout


def test_it_is_checked_and_explained_by_path() -> None:
    assert run("check", HEATING, *ACTIONS, cwd=ROOT).returncode == 0
    row = run("explain", "burner.FIRING#1", "--machine", HEATING, *ACTIONS, cwd=ROOT)
    assert "the water is too hot" in row.stdout
    state = run("explain", "HOT_WATER", "--machine", HEATING, *ACTIONS, cwd=ROOT)
    assert "a cold tank comes first" in state.stdout


@pytest.mark.parametrize(("name", "more"), [("heating.svg", ()), ("heating.brief.svg", ("--brief",))])
def test_its_pictures_are_current(name: str, more: tuple[str, ...]) -> None:
    drawn = run("graph", HEATING, *ACTIONS, *more, cwd=ROOT).stdout
    command = f"wanctl graph {HEATING} {' '.join((*ACTIONS, *more))} -o examples/heating/{name}"
    assert drawn == (HERE / name).read_text("utf-8"), f"run: {command}"


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("day.svg", ("--brief",)),
        ("fire.svg", ("--sequence", "--calm", "burner.STANDBY", "--excursion", "21")),
    ],
)
def test_the_pictures_of_its_day_are_current(name: str, more: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "day.jsonl").write_text("".join(a_day().lines))
    drawn = run("graph", HEATING, *ACTIONS, "--trace", str(tmp_path / "day.jsonl"), *more, cwd=ROOT).stdout
    wanted = (*ACTIONS, "--trace", "day.jsonl", *more, "-o", f"examples/heating/{name}")
    command = f"wanctl graph {HEATING} {' '.join(wanted)}"
    assert drawn == (HERE / name).read_text("utf-8"), (
        f"run: python -m examples.heating.run --transitions day.jsonl; {command}"
    )


def test_its_schemas_are_current_and_its_files_fit_them() -> None:
    for path, text in schemas().items():
        assert path.read_text("utf-8") == text, "run: python -m examples.heating.schema"
    for file, schema in (("heating.yaml", "machine.schema.json"), ("heating.test.yaml", "test.schema.json")):
        text = (HERE / file).read_text("utf-8")
        assert text.startswith(f"# yaml-language-server: $schema={schema}\n")
        document = yaml.load(text, yaml.BaseLoader)
        jsonschema.Draft202012Validator(json.loads((HERE / schema).read_text())).validate(document)


def test_a_day_is_warm_and_a_restart_in_the_middle_of_it_changes_nothing() -> None:
    boiler = a_day()
    assert 16.0 < boiler.house.room < 22.0
    assert boiler.house.tank > 45.0
    assert boiler.house.told == []
    assert boiler.machine.values["fires"] == boiler.house.fires
    assert boiler.lines == heat(24, 21.0, restart=False).lines


def test_its_program_says_each_row_and_leaves_a_transcript_that_is_drawn(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "examples.heating.run",
        "--hours",
        "9",
        "--transitions",
        str(tmp_path / "day.jsonl"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(r"^0\d:\d\d:\d\d  burner STANDBY → FIRING: heat is wanted$", done.stdout, re.MULTILINE)
    trace = ("--trace", str(tmp_path / "day.jsonl"))
    found = json.loads(run("graph", HEATING, *ACTIONS, *trace, "--json", cwd=ROOT).stdout)
    assert found["trace"]["transitions"] == len(done.stdout.splitlines()) - 1
    fire = run("graph", HEATING, *ACTIONS, *trace, "--sequence", "--calm", "burner.STANDBY", cwd=ROOT)
    assert "out of burner.STANDBY" in fire.stdout


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("examples.heating.actions", "is not of the form package.module:REGISTRY"),
        ("examples.heating.nowhere:ACTIONS", "examples.heating.nowhere cannot be imported from here"),
        ("examples.heating.actions:ACTION", "examples.heating.actions has no ACTION"),
        ("examples.heating.house:House", "is a type, not an ActionRegistry"),
    ],
)
def test_actions_that_are_none_are_refused_with_a_reason(value: str, says: str) -> None:
    done = run("graph", HEATING, "--actions", value, cwd=ROOT)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_without_its_actions_each_of_them_is_an_error_with_its_place() -> None:
    done = run("test", HEATING, cwd=ROOT)
    assert done.returncode == 2
    assert f"{HEATING}:" in done.stderr
    assert "gas.open" in done.stderr
