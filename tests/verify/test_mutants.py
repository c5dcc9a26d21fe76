"""Faults planted in the shipped machines: each is caught by a proof, which holds without it, or by a test."""

import pytest

from tests.verify.planted import FAULTS, Planted
from tests.verify.proving import caught_by_tests, failing_tests, prove, shipped

PROVED = [fault for fault in FAULTS if fault.caught_by]
TESTED = [fault for fault in FAULTS if not fault.caught_by]


def name_of(fault: Planted) -> str:
    return f"{fault.machine}: {fault.fault}"


@pytest.mark.parametrize("fault", PROVED, ids=name_of)
def test_a_planted_fault_is_caught_by_a_proof_and_the_test_of_its_run_fails(fault: Planted) -> None:
    model = shipped(fault.machine, *fault.changes)
    result = prove(model, fault.caught_by)
    assert result.status == "violated"
    assert all(failing_tests(model, result).values()), "a written test passes although the fault is there"


@pytest.mark.parametrize("fault", TESTED, ids=name_of)
def test_a_planted_fault_that_no_property_speaks_of_fails_a_test_of_the_machine(fault: Planted) -> None:
    assert caught_by_tests(shipped(fault.machine, *fault.changes), fault.machine)
