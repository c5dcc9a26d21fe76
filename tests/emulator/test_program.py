"""The emulator in a process of its own."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from wanctl.routeros.rest import RestRouter

PROGRAM = [sys.executable, "-m", "wanctl.testing.routeros.program"]
DOWN = "WAN-Download-Cable"


class Running:
    """A running emulator; its ready file has been read."""

    def __init__(self, folder: Path, *more: str) -> None:
        (folder / "password").write_text("secret\n")
        ready = folder / "ready.json"
        ready.unlink(missing_ok=True)
        options = ["--rest", "127.0.0.1:0", "--user", "wanctl", "--password-file", str(folder / "password")]
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


@pytest.mark.parametrize(
    ("rest", "state", "message"),
    [
        ("127.0.0.1", "{}", "'127.0.0.1' is not HOST:PORT"),
        ("127.0.0.1:0", "{", "is not JSON"),
        ("127.0.0.1:0", '{"/queue/tree": {}}', "must map menus to lists of objects"),
        ("127.0.0.1:0", '{"/queue/tree": [{"nam": "x"}]}', "unknown parameter nam"),
        ("192.0.2.1:443", "{}", "Cannot assign requested address"),
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
