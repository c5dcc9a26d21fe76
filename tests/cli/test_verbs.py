"""What all verbs of the command line have in common."""

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.command import PLAIN, WANCTL, on_terminal, run
from tests.config.sites import SITE, edited, with_files
from wanctl import __version__
from wanctl.cli import VERBS, wanctl

ESCAPE = "\x1b["
# A verb of its own with a fault in it.
FAULTY = """
import sys
from pathlib import Path
import wanctl.cli
Path("boom.py").write_text("import click\\n@click.command()\\ndef boom():\\n    {'a': 1}['b']\\n")
wanctl.cli.__path__.append(".")
wanctl.cli.VERBS["boom"] = wanctl.cli.Verb("Lab", "Fail.")
wanctl.cli.main(["boom"])
"""


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_lists_the_verbs_by_group_with_examples(flag: str, tmp_path: Path) -> None:
    done = run(flag, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "wanctl check sites/home.yaml" in done.stdout
    assert "\n\nCheck:\n  check" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_every_verb_that_is_listed_has_its_command() -> None:
    context = wanctl.make_context("wanctl", ["check"], resilient_parsing=True)
    for verb in wanctl.list_commands(context):
        command = wanctl.get_command(context, verb)
        assert command is not None
        assert command.name == verb
        assert verb in VERBS


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "wanctl", "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "click" in loaded
    assert loaded & {"pydantic", "yaml", "transitions", "requests", "paramiko", "networkx", "rich", "asyncio"} == set()


def test_the_version_is_told_to_people_and_to_programs(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).stdout == f"wanctl {__version__}\n"
    told = json.loads(run("--version", "--json", cwd=tmp_path).stdout)
    assert (told["schema"], told["version"]) == ("wanctl.version/1", __version__)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["chekc"], "did you mean 'check'?"),
        (["check"], "Missing argument"),
        (["check", "--formt", "json", "x"], "--format"),
        (["--json", "check", "x"], "--json goes after the verb"),
    ],
)
def test_a_wrong_command_line_is_told_on_stderr(args: list[str], told: str, tmp_path: Path) -> None:
    done = run(*args, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_colours_are_for_terminals_and_can_be_refused(tmp_path: Path) -> None:
    with_files(tmp_path, edited("940Mbit", "940"))
    assert ESCAPE in on_terminal("check", "home.yaml", cwd=tmp_path)
    assert ESCAPE not in on_terminal("check", "home.yaml", "--no-color", cwd=tmp_path)
    assert ESCAPE not in on_terminal("check", "home.yaml", cwd=tmp_path, NO_COLOR="1")
    assert ESCAPE not in on_terminal("check", "home.yaml", cwd=tmp_path, TERM="dumb")


def test_a_report_fits_its_terminal(tmp_path: Path) -> None:
    long = edited("queue: WAN-Down", "ceiling: 900Mbit, floor: 10Mbit, start: 20Mbit, queue: WAN-Down, quue: x")
    with_files(tmp_path, long)
    shown = on_terminal("check", "home.yaml", "--no-color", cwd=tmp_path, COLUMNS="60").splitlines()
    assert max(len(line) for line in shown) <= 60
    text, caret = next((above, below) for above, below in pairwise(shown) if below.endswith("^"))
    assert text[caret.index("^") :].startswith("quue")


def test_an_interrupted_verb_ends_quietly(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*WANCTL, "check", "-"], cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN
    ) as process:
        waiting = Path(f"/proc/{process.pid}/wchan")
        while "pipe" not in waiting.read_text():  # until it reads from us
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read().decode()
        assert (process.wait(), told.strip()) == (130, "")


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    with_files(tmp_path, SITE)
    ours, theirs = os.pipe()
    os.close(ours)
    command = [*WANCTL, "check", "home.yaml", "--effective"]
    done = subprocess.run(command, cwd=tmp_path, stdout=theirs, stderr=subprocess.PIPE, env=PLAIN, check=False)
    os.close(theirs)
    assert done.returncode == 141
    assert done.stderr.decode() in ("", "checked 1 site: fine\n")


def test_a_fault_of_our_own_is_one_line_and_where_to_report_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FAULTY]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=PLAIN, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("wanctl: this is a fault of wanctl: KeyError: 'b' (boom.py:4)\n")
    assert "Traceback" not in done.stderr
    loud = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env={**PLAIN, "WANCTL_DEBUG": "1"}, check=False
    )
    assert "Traceback" in loud.stderr
