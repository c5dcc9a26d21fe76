"""What is installed from a wheel is the whole product."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.house.repository import ROOT, tracked


def test_the_wheel_carries_the_code_the_machines_and_the_configurations(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("wanctl-*.whl")
    inside = set(ZipFile(wheel).namelist())
    code = {path for path in tracked() if path.startswith("wanctl/")}
    data = {f"wanctl/_data/{path}" for path in tracked() if path.startswith(("machines/", "configs/"))}
    assert code | data <= inside
    assert any(name.endswith("licenses/LICENSE") for name in inside)
