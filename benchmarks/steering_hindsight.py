"""What a class pays on links that were recorded together, and what hindsight would have paid.

    TRACES=FOLDER python -m benchmarks.steering_hindsight [--write]
    python -m benchmarks.steering_hindsight FILE-multiwan-compact.csv ...

A trace (`t_s,wan,reflector,rtt_ms`) runs through the whole site, once for each home: by the `Site.tick` that the daemon
calls, which sees an answer when it comes and a loss when an answer is overdue. The cost of a moment is what a packet
sent then over the class's link took; a lost one, or one that took longer than a second, counts 1,000 ms. What lies
between two windows (FILE.windows.csv) is not counted.

Hindsight knows every answer beforehand, and has the same hold: it stays on a link for ten seconds at least. The best it
could get is found by dynamic programming over moments and links; so is the fewest moves with which it gets within 5 %.
Beside it stand two rules: to stay at home, and to take the lowest median of the last ten seconds.
"""

import csv
import itertools
import os
from argparse import Namespace
from collections.abc import Iterator, Mapping
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.command import options, tell
from wanctl.config.law import build_site
from wanctl.plan import ClassPlan, DirectionPlan, SitePlan, WanPlan
from wanctl.replay.feed import Feed
from wanctl.replay.trace import Trace

STEP_S = 0.2  # the traces have a probe per link in so long
LOST_MS = 1_000.0
HOLD_STEPS = 50  # ten seconds: `hold` of machines/steering.yaml
LIMITS = DirectionPlan(2_000_000, 40_000_000, 20_000_000)
WITHIN = 1.05
MOST_MOVES = 40
Costs = Mapping[str, list[float | None]]  # link: ms for each moment; 1,000 is a loss; None is not counted
Choice = list[str]  # the link in use, for each moment


def read_costs(path: Path) -> Costs:
    """What a packet of each moment costs on each link; None where the moment lies in no window."""
    windows = [(float(row["t_s"]), float(row["length_s"])) for row in _rows(path.with_suffix(".windows.csv"))]
    costs: dict[str, list[float | None]] = {}
    for row in _rows(path):
        at_s = float(row["t_s"])
        line = costs.setdefault(row["wan"], [])
        index = int(at_s / STEP_S)
        line += [None] * (index + 1 - len(line))
        if any(begin_s <= at_s <= begin_s + length_s for begin_s, length_s in windows):
            line[index] = min(float(row["rtt_ms"]), LOST_MS) if row["rtt_ms"] else LOST_MS
    steps = min(len(line) for line in costs.values())
    counted = [all(line[step] is not None for line in costs.values()) for step in range(steps)]
    return {wan: [line[step] if counted[step] else None for step in range(steps)] for wan, line in costs.items()}


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


def policy(path: Path, costs: Costs, traffic_class: ClassPlan) -> Choice:
    """Where the class is at each moment, by the whole site."""
    wans = tuple(costs)
    feed = Feed(Trace(str(path), wans=wans), "", None)
    plans = tuple(WanPlan(wan, "default", LIMITS, LIMITS) for wan in wans)
    site = build_site(SitePlan("hindsight", plans, (traffic_class,)), feed.first[1])
    chosen = [traffic_class.prefer[0]] * len(costs[wans[0]])
    for _, now_ns, observations, readings, _ in feed:
        decision = site.tick(now_ns, observations, readings, ())
        step = int(now_ns / 1e9 / STEP_S) + 1  # a packet of the moment in which it is decided has left already
        if step < len(chosen):
            chosen[step] = decision.classes[traffic_class.name].wanted
    feed.close()
    return chosen


def price(costs: Costs, chosen: Choice) -> tuple[float, int]:
    """The mean cost in ms, and how many moves."""
    paid = [cost for step, wan in enumerate(chosen) if (cost := costs[wan][step]) is not None]
    return sum(paid) / len(paid), sum(one != other for one, other in itertools.pairwise(chosen))


