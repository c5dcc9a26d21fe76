"""`wanctl demo`: both halves, in miniature."""

import os
import re
import subprocess
import sys
from pathlib import Path


def demo(tmp_path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wanctl", "demo", *options]
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(tmp_path / "run")}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


def test_the_demo_shows_bloat_without_wanctl_and_less_of_it_with(tmp_path: Path) -> None:
    shown = demo(tmp_path, "--seconds", "12")
    assert shown.returncode == 0, shown.stderr
    row = re.search(r"queue, 95 % of the time below\s+([\d.]+) ms\s+([\d.]+) ms", shown.stdout)
    assert row is not None, shown.stdout
    without_ms, with_ms = map(float, row.groups())
    assert without_ms > 30.0
    assert with_ms < without_ms / 2
    assert "the daemon: " in shown.stdout
    assert "Traceback" not in shown.stdout + shown.stderr


def test_a_demo_that_is_too_short_to_show_anything_is_refused(tmp_path: Path) -> None:
    shown = demo(tmp_path, "--seconds", "3")
    assert shown.returncode == 2
    assert "10" in shown.stderr


def test_a_failover_needs_its_time(tmp_path: Path) -> None:
    shown = demo(tmp_path, "--failover", "--seconds", "20")
    assert shown.returncode == 2
    assert "40 seconds at least" in shown.stderr
