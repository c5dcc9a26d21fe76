"""What is wrong in a test file: every fault with its code and place, and each code's example is an example of it."""

import pytest

from tests.suite.machines import codes, read
from wanctl.engine import Findings
from wanctl.suite.code import CODES

BASE = {"name": "name: it", "expect": "expect: [{at: 1s, state: GREEN}]"}
FILE_KEYS = ("machine", "tests", "schema")
EXAMPLE_MACHINE = """\
schema: 1
machine: small
inputs: {delta: {unit: ms, range: [0, 1000]}}
params: {target: {unit: ms, default: 10ms, range: [1ms, 100ms]}}
data: {count: {range: [0, 9], default: 0}}
states:
  GREEN: {on: {tick: [{when: delta > target, to: RED}], operator.hold: [{to: RED}]}}
  RED: {entry: [{rate.cut: {least: 5%, most: 60%, pace: 50ms, blind: 10%}}]}
"""


def file_with(lines: str) -> str:
    """A complete test file with the lines of an example in it."""
    keys = {line.split(":")[0] for line in lines.splitlines()}
    own = [text for key, text in BASE.items() if key not in keys]
    body = "\n".join(f"    {line}" for line in [*own, *lines.splitlines()])
    return f"machine: small\ntests:\n  -\n{body}\n"


def found(lines: str) -> set[str]:
    findings = Findings()
    read(file_with(lines), findings, EXAMPLE_MACHINE)
    return {item.code for item in findings}


@pytest.mark.parametrize("code", [code for code in CODES if CODES[code].bad])
def test_a_bad_example_has_its_code_alone_and_a_good_one_none(code: str) -> None:
    assert found(CODES[code].bad) == {code}
    assert found(CODES[code].good) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["WC001"]),
        ("- a", ["WC601"]),
        ("machine: none\ntests: [{name: a, expect: [{at: 1s, state: GREEN}]}]", ["WC604"]),
        ("tests: []", ["WC603"]),
        ("machine: small", ["WC619"]),
        ("machine: small\ntests: []", ["WC619"]),
        ("machine: small\ntests: {a: b}", ["WC601"]),
        ("machine: small\ntests: [a]", ["WC601"]),
        ("schema: 2\nmachine: small\ntests: [{name: a, expect: []}]", ["WC603"]),
        ("machine: small\ntests: [{name: a}]", ["WC603"]),
        ("machine: small\ntests: [{expect: []}]", ["WC603"]),
        ("machine: small\ntests: [{expect: []}, {expect: []}]", ["WC603", "WC603"]),
        ("machine: small\ntests: [{name: a, expect: []}, {name: a, expect: []}]", ["WC615"]),
        ("machine: small\ntests: [{name: a, law: fast, expect: []}]", ["WC617"]),
        ("machine: small\ntests: [{name: a, law: default, expect: []}]", ["WC617"]),
        ("machine: small\ntests: [{name: a, plan: {}, expect: []}]", ["WC617"]),
        ("machine: small\ntests: [{name: a, tick: 1us, expect: []}]", ["WC605"]),
        ("machine: small\ntests: [{name: a, tick: 1ms, expect: [{at: 3h, state: RED}]}]", ["WC618"]),
        ("machine: small\ntests: [{name: a, expect: [{at: 30d, state: RED}]}]", ["WC605"]),
        ("machine: small\ntests: [{name: a, expect: [{tick: 0, state: RED}]}]", ["WC605"]),
        ("machine: small\ntests: [{name: a, expect: [{at: 1s, tick: 2, state: RED}]}]", ["WC614"]),
        ("machine: small\ntests: [{name: a, params: {strict: maybe}, expect: []}]", ["WC613"]),
        ("machine: small\ntests: [{name: a, params: {target: 3s}, expect: []}]", ["WC613"]),
        ("machine: small\ntests: [{name: a, expect: [{at: 1s, RED: HOLD}]}]", ["WC609"]),
        ("machine: small\ntests: [{name: a, expect: [{at: 1s, wy: x}]}]", ["WC602"]),
        ("machine: small\ntests: [{name: a, expect: [{at: 1s, data: {count: many}}]}]", ["WC612"]),
        ("machine: small\ntests: [{name: a, expect: [{at: 1s, faults: none}]}]", ["WC612"]),
        ("machine: small\ntests: [{name: a, expect: [{at: 1s, intents: [{rate.cut: {lest: 1}}]}]}]", ["WC611"]),
    ],
)
def test_a_faulty_file_is_told_by_codes(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_all_faults_of_a_file_are_told_at_once_each_at_its_place() -> None:
    findings = Findings()
    text = """\
machine: small
tests:
  - name: first
    input: {detla: 5, delta: 5 abc}
    expect:
      - {at: 1.1s, state: GREEEN}
      - {at: later, state: GREEN}
  - name: second
    expect: [{at: 1s, fired: 'GREEN#7'}]
"""
    assert read(text, findings) is None
    assert [(item.code, item.place.line, item.place.column) for item in findings] == [
        ("WC606", 4, 13),
        ("WC607", 4, 32),
        ("WC609", 6, 27),
        ("WC605", 7, 14),
        ("WC610", 9, 30),
    ]
    assert "did you mean 'delta'?" in findings.render()
    assert "did you mean 'GREEN'?" in findings.render()


def test_an_explanation_is_more_than_its_title() -> None:
    assert [code for code, entry in CODES.items() if len(entry.explanation) <= len(entry.title)] == []
