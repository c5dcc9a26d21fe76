"""RouterOS's spellings of values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wanctl.routeros import value
from wanctl.testing.routeros.kind import span


@pytest.mark.parametrize(
    ("text", "rate_bps"),
    [
        ("10M", 10_000_000),
        ("10000000", 10_000_000),
        ("1500k", 1_500_000),
        ("87.5M", 87_500_000),
        ("2G", 2 * 10**9),
        ("0", 0),
        ("0bps", 0),
        ("870Mbps", 870_000_000),
    ],
)
def test_a_rate_is_whole_bits_a_second(text: str, rate_bps: int) -> None:
    assert value.rate_bps(text) == rate_bps


@pytest.mark.parametrize("text", ["", "M", "-1", "10 M", "1e6", "10Mi", "10M/20M", "٣"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a rate"):
        value.rate_bps(text)


def test_a_pair_has_upload_first() -> None:
    assert value.rate_pair_bps("20M/100000000") == (20_000_000, 100_000_000)
    assert value.count_pair("12/34") == (12, 34)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("650us", 650_000),
        ("4m58s", 298 * 10**9),
        ("1w2d3h4m5s", 788_645 * 10**9),
        ("1s500ms", 1_500_000_000),
        ("00:00:10", 10 * 10**9),
        ("2d20:12:20", 245_540 * 10**9),
        ("0s", 0),
        ("0.5s", 500_000_000),
    ],
)
def test_a_span_of_time_is_nanoseconds(text: str, ns: int) -> None:
    assert value.duration_ns(text) == ns


@pytest.mark.parametrize("text", ["", "never", "5", "5x", "1s2", "10:99:00"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a span of time"):
        value.duration_ns(text)


@given(st.integers(0, 10**16))
def test_every_span_that_the_router_writes_is_read(ns: int) -> None:
    assert value.duration_ns(span(ns)) == ns // 1_000 * 1_000


def test_counts_may_come_in_groups_of_digits() -> None:
    assert value.count("205 164 277") == 205_164_277


def test_a_flag_without_a_value_is_true() -> None:
    assert [value.boolean(text) for text in ("true", "yes", "", "false", "no")] == [True, True, True, False, False]


def test_json_survives_control_bytes_and_broken_utf8() -> None:
    assert value.json_value(b'{"comment":"a\x07\xe4b"}') == {"comment": "a\x07\ufffdb"}
    assert value.json_value(b" ") is None


def test_numbers_and_booleans_become_text() -> None:
    assert value.texts({"error": 404, "on": True, "name": "x"}) == {"error": "404", "on": "true", "name": "x"}


def test_a_body_without_a_bottom_is_no_json() -> None:
    with pytest.raises(ValueError, match="nested too deep"):
        value.json_value(b"[" * 100_000)
