"""Whatever is in a file: it loads and runs, or it is refused with codes. Never a traceback, never without an end.

`WANCTL_FUZZ=20000` throws that many files instead of the 2,000 of a normal run, `WANCTL_FUZZ_SEED=n` begins elsewhere.
"""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from types import FrameType

import pytest

from tests.suite.mutation import machine_seeds, mutate, suite_seeds
from tests.suite.test_faults_of_files import EXAMPLE_MACHINE
from wanctl.actions import ACTIONS
from wanctl.engine import FileError, Findings, Model, check, compile_model, load, restore, snapshot
from wanctl.engine.example import TEMPLATE
from wanctl.machines import read_text, shipped_machines, templates_for
from wanctl.suite import read_suite, run_case

INPUTS = int(os.environ.get("WANCTL_FUZZ", "2000"))
SEED = int(os.environ.get("WANCTL_FUZZ_SEED", "0"))
BATCHES = 10
LONGEST_S = 20  # for one file; the slowest takes some 30 ms
MOST_TICKS = 2_000  # of a mutated test that is run

MODELS: dict[str, Model] = {}


@contextmanager
def ending(text: str) -> Iterator[None]:
    """Turn a hang into a failure that shows the file."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"no end in {LONGEST_S} s:\n{text[:2_000]}")

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def template(name: str) -> tuple[str, str] | None:
    path = shipped_machines().get(name)
    if path is None:
        return (TEMPLATE, "part.yaml") if name == "part" else None
    return read_text(path), str(path)


def throw_machine(text: str) -> None:
    findings = Findings()
    model = check(text, "fuzz.yaml", findings, actions=ACTIONS, read_template=template)
    if model is None:
        assert findings.errors
        assert findings.render()
        return
    try:
        machine = compile_model(model).start(0)
    except FileError:
        return
    for tick in range(1, 4):
        machine.tick(tick * 50_000_000)
        machine.event(tick * 50_000_000, "go", {"k": 1.0})
    machine.advance(10_000_000_000)
    restore(machine.program, json.loads(json.dumps(snapshot(machine))))  # which refuses a configuration that cannot be


def open_machine(name: str) -> Model | None:
    stem = name.removesuffix(".yaml").rpartition("/")[2]
    if stem == "small" and stem not in MODELS:
        MODELS[stem] = load(EXAMPLE_MACHINE, "small.yaml", actions=ACTIONS)
    if stem not in MODELS:
        path = shipped_machines().get(stem)
        if path is None:
            return None
        MODELS[stem] = load(read_text(path), str(path), actions=ACTIONS, read_template=templates_for(path))
    return MODELS[stem]


def throw_suite(text: str) -> None:
    findings = Findings()
    suite = read_suite(text, "fuzz.test.yaml", findings, open_machine)
    if suite is None:
        assert findings.errors
        assert findings.render()
        return
    for case in suite.cases[:3]:
        if case.end_ns // case.tick_ns <= MOST_TICKS:
            run_case(case)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_mutated_machine_loads_or_is_refused(batch: int) -> None:
    random, seeds = Random(f"machine {SEED} {batch}"), machine_seeds()
    for number in range(INPUTS // 2 // BATCHES):
        text = mutate(random.choice(seeds), random)
        with ending(text):
            try:
                throw_machine(text)
            except Exception as error:
                raise AssertionError(f"batch {batch}, file {number}: {error!r}\n{text[:6_000]}") from error


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_mutated_test_file_runs_or_is_refused(batch: int) -> None:
    random, seeds = Random(f"suite {SEED} {batch}"), suite_seeds()
    for number in range(INPUTS // 2 // BATCHES):
        text = mutate(random.choice(seeds), random)
        with ending(text):
            try:
                throw_suite(text)
            except Exception as error:
                raise AssertionError(f"batch {batch}, file {number}: {error!r}\n{text[:6_000]}") from error
