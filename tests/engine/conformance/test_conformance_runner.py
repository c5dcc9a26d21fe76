"""The runner itself: what it counts, what it prints, how it ends."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from wanctl.testing.conformance import CaseError, main, read_cases, run_cases

LAMP = """
schema: 1
machine: lamp
initial: OFF
states:
  OFF: {on: {go: [{to: ON, do: [{mark: {name: lit}}]}]}}
  ON: {}
"""
PASSES: dict[str, Any] = {
    "id": "lamp/1",
    "topic": "lamp",
    "machine": LAMP,
    "initial": ["OFF"],
    "steps": [{"event": "go", "expect": ["ON"], "entered": ["ON"], "exited": ["OFF"], "marks": ["lit"]}],
}


def changed(**step: object) -> dict[str, Any]:
    return {**PASSES, "steps": [{**PASSES["steps"][0], **step}]}


def whats(case: dict[str, Any], rule: str | None = None) -> list[tuple[int, str]]:
    return [(failure.step, failure.what) for failure in run_cases([case], rule=rule).failures]


def test_a_case_that_holds_has_no_failure() -> None:
    assert whats(PASSES) == []


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ({"expect": ["OFF"]}, "leaves"),
        ({"expect": []}, "leaves"),
        ({"expect": "ON"}, "case"),
        ({"entered": []}, "entered"),
        ({"exited": ["OFF", "ON"]}, "exited"),
        ({"marks": []}, "marks"),
        ({"faults": 1}, "faults"),
        ({"expect": ["NOWHERE"]}, "case"),
        ({"values": {"nothing": 1}}, "case"),
        ({"after_ms": -1}, "case"),
        ({"after_ms": float("nan")}, "case"),
        ({"after_ms": float("inf")}, "case"),
        ({"data": {"k": [1]}}, "case"),
        ({"event": "tick", "inputs": {"nothing": 1}}, "case"),
    ],
)
def test_each_thing_a_step_expects_is_checked(step: dict[str, object], what: str) -> None:
    assert whats(changed(**step)) == [(1, what)]


def test_the_start_is_checked_like_a_step() -> None:
    assert whats({**PASSES, "initial": ["ON"], "entered": [], "marks": ["x"], "faults": 2}) == [
        (0, "leaves"),
        (0, "entered"),
        (0, "marks"),
        (0, "faults"),
    ]


def test_what_is_absent_is_not_checked_but_faults() -> None:
    assert whats({**PASSES, "steps": [{"event": "go"}, {"event": "go", "expect": ["ON"]}]}) == []
    endless = LAMP.replace("  ON: {}", "  ON: {always: [{to: ON}]}")
    assert whats({**PASSES, "machine": endless, "steps": [{"event": "go"}]}) == [(1, "faults")]


def test_a_machine_that_does_not_load_is_a_failure_of_its_case() -> None:
    report = run_cases([{**PASSES, "machine": LAMP.replace("to: ON", "to: NO")}, PASSES])
    assert (report.passed, report.failed, report.failures[0].what) == (1, 1, "machine")
    assert "machine.yaml:6" in str(report.failures[0])


def test_numbers_agree_within_a_billionth_and_are_not_truth_values() -> None:
    machine = (
        "schema: 1\nmachine: m\ndata: {n: {range: [0, 9], default: 0}, f: {type: bool}}\n"
        "states: {a: {on: {t: [{do: [{assign: {n: event.data.v, f: true}}]}]}}}\n"
    )
    case = {"id": "m/1", "machine": machine, "initial": ["a"]}
    step = {"event": "t", "data": {"v": 1 + 5e-10}, "expect": ["a"]}
    assert whats({**case, "steps": [{**step, "values": {"n": 1, "f": True}}]}) == []
    assert whats({**case, "steps": [{**step, "values": {"n": 1.00000001}}]}) == [(1, "value of n")]
    assert whats({**case, "steps": [{**step, "values": {"n": True}}]}) == [(1, "value of n")]
    assert whats({**case, "steps": [{**step, "values": {"f": 1}}]}) == [(1, "value of f")]
    assert whats({**case, "steps": [{**step, "values": {"n": None}}]}) == [(1, "value of n")]


def test_cases_of_the_other_rule_are_skipped_only_when_a_rule_is_given() -> None:
    marked = {**PASSES, "conflicts": "scxml", "machine": LAMP + "conflicts: scxml\n"}
    assert str(run_cases([marked, PASSES])) == "2 passed, 0 failed, 0 skipped"
    assert str(run_cases([marked, PASSES], rule="lca")) == "1 passed, 0 failed, 1 skipped"
    assert str(run_cases([marked, PASSES], rule="scxml")) == "2 passed, 0 failed, 0 skipped"


def test_a_rule_that_is_given_runs_the_unmarked_cases() -> None:
    machine = (
        "schema: 1\nmachine: m\ninitial: p\nstates:\n  p:\n    type: parallel\n    states:\n"
        "      a: {on: {t: [{to: a}]}}\n      b: {}\n"
    )
    case = {"id": "m/1", "machine": machine, "initial": ["a", "b"]}
    step = {"event": "t", "expect": ["a", "b"]}
    assert whats({**case, "steps": [{**step, "entered": ["a"]}]}, "lca") == []
    assert whats({**case, "steps": [{**step, "entered": ["p", "a", "b"]}]}, "scxml") == []


def test_a_name_that_is_a_whole_path_means_that_state() -> None:
    machine = "schema: 1\nmachine: m\ninitial: a\nstates:\n  a: {on: {t: [{to: b.a}]}}\n  b: {states: {a: {}}}\n"
    case = {"id": "m/1", "machine": machine, "initial": ["a"], "steps": [{"event": "t", "expect": ["b.a"]}]}
    assert whats(case) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not JSON"),
        ("[]", "a case is an object"),
        ("{}", "a case needs 'id'"),
        (json.dumps({**PASSES, "steps": ["go"]}), "step 1 must be an object"),
        (json.dumps({**PASSES, "conflicts": "both"}), "lca or scxml"),
        (json.dumps({**PASSES, "conflicts": ["lca"]}), "lca or scxml"),
        (json.dumps({**PASSES, "id": 7}), "a case needs 'id'"),
        ("[" * 100_000, "not JSON"),
        ('{"id": ' + "7" * 5_000 + "}", "not JSON"),
    ],
)
def test_a_line_that_is_no_case_ends_the_run_with_its_place(
    line: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(f"{json.dumps(PASSES)}\n\n{line}\n")
    assert main([str(file)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{file}:3" in said.err
    assert says in said.err


def test_every_form_that_json_allows_is_a_case(tmp_path: Path) -> None:
    """A byte order mark, CRLF, blank lines, other scripts' line ends within a text, a state named twice, no steps."""
    marked = {**PASSES, "note": "\u2028 \u0085 \x0c", "initial": ["OFF", "OFF"], "topic": None}
    bare = {"id": "bare", "machine": LAMP}
    lines = [json.dumps(marked, ensure_ascii=False), "", "   ", json.dumps(bare), json.dumps({**bare, "steps": []})]
    file = tmp_path / "cases.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert str(run_cases(read_cases(file))) == "3 passed, 0 failed, 0 skipped"


