"""From the files of a run to its figures.

`p50_ms` and its kind are the witness's round-trip time above its idle one. `down_share` and `up_share` are what was
delivered behind CAKE of what the bottleneck could have carried, for directions that somebody tries to fill.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.scenario import Scenario
from lab.timeline import Capacity

SETTLES_S = 6.0  # a probe of the last seconds may still have been under way when the run ended
CUT = 0.999


@dataclass(frozen=True, slots=True)
class Figures:
    """One run."""

    scenario: str
    contender: str
    seed: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    worst_ms: float
    lost_share: float
    down_share: float | None
    up_share: float | None
    writes: int
    cuts: int
    ended_early: bool

    @property
    def line(self) -> str:
        """The run in a line."""
        shares = [
            f"{name} {100 * share:.1f} %" for name, share in (("down", self.down_share), ("up", self.up_share)) if share
        ]
        died = ", the controller ended early" if self.ended_early else ""
        return (
            f"p95 +{self.p95_ms:.1f} ms, worst +{self.worst_ms:.0f} ms, {', '.join(shares)}, {self.writes} writes{died}"
        )


def figures(folder: Path, scenario: Scenario, contender: str, seed: int, rows: Sequence[Capacity]) -> Figures:
    """The figures of the run in a folder."""
    probes = [(float(row["t_s"]), float(row["rtt_ms"]) if row["rtt_ms"] else None) for row in _read(folder / "rtt.csv")]
    idle_ms = min(rtt_ms for _, rtt_ms in probes if rtt_ms is not None)
    since_s = scenario.score_from_s
    seen = sorted(rtt_ms - idle_ms for at_s, rtt_ms in probes if rtt_ms is not None and at_s >= since_s)
    due = [rtt_ms for at_s, rtt_ms in probes if since_s <= at_s < scenario.time_s - SETTLES_S]
    writes = [(row["device"], int(row["rate_bps"])) for row in _read(folder / "writes.csv")]
    job = json.loads((folder / "job.json").read_text())
    shares = delivered(folder / "delivered.csv", since_s, rows)
    return Figures(
        scenario=scenario.name,
        contender=contender,
        seed=seed,
        p50_ms=quantile(seen, 0.50),
        p95_ms=quantile(seen, 0.95),
        p99_ms=quantile(seen, 0.99),
        worst_ms=round(seen[-1], 2),
        lost_share=round(due.count(None) / max(1, len(due)), 4),
        down_share=shares[0] if "down" in scenario.filled else None,
        up_share=shares[1] if "up" in scenario.filled else None,
        writes=len(writes),
        cuts=cuts(writes, dict(zip(("ifb-wan", "wan"), job["initial_bps"], strict=True))),
        ended_early=json.loads((folder / "ran.json").read_text())["ended_early"],
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank quantile of sorted values, rounded to 0.01."""
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)


def cuts(writes: Iterable[tuple[str, int]], before: dict[str, int]) -> int:
    """How many writes took a rate away; 0 is no limit."""
    count, now = 0, dict(before)
    for device, rate_bps in writes:
        had_bps = now[device] or float("inf")
        count += rate_bps < had_bps * CUT
        now[device] = rate_bps
    return count


def delivered(path: Path, since_s: float, rows: Sequence[Capacity]) -> tuple[float, float]:
    """What went through of what could have, down and up, from `since_s` on."""
    samples = [
        (float(row["t_s"]), int(row["down_bytes"]), int(row["up_bytes"]))
        for row in _read(path)
        if float(row["t_s"]) >= since_s
    ]
    (begin_s, *begin), (end_s, *end) = samples[0], samples[-1]
    able = [carried(rows, begin_s, end_s, way) for way in (1, 2)]
    got = [(last - first) * 8 for first, last in zip(begin, end, strict=True)]
    down, up = (round(bits / most, 4) for bits, most in zip(got, able, strict=True))
    return down, up


def carried(rows: Sequence[Capacity], begin_s: float, end_s: float, way: int) -> float:
    """The bits that a capacity can carry between two times; `way` is 1 for down, 2 for up."""
    ends = [row.at_s for row in rows[1:]] + [float("inf")]
    return sum(
        max(0.0, min(end_s, until_s) - max(begin_s, row.at_s)) * row[way]
        for row, until_s in zip(rows, ends, strict=True)
    )


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
