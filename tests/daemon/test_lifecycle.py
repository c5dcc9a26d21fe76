"""What the process as a whole does, by the shipped machine."""

import pytest

from wanctl.actions import ACTIONS
from wanctl.engine import compile_model, load
from wanctl.engine.program import Program
from wanctl.lifecycle import Lifecycle
from wanctl.machines import read_text, shipped_machines
from wanctl.verify import checks, run_check

TICK_NS = 50_000_000
PATH = shipped_machines()["daemon"]
MODEL = load(read_text(PATH), str(PATH), actions=ACTIONS)


@pytest.fixture(scope="module")
def program() -> Program:
    return compile_model(MODEL)


def test_the_condition_of_a_tick_decides(program: Program) -> None:
    life = Lifecycle(program, 0)
    assert life.state == "STARTING"
    life.condition.decided = True
    assert [intent.action for intent in life.tick(TICK_NS).intents] == ["service.ready"]
    life.condition.broken = True
    assert [intent.action for intent in life.tick(2 * TICK_NS).intents] == ["rates.open", "service.ready"]
    assert life.state == "SAFE"
    life.condition.broken, life.condition.leaving = False, True
    life.tick(3 * TICK_NS)
    life.condition.drained = True
    life.tick(4 * TICK_NS)
    assert life.state == "STOPPED"


def test_a_calm_tick_moves_nothing(program: Program) -> None:
    life = Lifecycle(program, 0)
    life.condition.decided = True
    life.tick(TICK_NS)
    for number in range(2, 100):
        outcome = life.tick(number * TICK_NS)
        assert not outcome.transitions
        assert not outcome.intents


@pytest.mark.parametrize("check", checks(MODEL, ACTIONS), ids=lambda check: check.name)
def test_what_the_machine_promises_is_proved(check: object) -> None:
    result = run_check(check)  # type: ignore[arg-type]
    assert result is None or result.status in ("proved", "remark"), result
