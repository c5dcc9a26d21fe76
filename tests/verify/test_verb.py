"""`wanctl verify` as people run it."""

import json
from pathlib import Path

import pytest

from tests.cli.command import run
from tests.verify.proving import written

DOOR = """
schema: 1
machine: door
inputs: {closed: {type: bool}, key: {type: bool}}
initial: OPEN
states:
  OPEN: {on: {tick: [{when: closed and key, to: LOCKED}]}}
  LOCKED: {on: {tick: [{when: not key, to: OPEN}]}}
never: [{name: an open door is not locked, when: "active('LOCKED') and not closed"}]
eventually: [{name: it opens again, from: any, to: "active('OPEN')"}]
"""
FIXED = DOOR.replace("{when: not key,", "{when: not key or not closed,")


def test_a_violation_ends_with_1_and_shows_its_run(tmp_path: Path) -> None:
    done = run("verify", str(written(tmp_path, "door.yaml", DOOR)), cwd=tmp_path)
    assert done.returncode == 1
    assert "VIOLATED   an open door is not locked: 2 ticks (never, abstract)" in done.stdout
    assert "tick 1: closed true, key true" in done.stdout
    assert "tick 2: closed false" in done.stdout or "tick 2: closed unknown" in done.stdout
    assert "proved     it opens again" in done.stdout
    assert "1 violated" in done.stderr


def test_the_written_test_fails_until_the_machine_is_mended(tmp_path: Path) -> None:
    machine = written(tmp_path, "door.yaml", DOOR)
    run("verify", "door.yaml", "--write-test", "found.test.yaml", cwd=tmp_path)
    assert run("test", "found.test.yaml", cwd=tmp_path).returncode == 1
    machine.write_text(FIXED)
    assert run("test", "found.test.yaml", cwd=tmp_path).returncode == 0
    assert run("verify", "door.yaml", cwd=tmp_path).returncode == 0


def test_one_property_can_be_asked_for_by_name_or_kind(tmp_path: Path) -> None:
    written(tmp_path, "door.yaml", DOOR)
    done = run("verify", "door.yaml", "--property", "it opens again", "--json", cwd=tmp_path)
    report = json.loads(done.stdout)
    assert (done.returncode, report["schema"], report["ok"]) == (0, "wanctl.verify/1", True)
    assert [item["property"] for item in report["machines"][0]["properties"]] == ["it opens again"]
    kinds = run("verify", "door.yaml", "--property", "never", "--json", cwd=tmp_path)
    (violated,) = json.loads(kinds.stdout)["machines"][0]["properties"]
    steps = violated["faults"][0]["run"]["steps"]
    assert [step["leaves"] for step in steps] == [["LOCKED"], ["LOCKED"]]


def test_a_property_that_does_not_exist_is_answered_with_the_nearest(tmp_path: Path) -> None:
    written(tmp_path, "door.yaml", DOOR)
    done = run("verify", "door.yaml", "--property", "it opens agian", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean 'it opens again'?" in done.stderr


def test_without_a_name_the_machines_of_the_folder_are_proved_and_logged(tmp_path: Path) -> None:
    (tmp_path / "machines").mkdir()
    written(tmp_path / "machines", "door.yaml", FIXED)
    written(tmp_path / "machines", "door.test.yaml", "machine: door.yaml\n")
    done = run("verify", "--log", "proofs.md", cwd=tmp_path)
    assert done.returncode == 0
    log = (tmp_path / "proofs.md").read_text()
    assert "## door" in log
    assert "| proved | abstract | never | an open door is not locked | 2 configurations of door |" in log


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("verify", "dor"), "there is no machine 'dor'"),
        (("verify", "absent.yaml"), "cannot be read"),
        (("verify", "broken.yaml"), "there is no state 'NOWHERE'"),
        (("verify", "door.yaml", "--log", "no/such/folder.md"), "cannot be written"),
        (("verify", "--level", "deep"), "'deep' is not one of"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_a_reason(args: tuple[str, ...], told: str, tmp_path: Path) -> None:
    written(tmp_path, "door.yaml", FIXED)
    written(tmp_path, "broken.yaml", FIXED.replace("to: LOCKED", "to: NOWHERE"))
    done = run(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
