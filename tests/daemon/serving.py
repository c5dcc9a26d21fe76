"""A running daemon for tests, and the ways to ask it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def eventually(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)


@contextmanager
def daemon(site: Path, folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`wanctl run` with its run folder at `folder`, from the moment its control socket is there."""
    state = folder.with_name(f"{folder.name}.state")
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(folder), "STATE_DIRECTORY": str(state)}
    command = [sys.executable, "-m", "wanctl", "run", str(site), *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as running:
        try:
            eventually(lambda: _listens(folder) or running.poll() is not None)
            if running.poll() is not None:
                raise AssertionError(running.stderr.read() if running.stderr else "")
            yield running
        finally:
            if running.poll() is None:
                running.send_signal(signal.SIGTERM)
                running.communicate(timeout=30)


def _listens(folder: Path) -> bool:
    """Whether somebody accepts there: the socket of a killed daemon is still a file."""
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(folder / "control.sock")) == 0


def ask(folder: Path, request: bytes | dict[str, Any]) -> dict[str, Any]:
    """One line to the control socket, and the line that comes back."""
    line = request if isinstance(request, bytes) else json.dumps({"schema": "wanctl.control/1", **request}).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(folder / "control.sock"))
        connection.sendall(line + b"\n")
        answer: dict[str, Any] = json.loads(connection.makefile("rb").readline())
        return answer
