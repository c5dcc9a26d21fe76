"""A machine with systemd as its own process 1: systemd-nspawn on an overlay of this host's root, with no network.

What the host has (Python, the checkout, its libraries) is bound in read-only, for a unit sees neither /root nor /tmp.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PYTHON = "/opt/python/bin/python3"
BINDINGS = {
    "/opt/python": sys.base_prefix,
    "/opt/wanctl/src": str(ROOT),
    "/opt/wanctl/lib": sysconfig.get_path("purelib"),
}
WRAPPER = f"""#!/bin/sh
export LD_LIBRARY_PATH=/opt/python/lib PYTHONPATH=/opt/wanctl/src:/opt/wanctl/lib PYTHONDONTWRITEBYTECODE=1
exec {PYTHON} -m wanctl "$@"
"""
WORLD = f"""[Service]
Type=notify
NotifyAccess=all
Environment=LD_LIBRARY_PATH=/opt/python/lib PYTHONPATH=/opt/wanctl/src:/opt/wanctl/lib PYTHONDONTWRITEBYTECODE=1
ExecStart={PYTHON} /opt/wanctl/src/tests/systemd/world.py
"""


class Machine:
    """A booted one. `why_not` says what keeps this host from having any."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mounted: list[Path] = []
        self._nspawn: subprocess.Popen[bytes] | None = None
        self.leader = 0
        self.root = folder / "root"

    @staticmethod
    def why_not() -> str:
        if os.geteuid() != 0:
            return "systemd-nspawn needs root"
        missing = [name for name in ("systemd-nspawn", "nsenter", "mount") if shutil.which(name) is None]
        return f"no {' and '.join(missing)} here (apt install systemd-container)" if missing else ""

    def boot(self) -> str:
        """Begin; why it did not, or nothing."""
        layers = self._folder / "layers"
        layers.mkdir()
        try:
            self._mount(layers, "-t", "tmpfs", "-o", "size=256m", "none")
            for name in ("upper", "work"):
                (layers / name).mkdir()
            self.root.mkdir()
            overlay = f"lowerdir=/,upperdir={layers}/upper,workdir={layers}/work"
            self._mount(self.root, "-t", "overlay", "-o", overlay, "overlay")
        except subprocess.CalledProcessError as error:
            return f"no overlay of / can be made: {error.stderr.decode().strip()}"
        self._furnish()
        bindings = [f"--bind-ro={there}:{here}" for here, there in BINDINGS.items()]
        command = ["systemd-nspawn", "--boot", "--quiet", f"--directory={self.root}", "--register=no", "--keep-unit"]
        command += [
            "--private-network",
            "--machine=wanctl-test",
            "--console=pipe",
            *bindings,
            "systemd.unit=basic.target",
        ]
        log = (self._folder / "console").open("wb")
        self._nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._nspawn.poll() is None:
            self.leader = self._child()
            if self.leader and self.run("systemctl", "is-active", "basic.target").stdout.strip() == "active":
                return ""
            time.sleep(0.2)
        told = (self._folder / "console").read_text(errors="replace")
        return f"systemd does not boot in a container here: {told[-500:]}"

    def close(self) -> None:
        if self._nspawn is not None and self._nspawn.poll() is None:
            if self.leader:
                os.kill(self.leader, 9)
            else:
                self._nspawn.kill()
            self._nspawn.wait(30)
        for path in reversed(self._mounted):
            subprocess.run(["umount", "--lazy", str(path)], check=False)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command inside."""
        inside = ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"]
        return subprocess.run([*inside, "--", *command], capture_output=True, text=True, check=False, timeout=120)

    def do(self, *command: str) -> str:
        """The same, when it must go well."""
        done = self.run(*command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}{self.journal()[-3_000:]}"
        return done.stdout

    def show(self, unit: str, name: str) -> str:
        return self.do("systemctl", "show", "--property", name, "--value", unit).strip()

    def journal(self, *options: str) -> str:
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit=wanctl@home", *options).stdout

    def read(self, path: str) -> str:
        return self.do("cat", path)

    def world(self) -> dict[str, Any]:
        """What the router of the world has, and which rates it has had."""
        told: dict[str, Any] = json.loads(self.read("/run/world.json"))
        return told

    def eventually(self, condition: Callable[[], bool], what: str, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"{what}: it never came about\n{self.journal()[-3_000:]}"
            time.sleep(0.1)

    def _furnish(self) -> None:
        deploy = ROOT / "deploy" / "systemd"
        put(self.root / "usr/local/bin/wanctl", WRAPPER, 0o755)
        put(self.root / "etc/systemd/system/wanctl@.service", (deploy / "wanctl@.service").read_text())
        put(self.root / "etc/systemd/system/world.service", WORLD)
        put(self.root / "etc/sysusers.d/wanctl.conf", (deploy / "wanctl.sysusers").read_text())
        put(self.root / "etc/sysctl.d/50-wanctl.conf", (deploy / "wanctl.sysctl").read_text())

    def _mount(self, where: Path, *options: str) -> None:
        subprocess.run(["mount", *options, str(where)], check=True, capture_output=True)
        self._mounted.append(where)

    def _child(self) -> int:
        assert self._nspawn is not None
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        return int(children[0]) if children else 0


def put(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