def test_half_a_character_can_be_told(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(json.dumps({**PASSES, "id": "\ud83d", "initial": ["\ud83d"]}) + "\n")
    command = [sys.executable, "-m", "wanctl.testing.conformance", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("\\ud83d, step 0: case: expected")


def test_time_adds_up_without_rounding() -> None:
    machine = "schema: 1\nmachine: m\nstates: {a: {after: {1ms: [{to: b}]}}, b: {}}\n"
    tenths = [{"after_ms": 0.1, "expect": ["a"]}] * 9
    case = {"id": "m/1", "machine": machine, "steps": [*tenths, {"after_ms": 0.1, "expect": ["b"]}]}
    assert whats(case) == []


def test_a_file_that_cannot_be_read_ends_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.jsonl")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CaseError, match="cannot be read"):
        read_cases(tmp_path / "binary.jsonl")


def test_the_command_prints_each_failure_and_a_last_line(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(json.dumps(case) + "\n" for case in (PASSES, changed(marks=["dark"]))))
    command = [sys.executable, "-m", "wanctl.testing.conformance", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "lamp/1, step 1: marks: expected ['dark'], got ['lit']",
        "1 passed, 1 failed, 0 skipped",
    ]
    file.write_text(json.dumps(PASSES) + "\n")
    done = subprocess.run([*command, "--conflicts", "scxml"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 passed, 0 failed, 0 skipped\n", "")
