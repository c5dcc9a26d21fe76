"""The units as systemd's own tools see them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
UNIT = UNITS / "wanctl@.service"
MOST_EXPOSURE = 1.6


def setting(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


@pytest.fixture
def analyze(tmp_path: Path) -> list[str]:
    """The command of the tool, for a folder that holds an instance whose program exists."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze(1) here")
    text = re.sub(r"^(Exec\w+)=wanctl ", r"\1=/bin/true ", UNIT.read_text(), flags=re.MULTILINE)
    (tmp_path / "wanctl@.service").write_text(text)
    return ["systemd-analyze", "--man=no"]


def test_the_service_is_exposed_no_more_than_promised(analyze: list[str], tmp_path: Path) -> None:
    bound = round(MOST_EXPOSURE * 10)
    command = [*analyze, "security", "--offline=true", f"--threshold={bound}", str(tmp_path / "wanctl@.service")]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout[-400:]
    assert "Overall exposure level" in outcome.stdout


def test_systemd_finds_nothing_wrong_in_the_unit(analyze: list[str], tmp_path: Path) -> None:
    # An instance of the template, as `systemctl start wanctl@home` makes it.
    command = [*analyze, "verify", str(tmp_path / "wanctl@home.service")]
    (tmp_path / "wanctl@home.service").symlink_to("wanctl@.service")
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "wanctl@" not in outcome.stderr
    assert outcome.returncode == 0, outcome.stderr


def test_a_wrong_configuration_is_not_tried_again() -> None:
    assert setting("RestartPreventExitStatus") == ["78"]
    assert setting("Restart") == ["always"]


def test_each_site_has_a_user_and_folders_of_its_own() -> None:
    assert setting("User") == ["wanctl-%i"]
    assert setting("StateDirectory") == setting("RuntimeDirectory") == ["wanctl/%i"]


def test_no_secret_is_in_the_environment() -> None:
    assert setting("Environment") + setting("EnvironmentFile") == []
    assert len(setting("LoadCredential")) == 1


def test_the_group_that_the_unit_names_is_made_by_its_neighbour() -> None:
    assert f"g {setting('Group')[0]} -" in (UNITS / "wanctl.sysusers").read_text()
