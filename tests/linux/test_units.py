"""The units of a Linux router, as systemd's own tools see them."""

import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
MOST_EXPOSURE = 2.5


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Both units of a site, with the drop-in, and programs that exist."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze(1) here")
    queues = (DEPLOY / "linux/wanctl-cake@.service").read_text().replace("/usr/local/sbin/wanctl-cake", "/bin/true")
    daemon = (DEPLOY / "systemd/wanctl@.service").read_text().replace("=wanctl ", "=/bin/true ")
    for name, text in (("wanctl-cake@.service", queues), ("wanctl@.service", daemon)):
        (tmp_path / name).write_text(text)
        (tmp_path / name.replace("@", "@home")).symlink_to(name)
    (tmp_path / "wanctl@home.service.d").mkdir()
    shutil.copy(DEPLOY / "linux/linux.conf", tmp_path / "wanctl@home.service.d")
    return tmp_path


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["systemd-analyze", "--man=no", *arguments], capture_output=True, text=True, check=False)


def test_systemd_finds_nothing_wrong(units: Path) -> None:
    done = analyze("verify", str(units / "wanctl-cake@home.service"), str(units / "wanctl@home.service"))
    assert "wanctl" not in done.stderr
    assert done.returncode == 0, done.stderr


def test_the_queues_are_set_up_by_a_unit_that_exposes_little(units: Path) -> None:
    bound = round(MOST_EXPOSURE * 10)
    done = analyze("security", "--offline=true", f"--threshold={bound}", str(units / "wanctl-cake@.service"))
    assert done.returncode == 0, done.stdout[-300:]
