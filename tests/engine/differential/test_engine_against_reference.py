"""The engine and the reference interpreter on random machines and random steps: they must agree after each step.

Fifteen thousand steps by default; `WANCTL_DIFFERENTIAL_STEPS=200000` runs more, `WANCTL_DIFFERENTIAL_SEED=N` others. A
mismatch is made as small as possible and printed as a machine file with its steps.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.differential.drive import (
    Document,
    Opinion,
    Step,
    draw_steps,
    drive_reference,
    reference_of,
    to_yaml,
)
from tests.engine.differential.machines import MachineMaker
from tests.engine.differential.run import run
from tests.engine.differential.shrink import counterexample, mismatch, shrink
from tests.engine.differential.source import Seeded
from tests.reference import ChartError, Interpreter
from tests.reference.interpreter import Entry
from tests.reference.tree import State

LEAST_STEPS = int(os.environ.get("WANCTL_DIFFERENTIAL_STEPS", "15000"))
FIRST_SEED = int(os.environ.get("WANCTL_DIFFERENTIAL_SEED", "0"))


class Drawn:
    """Choices made by hypothesis."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def below(self, count: int) -> int:
        return self._data.draw(st.integers(0, count - 1))


def explain(document: Document, steps: list[Step], title: str) -> str:
    return f"{title}: engine and reference part\n\n{counterexample(*shrink(document, steps))}"


def test_they_agree_on_machines_from_seeds() -> None:
    done = run(LEAST_STEPS, FIRST_SEED)
    print(done)  # pytest -rP shows it
    if done.parted is not None:
        parted = done.parted
        pytest.fail(explain(parted.document, parted.steps, f"seed {parted.seed}"), pytrace=False)
    # Steps that move nothing, or only loops that end at a bound, would prove little.
    tally = done.tally
    assert tally.rows > 0.8 * tally.steps
    assert tally.faults < tally.steps / 5
    assert tally.templates > tally.machines / 10
    assert tally.snapshots > tally.steps / 100


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


class Forgetful(Interpreter):
    """An interpreter with a fault: a hold survives that its state is left."""

    def _exit(self, state: State) -> None:
        kept = dict(self.observed)
        super()._exit(state)
        self.observed = kept


class Hasty(Interpreter):
    """An interpreter with a fault: of two entries due at one time it takes the later one first."""

    def _queue(self, entry: Entry) -> None:
        super()._queue(entry)
        entry.order = -entry.order


@pytest.mark.parametrize(("opinion", "words"), [(Forgetful, ("tick", "for: ", "of: ")), (Hasty, ("send", "after"))])
def test_a_planted_fault_is_found_and_told_in_a_few_lines(opinion: Opinion, words: tuple[str, ...]) -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + 1_000):
        source = Seeded(seed)
        document = MachineMaker(source).make()
        steps = draw_steps(source, 100)
        small_enough = len(to_yaml(document).splitlines()) < 150  # a larger one takes a minute to be made small
        found = mismatch(document, steps, opinion) if small_enough else None
        if found is not None:
            break
    assert found is not None
    small, few = shrink(document, steps[: found.step + 1], lambda one, two: mismatch(one, two, opinion) is not None)
    told = counterexample(small, few, opinion)
    assert "engine: " in told
    assert any(word in told for word in words)
    assert len(told.splitlines()) <= 45
    assert mismatch(small, few) is None  # the fault is the planted one: without it they agree


def test_what_parts_them_is_made_small() -> None:
    """Shown with something that is always there to be found: an event that leads to a certain state."""
    source = Seeded(FIRST_SEED + 7)
    document = MachineMaker(source).make()
    steps = draw_steps(source, 100)

    def ends_there(document: Document, steps: list[Step]) -> bool:
        try:
            reference = reference_of(document)
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
