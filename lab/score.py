"""From the files of a run to its figures.

`p50_ms` and its kind are the witness's round-trip time above that of the idle path, whatever route it takes at the
time. `down_share` and `up_share` are what was delivered behind CAKE of what the bottleneck could have carried, for
directions that somebody tries to fill, as long as somebody does. `call_ms` is the 99th percentile of a call's packets
above the fastest one, the worse direction; `call_lost_share` what did not arrive of both.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.guest.call import EVERY_S
from lab.scenario import Change, Scenario
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
    call_ms: float | None = None
    call_lost_share: float | None = None

    @property
    def line(self) -> str:
        """The run in a line."""
        shares = [
            f", {name} {100 * share:.1f} %"
            for name, share in (("down", self.down_share), ("up", self.up_share))
            if share is not None
        ]
        died = ", the controller ended early" if self.ended_early else ""
        return (
            f"p95 +{self.p95_ms:.1f} ms, worst +{self.worst_ms:.0f} ms{''.join(shares)}, {self.writes} writes, "
            f"{self.cuts} cuts{died}"
        )


def figures(folder: Path, scenario: Scenario, contender: str, seed: int, rows: Sequence[Capacity]) -> Figures:
    """The figures of the run in a folder."""
    probes = excess(folder, scenario)
    since_s = scenario.score_from_s
    seen = sorted(more_ms for at_s, more_ms in probes if more_ms is not None and at_s >= since_s)
    due = [more_ms for at_s, more_ms in probes if since_s <= at_s < scenario.time_s - SETTLES_S]
    writes = [(row["device"], int(row["rate_bps"])) for row in read(folder / "writes.csv")]
    job = json.loads((folder / "job.json").read_text())
    shares = {way: delivered(folder / "delivered.csv", way, scenario, rows) for way in scenario.filled}
    call_ms, call_lost_share = of_the_call(folder, scenario) if scenario.has_call else (None, None)
    return Figures(
        scenario=scenario.name,
        contender=contender,
        seed=seed,
        p50_ms=quantile(seen, 0.50),
        p95_ms=quantile(seen, 0.95),
        p99_ms=quantile(seen, 0.99),
        worst_ms=round(seen[-1], 2),
        lost_share=round(due.count(None) / max(1, len(due)), 4),
        down_share=shares.get("down"),
        up_share=shares.get("up"),
        writes=len(writes),
        cuts=cuts(writes, dict(zip(("ifb-wan", "wan"), job["initial_bps"], strict=True))),
        ended_early=json.loads((folder / "ran.json").read_text())["ended_early"],
        call_ms=call_ms,
        call_lost_share=call_lost_share,
    )


def excess(folder: Path, scenario: Scenario) -> list[tuple[float, float | None]]:
    """The witness's probes: when each left, and its delay in ms above the idle path's; None was not answered."""
    probes = [(float(row["t_s"]), float(row["rtt_ms"]) if row["rtt_ms"] else None) for row in read(folder / "rtt.csv")]
    bare = [
        (at_s, None if rtt_ms is None else rtt_ms - extra_ms(scenario.path.changes, at_s)) for at_s, rtt_ms in probes
    ]
    idle_ms = min(rtt_ms for _, rtt_ms in bare if rtt_ms is not None)
    return [(at_s, None if rtt_ms is None else rtt_ms - idle_ms) for at_s, rtt_ms in bare]


def extra_ms(changes: Sequence[Change], at_s: float) -> float:
    """How much longer the route is at a time than at the beginning."""
    return next((change.extra_ms for change in reversed(changes) if change.at_s <= at_s), 0.0)


def of_the_call(folder: Path, scenario: Scenario) -> tuple[float, float]:
    """The 99th percentile of a call's delay above its least one, of the worse direction; and what was lost of both."""
    (spec,) = (flow for flow in scenario.load if flow.kind == "call")
    first = max(0, round((scenario.score_from_s - spec.start_s) / EVERY_S))
    last = round((min(spec.stop_s, scenario.time_s - SETTLES_S) - spec.start_s) / EVERY_S)
    worst_ms, arrived = 0.0, 0
    for name in ("call-down.csv", "call-up.csv"):
        rows = [(int(row["number"]), float(row["delay_ms"])) for row in read(folder / name)]
        least_ms = min(delay_ms for _, delay_ms in rows)
        late_ms = sorted(delay_ms - least_ms for number, delay_ms in rows if first <= number < last)
        worst_ms, arrived = max(worst_ms, quantile(late_ms, 0.99)), arrived + len(late_ms)
    return worst_ms, round(1 - arrived / (2 * (last - first)), 4)


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


def delivered(path: Path, way: str, scenario: Scenario, rows: Sequence[Capacity]) -> float:
    """What went through of what could have, one `way`, while somebody tried to fill it and the score counted."""
    column, place = (("down_bytes", 1), ("up_bytes", 2))[way == "up"]
    samples = [(float(row["t_s"]), int(row[column])) for row in read(path)]
    got = able = 0.0
    for from_s, until_s in scenario.greedy(way):
        since_s = max(from_s, scenario.score_from_s)
        inside = [sample for sample in samples if since_s <= sample[0] <= until_s]
        if len(inside) > 1:
            (begin_s, first), (end_s, last) = inside[0], inside[-1]
            got += (last - first) * 8
            able += carried(rows, begin_s, end_s, place)
    return round(got / able, 4) if able else 0.0


def carried(rows: Sequence[Capacity], begin_s: float, end_s: float, way: int) -> float:
    """The bits that a capacity can carry between two times; `way` is 1 for down, 2 for up."""
    ends = [row.at_s for row in rows[1:]] + [float("inf")]
    return sum(
        max(0.0, min(end_s, until_s) - max(begin_s, row.at_s)) * row[way]
        for row, until_s in zip(rows, ends, strict=True)
    )


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a file of a run."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
