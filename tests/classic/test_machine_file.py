"""`machines/classic.test.yaml`, run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from wanctl.control.action import ACTIONS
from wanctl.data import data_folder
from wanctl.engine import Machine, Outcome, compile_model, load
from wanctl.engine.unit import parse_quantity

TICK_NS = 50_000_000
FILE = yaml.safe_load((data_folder("machines") / "classic.test.yaml").read_text())
MACHINE = data_folder("machines") / "classic.yaml"
MODEL = load(MACHINE.read_text(), str(MACHINE), actions=ACTIONS)


def run(case: dict) -> Iterator[tuple[dict, Machine, Outcome]]:
    """The last tick of each step of a test."""
    machine = compile_model(MODEL, case.get("params", {})).start(0)
    now_ns = 0
    for step in case["steps"]:
        for _ in range(step.get("times", 1)):
            now_ns += TICK_NS
            machine.set_inputs({name: parse_quantity(text).value for name, text in step["tick"].items()})
            outcome = machine.tick(now_ns)
        yield step, machine, outcome


@pytest.mark.parametrize("case", FILE["tests"], ids=[case["name"] for case in FILE["tests"]])
def test_the_machine_does_what_its_tests_say(case: dict) -> None:
    for number, (step, machine, outcome) in enumerate(run(case), 1):
        assert list(machine.leaves) == step["expect"], f"step {number}"
        if "actions" in step:
            assert [intent.action for intent in outcome.intents] == step["actions"], f"step {number}"


def test_every_row_of_the_machine_fires_in_some_test() -> None:
    fired = {
        transition.row for case in FILE["tests"] for _, _, outcome in run(case) for transition in outcome.transitions
    }
    assert {row.id for row in MODEL.rows} - fired == set()


def test_the_test_file_is_about_the_shipped_machine() -> None:
    assert FILE["machine"] == MODEL.name == Path(MACHINE).stem
