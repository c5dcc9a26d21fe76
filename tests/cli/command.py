"""Running the real `wanctl` command."""

import os
import pty
import subprocess
import sys
from pathlib import Path

WANCTL = [sys.executable, "-m", "wanctl"]
PLAIN = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "CREDENTIALS_DIRECTORY")}


def run(*args: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    """The outcome of `wanctl ARGS` in a folder, with nothing of it on a terminal."""
    done = subprocess.run([*WANCTL, *args], cwd=cwd, input=stdin, capture_output=True, env=PLAIN, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def on_terminal(*args: str, cwd: Path, **environment: str) -> str:
    """What `wanctl ARGS` shows on a terminal."""
    ours, theirs = pty.openpty()
    env = {**PLAIN, "TERM": "xterm-256color", **environment}
    with subprocess.Popen([*WANCTL, *args], cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs, env=env):
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # EIO: the last writer has closed the terminal
                break
            if not part:
                break
            shown += part
    os.close(ours)
    return shown.decode()
