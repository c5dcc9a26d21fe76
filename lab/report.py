"""The table of a race: means over the seeds (of `worst`: the worst), and ratios to the oracle and to no control."""

from collections.abc import Iterable, Sequence
from statistics import mean

from lab.score import Figures

COLUMNS = (
    "scenario", "contender", "seeds", "p50", "p95", "p99", "worst", "down %", "up %", "lost %", "writes", "cuts",
    "p95 / oracle", "p95 / none",
)  # fmt: skip


def table(results: Sequence[Figures]) -> str:
    """Markdown, one row for each scenario and contender; RTTs in ms above idle."""
    groups: dict[tuple[str, str], list[Figures]] = {}
    for one in results:
        groups.setdefault((one.scenario, one.contender), []).append(one)
    p95_ms = {key: mean(one.p95_ms for one in group) for key, group in groups.items()}
    lines = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    for (scenario, contender), group in groups.items():
        ended = " (ended early)" if any(one.ended_early for one in group) else ""
        cells = [
            scenario,
            contender + ended,
            ", ".join(str(one.seed) for one in group),
            *(f"{mean(getattr(one, name) for one in group):.1f}" for name in ("p50_ms", "p95_ms", "p99_ms")),
            f"{max(one.worst_ms for one in group):.1f}",
            _percent(one.down_share for one in group),
            _percent(one.up_share for one in group),
            _percent(one.lost_share for one in group),
            f"{mean(one.writes for one in group):.0f}",
            f"{mean(one.cuts for one in group):.0f}",
            *(_ratio(p95_ms, scenario, contender, other) for other in ("oracle", "none")),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def calls(results: Sequence[Figures]) -> str:
    """Another table for scenarios in which somebody telephones; "" where nobody does."""
    groups: dict[tuple[str, str], list[Figures]] = {}
    for one in results:
        if one.call_ms is not None:
            groups.setdefault((one.scenario, one.contender), []).append(one)
    if not groups:
        return ""
    lines = ["", "", "| a call in | contender | p99 of a packet, one way | lost % |", "|---|---|---|---|"]
    for (scenario, contender), group in groups.items():
        late_ms = mean(one.call_ms for one in group if one.call_ms is not None)
        lines.append(f"| {scenario} | {contender} | {late_ms:.1f} | {_percent(one.call_lost_share for one in group)} |")
    return "\n".join(lines)


def _percent(shares: Iterable[float | None]) -> str:
    known = [share for share in shares if share is not None]
    return f"{100 * mean(known):.1f}" if known else ""


def _ratio(p95_ms: dict[tuple[str, str], float], scenario: str, contender: str, other: str) -> str:
    base_ms = p95_ms.get((scenario, other))
    if base_ms is None or contender == other or base_ms <= 0:
        return ""
    return f"{p95_ms[scenario, contender] / base_ms:.2g}"
