"""A decision is recorded once, in the same form, and never rewritten: only superseded."""

import re

import pytest

from tests.house.repository import read, tracked

FIELDS = ["Question", "Forces", "Decision", "Rejected", "Cost", "Proof", "Revisit when", "Touches"]
RECORDS = [path for path in tracked() if path.startswith("docs/decisions/") and path.endswith(".md")]
NUMBERED = [path for path in RECORDS if not path.endswith("README.md")]


def test_records_are_numbered_without_gaps() -> None:
    assert NUMBERED != []
    assert [path.split("/")[-1][:5] for path in NUMBERED] == [f"{n:04}-" for n in range(1, len(NUMBERED) + 1)]


@pytest.mark.parametrize("path", NUMBERED)
def test_a_record_has_every_field_in_order(path: str) -> None:
    head, status, *rest = read(path).splitlines()
    number = path.split("/")[-1][:4]
    assert re.fullmatch(rf"# {number}: \S.+", head)
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2} · (proposed|accepted|superseded by \d{4})", status)
    fields = [line.split(":")[0] for line in rest if line.split(":")[0] in FIELDS]
    assert fields == FIELDS
    assert all(re.search(rf"^{field}: \S", "\n".join(rest), re.MULTILINE) for field in FIELDS)


@pytest.mark.parametrize("path", NUMBERED)
def test_a_superseded_record_names_one_that_exists(path: str) -> None:
    for number in re.findall(r"superseded by (\d{4})", read(path).splitlines()[1]):
        assert any(other.split("/")[-1].startswith(number) for other in NUMBERED)


@pytest.mark.parametrize("path", NUMBERED)
def test_the_files_that_a_record_touches_exist(path: str) -> None:
    touches = read(path).split("Touches: ")[1]
    named = re.findall(r"`([\w./*-]+/[\w./*-]*|\w+\.(?:toml|lock|md))`", touches)
    assert named != []
    gone = [
        name for name in named if not any(known == name or known.startswith(name.rstrip("*")) for known in tracked())
    ]
    assert gone == []
