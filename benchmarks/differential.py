"""How fast the engine is compared with its second interpreter, on random machines, in one process.

    python -m benchmarks.differential [--steps N] [--seed N] [--json] [--write [FILE]]

A step is an event, a tick or a pause on both, and the comparison of all that both showed. Drawing, loading and
compiling the machines counts. A mismatch ends the run with a small counterexample.
"""

import platform
from typing import Any

from benchmarks.command import options, tell
from tests.engine.differential.run import Run, run
from tests.engine.differential.shrink import counterexample, shrink

RESULTS = "docs/results/differential.md"
STEPS = 200_000
WANTED = 3_000


def measure(steps: int, seed: int) -> dict[str, Any]:
    """One run; `SystemExit` with the counterexample when the two part."""
    done = run(steps, seed)
    if done.parted is not None:
        raise SystemExit(counterexample(*shrink(done.parted.document, done.parted.steps)))
    return result_of(done, seed)


def result_of(done: Run, seed: int) -> dict[str, Any]:
    """The figures of a run."""
    tally = done.tally
    return {
        "schema": "wanctl.benchmark.differential/1",
        "python": platform.python_version(),
        "seed": seed,
        "steps": tally.steps,
        "machines": tally.machines,
        "templates": tally.templates,
        "rows": tally.rows,
        "faults": tally.faults,
        "snapshots": tally.snapshots,
        "seconds": round(done.wall_s, 1),
        "cpu_seconds": round(done.cpu_s, 1),
        "steps_per_s": round(tally.steps / done.wall_s),
        "steps_per_cpu_s": round(tally.steps / done.cpu_s),
    }


def page(result: dict[str, Any]) -> str:
    """The results as Markdown."""
    r = result
    lines = [
        "# Engine against reference",
        "",
        f"`python -m benchmarks.differential --write`; Python {r['python']}, from seed {r['seed']}, one process.",
        "Random machines (hierarchy, regions, histories, timers, holds, cooldowns, data, sends, templates, both",
        "conflict rules) and random steps, on the engine and on an interpreter that shares no code with it",
        "(`tests/reference`). After each step rows, exits, entries, intents, leaves, data and FAULTs were the same.",
        "At some steps the engine goes into a snapshot, through JSON, and on out of it; the reference does not.",
        "",
        "| | |",
        "|---|---|",
        f"| steps | {r['steps']} |",
        f"| machines | {r['machines']}, {r['templates']} with templates |",
        f"| rows that fired | {r['rows']} |",
        f"| FAULTs | {r['faults']} |",
        f"| snapshots | {r['snapshots']} |",
        f"| took | {r['seconds']} s, {r['cpu_seconds']} s of them on a CPU |",
        f"| steps a second | {r['steps_per_s']}; {r['steps_per_cpu_s']} a CPU second (wanted: >= {WANTED}) |",
        "| mismatches | 0 |",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run, print, and on request write the results page."""
    parser = options(__doc__, RESULTS)
    parser.add_argument("--steps", type=int, default=STEPS, help=f"at least so many ({STEPS})")
    parser.add_argument("--seed", type=int, default=0, help="of the first machine")
    given = parser.parse_args()
    result = measure(given.steps, given.seed)
    tell(result, page, given)


if __name__ == "__main__":
    main()
