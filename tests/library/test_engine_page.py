"""docs/engine.md: what it shows happens, and it shows all that is public."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import wanctl.engine
from tests.cli.command import run
from tests.library.page import DOCS, blocks, replay, write_files

PAGE = "engine.md"
REGISTRY = """\
from wanctl.engine import ActionRegistry, ActionSignature, Param
ACTIONS = ActionRegistry([
    ActionSignature("bolt.move", (Param("to", "text", choices=("in", "out")),)),
    ActionSignature("siren.start", (Param("volume", dimension="ratio", low=0.0, high=1.0),)),
    ActionSignature("siren.stop"),
])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the page, and the place where its examples run."""
    monkeypatch.chdir(tmp_path)
    assert write_files(PAGE, tmp_path) == ["door.yaml", "door.test.yaml"]
    (tmp_path / "door_actions.py").write_text(REGISTRY)
    return tmp_path


def test_every_example_gives_what_the_page_says(folder: Path) -> None:
    count, differences = replay(PAGE)
    assert differences == ""
    assert count > 30
    assert all(text.startswith(">>> ") for text in blocks(PAGE, "python"))


def test_its_commands_work_on_its_machine(folder: Path) -> None:
    replay(PAGE)  # leaves run.jsonl
    (listed,) = [text for text in (DOCS / PAGE).read_text().split("```\n") if text.startswith("wanctl check")]
    commands = listed.splitlines()
    assert len(commands) == 6
    for command in commands:
        done = run(*command.split()[1:], cwd=folder)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_every_public_name_is_on_the_page() -> None:
    page = (DOCS / PAGE).read_text("utf-8")
    assert [name for name in wanctl.engine.__all__ if name not in page] == []


def test_the_engine_needs_no_network_and_little_else() -> None:
    program = (
        "import json, sys; import wanctl.engine, wanctl.engine.transcript; from wanctl.engine import *\n"
        "text = 'schema: 1\\nmachine: m\\nstates: {A: {on: {tick: [{to: B}]}}, B: {}}\\n'\n"
        "machine = compile_model(load(text, 'm.yaml')).start()\n"
        "assert machine.tick(1).entered == ('B',)\n"
        "print(json.dumps(sorted(name.partition('.')[0] for name in sys.modules)))\n"
        "print(json.dumps(sorted(name for name in sys.modules if name.startswith('wanctl.'))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    everything, own = (set(json.loads(line)) for line in done.stdout.splitlines())
    assert not everything & {"requests", "paramiko", "click", "pydantic", "starlette", "z3", "pygraphviz"}
    assert {name.split(".")[1] for name in own} == {"engine"}
