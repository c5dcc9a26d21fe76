"""What the daemon costs: the real one, against a router over HTTPS and reflectors over UDP, all on loopback.

    python -m benchmarks.daemon [--wans N] [--seconds S] [--hogs N] [--watchers N] [--json] [--write [FILE]]

The house is the one of `wanctl demo`, with a link for each WAN that falls and rises under four greedy downloads. CPU,
memory and times are those of the daemon's own process from its first tick to its last, as it says itself in
`--summary`; memory is also read from outside each second, for its slope. The emulator and the simulated links run in
another process, on the same cores: they take part of what a tick may be late by. HTTP is on; `--watchers` reads
/events with so many clients and /metrics once a second, `--hogs` has so many other processes compute all the time.

With `--seconds` of hours this is the soak (`make soak`).
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.house import MOST_WANS, free_port, site_of, worlds
from wanctl.cli.demo import SEED, start_daemon, stop_daemon
from wanctl.daemon.clock import SystemClock
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import PASSWORD

RESULTS = "docs/results/daemon.md"
CPU_WANTED = {1: 1.5, 2: 2.0, 4: 3.0}
WANTED = {"rss_mb": 80.0, "tick_work_p99_ms": 2.0, "lateness_p99_ms": 5.0}
SECOND_NS = 1_000_000_000
SETTLED = 60  # seconds after which memory is expected to be flat
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def measure(wans: int, seconds: int, hogs: int, watchers: int) -> dict[str, Any]:
    """One run of the daemon in a house with so many WANs."""
    clock = SystemClock()
    phase_ns = seconds * SECOND_NS
    running = threading.Event()
    with (
        RouterosEmulator(user="wanctl", password=PASSWORD) as router,
        worlds(router, clock, phase_ns, SEED, wans) as links,
        tempfile.TemporaryDirectory(prefix="wanctl-bench-") as name,
    ):
        router.on_write(lambda _write: running.set())
        folder, port = Path(name), free_port()
        daemon = start_daemon(site_of(folder, router, links, port), folder / "summary.json", run_folder=folder / "run")
        try:
            assert running.wait(30.0), "the daemon did not start"
            for link in links:
                link.begin()
            with _hogs(hogs), _watchers(port, watchers):
                rss_mb = _memory(daemon.pid, seconds, clock)
        finally:
            stop_daemon(daemon)
        summary: dict[str, Any] = json.loads((folder / "summary.json").read_text())
        queues_ms = [link.truth.quantile_ms(0.95) for link in links]
        used = sum(link.truth.used for link in links) / len(links)
    return {
        "schema": "wanctl.benchmark.daemon/2",
        "python": platform.python_version(),
        "seconds": summary["seconds"],
        "wans": len(summary["wans"]),
        "hogs": hogs,
        "watchers": watchers,
        "cpu_pct": summary["cpu_pct"],
        "rss_mb": summary["rss_mb"],
        "rss_slope_mb_h": _slope(rss_mb),
        "tick_work_p50_ms": summary["tick_work_ms"]["p50"],
        "tick_work_p99_ms": summary["tick_work_ms"]["p99"],
        "tick_work_max_ms": summary["tick_work_ms"]["max"],
        "lateness_p99_ms": summary["lateness_ms"]["p99"],
        "ticks": summary["ticks"],
        "overruns": summary["overruns"],
        "writes": summary["writes"],
        "queue_p95_ms": round(max(queues_ms), 1),
        "used_pct": round(used * 100, 1),
    }


def _memory(pid: int, seconds: int, clock: SystemClock) -> list[float]:
    """What is resident in MB, each second for so long."""
    begun_ns, found = clock.monotonic_ns(), []
    for second in range(1, seconds + 1):
        clock.sleep_until(begun_ns + second * SECOND_NS)
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        found.append(pages * PAGE_BYTES / 1e6)
    return found


def _slope(rss_mb: list[float]) -> float | None:
    """By how many MB an hour memory grows once the first minute is over: least squares; None for a short run."""
    flat = rss_mb[SETTLED:]
    if len(flat) < SETTLED:
        return None
    middle, mean = (len(flat) - 1) / 2, sum(flat) / len(flat)
    over = sum((place - middle) * (value - mean) for place, value in enumerate(flat))
    return round(over / sum((place - middle) ** 2 for place in range(len(flat))) * 3_600, 2)


@contextmanager
def _hogs(count: int) -> Iterator[None]:
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


@contextmanager
def _watchers(port: int, count: int) -> Iterator[None]:
    """So many readers of /events, and a scrape a second; nobody where `count` is 0."""
    stopping = threading.Event()

    def read() -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/events", timeout=10) as events:
            while not stopping.is_set() and events.readline():
                pass

    def scrape() -> None:
        while not stopping.wait(1.0):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as metrics:
                metrics.read()

    threads = [threading.Thread(target=read, daemon=True) for _ in range(count)]
    threads += [threading.Thread(target=scrape, daemon=True)] if count else []
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


FIGURES = (
    "cpu_pct", "rss_mb", "rss_slope_mb_h", "tick_work_p50_ms", "tick_work_p99_ms", "tick_work_max_ms",
    "lateness_p99_ms", "overruns", "writes", "queue_p95_ms", "used_pct",
)  # fmt: skip


def page(results: list[dict[str, Any]]) -> str:
    """The results as Markdown, a column for each run."""
    first = results[0]
    head = (
        f"`python -m benchmarks.daemon --write`; Python {first['python']}, {first['seconds']:.0f} s each, 20 Hz, HTTP"
        " on, RouterOS over HTTPS on loopback. The links and the router are simulated on the same cores."
    )
    names = [
        f"{one['wans']} WAN{'s' if one['wans'] > 1 else ''}"
        + (f", {one['hogs']} hogs" if one["hogs"] else "")
        + (f", {one['watchers']} clients and a scrape a second" if one["watchers"] else "")
        for one in results
    ]
    rows = [
        f"| {name} | "
        + " | ".join("" if one[name] is None else str(one[name]) for one in results)
        + f" | {_wanted(name)} |"
        for name in FIGURES
    ]
    lines = ["# What the daemon costs", "", head, "", f"| figure | {' | '.join(names)} | wanted |"]
    return "\n".join([*lines, "|---|" + "---|" * (len(names) + 1), *rows, ""])


def _wanted(name: str) -> str:
    if name == "cpu_pct":
        return "<= " + " / ".join(str(limit) for limit in CPU_WANTED.values()) + " for 1 / 2 / 4 WANs"
    return f"<= {WANTED[name]}" if name in WANTED else ""


def main() -> None:
    """Run, print, and on request write the results page, for which every number of WANs is measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wans", type=int, choices=range(1, MOST_WANS + 1), default=1, help="how many WANs (1)")
    parser.add_argument("--seconds", type=int, default=60, help="how long each run lasts (60)")
    parser.add_argument("--hogs", type=int, default=0, help="processes that compute meanwhile (0)")
    parser.add_argument("--watchers", type=int, default=0, help="clients of /events, with a scrape a second (0)")
    parser.add_argument("--json", action="store_true", help="nothing but one JSON object")
    parser.add_argument("--write", nargs="?", const=RESULTS, metavar="FILE", help=f"write a page ({RESULTS})")
    given = parser.parse_args()
    if given.write:
        runs = [(1, 0, 0), (2, 0, 0), (4, 0, 0), (4, 0, 5), (4, 2, 0)]
    else:
        runs = [(given.wans, given.hogs, given.watchers)]
    results = [measure(wans, given.seconds, hogs, watchers) for wans, hogs, watchers in runs]
    if not given.json:
        print(page(results))
    if given.write:
        Path(given.write).write_text(page(results))
    for result in results:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
