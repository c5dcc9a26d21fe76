"""What one write to a router costs: set and verify over REST and SSH, against the emulator in a process of its own.

    python -m benchmarks.router [--writes N] [--json] [--write [FILE]]

`--write` measures what `benchmarks.shaping` and `benchmarks.year` do as well, and writes docs/results/router.md.

The overhead is the time of one `set_tree_limit` less the latency that the emulator adds and less its own work, which is
measured beside it in one process (the median of the same request or command line, without a network).
"""

import argparse
import base64
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from wanctl.routeros import Router
from wanctl.routeros.commandline import find, get, if_one
from wanctl.routeros.rest import RestRouter
from wanctl.routeros.ssh import SshRouter
from wanctl.testing.routeros import Account, State, home_router
from wanctl.testing.routeros.console import Console
from wanctl.testing.routeros.rest import RestFace

USER, PASSWORD, QUEUE = "bench", "bench", "WAN-Download-Cable"
DELAYS_MS = (0, 10)
RESULTS = "docs/results/router.md"
WANTED_MS = {"rest": (2.5, 10.0), "ssh": (6.0, 20.0)}  # p50 and p99


def own_ms() -> dict[str, float]:
    """The emulator's own work for one write, by transport, in ms."""
    state = State(home_router())
    state.account = Account(USER, PASSWORD)
    face = RestFace(state, state.account, state.faults, state.sessions)
    token = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    path = f"/rest/queue/tree/{state.id_of('/queue/tree', QUEUE)}"
    objects = find("/queue/tree", {"name": QUEUE})
    line = if_one(objects, [f"/queue/tree/set {objects} max-limit=70M", *get("/queue/tree", objects, ("max-limit",))])
    return {
        "rest": _median_ms(lambda: face.answer("PATCH", path, "", token, b'{"max-limit": "70M"}', ("127.0.0.1", 1))),
        "ssh": _median_ms(lambda: Console(state).run(line)),
    }


def measure(writes: int) -> dict[str, Any]:
    """The overheads of `writes` writes for each transport and latency."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="wanctl-bench-") as name:
        folder = Path(name)
        emulator, ready = start_emulator(folder)
        try:
            routers = connect(ready)
            times = {
                (transport, delay_ms): _run(folder, routers, transport, delay_ms, writes)
                for delay_ms in DELAYS_MS
                for transport in routers
            }
        finally:
            emulator.terminate()
            emulator.wait()
    own = own_ms()
    rows = []
    for (transport, delay_ms), taken in times.items():
        overhead = sorted(one - delay_ms - own[transport] for one in taken)
        p50, p99 = overhead[len(overhead) // 2], overhead[len(overhead) * 99 // 100]
        wanted = WANTED_MS[transport]
        rows.append(
            {
                "transport": transport,
                "delay_ms": delay_ms,
                "p50_ms": round(p50, 2),
                "p99_ms": round(p99, 2),
                "wanted_ms": list(wanted),
                "ok": p50 <= wanted[0] and p99 <= wanted[1],
                "emulator_ms": round(own[transport], 2),
            }
        )
    return {
        "schema": "wanctl.benchmark.router/1",
        "python": platform.python_version(),
        "writes": writes,
        "load": load,
        "rows": rows,
    }


def start_emulator(folder: Path, *options: str) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """The emulator as a process of its own, with its fault socket at `folder/faults`, and what it says of itself."""
    (folder / "password").write_text(PASSWORD)
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "wanctl", "emulator", "--rest", "127.0.0.1:0", "--ssh", "127.0.0.1:0"]
    files = ["--password-file", str(folder / "password"), "--ready-file", str(ready)]
    emulator = subprocess.Popen([*command, "--user", USER, *files, "--fault-socket", str(folder / "faults"), *options])
    while not ready.exists():
        assert emulator.poll() is None, "the emulator did not start"
        time.sleep(0.01)
    return emulator, json.loads(ready.read_text())


def connect(ready: dict[str, Any]) -> dict[str, Router]:
    """An adapter for each transport."""
    port = urlsplit(ready["rest_url"]).port
    assert port
    rest = {"port": port, "pin": ready["pin"], "now_ns": time.monotonic_ns}
    ssh = {"port": ready["ssh_port"], "host_key": ready["host_key_sha256"]}
    return {
        "rest": RestRouter("127.0.0.1", USER, PASSWORD, **rest),
        "ssh": SshRouter("127.0.0.1", USER, PASSWORD, **ssh),
    }


def fault(at: Path, name: str, **settings: int) -> None:
    """Have the emulator do something wrong."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(at))
        client.sendall(json.dumps({"fault": name, **settings}).encode() + b"\n")
        assert b"ok" in client.recv(100)


