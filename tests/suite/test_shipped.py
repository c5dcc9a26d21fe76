"""The machines that ship with wanctl pass their tests, and the tests exercise all of them."""

import pytest

from tests.suite.mutants import unnoticed
from wanctl.actions import ACTIONS
from wanctl.data import data_folder
from wanctl.engine import Findings, Model, load
from wanctl.machines import TEST_SUFFIX, read_text, shipped_machines, templates_for
from wanctl.suite import Coverage, read_suite, run_case
from wanctl.suite.words import case_lines, coverage_lines

TESTED = [name for name in shipped_machines() if (data_folder("machines") / f"{name}{TEST_SUFFIX}").is_file()]


def model_of(name: str) -> Model:
    path = shipped_machines()[name.removesuffix(".yaml")]
    return load(read_text(path), str(path), actions=ACTIONS, read_template=templates_for(path))


@pytest.mark.parametrize("name", TESTED)
def test_a_shipped_machine_passes_its_tests_and_every_row_guard_and_state_is_exercised(name: str) -> None:
    path = data_folder("machines") / f"{name}{TEST_SUFFIX}"
    findings = Findings()
    model = model_of(name)
    suite = read_suite(read_text(path), str(path), findings, lambda _: model)
    assert suite is not None, findings.render()
    coverage = Coverage(model)
    results = [run_case(case, coverage) for case in suite.cases]
    assert [line for result in results if not result.passed for line in case_lines(result)] == []
    assert coverage.percent == 100, "\n".join(coverage_lines(coverage))


def test_the_machines_of_the_laws_have_tests() -> None:
    assert {"classic", "direction", "wan"} <= set(TESTED)


@pytest.mark.parametrize("name", TESTED)
def test_no_row_of_a_machine_can_be_dropped_without_a_test_that_fails(name: str) -> None:
    tried = unnoticed(name, rows_only=True)
    assert [mutant.where for mutant in tried.alive] == []
    assert tried.planted > 10
