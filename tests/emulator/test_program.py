"""`wanctl emulator`: the emulator in a process of its own."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from wanctl.routeros.rest import RestRouter
from wanctl.routeros.ssh import SshRouter
from wanctl.testing.routeros.faultline import FAULTS

PROGRAM = [sys.executable, "-m", "wanctl", "emulator"]
DOWN = "WAN-Download-Cable"


class Running:
    """A running emulator; its ready file has been read."""

    def __init__(self, folder: Path, *more: str) -> None:
        (folder / "password").write_text("secret\n")
        ready = folder / "ready.json"
        ready.unlink(missing_ok=True)
        options = ["--user", "wanctl", "--password-file", str(folder / "password")]
        if "--ssh" not in more:
            options += ["--rest", "127.0.0.1:0"]
        self.process = subprocess.Popen([*PROGRAM, *options, "--ready-file", str(ready), *more])
        while not ready.exists():
            assert self.process.poll() is None, "it ended before it was ready"
            time.sleep(0.01)
        self.ready = json.loads(ready.read_text())

    def connect(self) -> RestRouter:
        url = urlsplit(self.ready["rest_url"])
        assert url.hostname
        assert url.port
        return RestRouter(
            url.hostname,
            "wanctl",
            "secret",
            port=url.port,
            ca_file=self.ready["ca_file"],
            pin=self.ready["pin"],
            now_ns=time.monotonic_ns,
        )

    def connect_ssh(self) -> SshRouter:
        key = self.ready["host_key_sha256"]
        return SshRouter("127.0.0.1", "wanctl", "secret", port=self.ready["ssh_port"], host_key=key)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    running = Running(tmp_path)
    with running.connect() as rest:
        assert rest.set_tree_limit(DOWN, 87_000_000) == 87_000_000
    assert running.stop() == 0
    assert not Path(running.ready["ca_file"]).exists()


def test_its_state_outlives_it(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = Running(tmp_path, "--state", str(state))
    with first.connect() as rest:
        rest.set_tree_limit(DOWN, 87_000_000)
    assert first.stop(signal.SIGINT) == 0
    second = Running(tmp_path, "--state", str(state))
    with second.connect() as rest:
        assert rest.read_tree(DOWN).max_limit_bps == 87_000_000
    assert second.stop() == 0


def test_a_state_may_be_written_by_hand(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    queue = {"name": DOWN, "parent": "global", "max-limit": 5_000_000, "disabled": True}
    state.write_text(json.dumps({"queue tree": [queue]}))
    running = Running(tmp_path, "--state", str(state))
    with running.connect() as rest:
        found = rest.read_tree(DOWN)
    assert (found.max_limit_bps, found.disabled) == (5_000_000, True)
    assert running.stop() == 0


@pytest.mark.parametrize(
    ("rest", "state", "message"),
    [
        ("127.0.0.1", "{}", "'127.0.0.1' is not HOST:PORT"),
        ("127.0.0.1:0", "{", "is not JSON"),
        ("127.0.0.1:0", '{"/queue/tree": {}}', "/queue/tree must be a list of objects"),
        ("127.0.0.1:0", '{"/queue/tree": [{"nam": "x"}]}', "unknown parameter nam"),
        ("192.0.2.1:443", "{}", "cannot assign requested address"),
    ],
)
def test_what_it_cannot_do_is_said_in_a_sentence(tmp_path: Path, rest: str, state: str, message: str) -> None:
    (tmp_path / "password").write_text("secret")
    (tmp_path / "state").write_text(state)
    options = ["--rest", rest, "--user", "u", "--password-file", str(tmp_path / "password")]
    ended = subprocess.run(
        [*PROGRAM, *options, "--ready-file", str(tmp_path / "ready"), "--state", str(tmp_path / "state")],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "ready").exists()


def test_it_wants_to_be_reached_somehow(tmp_path: Path) -> None:
    options = ["--user", "u", "--password-file", str(tmp_path / "p"), "--ready-file", str(tmp_path / "ready")]
    ended = subprocess.run([*PROGRAM, *options], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert "give --rest, --ssh or both" in ended.stderr


def test_both_faces_are_one_router(tmp_path: Path) -> None:
    running = Running(tmp_path, "--rest", "127.0.0.1:0", "--ssh", "127.0.0.1:0")
    assert running.ready["rest_url"].endswith("/rest")
    assert running.ready["host_key_sha256"].startswith("SHA256:")
    with running.connect() as rest, running.connect_ssh() as ssh:
        assert ssh.set_tree_limit(DOWN, 87_000_000) == 87_000_000
        assert rest.read_tree(DOWN).max_limit_bps == 87_000_000
    assert running.stop() == 0


def test_ssh_may_be_alone(tmp_path: Path) -> None:
    running = Running(tmp_path, "--ssh", "127.0.0.1:0")
    assert sorted(running.ready) == ["host_key_sha256", "ssh_port"]
    with running.connect_ssh() as ssh:
        assert ssh.identity() == "MikroTik"
    assert running.stop() == 0


def test_faults_strike_through_the_socket(tmp_path: Path) -> None:
    path = tmp_path / "faults"
    running = Running(tmp_path, "--ssh", "127.0.0.1:0", "--fault-socket", str(path))
    assert path.stat().st_mode & 0o077 == 0
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        lines = client.makefile("rw")

        def strike(request: object) -> dict[str, object]:
            lines.write(json.dumps(request) + "\n")
            lines.flush()
            answer = json.loads(lines.readline())
            assert isinstance(answer, dict)
            return answer

        with running.connect_ssh() as ssh:
            assert strike({"fault": "rename", "name": DOWN, "to": "other"}) == {"ok": True}
            assert ssh.read_tree("other").max_limit_bps == 800_000_000
            assert strike({"fault": "reboot"}) == {"ok": True}
            assert ssh.resource().uptime_ns < 298 * 10**9
        assert "did you mean 'reboot'" in str(strike({"fault": "rebot"})["error"])
        assert "has no setting" in str(strike({"fault": "reboot", "up_ms": 1})["error"])
        assert "must be a whole number" in str(strike({"fault": "reboot", "down_ms": "long"})["error"])
        assert "cannot be done" in str(strike({"fault": "swap_certificate"})["error"])
        assert "is an object" in str(strike([])["error"])
    assert running.stop() == 0
    assert not path.exists()


def test_the_help_lists_every_fault() -> None:
    said = subprocess.run([*PROGRAM, "--help"], capture_output=True, text=True, timeout=30).stdout
    assert [name for name in FAULTS if f"  {name}" not in said] == []
