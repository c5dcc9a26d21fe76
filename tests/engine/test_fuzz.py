"""Whatever stands where a guard or a case should: it works, or it is refused. Never a traceback, never without an end.

`WANCTL_FUZZ=20000` throws that many of each instead of 1,000; `WANCTL_FUZZ_SEED=n` begins elsewhere.
"""

import os
from pathlib import Path
from random import Random

from tests.engine.fuzz import cases, guard, throw_cases, throw_guard

HERE = Path(__file__).parent
INPUTS = int(os.environ.get("WANCTL_FUZZ", "1000"))
SEED = int(os.environ.get("WANCTL_FUZZ_SEED", "0"))


def test_a_mutated_guard_means_the_same_to_both_or_is_refused() -> None:
    random = Random(f"guard {SEED}")
    accepted = 0
    for number in range(INPUTS):
        text = guard(random)
        try:
            accepted += throw_guard(text)
        except Exception as error:
            raise AssertionError(f"guard {number}: {error!r}\n{text[:2_000]}") from error
    assert INPUTS / 20 < accepted < INPUTS


def test_a_mutated_file_of_cases_runs_or_is_refused(tmp_path: Path) -> None:
    random = Random(f"cases {SEED}")
    lines = (HERE / "conformance" / "own.jsonl").read_text().splitlines()
    for number in range(INPUTS // 2):
        text = cases(lines, random)
        try:
            throw_cases(text, tmp_path / "cases.jsonl")
        except Exception as error:
            raise AssertionError(f"file {number}: {error!r}\n{text[:6_000]}") from error
