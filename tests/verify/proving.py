"""Machines for proofs, and short ways to prove something of them."""

from pathlib import Path

from wanctl.actions import ACTIONS
from wanctl.data import data_folder
from wanctl.engine import Findings, Model, load
from wanctl.machines import TEST_SUFFIX, shipped_machines, templates_for
from wanctl.suite import read_suite, run_case
from wanctl.verify import Result, checks, run_check, violations
from wanctl.verify import test_file as written_test

MACHINES = shipped_machines()


def model_of(text: str) -> Model:
    """The model of a machine without templates."""
    return load(text, "machine.yaml", actions=ACTIONS)


def shipped(name: str, *changes: tuple[str, str]) -> Model:
    """A shipped machine, or what it would be with other words in its file or in its template's."""
    path = MACHINES[name]
    left = dict(changes)

    def changed(text: str) -> str:
        for old, new in changes:
            if old in text:
                text = text.replace(old, new)
                left.pop(old, None)
        return text

    def read_template(wanted: str) -> tuple[str, str] | None:
        found = templates_for(path)(wanted)
        return None if found is None else (changed(found[0]), found[1])

    model = load(changed(path.read_text()), str(path), actions=ACTIONS, read_template=read_template)
    assert not left, f"{name} has no {list(left)}: the fault has to be planted anew"
    return model


def prove(model: Model, wanted: str, *, exact: bool = True) -> Result:
    """The verdict about one property, by its name or kind."""
    found = [check for check in checks(model, ACTIONS, exact=exact) if wanted in (check.name, check.kind)]
    assert found, f"{model.name} has no property '{wanted}'"
    result = run_check(found[0])
    assert result is not None, f"there is nothing to check: {wanted}"
    return result


def failing_tests(model: Model, result: Result) -> dict[str, bool]:
    """Whether each test that is written of a verdict's violations fails, by its name."""
    findings, found = Findings(), list(violations([result]))
    if not found:
        return {}
    text = written_test(model, "it", found)
    suite = read_suite(text, "it.test.yaml", findings, lambda _: model)
    assert suite is not None, findings.render()
    return {case.name: not run_case(case).passed for case in suite.cases}


def caught_by_tests(model: Model, machine: str) -> str:
    """The first test of a shipped machine that fails with this model, or why none can run; "" for none."""
    path, findings = data_folder("machines") / f"{machine}{TEST_SUFFIX}", Findings()
    suite = read_suite(path.read_text(), str(path), findings, lambda _: model)
    if suite is None:
        return f"the file is refused: {findings.errors[0].message}"
    return next((case.name for case in suite.cases if not run_case(case).passed), "")


def written(folder: Path, name: str, text: str) -> Path:
    """A file with this text."""
    path = folder / name
    path.write_text(text)
    return path
