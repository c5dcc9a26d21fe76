"""`wanctl test` as people and build servers run it."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.command import run
from tests.suite.machines import SMALL

TESTS = """\
machine: small.yaml
tests:
  - name: two hot ticks are no queue
    input: {delta: '20x2 5'}
    expect: [{at: 1s, state: GREEN}]
  - name: three are
    input: {delta: 20x3}
    expect: [{tick: 3, state: RED.CUT}]
"""
FAILING = TESTS.replace("{tick: 3, state: RED.CUT}", "{tick: 3, state: GREEN}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    machines = tmp_path / "machines"
    machines.mkdir()
    (machines / "small.yaml").write_text(SMALL)
    (machines / "small.test.yaml").write_text(TESTS)
    return tmp_path


@pytest.mark.parametrize(
    "args", [(), ("machines",), ("machines/small.test.yaml",), ("machines/small.yaml",), ("small",)]
)
def test_tests_are_found_by_folder_file_machine_and_name(args: tuple[str, ...], folder: Path) -> None:
    done = run("test", *args, cwd=folder)
    assert (done.returncode, done.stdout) == (0, "machines/small.test.yaml: 2 passed\n")
    assert done.stderr == "2 passed, 0 failed\n"


def test_a_failed_test_tells_its_place_and_the_exit_code_is_1(folder: Path) -> None:
    (folder / "machines/small.test.yaml").write_text(FAILING)
    done = run("test", cwd=folder)
    assert done.returncode == 1
    assert done.stdout == (
        "machines/small.test.yaml: 1 passed, 1 failed\n"
        "  FAILED  three are\n"
        "    machines/small.test.yaml:8, at 0.100 s (tick 3)\n"
        "      state: expected GREEN\n"
        "             got      RED.CUT\n"
        "      what led there:\n"
        "        0.100 s  GREEN#1 → RED: bloated for 3 ticks (delta 20 ms, target 10 ms)\n"
        "      what did not:\n"
        "        RED#1: not bloated is false now (delta 20 ms, target 10 ms)\n"
    )


def test_without_a_folder_of_machines_the_shipped_ones_are_tested(tmp_path: Path) -> None:
    done = run("test", "--run", "bands are reached", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.endswith("machines/classic.test.yaml: 1 passed\n")


def test_run_chooses_tests_by_their_names(folder: Path) -> None:
    assert run("test", "--run", "^three", cwd=folder).stdout == "machines/small.test.yaml: 1 passed\n"
    none = run("test", "--run", "four", cwd=folder)
    assert (none.returncode, none.stdout) == (2, "")
    assert none.stderr == "no test in machines/small.test.yaml has a name with 'four'\n"
    wrong = run("test", "--run", "(", cwd=folder)
    assert wrong.returncode == 2
    assert "--run: not a regular expression" in wrong.stderr


def test_coverage_names_what_never_happened_and_can_fail(folder: Path) -> None:
    done = run("test", "--coverage", cwd=folder)
    assert done.returncode == 0
    assert "machines/small.yaml: coverage 37.5 % (1 of 5 rows, 2 of 6 guard sides, 3 of 5 states)" in done.stdout
    assert (
        "  machines/small.yaml:20: GREEN#2 (count < 5): never fired, guard never true, guard never false" in done.stdout
    )
    assert "  machines/small.yaml:31: the state HOLD: never entered" in done.stdout
    low = run("test", "--coverage-threshold", "90", cwd=folder)
    assert low.returncode == 1
    assert "coverage of machines/small.yaml is 37.5 %, below 90 %" in low.stderr
    assert run("test", "--coverage-threshold", "37", cwd=folder).returncode == 0


def test_the_results_as_json(folder: Path) -> None:
    (folder / "machines/small.test.yaml").write_text(FAILING)
    done = run("test", "--json", "--coverage", cwd=folder)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["schema"], told["ok"], told["passed"], told["failed"]) == ("wanctl.test/1", False, 1, 1)
    (file,) = told["files"]
    assert [(case["name"], case["passed"]) for case in file["tests"]] == [
        ("two hot ticks are no queue", True),
        ("three are", False),
    ]
    (failure,) = file["tests"][1]["failures"]
    assert (failure["line"], failure["at_s"], failure["expected"], failure["got"]) == (8, 0.1, "GREEN", "RED.CUT")
    (coverage,) = told["coverage"]
    assert coverage["rows"] == {"done": 1, "of": 5}


def test_the_results_as_junit(folder: Path) -> None:
    (folder / "machines/small.test.yaml").write_text(FAILING.replace("three are", "three < & >\"'"))
    done = run("test", "--junit", "results.xml", cwd=folder)
    assert done.returncode == 1
    root = ET.parse(folder / "results.xml").getroot()
    assert root.attrib == {"tests": "2", "failures": "1"}
    cases = list(root.iter("testcase"))
    assert [case.get("name") for case in cases] == ["two hot ticks are no queue", "three < & >\"'"]
    failure = cases[1].find("failure")
    assert failure is not None
    assert failure.get("message") == "state: expected GREEN, got RED.CUT"
    assert run("test", "--junit", "no/such/folder.xml", cwd=folder).returncode == 2


def test_a_faulty_file_is_told_with_place_and_hint_and_the_others_run(folder: Path) -> None:
    (folder / "machines/zed.test.yaml").write_text(TESTS.replace("delta: 20x3", "detla: 20x3"))
    done = run("test", cwd=folder)
    assert done.returncode == 2
    assert done.stdout == "machines/small.test.yaml: 2 passed\n"
    assert "machines/zed.test.yaml:7:13: error[WC606]: there is no input 'detla'" in done.stderr
    assert "= help: did you mean 'delta'?" in done.stderr
    assert done.stderr.endswith("2 passed, 0 failed, 1 error in files\n")


def test_a_faulty_machine_is_told_at_its_own_place(folder: Path) -> None:
    (folder / "machines/small.yaml").write_text(SMALL.replace("to: HOLD", "to: HOLT"))
    done = run("test", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "machines/small.yaml:20:" in done.stderr
    assert "error[WC256]" in done.stderr


@pytest.mark.parametrize("name", ["nothing.test.yaml", "nothing", "./nothing.yaml", "empty"])
def test_what_is_not_there_is_told(name: str, folder: Path) -> None:
    (folder / "empty").mkdir()
    done = run("test", name, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error[WC1" in done.stderr
