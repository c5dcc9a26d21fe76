"""Clocks and chains as routers of several versions, and both transports, tell them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from wanctl.routeros import Refused
from wanctl.routeros.survey import Surveyor, chain, realtime_ns


class Clock:
    """A router that knows nothing but the time."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self.told = told

    def single(self, menu: str) -> Mapping[str, str]:
        assert menu == "system/clock"
        return self.told


def seen(**told: str) -> int:
    router: Any = Clock({name.replace("_", "-"): text for name, text in told.items()})
    return realtime_ns(cast(Surveyor, router))


MOMENT_NS = int(datetime(2026, 11, 25, 18, 46, 31, tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("date", "time", "offset"),
    [
        ("2026-11-25", "18:46:31", "+00:00"),
        ("2026-11-25", "19:46:31", "+01:00"),
        ("2026-11-25", "13:16:31", "-05:30"),
        ("nov/25/2026", "18:46:31", "+00:00"),
        ("Nov/25/2026", "20:46:31", "7200"),  # a script gets seconds,
        ("2026-11-25", "17:46:31", "4294963696"),  # and those behind UTC as if unsigned
        ("2026-11-26", "00:46:31", "+06:00"),
    ],
)
def test_a_clock_is_read_in_every_spelling(date: str, time: str, offset: str) -> None:
    assert seen(date=date, time=time, gmt_offset=offset) == MOMENT_NS


@pytest.mark.parametrize("told", [{}, {"date": "2026-11-25"}, {"date": "soon", "time": "18:46:31"}])
def test_a_clock_that_makes_no_sense_is_refused(told: dict[str, str]) -> None:
    with pytest.raises(Refused, match="makes no sense"):
        seen(**told)


def test_a_ring_of_parents_is_walked_once() -> None:
    assert list(chain("a", {"a": "b", "b": "c", "c": "a"})) == ["b", "c"]
    assert list(chain("a", {"a": "all", "all": "global"})) == ["all", "global"]
