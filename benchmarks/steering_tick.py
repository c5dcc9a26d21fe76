"""What steering adds to a tick: CPU time for each tick and WAN, calm, with eight classes over one to five WANs.

python -m benchmarks.steering_tick [--json] [--write]
"""

import time
from typing import Any

from benchmarks.command import options, tell
from wanctl.config.law import build_site
from wanctl.control.sample import Sample, Sent
from wanctl.plan import ClassPlan, DirectionPlan, SitePlan, WanPlan

TICK_NS = 50_000_000
TICKS, ROUNDS = 20_000, 5
CLASSES = 8
LIMITS = DirectionPlan(2_000_000, 40_000_000, 20_000_000)


def measure(count: int) -> dict[str, Any]:
    """The least CPU time of the rounds, in µs per tick and WAN."""
    wans = tuple(f"wan{number}" for number in range(count))
    classes = tuple(ClassPlan(f"class{number}", wans, delay_ms=60.0, loss=0.02) for number in range(CLASSES))
    site = build_site(SitePlan("bench", tuple(WanPlan(wan, "default", LIMITS, LIMITS) for wan in wans), classes), 0)
    now_ns = 0
    for _ in range(400):
        now_ns += TICK_NS
        seen = [Sent(wan, "r", now_ns, "icmp") for wan in wans]
        seen += [Sample(wan, "r", now_ns - TICK_NS, now_ns - TICK_NS + 20_000_000, "icmp") for wan in wans]
        site.tick(now_ns, tuple(seen))
    assert site.steering is not None
    signals = {name: wan.signals for name, wan in site.wans.items()}
    least_ns = None
    for _ in range(ROUNDS):
        begun_ns = time.process_time_ns()
        for _ in range(TICKS):
            now_ns += TICK_NS
            site.steering.tick(now_ns, signals)
        taken_ns = time.process_time_ns() - begun_ns
        least_ns = taken_ns if least_ns is None else min(least_ns, taken_ns)
    assert least_ns is not None
    return {"wans": count, "classes": CLASSES, "us_per_tick_and_wan": round(least_ns / TICKS / count / 1e3, 2)}


def page(result: dict[str, Any]) -> str:
    """The table."""
    rows = "".join(f"| {row['wans']} | {row['classes']} | {row['us_per_tick_and_wan']} |\n" for row in result["rows"])
    return (
        "# What steering adds to a tick\n\n"
        "`python -m benchmarks.steering_tick --write`; CPU time, calm links, the least of five rounds.\n\n"
        f"| WANs | classes | µs per tick and WAN |\n|---|---|---|\n{rows}"
    )


def main() -> None:
    """Measure with one to five WANs."""
    given = options(__doc__, "docs/results/steering-tick.md").parse_args()
    tell({"rows": [measure(count) for count in (1, 2, 3, 5)]}, page, given)


if __name__ == "__main__":
    main()
