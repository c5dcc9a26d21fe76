"""The statechart cases, counted and run: on the engine and on the second interpreter, under both conflict rules.

python -m benchmarks.conformance [--json] [--write [FILE]]
"""

from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.command import options, tell
from tests.reference.adapter import ReferenceSubject
from wanctl.testing.conformance import EngineSubject, Json, read_cases, run_cases

RESULTS = "docs/results/conformance.md"
FOLDER = Path("tests/engine/conformance")
SUITES = ("scion.jsonl", "own.jsonl")
SUBJECTS = {"wanctl": EngineSubject, "tests/reference": ReferenceSubject}
# Each on the leaves alone, by one adapter (Python 3.11.7, November 2026): what passes, what fails, what cannot be said.
PEERS = {
    "python-statemachine 3.2.2": (110, 9, 0),
    "sismic 1.6.14": (71, 29, 19),
    "`transitions` 0.9.3, HierarchicalMachine": (57, 26, 36),
}


def cases_of(suite: str) -> list[Json]:
    """The cases of a suite."""
    return read_cases(FOLDER / suite)


def measure() -> dict[str, Any]:
    """Every suite on both interpreters under both rules: passed, failed, skipped."""
    found: dict[str, Any] = {"schema": "wanctl.benchmark.conformance/1", "runs": {}}
    for suite in SUITES:
        for name, subject in SUBJECTS.items():
            for rule in (None, "scxml"):
                report = run_cases(cases_of(suite), subject, rule)
                found["runs"][f"{suite} {name} {rule or 'lca'}"] = [report.passed, report.failed, report.skipped]
    return found


def expected() -> dict[str, Any]:
    """What `measure` finds when every case passes."""
    runs = {}
    for suite in SUITES:
        marks = [case.get("conflicts") for case in cases_of(suite)]
        for name in SUBJECTS:
            runs[f"{suite} {name} lca"] = [len(marks), 0, 0]
            runs[f"{suite} {name} scxml"] = [len(marks) - marks.count("lca"), 0, marks.count("lca")]
    return {"schema": "wanctl.benchmark.conformance/1", "runs": runs}


def page(result: dict[str, Any]) -> str:
    """The results as Markdown."""
    runs = result["runs"]
    topics = Counter(str(case["topic"]) for case in cases_of("own.jsonl"))
    rows = [("wanctl", *runs["scion.jsonl wanctl lca"]), *((name, *figures) for name, figures in PEERS.items())]
    lines = [
        "# Statechart conformance",
        "",
        f"`python -m wanctl.testing.conformance {FOLDER}/scion.jsonl`: {len(cases_of('scion.jsonl'))} cases,",
        "a translation of SCION's test framework (Apache-2.0; see `tests/engine/conformance/ORIGIN.md`). Leaves, and",
        "for most cases the order of exits and entries, are checked. Written by `python -m benchmarks.conformance",
        "--write`.",
        "",
        "| engine | passed | failed | cannot be expressed |",
        "|---|---|---|---|",
        f"| wanctl | {rows[0][1]} | {rows[0][2]} | 0 |",
        *(f"| {name} | {passed} | {failed} | {absent} |" for name, passed, failed, absent in rows[1:]),
        "",
        "The peers' figures were taken with one adapter each on the leaves alone (Python 3.11.7, November 2026), which",
        "lends them what they lack: data, `if` and guards as Python functions, and for `transitions` a queue of raised",
        "events, the entry actions of the start, and `active`. They are not rerun here.",
        "",
        "## Our own cases",
        "",
        f"{sum(topics.values())} cases of our own (`own.jsonl`), in the same form, cover what SCION's leave out. Those",
        "under `w3c/` follow the list of the W3C's implementation report, from the text of the standard; the others",
        "are named after the sentence of the language that they hold.",
        "",
        "| topic | cases |",
        "|---|---|",
        *(f"| {topic} | {count} |" for topic, count in sorted(topics.items())),
        "",
        "## Both rules, both interpreters",
        "",
        "A second interpreter that shares no code with the engine (`tests/reference`) runs the same cases; random",
        "machines compare the two further ([differential.md](differential.md)). A case that asks for the other rule is",
        "skipped.",
        "",
        "| suite, interpreter, rule | passed | failed | skipped |",
        "|---|---|---|---|",
        *(f"| {name} | {passed} | {failed} | {skipped} |" for name, (passed, failed, skipped) in runs.items()),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run, print, and on request write the results page."""
    parser = options(__doc__, RESULTS)
    given = parser.parse_args()
    result = measure()
    tell(result, page, given)


if __name__ == "__main__":
    main()
