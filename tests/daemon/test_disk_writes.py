"""Ticks write nothing: seen by strace(1), from outside."""

import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.daemon.serving import ask, daemon, eventually
from wanctl.daemon.clock import SystemClock
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import PASSWORD, write_site

WATCHED_TICKS = 100
TO_A_FILE = re.compile(r"^(\d+) +(?:p?writev?\w*|fsync|fdatasync)\(\d+<(/[^>]*)>", re.MULTILINE)


def ticks(folder: Path) -> int:
    answer = ask(folder, {"verb": "status"})
    return int(answer["result"]["ticks"]) if answer["ok"] else 0


def test_no_tick_writes_to_a_disk(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace(1) here")
    reflectors = Reflectors([lambda _now_ns: 20.0] * 6, SystemClock())
    reflectors.start()
    run, trace = tmp_path / "run", tmp_path / "trace"
    with RouterosEmulator(user="wanctl", password=PASSWORD) as router:
        site = write_site(tmp_path, router, reflectors.addresses)
        with daemon(site, run) as running:
            eventually(lambda: ticks(run) > 60)
            command = ["strace", "-f", "-y", "-p", str(running.pid), "-o", str(trace)]
            command += ["-e", "trace=write,pwrite64,writev,pwritev,fsync,fdatasync"]
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracing:
                assert tracing.stderr is not None
                if "attached" not in (said := tracing.stderr.readline()):
                    pytest.skip(f"strace cannot attach here: {said.strip()}")
                before = ticks(run)
                eventually(lambda: ticks(run) >= before + WATCHED_TICKS)
                tracing.send_signal(signal.SIGINT)
                tracing.stderr.read()
    reflectors.close()
    written = [(int(thread), path) for thread, path in TO_A_FILE.findall(trace.read_text()) if path[:5] != "/dev/"]
    # A save every ten seconds, and a batch of transitions if there were any: by other threads, into the state folder.
    assert [path for thread, path in written if thread == running.pid] == []
    assert len(written) < WATCHED_TICKS, written
    assert all(str(tmp_path / "run.state") in path for _, path in written), written
