"""A machine that lacks something is told what, and the line that installs it, before anything is touched."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.house.repository import ROOT

NEEDED = ("bash", "dirname", "env", "cat")


def prepare(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"HOME": os.environ.get("HOME", "/"), "PATH": "/usr/bin:/bin"} | environment
    return subprocess.run([ROOT / ".ci" / "prepare"], env=clean, check=False, capture_output=True, text=True)


def test_a_machine_without_python_is_told_what_to_install(tmp_path: Path) -> None:
    for name in NEEDED:
        found = shutil.which(name)
        assert found
        (tmp_path / name).symlink_to(found)
    outcome = prepare(PATH=str(tmp_path))
    assert outcome.returncode == 1
    assert "there is no python3" in outcome.stderr
    assert "apt install python3 python3-venv" in outcome.stderr


def test_an_old_python_is_named_with_what_is_needed(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2 && exit 0\nexit 1\n', "utf-8")
    old.chmod(0o755)
    outcome = prepare(PYTHON=str(old))
    assert outcome.returncode == 1
    assert "Python 3.11 or newer is needed, and this is: Python 3.9.2" in outcome.stderr


def test_a_python_without_venv_is_told_the_package(tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ImportError\n", "utf-8")
    outcome = prepare(PYTHONPATH=str(tmp_path))
    assert outcome.returncode == 1
    assert "comes without venv" in outcome.stderr
    assert outcome.stderr.splitlines()[1].strip() == "apt install python3-venv"
