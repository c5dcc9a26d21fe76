"""What the daemon costs: the real one, against a router over HTTPS and reflectors over UDP, all on loopback.

    python -m benchmarks.daemon [--seconds S] [--json] [--write [FILE]]

The house is the one of `wanctl demo`: a link that falls and rises under four greedy downloads. CPU and memory are those
of the daemon's own process from its first tick to its last, as it says itself in `--summary`; the emulator and the
simulated link run in another.
"""

import argparse
import json
import platform
import tempfile
import threading
from pathlib import Path
from typing import Any

from wanctl.cli.demo import SEED, start_daemon, stop_daemon
from wanctl.daemon.clock import SystemClock
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import PASSWORD, World, write_site

RESULTS = "docs/results/daemon.md"
WANTED = {"cpu_pct": 3.0, "rss_mb": 80.0, "tick_work_p99_ms": 2.0}


def measure(seconds: int) -> dict[str, Any]:
    """One run of the daemon in the demo's house."""
    clock = SystemClock()
    phase_ns = seconds * 1_000_000_000
    running = threading.Event()
    with (
        RouterosEmulator(user="wanctl", password=PASSWORD) as router,
        World(router, clock, phase_ns, SEED, shaped=True) as world,
        tempfile.TemporaryDirectory(prefix="wanctl-bench-") as name,
    ):
        router.on_write(lambda _write: running.set())
        folder = Path(name)
        daemon = start_daemon(
            write_site(folder, router, world.reflectors.addresses), folder / "summary.json", run_folder=folder / "run"
        )
        try:
            assert running.wait(20.0), "the daemon did not start"
            world.begin()
            clock.sleep_until(clock.monotonic_ns() + phase_ns)
        finally:
            stop_daemon(daemon)
        summary: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return {
        "schema": "wanctl.benchmark.daemon/1",
        "python": platform.python_version(),
        "seconds": summary["seconds"],
        "wans": len(summary["wans"]),
        "cpu_pct": summary["cpu_pct"],
        "rss_mb": summary["rss_mb"],
        "tick_work_p50_ms": summary["tick_work_ms"]["p50"],
        "tick_work_p99_ms": summary["tick_work_ms"]["p99"],
        "lateness_p99_ms": summary["lateness_ms"]["p99"],
        "ticks": summary["ticks"],
        "overruns": summary["overruns"],
        "writes": summary["writes"],
        "queue_p95_ms": round(world.truth.quantile_ms(0.95), 1),
        "used_pct": round(world.truth.used * 100, 1),
    }


def page(result: dict[str, Any]) -> str:
    """The results as Markdown."""
    rows = [
        f"| {name} | {result[name]} | {f'<= {WANTED[name]}' if name in WANTED else ''} |"
        for name in (
            "cpu_pct",
            "rss_mb",
            "tick_work_p50_ms",
            "tick_work_p99_ms",
            "lateness_p99_ms",
            "overruns",
            "writes",
            "queue_p95_ms",
            "used_pct",
        )
    ]
    head = (
        f"`python -m benchmarks.daemon --write`; Python {result['python']}, {result['seconds']:.0f} s, one WAN, 20 Hz."
    )
    return "\n".join(
        ["# What the daemon costs", "", head, "", "| figure | measured | wanted |", "|---|---|---|", *rows, ""]
    )


def main() -> None:
    """Run, print, and on request write the results page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="how long (60)")
    parser.add_argument("--json", action="store_true", help="nothing but one JSON object")
    parser.add_argument("--write", nargs="?", const=RESULTS, metavar="FILE", help=f"write a page ({RESULTS})")
    given = parser.parse_args()
    result = measure(given.seconds)
    if not given.json:
        print(page(result))
    if given.write:
        Path(given.write).write_text(page(result))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
