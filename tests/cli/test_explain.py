"""`wanctl explain`: codes, states and rows."""

from pathlib import Path

import pytest

from tests.cli.command import run
from wanctl.cli.page import all_codes

LAMP = """\
schema: 1
machine: lamp
summary: A lamp that goes out by itself.
inputs: {dark: {type: bool, doc: nobody sees anything}, power: {unit: ratio, doc: of the battery}}
params: {patience: {unit: ms, default: 2s, doc: how long it waits}}
data: {count: {range: [0, 9], default: 0}}
define: {needed: dark and power > 10%}
states:
  OFF:
    doc: it is dark or nobody cares
    on:
      tick: [{when: needed, for: patience, to: ON, do: [{assign: {count: count + 1}}], why: somebody cares}]
  ON:
    entry: [{raise: {event: lit, data: {n: count}}}, {send: {event: tired, delay: 1min}}]
    on: {tired: [{to: OFF}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines/lamp.yaml").write_text(LAMP)
    return tmp_path


def test_a_code_has_its_meaning_and_an_example_of_each_kind(tmp_path: Path) -> None:
    done = run("explain", "wc606", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("WC606: no such input\n\nInputs are those of the machine")
    assert "wrong:\n  input: {detla: 5}\n\nright:\n  input: {delta: 5}\n" in done.stdout


def test_every_range_of_codes_is_explained() -> None:
    assert {code[:3] for code in all_codes()} == {"WC0", "WC1", "WC2", "WC3", "WC6", "WC7"}


def test_a_state_has_what_it_does_and_its_rows(folder: Path) -> None:
    done = run("explain", "ON", "--machine", "lamp", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "lamp.ON\n"
        "  file     machines/lamp.yaml:13\n"
        "  entry    raise lit {n: count}; send tired in 1 min\n"
        "\n"
        "ON#1  machines/lamp.yaml:15\n"
        "  on       tired\n"
        "  to       OFF\n"
    )


def test_a_row_has_its_guard_opened_and_what_it_reads(folder: Path) -> None:
    done = run("explain", "OFF#1", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "OFF#1  machines/lamp.yaml:12\n"
        "  on       tick\n"
        "  when     needed\n"
        "           = dark and power > 10%\n"
        "  held     for patience (= 2000 ms)\n"
        "  to       ON\n"
        "  do       count := count + 1\n"
        "  why      somebody cares\n"
        "  inputs   dark: nobody sees anything\n"
        "           power (ratio): of the battery\n"
        "  data     count\n"
        "  params   patience = 2000 ms: how long it waits\n"
    )


def test_a_machine_has_its_summary(folder: Path) -> None:
    assert "  is       A lamp that goes out by itself.\n" in run("explain", "lamp", cwd=folder).stdout


def test_names_of_shipped_machines_are_found_with_and_without_the_machine(tmp_path: Path) -> None:
    named = run("explain", "wan.download.RED", cwd=tmp_path)
    assert named.stdout.startswith("wan.download.RED\n")
    assert "  is       a queue that hurts\n" in named.stdout
    ending = run("explain", "download.RED", cwd=tmp_path)
    assert ending.stdout == named.stdout
    assert ending.stderr == "also: classic.download.RED\n"


@pytest.mark.parametrize(
    ("what", "hint"),
    [
        ("WC60", "did you mean 'WC6"),
        ("OF", "did you mean 'OFF'?"),
        ("OFF#3", "did you mean 'OFF#1'?"),
        ("lamp.OM", "did you mean 'lamp.ON'?"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest(what: str, hint: str, folder: Path) -> None:
    done = run("explain", what, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert hint in done.stderr


def test_a_faulty_machine_does_not_hide_the_others(folder: Path) -> None:
    (folder / "machines/broken.yaml").write_text("machine: broken\n")
    done = run("explain", "OFF#1", cwd=folder)
    assert done.returncode == 0
    assert done.stdout.startswith("OFF#1")
    assert "machines/broken.yaml is left out" in done.stderr
