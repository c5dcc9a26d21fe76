"""The codes of traces: each example is an example of its code."""

from pathlib import Path

import pytest

from wanctl.engine import FileError
from wanctl.replay.code import CODES
from wanctl.replay.feed import Feed
from wanctl.replay.trace import Trace


def found(trace: Path) -> set[str]:
    try:
        for _ in Feed(Trace(str(trace), tolerant=False, wans=("wan",)), "wan", None):
            pass
    except FileError as error:
        return {item.code for item in error.findings}
    return set()


@pytest.mark.parametrize("code", [code for code in CODES if CODES[code].bad])
def test_a_bad_example_has_its_code_and_a_good_one_none(code: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text(CODES[code].bad)
    assert found(trace) == {code}
    if CODES[code].good:
        trace.write_text(CODES[code].good)
        assert found(trace) == set()
