"""How many faulty files were thrown at the loaders, how long each took, and how much memory all of them.

    python -m benchmarks.fuzz [--inputs N] [--seed N] [--json] [--write [FILE]]

Every input loads and runs, or is refused with codes; anything else ends the run with the input. Each kind gets its
share of N: machine files and their test files a half each of N, guards and files of cases as many again.
"""

import platform
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.command import options, tell
from tests.engine import fuzz
from tests.suite.mutation import machine_seeds, mutate, suite_seeds
from tests.suite.test_fuzz import ending, throw_machine, throw_suite

RESULTS = "docs/results/fuzz.md"
INPUTS = 20_000
CASES = Path("tests/engine/conformance/own.jsonl")


def throw(count: int, draw: Callable[[], str], at: Callable[[str], object]) -> dict[str, Any]:
    """Throw so many; the seconds, the slowest in ms, and by how much the peak of memory rose, in MB."""
    before_mb, slowest_s, start = _peak_mb(), 0.0, time.perf_counter()
    for _ in range(count):
        text = draw()
        begun = time.perf_counter()
        with ending(text):
            try:
                at(text)
            except Exception as error:
                raise SystemExit(f"{error!r}\n{text[:6_000]}") from error
        slowest_s = max(slowest_s, time.perf_counter() - begun)
    return {
        "inputs": count,
        "seconds": round(time.perf_counter() - start, 1),
        "slowest_ms": round(slowest_s * 1e3),
        "memory_mb": round(_peak_mb() - before_mb, 1),
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(inputs: int, seed: int) -> dict[str, Any]:
    """All kinds of inputs, one after the other, in this process."""
    random = Random(seed)
    machines, suites, lines = machine_seeds(), suite_seeds(), CASES.read_text().splitlines()
    with tempfile.TemporaryDirectory(prefix="wanctl-fuzz-") as folder:
        file = Path(folder) / "cases.jsonl"
        kinds = {
            "machine files": throw(inputs // 2, lambda: mutate(random.choice(machines), random), throw_machine),
            "machine test files": throw(inputs // 2, lambda: mutate(random.choice(suites), random), throw_suite),
            "guards": throw(inputs // 2, lambda: fuzz.guard(random), fuzz.throw_guard),
            "files of cases": throw(
                inputs // 2, lambda: fuzz.cases(lines, random), lambda text: fuzz.throw_cases(text, file)
            ),
        }
    return {
        "schema": "wanctl.benchmark.fuzz/1",
        "python": platform.python_version(),
        "seed": seed,
        "peak_mb": round(_peak_mb()),
        "kinds": kinds,
    }


def page(result: dict[str, Any]) -> str:
    """The results as Markdown."""
    kinds = result["kinds"]
    lines = [
        "# Faulty files",
        "",
        f"`python -m benchmarks.fuzz --write`; Python {result['python']}, seed {result['seed']}, one process.",
        "Good files with faults in them: slips of the hand in the text, wrong things in places of its tree. Each loads",
        "and runs, or is refused with codes: none ended in a traceback, none did not end. What loads is run, and must",
        "come to rest in a configuration that can be; a guard must mean the same to the second interpreter.",
        "",
        "| kind | inputs | seconds | slowest (ms) | memory it took on top (MB) |",
        "|---|---|---|---|---|",
        *(f"| {k} | {v['inputs']} | {v['seconds']} | {v['slowest_ms']} | {v['memory_mb']} |" for k, v in kinds.items()),
        "",
        f"The whole process had {result['peak_mb']} MB at its largest.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run, print, and on request write the results page."""
    parser = options(__doc__, RESULTS)
    parser.add_argument(
        "--inputs", type=int, default=INPUTS, help=f"machine and test files, and as many others ({INPUTS})"
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    result = measure(given.inputs, given.seed)
    tell(result, page, given)


if __name__ == "__main__":
    main()
