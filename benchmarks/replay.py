"""How fast a trace runs through a whole site, and in how much memory.

    python -m benchmarks.replay [--json] [--write [FILE]] [--quick]

Both laws replay the same synthetic day of a cable link at 20 Hz by `wanctl replay --decisions`, as a process of its
own: 1,728,000 rows with noise, one in five hundred lost, byte counters read ten times a second; a light load with a
queue every twenty minutes, in the six hours of the evening a heavy one half of the time and a queue every two minutes.
The laws take turns; speed is the median of three days each, by the clock, and memory the peak of the resident set as
the kernel counts it. On a busy machine the clock tells less than CPU time, which counts the whole process.
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
REPEATS = 3
LAWS = ("default", "classic")
TICKS_WANTED = 100_000
RSS_WANTED_MB = 120.0
RESULTS = "docs/results/replay.md"


def write_trace(path: Path, ticks: int) -> None:
    """A day of a cable link, always the same, and its rates beside it, in `ticks` ticks."""
    rng = random.Random(1)
    queue_ms, filling, load_mbit = 0.0, 0, 20.0
    with path.open("w") as trace, path.with_suffix(".rates.csv").open("w") as rates:
        trace.write("t_ms,rtt_ms\n")
        rates.write("t_s,dl_rx_mbit,ul_tx_mbit\n")
        for tick in range(ticks):
            evening = 17 <= 24 * tick / ticks < 23
            if not filling and rng.random() < (1 / 2_400 if evening else 1 / 24_000):
                filling, load_mbit = rng.randint(4, 60), 450.0
            if filling:
                filling -= 1
                queue_ms += rng.uniform(0.0, 4.0)
                if not filling:
                    load_mbit = 400.0 if evening and rng.random() < 0.5 else rng.uniform(2.0, 100.0)
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
    return {**summary, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_rss_mb": usage.ru_maxrss / 1_024}


def measure(*, quick: bool) -> dict[str, Any]:
    """All runs; `quick` takes a tenth of the ticks."""
    runs: dict[str, list[dict[str, Any]]] = {law: [] for law in LAWS}
    with tempfile.TemporaryDirectory() as folder:
        day = Path(folder, "day.csv")
        write_trace(day, DAY_TICKS // (10 if quick else 1))
        for _ in range(REPEATS):
            for law in LAWS:
                runs[law].append(replay(day, law))
    results = {law: summed(found) for law, found in runs.items()}
    return {
        "benchmark": "replay",
        "version": __version__,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "wanted": {"ticks_per_s": TICKS_WANTED, "peak_rss_mb": RSS_WANTED_MB},
        "laws": results,
        "ticks_per_s": min(result["ticks_per_s"] for result in results.values()),
        "peak_rss_mb": max(result["peak_rss_mb"] for result in results.values()),
    }


def summed(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The runs of one law as one row."""
    speeds = [run["ticks_per_s"] for run in runs]
    return {
        "ticks": runs[0]["ticks"],
        "ticks_per_s": round(statistics.median(speeds)),
        "ticks_per_s_min": round(min(speeds)),
        "ticks_per_s_max": round(max(speeds)),
        "ticks_per_cpu_s": round(statistics.median(run["ticks"] / run["cpu_s"] for run in runs)),
        "wall_s": round(statistics.median(run["wall_s"] for run in runs), 1),
        "transitions": next(iter(runs[0]["wans"].values()))["transitions"],
        "peak_rss_mb": round(max(run["peak_rss_mb"] for run in runs), 1),
    }


def table(found: dict[str, Any]) -> list[str]:
    """The results as a table in Markdown."""
    lines = [
        "| law | ticks/s (median of 3) | spread | ticks per CPU second | a day | takes | transitions | peak memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for law, row in found["laws"].items():
        spread = f"{row['ticks_per_s_min']:,} to {row['ticks_per_s_max']:,}"
        day = f"{row['ticks']:,} | {row['wall_s']} s | {row['transitions']:,}"
        speed = f"{row['ticks_per_s']:,} | {spread} | {row['ticks_per_cpu_s']:,}"
        lines.append(f"| {law} | {speed} | {day} | {row['peak_rss_mb']} MB |")
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
