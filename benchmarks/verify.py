"""What it costs to load, check, compile and prove the shipped machines.

`python -m benchmarks.verify --write` writes docs/results/verify-time.md; the last line it prints is a JSON object.
Loading is the median of several rounds, with all parsing and checks, nothing cached. Proving is one run of each
machine, first at the abstract level alone, then in full; the import of z3 is told apart. Nothing here waits for
anything, so processor time is what counts: it is the same on a busy machine, or nearly.
"""

import importlib
import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.command import options, tell
from wanctl.actions import ACTIONS
from wanctl.engine import Model, compile_model, load
from wanctl.machines import read_text, shipped_machines, templates_for
from wanctl.verify import checks, run_check

ROUNDS = 9
RESULTS = "docs/results/verify-time.md"
LOAD_WANTED_MS, VERIFY_WANTED_S, ABSTRACT_WANTED_S = 300.0, 60.0, 1.0


def loaded(path: Path) -> Model:
    """One machine, from its file to a checked model."""
    return load(read_text(path), str(path), actions=ACTIONS, read_template=templates_for(path))


def load_ms(paths: list[Path]) -> float:
    """Milliseconds to load, check and compile all machines once."""
    begun = time.process_time()
    for path in paths:
        compile_model(loaded(path))
    return (time.process_time() - begun) * 1e3


def import_ms() -> float:
    """Milliseconds that the solver takes to be imported; the first call of a process counts."""
    begun = time.process_time()
    for name in ("z3", "networkx"):
        importlib.import_module(name)
    return (time.process_time() - begun) * 1e3


def prove_s(model: Model, *, exact: bool) -> tuple[float, dict[str, int]]:
    """Seconds to make every check of a machine, and how many verdicts of each kind came of it."""
    begun = time.process_time()
    results = [run_check(check) for check in checks(model, ACTIONS, exact=exact)]
    spent = time.process_time() - begun
    counts: dict[str, int] = {}
    for result in results:
        if result is not None:
            counts[result.status] = counts.get(result.status, 0) + 1
    return spent, counts


def measure() -> dict[str, Any]:
    """All figures."""
    machines = shipped_machines()
    took = [load_ms(list(machines.values())) for _ in range(ROUNDS)]
    imported = import_ms()
    models = {name: loaded(path) for name, path in machines.items()}
    found: dict[str, dict[str, Any]] = {}
    for name, model in models.items():
        abstract_s, _ = prove_s(model, exact=False)
        exact_s, counts = prove_s(model, exact=True)
        found[name] = {"abstract_s": round(abstract_s, 2), "full_s": round(exact_s, 2), "verdicts": counts}
    return {
        "schema": "wanctl.benchmark.verify/1",
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "versions": {name: version(name) for name in ("z3-solver", "networkx")},
        "load_ms": round(statistics.median(took), 1),
        "load_spread_ms": [round(min(took), 1), round(max(took), 1)],
        "import_ms": round(imported),
        "machines": found,
        "abstract_s": round(sum(item["abstract_s"] for item in found.values()), 2),
        "full_s": round(sum(item["full_s"] for item in found.values()), 2),
    }


def page(result: dict[str, Any]) -> str:
    """The results as Markdown."""
    names = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    low, high = result["load_spread_ms"]
    lines = [
        "# What it costs to load and to prove the shipped machines",
        "",
        f"`python -m benchmarks.verify --write`; Python {result['python']}, {names}. Processor time in one process;",
        f"loading is the median of {ROUNDS} rounds. The verdicts themselves are in [verify.md](verify.md).",
        "",
        "| all shipped machines | measured | wanted |",
        "|---|---|---|",
        f"| load, check and compile | {result['load_ms']} ms ({low} to {high}) | <= {LOAD_WANTED_MS:.0f} ms |",
        f"| prove, abstract level | {result['abstract_s']} s | <= {ABSTRACT_WANTED_S:.0f} s |",
        f"| prove, in full | {result['full_s']} s | <= {VERIFY_WANTED_S:.0f} s |",
        f"| import z3 and networkx | {result['import_ms']} ms | |",
        "",
        "| machine | abstract | in full | verdicts |",
        "|---|---|---|---|",
    ]
    for name, item in result["machines"].items():
        verdicts = ", ".join(f"{count} {status}" for status, count in item["verdicts"].items())
        lines.append(f"| {name} | {item['abstract_s']} s | {item['full_s']} s | {verdicts} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Run, print, and on request write the results page."""
    parser = options(__doc__, RESULTS)
    given = parser.parse_args()
    result = measure()
    tell(result, page, given)


if __name__ == "__main__":
    main()
