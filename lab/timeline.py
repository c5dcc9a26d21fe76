"""From a scenario and a seed to plain lists. Everything random is drawn here: a job has no dice in it."""

import math
import random
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from lab.scenario import Blocks, Noise, Recorded, Scenario, Steps, Wander

FINEST_S = 0.1  # of a change of capacity
NOISE_EVERY_S = 0.04
STEP_MOVES_S = 1.0  # so that no law is tuned to a phase
BURST_S = (0.04, 0.12)


class Capacity(NamedTuple):
    """What the bottleneck lets through from a time on, in bit/s; 0 both ways is an outage."""

    at_s: float
    down_bps: int
    up_bps: int


def capacity(scenario: Scenario, seed: int) -> list[Capacity]:
    """The capacity over time, from 0; a row for each change."""
    dice = random.Random(f"capacity/{seed}")
    match scenario.capacity:
        case Steps() as kind:
            shares = _steps(kind, dice)
        case Wander() as kind:
            shares = _wander(kind, scenario.time_s, dice)
        case Blocks() as kind:
            shares = _blocks(kind, scenario.time_s, random.Random(f"blocks/{seed}"))
        case Recorded() as kind:
            shares = _recorded(kind, scenario.time_s, dice)
    rows: list[Capacity] = []
    for at_s, down, up in shares:
        row = Capacity(round(at_s, 3), round(scenario.down_bps * down), round(scenario.up_bps * up))
        if not rows or rows[-1][1:] != row[1:]:
            rows.append(row)
    return _interrupted(rows, scenario.path.outages)


def _interrupted(rows: list[Capacity], outages: tuple[tuple[float, float], ...]) -> list[Capacity]:
    """The capacity with nothing in it during outages."""
    for begin_s, end_s in outages:
        after = [row for row in rows if row.at_s <= end_s][-1]
        kept = [row for row in rows if row.at_s < begin_s]
        rows = [*kept, Capacity(begin_s, 0, 0), after._replace(at_s=end_s), *(row for row in rows if row.at_s > end_s)]
    return rows


def _steps(kind: Steps, dice: random.Random) -> Iterator[tuple[float, float, float]]:
    for at_s, share in kind.steps:
        yield at_s + (dice.uniform(-STEP_MOVES_S, STEP_MOVES_S) if at_s else 0.0), share, share


def _wander(kind: Wander, time_s: float, dice: random.Random) -> Iterator[tuple[float, float, float]]:
    mean = math.log(kind.mean)
    places = [mean, mean]
    jump_s = dice.uniform(*kind.jump_every_s)
    kept = math.exp(-FINEST_S / kind.within_s)
    kick = kind.spread * math.sqrt(1 - kept * kept)
    for turn in range(round(time_s / FINEST_S)):
        at_s = turn * FINEST_S
        if at_s >= jump_s:
            mean = math.log(dice.uniform(*kind.jump_to))
            jump_s += dice.uniform(*kind.jump_every_s)
        places = [mean + (place - mean) * kept + dice.gauss(0.0, kick) for place in places]
        down, up = (round(min(max(math.exp(place), kind.least), kind.most), 3) for place in places)
        yield at_s, down, up


def _blocks(kind: Blocks, time_s: float, dice: random.Random) -> Iterator[tuple[float, float, float]]:
    at_s = 0.0
    while at_s < time_s:
        share = round(math.exp(dice.uniform(math.log(kind.least), math.log(kind.most))), 3)
        yield at_s, share, share
        at_s += dice.uniform(*kind.hold_s)


def _recorded(kind: Recorded, time_s: float, dice: random.Random) -> Iterator[tuple[float, float, float]]:
    """The recording from some point of it on, again and again."""
    times = [row[0] for row in kind.rows]
    begin_s = dice.uniform(0.0, kind.length_s)
    at = bisect_right(times, begin_s) - 1
    at_s = 0.0
    while at_s < time_s:
        yield at_s, kind.rows[at][1], kind.rows[at][2]
        until_s = times[at + 1] if at + 1 < len(times) else kind.length_s
        at_s += until_s - max(times[at], begin_s)
        at, begin_s = (at + 1) % len(times), 0.0


def noise(kind: Noise, time_s: float, seed: int) -> list[tuple[float, float]]:
    """The delay in ms that all reflectors' answers share, over time in s."""
    dice = random.Random(f"noise/{seed}")
    rows, burst_ms, until_s = [], 0.0, 0.0
    for turn in range(round(time_s / NOISE_EVERY_S)):
        at_s = turn * NOISE_EVERY_S
        if kind.burst_every_s and dice.random() < NOISE_EVERY_S / kind.burst_every_s:
            burst_ms, until_s = dice.uniform(*kind.burst_ms), at_s + dice.uniform(*BURST_S)
        own_ms = dice.expovariate(1 / kind.common_ms) if kind.common_ms else 0.0
        rows.append((round(at_s, 3), round(own_ms + (burst_ms if at_s < until_s else 0.0), 3)))
    return rows
