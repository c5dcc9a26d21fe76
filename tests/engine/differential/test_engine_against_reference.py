"""The engine and the reference interpreter on random machines and random steps: they must agree after each step.

Fifteen thousand steps by default; `WANCTL_DIFFERENTIAL_STEPS=200000` runs more, `WANCTL_DIFFERENTIAL_SEED=N` others. A
mismatch is made as small as possible and printed as a machine file with its steps.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.differential.drive import Step, Tally, compare, draw_steps, drive_reference, to_yaml
from tests.engine.differential.machines import MachineMaker
from tests.engine.differential.shrink import Document, counterexample, mismatch, shrink
from tests.engine.differential.source import Seeded
from tests.reference import ChartError, Interpreter

LEAST_STEPS = int(os.environ.get("WANCTL_DIFFERENTIAL_STEPS", "15000"))
FIRST_SEED = int(os.environ.get("WANCTL_DIFFERENTIAL_SEED", "0"))
STEPS_OF_A_MACHINE = 400


class Drawn:
    """Choices made by hypothesis."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def below(self, count: int) -> int:
        return self._data.draw(st.integers(0, count - 1))


def explain(document: Document, steps: list[Step], title: str) -> str:
    return f"{title}: engine and reference part\n\n{counterexample(*shrink(document, steps))}"


def test_they_agree_on_machines_from_seeds() -> None:
    tally = Tally()
    seed = FIRST_SEED
    while tally.steps < LEAST_STEPS:
        source = Seeded(seed)
        document = MachineMaker(source).make()
        steps = draw_steps(source, STEPS_OF_A_MACHINE)
        if compare(to_yaml(document), steps, tally) is not None:
            pytest.fail(explain(document, steps, f"seed {seed}"), pytrace=False)
        seed += 1
    # Steps that move nothing, or only loops that end at a bound, would prove little.
    assert tally.rows > tally.steps
    assert tally.faults < tally.steps / 5


@settings(
    max_examples=20, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(st.data())
def test_they_agree_on_machines_that_hypothesis_draws(data: st.DataObject) -> None:
    source = Drawn(data)
    document = MachineMaker(source).make()
    steps = draw_steps(source, 25)
    if mismatch(document, steps) is not None:  # our own shrinking knows the file's structure and is far faster
        pytest.fail(explain(document, steps, "hypothesis"), pytrace=False)


def test_what_parts_them_is_made_small() -> None:
    """Shown with something that is always there to be found: an event that leads to a certain state."""
    source = Seeded(FIRST_SEED + 7)
    document = MachineMaker(source).make()
    steps = draw_steps(source, 100)

    def ends_there(document: Document, steps: list[Step]) -> bool:
        try:
            reference = Interpreter(to_yaml(document))
            reference.start()
            if reference.leaves == ["GOAL"]:
                return False
            now_ms = 0.0
            for step in steps:
                now_ms += step.after_ms
                drive_reference(reference, step, round(now_ms * 1_000_000))
        except (ChartError, AssertionError, KeyError, ValueError):
            return False
        return reference.leaves == ["GOAL"]

    document["on"] = {**document.get("on", {}), "go": [{"to": "GOAL"}]}
    document.pop("type", None)
    document["states"]["GOAL"] = {}
    small, few = shrink(document, [*steps, Step(0, "go")], ends_there)
    assert [step.event for step in few] == ["go"]
    assert len(to_yaml(small).splitlines()) <= 12
