"""Every fault leaves the machine of the router in the state that docs/results names, and then lets it go."""

import pytest

from tests.routeros.outcome import STRIKING
from tests.routeros.states import COLUMNS, run


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("fault", STRIKING)
def test_a_fault_ends_in_its_state_and_passes(fault: str, column: str) -> None:
    run(fault, column)
