"""`wanctl graph`, as its users call it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import on_terminal, run
from tests.diagram.drawn import HERE

MACHINE = (
    "schema: 1\nmachine: lamp\nsummary: On and off.\ninitial: OFF\nstates: {OFF: {on: {push: [{to: ON}]}}, ON: {}}\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a machine of its own."""
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines" / "lamp.yaml").write_text(MACHINE)
    return tmp_path


def test_without_a_machine_it_lists_them(folder: Path) -> None:
    done = run("graph", cwd=folder)
    assert done.returncode == 0
    assert "lamp         2 states    1 rows  On and off.\n" in done.stdout
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == sorted(names)
    assert {"classic", "direction", "lamp", "wan"} <= set(names)


def test_the_list_is_there_as_json(folder: Path) -> None:
    listed = json.loads(run("graph", "--json", cwd=folder).stdout)
    assert listed["schema"] == "wanctl.machines/1"
    assert {"name": "lamp", "file": "machines/lamp.yaml", "summary": "On and off.", "states": 2, "rows": 1} in listed[
        "machines"
    ]


def test_a_faulty_machine_does_not_hide_the_others_from_the_list(folder: Path) -> None:
    (folder / "machines" / "bad.yaml").write_text("schema: 1\nmachine: bad\n")
    done = run("graph", cwd=folder)
    assert done.returncode == 2
    assert "lamp" in done.stdout
    assert "bad: 1 error; wanctl check machines/bad.yaml tells them" in done.stderr


@pytest.mark.parametrize("suffix", ["svg", "png", "gv", "mmd", "json"])
def test_the_format_is_told_by_the_suffix(folder: Path, suffix: str) -> None:
    begins = {"svg": b"<svg", "png": b"\x89PNG", "mmd": b"---\ntitle: lamp", "json": b'{\n  "schema"'}
    done = run("graph", "lamp", "-o", f"lamp.{suffix}", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", f"wrote lamp.{suffix}\n")
    assert (folder / f"lamp.{suffix}").read_bytes().startswith(begins.get(suffix, b"digraph {"))


def test_a_pipe_gets_an_svg(folder: Path) -> None:
    done = run("graph", "machines/lamp.yaml", cwd=folder)
    assert done.returncode == 0
    assert done.stdout.startswith("<svg")
    assert done.stderr == ""


def test_a_reader_that_has_seen_enough_is_no_error(folder: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m wanctl graph wan | head -c 9", shell=True, cwd=folder, capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"<svg xmln", b"")


def test_a_terminal_gets_no_picture_but_a_hint(folder: Path) -> None:
    assert "a picture is not for a terminal: add -o lamp.svg" in on_terminal("graph", "lamp", cwd=folder)
    assert "add -o lamp.png" in on_terminal("graph", "lamp", "--format", "png", cwd=folder)


def test_a_terminal_gets_what_is_text(folder: Path) -> None:
    assert "stateDiagram-v2" in on_terminal("graph", "lamp", "--format", "mermaid", cwd=folder)


def test_a_machine_here_comes_before_a_shipped_one(folder: Path) -> None:
    shutil.copy(folder / "machines" / "lamp.yaml", folder / "machines" / "wan.yaml")
    assert json.loads(run("graph", "wan", "--json", cwd=folder).stdout)["machine"] == "lamp"


def test_states_are_lit_by_name(folder: Path) -> None:
    done = run("graph", "wan", "--active", "download.RED.CUT, OUTAGE,", cwd=folder)
    assert 'id="state-download.RED.CUT" class="state red active"' in done.stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["lampp"], "there is no machine 'lampp'\n   = help: did you mean 'lamp'?"),
        (["nowhere/lamp.yaml"], "cannot be read: no such file or directory"),
        (["lamp", "--active", "OF"], "--active: lamp has no state 'OF': did you mean 'OFF'?"),
        (["lamp", "--active", "ON,OFF"], "the machine lamp is in one state at a time"),
        (["lamp", "--format", "gif"], "'gif' is not one of 'svg', 'png', 'dot', 'mermaid', 'json'"),
        (["lamp", "-o", "lamp.gif"], "no format has the suffix '.gif'"),
        (["lamp", "-o", "nowhere/lamp.svg"], "nowhere/lamp.svg cannot be written: no such file or directory"),
        (["lamp", "-o", "machines", "--format", "svg"], "machines cannot be written: is a directory"),
        (["lamp", "--brief", "--format", "json"], "--brief is for svg, png, dot; json has all rows"),
        (["lamp", "--json", "--format", "svg"], "--json and --format svg: give one of them"),
        (["--all"], "--all goes with -o FOLDER and nothing else"),
        (["--active", "ON"], "which machine? 'wanctl graph' lists them"),
    ],
)
def test_what_cannot_be_done_is_told_and_ends_with_2(folder: Path, args: list[str], says: str) -> None:
    done = run("graph", *args, cwd=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_faulty_machine_is_told_with_its_line(folder: Path) -> None:
    (folder / "bad.yaml").write_text(MACHINE.replace("to: ON", "to: OM"))
    done = run("graph", "bad.yaml", "-o", "bad.svg", cwd=folder)
    assert done.returncode == 2
    assert "bad.yaml:5:" in done.stderr
    assert not (folder / "bad.svg").exists()


def test_all_draws_every_machine_of_the_list(tmp_path: Path) -> None:
    (tmp_path / "machines").mkdir()
    shutil.copy(HERE / "zoo.yaml", tmp_path / "machines" / "zoo.yaml")
    done = run("graph", "--all", "-o", "out/pictures", cwd=tmp_path)
    assert done.returncode == 0
    names = {file.name for file in (tmp_path / "out" / "pictures").iterdir()}
    assert {"zoo.svg", "zoo.brief.svg", "zoo.mmd", "wan.svg", "direction.mmd"} <= names


def test_without_graphviz_it_says_what_to_install_and_still_writes_text(folder: Path) -> None:
    program = "import sys; sys.modules['pygraphviz'] = None; from wanctl.cli import main; main(sys.argv[1:])"

    def graph(form: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", program, "graph", "lamp", "--format", form]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    refused = graph("svg")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "pip install 'wanctl[diagrams]'" in refused.stderr
    assert graph("mermaid").stdout.startswith("---\ntitle: lamp")