def _run(folder: Path, routers: dict[str, Router], transport: str, delay_ms: int, writes: int) -> list[float]:
    fault(folder / "faults", "latency", delay_ms=delay_ms)
    router = routers[transport]
    router.set_tree_limit(QUEUE, 60_000_000)
    taken = []
    for number in range(writes):
        before = time.perf_counter_ns()
        assert router.set_tree_limit(QUEUE, 70_000_000 + number) == 70_000_000 + number
        taken.append((time.perf_counter_ns() - before) / 1e6)
    return taken


def _median_ms(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(300):
        before = time.perf_counter_ns()
        work()
        taken.append((time.perf_counter_ns() - before) / 1e6)
    return median(taken)


def page(result: dict[str, Any], shaping: dict[str, Any], year: dict[str, Any]) -> str:
    """docs/results/router.md."""
    rows = [
        f"| {row['transport'].upper()}, +{row['delay_ms']} ms | {row['p50_ms']} | {row['wanted_ms'][0]} "
        f"| {row['p99_ms']} | {row['wanted_ms'][1]} |"
        for row in result["rows"]
    ]
    applied = [
        f"| {way.upper()} | {one['p50_ms']} | {one['p99_ms']} | 25 | {one['late_p99_ms']} |"
        for way, one in shaping["applied"].items()
    ]
    work = [f"| {name} | {value} |" for name, value in shaping["tick_p99_ms"].items()]
    idle = [f"| {name} | {value} |" for name, value in shaping["idle_pct"].items()]
    return "\n".join(
        [
            "# What a router costs",
            "",
            f"`python -m benchmarks.router --write`; Python {result['python']}, an emulated router on loopback, two",
            f"cores, load average {result['load']:.1f} at the start and {os.getloadavg()[0]:.1f} at the end: above 1",
            "the figures are those of a machine that does something else as well.",
            "",
            "## One write",
            "",
            f"Set and verify, {result['writes']} times each; what it takes beyond the emulator's own time, in ms.",
            "",
            "| transport, added latency | p50 | wanted | p99 | wanted |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "## From a decision to the rate on the router",
            "",
            "A cut while four WANs tick at 20 Hz and their counters are read five times a second, in ms. The last",
            "column is how late a tick of the same run began: what the machine alone adds to whatever waits on it.",
            "",
            "| transport | p50 | p99 | wanted | ticks late, p99 |",
            "|---|---|---|---|---|",
            *applied,
            "",
            "## A tick beside it",
            "",
            "Work of a tick of four WANs, p99 in ms, the median of three runs, interleaved.",
            "",
            "| | p99 |",
            "|---|---|",
            *work,
            "",
            "## At rest",
            "",
            "CPU of the thread in percent of a core while nothing is wanted; wanted for the actuator: 0.2.",
            "",
            "| | % |",
            "|---|---|",
            *idle,
            "",
            *_year(year),
            "",
        ]
    )


def _year(year: dict[str, Any]) -> list[str]:
    return [
        "## A year",
        "",
        f"The law wants {year['wishes_an_hour']:,} rates in a busy hour. Of a link that is as busy in each hour",
        f"of a year the router gets {year['writes_a_year']:,} writes: {year['writes_a_day']:,} a day, of",
        f"{year['day_budget']:,} that the budget allows; {year['most_a_day']:,} on the first day, which begins",
        "with a full bucket.",
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What one write to a router costs.")
    parser.add_argument("--writes", type=int, default=1_000, metavar="N")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", type=Path, nargs="?", const=Path(RESULTS), metavar="FILE")
    given = parser.parse_args()
    result = measure(given.writes)
    if given.json:
        print(json.dumps(result, indent=2))
        return
    print(f"{result['writes']} writes each, Python {result['python']}; overhead beyond the emulator's own time")
    for row in result["rows"]:
        p50, p99 = row["wanted_ms"]
        print(
            f"{row['transport']:>4} +{row['delay_ms']:>2} ms: p50 {row['p50_ms']:6.2f} ms (<= {p50}),"
            f" p99 {row['p99_ms']:6.2f} ms (<= {p99}){'' if row['ok'] else '  MISSED'}"
        )
    if given.write is not None:
        from benchmarks import shaping, year

        given.write.write_text(page(result, shaping.measure(300, 8.0), year.measure(3)))


if __name__ == "__main__":
    main()
