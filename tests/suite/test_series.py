"""The shorthand of input series."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.suite.machines import small
from wanctl.engine import Findings, Place
from wanctl.engine.document import Text
from wanctl.suite.series import Series, parse_series

INPUTS = small().inputs


def series(text: str, name: str = "delta") -> Series:
    findings = Findings()
    found = parse_series(Text(text, Place("t")), INPUTS[name], findings)
    assert found is not None, findings.render()
    return found


def samples(text: str, name: str = "delta") -> list[object]:
    found = series(text, name)
    return [found.at(tick) for tick in range(1, len(found) + 1)]


def refused(text: str, name: str = "delta") -> Iterator[tuple[str, int]]:
    findings = Findings()
    assert parse_series(Text(text, Place("t", 1, 10)), INPUTS[name], findings) is None
    yield from ((item.code, item.place.column) for item in findings)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("5", [5.0]),
        ("5x3", [5.0, 5.0, 5.0]),
        ("5 x3", [5.0, 5.0, 5.0]),
        ("5x2 20x2 _ 5", [5.0, 5.0, 20.0, 20.0, None, 5.0]),
        ("_x2 7", [None, None, 7.0]),
        ("10+2x5", [10.0, 12.0, 14.0, 16.0, 18.0]),
        ("10-2x5", [10.0, 8.0, 6.0, 4.0, 2.0]),
        ("10+0.5x3", [10.0, 10.5, 11.0]),
        ("1s 5ms 2", [1000.0, 5.0, 2.0]),
        ("5msx2", [5.0, 5.0]),
        ("10ms+2msx2", [10.0, 12.0]),
        ("0.1s+1msx2", [100.0, 101.0]),
        ("1e2x2", [100.0, 100.0]),
        ("+5", [5.0]),
    ],
)
def test_numbers(text: str, meant: list[float | None]) -> None:
    assert samples(text) == meant


def test_truth_values_and_words() -> None:
    assert samples("true x2 false _", "up") == [True, True, False, None]
    assert samples("truex2", "up") == [True, True]
    assert samples("icmp x2 tcp _", "probe") == ["icmp", "icmp", "tcp", None]
    assert samples("icmpx2", "probe") == ["icmp", "icmp"]
    assert samples("x5 x5x2", "probe") == ["x5", "x5", "x5"]  # a word of the input's own is that word


def test_the_last_value_stays() -> None:
    assert [series("5x2 9").at(tick) for tick in (3, 4, 1000)] == [9.0, 9.0, 9.0]
    assert series("10+2x5").at(100) == 18.0
    assert series("5 _").at(100) is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("5*20", [("WC607", 10)]),
        ("5 x20x3", [("WC607", 12)]),
        ("x20", [("WC607", 10)]),
        ("5 abc 7 def", [("WC607", 12), ("WC607", 18)]),
        ("5x0", [("WC607", 10)]),
        ("10+2", [("WC607", 10)]),
        ("5x3 x2", [("WC607", 14)]),
        ("", [("WC607", 10)]),
        ("5Mbit", [("WC608", 10)]),
        ("5lightyears", [("WC608", 10)]),
        ("-1", [("WC608", 10)]),
        ("990+10x3", [("WC608", 10)]),
        ("1e400", [("WC608", 10)]),
        ("5x99999999999999999999", [("WC618", 10)]),
    ],
)
def test_what_is_no_series_is_told_at_its_column(text: str, codes: list[tuple[str, int]]) -> None:
    assert list(refused(text)) == codes


def test_a_word_that_the_input_does_not_know_is_refused() -> None:
    assert list(refused("yes", "up")) == [("WC608", 10)]
    assert list(refused("icmp udp x3", "probe")) == [("WC608", 15)]


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 50)), min_size=1, max_size=20))
def test_a_series_is_its_parts_one_after_the_other(parts: list[tuple[int, int]]) -> None:
    text = " ".join(f"{value}x{count}" for value, count in parts)
    assert samples(text) == [float(value) for value, count in parts for _ in range(count)]


@given(st.text(alphabet="0123456789x+-._ emMbits%/t", max_size=30))
def test_any_text_is_a_series_or_a_finding(text: str) -> None:
    findings = Findings()
    found = parse_series(Text(text, Place("t")), INPUTS["delta"], findings)
    assert (found is None) == bool(findings.errors)
