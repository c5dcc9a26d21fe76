"""The engine and the reference interpreter on the same cases, through the same runner."""

from pathlib import Path

import pytest
import yaml

from tests.reference.adapter import ReferenceSubject
from wanctl.testing.conformance import Adapter, EngineSubject, Report, read_cases, run_cases

HERE = Path(__file__).parent
SUBJECTS = [pytest.param(EngineSubject, id="engine"), pytest.param(ReferenceSubject, id="reference")]


def failures(report: Report) -> str:
    return "\n".join(str(failure) for failure in report.failures)


@pytest.mark.parametrize("adapter", SUBJECTS)
@pytest.mark.parametrize("file", ["scion.jsonl", "own.jsonl"])
def test_every_case_passes_under_its_own_rule_or_lca(file: str, adapter: Adapter) -> None:
    cases = read_cases(HERE / file)
    report = run_cases(cases, adapter)
    assert failures(report) == ""
    assert (report.passed, report.skipped) == (len(cases), 0)


@pytest.mark.parametrize("adapter", SUBJECTS)
@pytest.mark.parametrize("file", ["scion.jsonl", "own.jsonl"])
def test_every_case_that_names_no_rule_passes_under_scxml_too(file: str, adapter: Adapter) -> None:
    cases = read_cases(HERE / file)
    report = run_cases(cases, adapter, "scxml")
    assert failures(report) == ""
    assert report.skipped == sum(case.get("conflicts") == "lca" for case in cases)


def with_a_row_that_is_never_true(text: str, rule: str) -> EngineSubject:
    """The same machine with one more row under `tick`, whose guard could fail: that is decided the general way."""
    document = yaml.load(text, yaml.CBaseLoader)
    rows = document.setdefault("on", {}).setdefault("tick", [])
    rows.append({"when": "event.data.never > 1", "do": []})
    return EngineSubject(yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False), rule)


@pytest.mark.parametrize("file", ["scion.jsonl", "own.jsonl"])
def test_every_case_passes_when_its_ticks_are_decided_the_general_way(file: str) -> None:
    assert failures(run_cases(read_cases(HERE / file), with_a_row_that_is_never_true)) == ""


def test_the_translated_suite_is_complete() -> None:
    rules = [case.get("conflicts") for case in read_cases(HERE / "scion.jsonl")]
    assert (len(rules), rules.count("scxml"), rules.count("lca")) == (119, 7, 2)


def test_our_own_cases_have_names_of_their_own() -> None:
    names = [case["id"] for case in read_cases(HERE / "own.jsonl")]
    assert len(set(names)) == len(names) >= 120
