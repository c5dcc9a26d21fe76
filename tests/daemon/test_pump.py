"""Lines that nobody reads hold up nobody."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

from wanctl.daemon.pump import MOST_LINES, Pump
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import write_site


def test_lines_come_out_in_their_order_and_the_last_ones_before_it_ends() -> None:
    reader, writer = os.pipe()
    with open(writer, "w") as stream:
        pump = Pump(stream)
        for number in range(100):
            pump.write(f"{number}\n")
            pump.flush()
        pump.close()
    with open(reader) as said:
        assert said.read().split() == [str(number) for number in range(100)]


def test_what_is_too_much_for_a_pipe_that_nobody_reads_is_counted_and_said_when_it_is_read() -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4_096)
    with open(writer, "w") as stream, open(reader) as said:
        pump = Pump(stream)
        for number in range(4 * MOST_LINES):
            pump.write(f"{number:099}\n")
            pump.flush()
        lines = [said.readline()]
        while "lines were lost: nobody read them" not in lines[-1]:
            lines.append(said.readline())
        pump.close()
    assert [int(line) for line in lines[:MOST_LINES]] == list(range(MOST_LINES))


def test_a_reader_that_has_gone_is_no_trouble() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream:
        pump = Pump(stream)
        pump.write("nobody hears this\n")
        pump.flush()
        pump.close()


def test_a_daemon_whose_pipe_is_full_holds_its_ticks_and_ends(
    router: RouterosEmulator, reflectors: Reflectors, tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.write(writer, b"x" * fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ))
    os.set_blocking(writer, True)
    site, summary = write_site(tmp_path, router, reflectors.addresses), tmp_path / "summary.json"
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(tmp_path / "run"), "STATE_DIRECTORY": str(tmp_path / "state")}
    command = [sys.executable, "-m", "wanctl", "run", str(site), "--duration", "2s", "--summary", str(summary)]
    done = subprocess.run(command, stderr=writer, stdout=writer, env=environment, check=False, timeout=60)
    assert done.returncode == 0
    figures = json.loads(summary.read_text())
    assert figures["ticks"] + figures["overruns"] >= 38
    assert figures["ceilings_restored"] is True
    os.close(reader)
    os.close(writer)
