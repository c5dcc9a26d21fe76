"""Tests that name a law: round-trip times in, rates out."""

from pathlib import Path

import pytest

from wanctl.control.action import ACTIONS
from wanctl.data import data_folder
from wanctl.engine import Findings, Model, load
from wanctl.machines import read_text, templates_for
from wanctl.suite import CaseResult, read_suite, run_case

MACHINES = data_folder("machines")


def shipped(name: str) -> Model | None:
    path = Path(MACHINES / name)
    return load(read_text(path), str(path), actions=ACTIONS, read_template=templates_for(path))


def run(machine: str, body: str) -> CaseResult:
    findings = Findings()
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    suite = read_suite(f"machine: {machine}\ntests:\n  - name: it\n{lines}\n", "t.test.yaml", findings, shipped)
    assert suite is not None, findings.render()
    return run_case(suite.cases[0])


def refusals(machine: str, body: str) -> list[str]:
    findings = Findings()
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    assert read_suite(f"machine: {machine}\ntests:\n  - name: it\n{lines}\n", "t.test.yaml", findings, shipped) is None
    return [item.code for item in findings]


def test_a_queue_makes_the_default_law_cut() -> None:
    result = run(
        "wan.yaml",
        """
law: default
plan: {download: {ceiling: 100Mbit, floor: 5Mbit, start: 60Mbit}, upload: 20Mbit}
input: {rtt: '20x80 80x20', download: '5x80 60x20', upload: 1}
expect:
  - {at: 0s, rates: {download: 60Mbit, upload: 10Mbit}}
  - {at: 3.9s, download: GREEN, connectivity: UP}
  - {at: 4.15s, baseline: FROZEN, rates: {download: 5Mbit..50Mbit, upload: 10Mbit}}
  - {at: 4.9s, baseline: FROZEN, rates: {download: 5Mbit..59.9Mbit, upload: 10Mbit}}
""",
    )
    assert result.passed, result.failures


def test_lost_probes_are_an_outage() -> None:
    body = """
law: default
plan: {download: 100Mbit, upload: 20Mbit}
input: {rtt: '20x80 _', download: '5x80 0', upload: '1x80 0'}
expect: [{at: 3.9s, connectivity: UP}, {at: 8s, connectivity: OUTAGE, download: HOLD}]
"""
    assert run("wan.yaml", body).passed


def test_the_classic_law_climbs_to_the_ceiling_of_the_plan() -> None:
    body = """
law: classic
plan: {download: {ceiling: 700Mbit, start: 600Mbit}, upload: 30Mbit}
input: {rtt: 24x400}
expect: [{tick: 1, rates: {download: 600Mbit}}, {tick: 400, rates: {download: 700Mbit, upload: 30Mbit}}]
"""
    assert run("classic.yaml", body).passed


def test_a_wrong_rate_is_told_with_what_it_is() -> None:
    body = "law: classic\nplan: {download: 700Mbit}\nexpect: [{at: 1s, rates: {download: 1Mbit}}]"
    (failure,) = run("classic.yaml", body).failures
    assert (failure.what, failure.expected) == ("rate of the download", "1Mbit")
    assert failure.got == "700 Mbit/s (700,000,000 bit/s)"


@pytest.mark.parametrize(
    ("machine", "body", "expected"),
    [
        ("classic.yaml", "law: default\nexpect: []", ["WC617"]),
        ("wan.yaml", "law: default\nexpect: []", ["WC617", "WC617"]),
        ("wan.yaml", "law: default\nplan: {download: fast, upload: 1Mbit}\nexpect: []", ["WC617"]),
        ("wan.yaml", "law: default\nplan: {download: {floor: 1Mbit}, upload: 1Mbit}\nexpect: []", ["WC617"]),
        (
            "wan.yaml",
            "law: default\nplan: {download: {ceiling: 2Mbit, floor: 3Mbit}, upload: 1Mbit}\nexpect: []",
            ["WC617"],
        ),
        ("classic.yaml", "law: classic\nplan: {download: {floor: 1Mbit}}\nexpect: []", ["WC617"]),
        ("classic.yaml", "law: classic\ninput: {delta: 5}\nexpect: []", ["WC606"]),
        ("classic.yaml", "law: classic\nexpect: [{at: 1s, intents: []}]", ["WC617"]),
        ("classic.yaml", "law: classic\nexpect: [{at: 1s, rates: {download: 9}}]", ["WC612"]),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(machine: str, body: str, expected: list[str]) -> None:
    assert refusals(machine, body) == expected
