"""Many random machines in one go: engine against reference until they part, or until it has been enough."""

import time
from dataclasses import dataclass

from tests.engine.differential.drive import Document, Mismatch, Step, Tally, compare, draw_steps, steps_of
from tests.engine.differential.machines import MachineMaker
from tests.engine.differential.source import Seeded

STEPS_OF_A_MACHINE = 400


@dataclass(slots=True)
class Parted:
    """What parted them: the seed, and what was drawn from it."""

    seed: int
    document: Document
    steps: list[Step]
    found: Mismatch


@dataclass(slots=True)
class Run:
    """What was run, how long it took, and what parted them, if anything did."""

    tally: Tally
    wall_s: float
    cpu_s: float
    parted: Parted | None

    def __str__(self) -> str:
        done = self.tally
        return (
            f"{done.steps} steps of {done.machines} machines ({done.templates} with templates), {done.rows} rows, "
            f"{done.faults} FAULTs, {done.snapshots} snapshots: {done.steps / self.wall_s:.0f} steps/s "
            f"({done.steps / self.cpu_s:.0f} a CPU second)"
        )


def run(least_steps: int, first_seed: int = 0) -> Run:
    """Draw machines from consecutive seeds and run them on both, in this process."""
    tally, seed, parted = Tally(), first_seed, None
    wall, cpu = time.perf_counter(), time.process_time()
    while tally.steps < least_steps and parted is None:
        source = Seeded(seed)
        document = MachineMaker(source).make()
        found = compare(document, steps_of(source, STEPS_OF_A_MACHINE), tally)
        if found is not None:
            again = Seeded(seed)
            document = MachineMaker(again).make()
            parted = Parted(seed, document, draw_steps(again, found.step + 1), found)
        seed += 1
    return Run(tally, time.perf_counter() - wall, time.process_time() - cpu, parted)
