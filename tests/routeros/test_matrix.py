"""Every operation under every fault over both transports ends as the table in docs/results says.

One emulator serves all cells of a transport; it goes back to where it was after each of them.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.routeros.matrix import House, document, house, surprises
from tests.routeros.outcome import STRIKING, TRANSPORTS

DOCUMENT = Path(__file__).parents[2] / "docs" / "results" / "fault-matrix.md"


@pytest.fixture(scope="module", params=TRANSPORTS)
def standing(request: pytest.FixtureRequest) -> Iterator[House]:
    with house(request.param) as one:
        yield one


@pytest.mark.parametrize("fault", STRIKING)
def test_each_operation_ends_as_the_table_says(standing: House, fault: str) -> None:
    assert surprises(standing, fault) == []


def test_the_table_is_the_published_one() -> None:
    assert DOCUMENT.read_text() == document(), "run: python -m tests.routeros.matrix > docs/results/fault-matrix.md"
