"""How fast a trace runs through a whole site, and in how much memory.

    python -m benchmarks.replay [--json] [--write [FILE]] [--quick]

Both laws replay the same synthetic day of a cable link at 20 Hz (1,728,000 rows, one sample a tick, noise, a queue
every minute or so, lost rows; readings of the byte counters ten times a second) by `wanctl replay --decisions`, as a
process of its own. Speed: the laws take turns over the first three hours, the median of five runs each. Memory: one
whole day each, the peak of the resident set as the kernel counts it.
"""

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from wanctl import __version__

DAY_TICKS = 1_728_000
SHORT_TICKS = 216_000
REPEATS = 5
LAWS = ("default", "classic")
TICKS_WANTED = 100_000
RSS_WANTED_MB = 120.0
RESULTS = "docs/results/replay.md"


def write_trace(path: Path, ticks: int) -> None:
    """A day of a cable link, always the same, and its rates beside it."""
    rng = random.Random(1)
    queue_ms, filling, load_mbit = 0.0, 0, 20.0
    with path.open("w") as trace, path.with_suffix(".rates.csv").open("w") as rates:
        trace.write("t_ms,rtt_ms\n")
        rates.write("t_s,dl_rx_mbit,ul_tx_mbit\n")
        for tick in range(ticks):
            if not filling and rng.random() < 1 / 1_200:
                filling, load_mbit = rng.randint(4, 60), 800.0
            if filling:
                filling -= 1
                queue_ms += rng.uniform(0.0, 4.0)
                if not filling:
                    load_mbit = rng.uniform(5.0, 400.0)
            else:
                queue_ms *= 0.8
            rtt = "" if rng.random() < 0.002 else f"{24.0 + queue_ms + rng.expovariate(1.5):.2f}"
            trace.write(f"{tick * 50},{rtt}\n")
            if not tick % 2:
                rates.write(f"{tick / 20:.2f},{load_mbit * rng.uniform(0.9, 1.1):.2f},{rng.uniform(0.5, 5.0):.2f}\n")


def replay(trace: Path, law: str) -> dict[str, Any]:
    """One `wanctl replay` with decisions, in a process of its own; its summary, and its peak memory in MB."""
    out = trace.with_name(f"decisions.{law}.csv")
    command = [sys.executable, "-m", "wanctl", "replay", str(trace), "--profile", "cable", "--law", law]
    with subprocess.Popen(
        [*command, "--decisions", str(out), "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        summary: dict[str, Any] = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    rows = sum(1 for _ in out.open("rb")) - 1
    assert rows == summary["ticks"]
    return {**summary, "peak_rss_mb": usage.ru_maxrss / 1_024}


def measure(*, quick: bool) -> dict[str, Any]:
    """All runs; `quick` takes a tenth of the ticks."""
    scale = 10 if quick else 1
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        short, day = Path(folder, "short.csv"), Path(folder, "day.csv")
        write_trace(short, SHORT_TICKS // scale)
        write_trace(day, DAY_TICKS // scale)
        speeds: dict[str, list[float]] = {law: [] for law in LAWS}
        for _ in range(REPEATS):
            for law in LAWS:
                speeds[law].append(replay(short, law)["ticks_per_s"])
        for law in LAWS:
            whole = replay(day, law)
            results[law] = {
                "ticks_per_s": round(statistics.median(speeds[law])),
                "ticks_per_s_min": round(min(speeds[law])),
                "ticks_per_s_max": round(max(speeds[law])),
                "day_ticks": whole["ticks"],
                "day_wall_s": round(whole["wall_s"], 1),
                "day_ticks_per_s": round(whole["ticks_per_s"]),
                "transitions": whole["wans"]["cable"]["transitions"],
                "peak_rss_mb": round(whole["peak_rss_mb"], 1),
            }
    return {
        "benchmark": "replay",
        "version": __version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "wanted": {"ticks_per_s": TICKS_WANTED, "peak_rss_mb": RSS_WANTED_MB},
        "laws": results,
        "ticks_per_s": min(results[law]["ticks_per_s"] for law in LAWS),
        "peak_rss_mb": max(results[law]["peak_rss_mb"] for law in LAWS),
    }


def table(found: dict[str, Any]) -> list[str]:
    """The results as a table in Markdown."""
    lines = [
        "| law | ticks/s (median of 5) | spread | a whole day | transitions in it | peak memory |",
        "|---|---|---|---|---|---|",
    ]
    for law, row in found["laws"].items():
        spread = f"{row['ticks_per_s_min']:,} to {row['ticks_per_s_max']:,}"
        day = f"{row['day_ticks']:,} ticks in {row['day_wall_s']} s"
        lines.append(
            f"| {law} | {row['ticks_per_s']:,} | {spread} | {day} | {row['transitions']:,} | {row['peak_rss_mb']} MB |"
        )
    return lines


def page(found: dict[str, Any]) -> str:
    """docs/results/replay.md."""
    return "\n".join(
        [
            "# Replay: speed and memory",
            "",
            "`python -m benchmarks.replay --write` prints and writes this. A synthetic day of a cable link at 20 Hz,",
            "readings ten times a second, decisions written; the whole command as a process of its own, one WAN.",
            "",
            *table(found),
            "",
            f"Wanted: {TICKS_WANTED:,} ticks/s and at most {RSS_WANTED_MB:.0f} MB.",
            f"Python {found['python']}, {found['cores']} cores, wanctl {found['version']}.",
            "",
        ]
    )


def main() -> None:
    """Measure, print, and write the page if that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the JSON object alone")
    parser.add_argument("--write", nargs="?", const=RESULTS, metavar="FILE", help=f"write the table to {RESULTS}")
    parser.add_argument("--quick", action="store_true", help="a tenth of the ticks: to see that it works")
    arguments = parser.parse_args()
    found = measure(quick=arguments.quick)
    if not arguments.json:
        print("\n".join(table(found)))
    if arguments.write:
        Path(arguments.write).write_text(page(found), "utf-8")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