def lowest_median(costs: Costs, home: str) -> Choice:
    """The link with the lowest median of the last ten seconds, looked at once a second."""
    chosen, wan = [], home
    for step in range(len(costs[home])):
        if step and step % 5 == 0:
            seen = {
                name: [one for one in line[max(0, step - 50) : step] if one is not None] for name, line in costs.items()
            }
            wan = min(seen, key=lambda name: median(seen[name] or [LOST_MS]))
        chosen.append(wan)
    return chosen


def hindsight(costs: Costs, home: str) -> list[float]:
    """The least mean cost that begins at home, by the number of moves."""
    wans = list(costs)
    steps = len(costs[home])
    counted = sum(cost is not None for cost in costs[home])
    sums = {wan: [0.0] for wan in wans}
    for wan in wans:
        for cost in costs[wan]:
            sums[wan].append(sums[wan][-1] + (cost or 0.0))
    best = {wan: [sums[wan][step] if wan == home else inf for step in range(steps + 1)] for wan in wans}
    found = [best[home][steps] / counted]
    for _ in range(MOST_MOVES):
        after = {}
        for wan in wans:
            line = [inf] * (steps + 1)
            entered = inf  # the least cost up to a move to this link, less what the link had cost by then
            for step in range(steps + 1):
                begin = step - HOLD_STEPS
                if begin >= 0:
                    before = min(best[other][begin] for other in wans if other != wan)
                    entered = min(entered, before - sums[wan][begin])
                line[step] = entered + sums[wan][step]
            after[wan] = line
        best = after
        found.append(min(found[-1], *(best[wan][steps] / counted for wan in wans)))
    return found


def measure(path: Path) -> list[dict[str, Any]]:
    """A row for each class, home and rule of one trace."""
    costs = read_costs(path)
    rows = []
    for home in costs:
        prefer = (home, *(wan for wan in costs if wan != home))
        known = hindsight(costs, home)
        least = known[-1]
        moves = next(number for number, cost in enumerate(known) if cost <= least * WITHIN)
        paid: dict[str, tuple[float, int]] = {"hindsight": (least, known.index(least))}
        for one in (
            ClassPlan("without limits", prefer),
            ClassPlan("delay: 80ms, loss: 2%", prefer, delay_ms=80.0, loss=0.02),
        ):
            paid[one.name] = price(costs, policy(path, costs, one))
        paid["stays at home"] = price(costs, [home] * len(costs[home]))
        paid["lowest median"] = price(costs, lowest_median(costs, home))
        rows += [
            {
                "trace": path.stem.removesuffix("-multiwan-compact"),
                "home": home,
                "rule": name,
                "mean_ms": round(mean_ms, 1),
                "over_pct": round(100 * (mean_ms / least - 1), 1),
                "moves": count,
                "hindsight_needs": moves,
            }
            for name, (mean_ms, count) in paid.items()
        ]
    return rows


def page(result: dict[str, Any]) -> str:
    """The table."""
    lines = [
        "# Steering beside hindsight",
        "",
        "Mean cost of a packet of a class over three links in one car (a lost or later than 1 s one: 1,000 ms), how",
        "far that is over the best of hindsight with the same hold of 10 s, and the number of moves. `needs` is how",
        "many moves hindsight needs to get within 5 % of its best. `python -m benchmarks.steering_hindsight --write`",
        "",
        "| trace | home | rule | mean ms | over hindsight | moves | needs |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['trace']} | {row['home']} | {row['rule']} | {row['mean_ms']} | {row['over_pct']} % "
        f"| {row['moves']} | {row['hindsight_needs']} |"
        for row in result["rows"]
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure each trace."""
    parser = options(__doc__, "docs/results/steering.md")
    parser.add_argument("traces", nargs="*", metavar="FILE")
    given: Namespace = parser.parse_args()
    folder = Path(os.environ.get("TRACES", "traces"))
    paths = [Path(name) for name in given.traces] or sorted(folder.rglob("*-multiwan-compact.csv"))
    if not paths:
        parser.error(f"no *-multiwan-compact.csv in {folder}: name a file, or the folder in TRACES")
    tell({"rows": [row for path in paths for row in measure(path)]}, page, given)


if __name__ == "__main__":
    main()
