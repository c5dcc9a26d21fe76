"""What a replay came to, for people (80 columns) and as JSON (`wanctl.replay/1`)."""

from collections.abc import Iterator
from dataclasses import dataclass

from wanctl.engine.unit import format_quantity
from wanctl.replay.feed import LATE_NS, Feed
from wanctl.replay.replayer import Outcome
from wanctl.replay.summary import DirectionSummary, WanSummary

SCHEMA = "wanctl.replay/1"
BUSIEST = 5
_BAR = 20
_WIDE = 80


@dataclass(frozen=True, slots=True)
class Report:
    """One replay: what was run, what it came to, and how long it took (s)."""

    feed: Feed
    outcome: Outcome
    law: str
    configuration: str  # "profile cable", or the site's file
    rates: str | None
    wall_s: float
    decisions: str | None = None

    @property
    def length_s(self) -> float:
        """Time that the trace covers."""
        return (self.outcome.end_ns - self.outcome.begin_ns) / 1e9

    @property
    def speed(self) -> float:
        """As a multiple of real time."""
        return self.length_s / self.wall_s if self.wall_s > 0.0 else 0.0

    @property
    def ticks_per_s(self) -> float:
        """Ticks of the trace in one second of the clock."""
        return self.outcome.ticks / self.wall_s if self.wall_s > 0.0 else 0.0

    # -- for people ------------------------------------------------------------------------------------------------
    def lines(self) -> Iterator[str]:
        """The summary."""
        outcome, feed = self.outcome, self.feed
        part = "  (interrupted: this is what there was by then)" if outcome.interrupted else ""
        yield f"{feed.trace.name}  {self.law} law, {self.configuration}{part}"
        kind = "rows" if feed.trace.is_ticks else "probes"
        counts = [f"{outcome.ticks:,} ticks in {span(self.length_s)}", f"{feed.sent:,} {kind}", f"{feed.lost:,} lost"]
        if feed.late:
            counts.append(f"{feed.late:,} later than {LATE_NS // 1_000_000_000} s")
        if feed.in_flight:
            counts.append(f"{feed.in_flight:,} still under way at the end")
        yield from _wrapped(counts)
        if outcome.silent_ticks:
            yield f"  {outcome.silent_ticks:,} ticks without a sample ({_percent(outcome.silent_ticks, outcome.ticks)})"
        for name, wan in outcome.wans.items():
            yield ""
            yield from self._wan(name, wan)
        for reason, count in outcome.faults.items():
            yield f"fault of the engine, {count} times: {reason}"
        yield ""
        yield f"{self.wall_s:.2f} s: {self.ticks_per_s:,.0f} ticks/s, {self.speed:,.0f} x real time"

    def _wan(self, name: str, wan: WanSummary) -> Iterator[str]:
        if len(self.outcome.wans) > 1:
            yield f"== {name}"
        yield from _states(wan)
        yield ""
        yield f"  {'':<10}{'lowest':>13}{'mean':>13}{'highest':>13}{'writes':>8}{'cuts':>6}   out of GREEN"
        total_ns = self.outcome.end_ns - self.outcome.begin_ns
        for label, direction in (("download", wan.download), ("upload", wan.upload)):
            rates = (float(direction.lowest_bps or 0), direction.mean_bps(total_ns), float(direction.highest_bps))
            shown = "".join(f"{format_quantity(rate, 'rate'):>13}" for rate in rates)
            yield f"  {label:<10}{shown}{direction.writes:>8,}{direction.cuts:>6,}   {direction.excursions:,} x"
        for label, direction in (("download", wan.download), ("upload", wan.upload)):
            if direction.longest is not None:
                lasted, began = direction.longest.lasted_ns / 1e9, direction.longest.began_ns / 1e9
                yield f"  longest time out of GREEN, {label}: {span(lasted)}, from {began:.2f} s"
        yield ""
        busiest = wan.rows.most_common(BUSIEST)
        rest = len(wan.rows) - len(busiest)
        yield f"  {wan.transitions:,} transitions" + ("; the busiest rows:" if busiest else "")
        for row, count in busiest:
            yield f"  {count:>9,}  {row}"
        if rest:
            yield f"  {'':>9}  and {rest} more"

    # -- for programs ----------------------------------------------------------------------------------------------
    def as_dict(self) -> dict[str, object]:
        """The summary as JSON; times in s (ms where the name says so), rates in bit/s."""
        outcome, feed = self.outcome, self.feed
        skipped = dict(feed.trace.faults.skipped)
        return {
            "schema": SCHEMA,
            "trace": feed.trace.name,
            "rates": self.rates,
            "law": self.law,
            "configuration": self.configuration,
            "decisions": self.decisions,
            "interrupted": outcome.interrupted,
            "ticks": outcome.ticks,
            "silent_ticks": outcome.silent_ticks,
            "begin_s": outcome.begin_ns / 1e9,
            "length_s": self.length_s,
            "wall_s": round(self.wall_s, 6),
            "ticks_per_s": round(self.ticks_per_s, 1),
            "speed": round(self.speed, 1),
            "samples": {"sent": feed.sent, "lost": feed.lost, "late": feed.late, "in_flight": feed.in_flight},
            "skipped_rows": {"count": feed.trace.faults.count, "kinds": skipped},
            "faults": dict(outcome.faults),
            "wans": {name: self._wan_dict(wan) for name, wan in outcome.wans.items()},
        }

    def _wan_dict(self, wan: WanSummary) -> dict[str, object]:
        regions: dict[str, dict[str, float]] = {}
        for leaf, time_ns in wan.leaf_ns.items():
            region, _, state = leaf.partition(".")
            regions.setdefault(region, {})[state or region] = time_ns / 1e9
        return {
            "state_s": regions,
            "transitions": wan.transitions,
            "rows": dict(wan.rows.most_common()),
            "download": self._direction_dict(wan.download),
            "upload": self._direction_dict(wan.upload),
        }

    def _direction_dict(self, direction: DirectionSummary) -> dict[str, object]:
        longest = direction.longest
        return {
            "lowest_bps": direction.lowest_bps,
            "mean_bps": round(direction.mean_bps(self.outcome.end_ns - self.outcome.begin_ns), 1),
            "highest_bps": direction.highest_bps,
            "lowest_applied_bps": direction.lowest_applied_bps,
            "writes": direction.writes,
            "cuts": direction.cuts,
            "excursions": direction.excursions,
            "longest_excursion": None
            if longest is None
            else {"begin_s": longest.began_ns / 1e9, "length_s": longest.lasted_ns / 1e9},
        }


def span(seconds: float) -> str:
    """A length of time as people say it: `0.35 s`, `1 min 30 s`, `2 h 5 min`, `31 d 2 h`."""
    if seconds < 60.0:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    at = next(position for position, (size, _) in enumerate(units) if whole >= size)
    (large, name), (small, rest_name) = units[at], units[at + 1]
    rest = whole % large // small
    return f"{whole // large} {name} {rest} {rest_name}" if rest else f"{whole // large} {name}"


def _states(wan: WanSummary) -> Iterator[str]:
    """Time in each leaf, region by region."""
    seen = ""
    total_ns = 0
    for leaf, time_ns in sorted(wan.leaf_ns.items(), key=lambda item: (_order(wan, item[0]), -item[1])):
        region, _, state = leaf.partition(".")
        if region != seen:
            total_ns = sum(ns for name, ns in wan.leaf_ns.items() if name.partition(".")[0] == region)
        share = time_ns / total_ns if total_ns else 0.0
        bar = "#" * round(share * _BAR) or ("." if time_ns else "")
        name = region if region != seen else ""
        seen = region
        yield f"  {name:<13}{state or region:<20}{100 * share:>7.2f} % {span(time_ns / 1e9):>13}  {bar}".rstrip()


def _order(wan: WanSummary, leaf: str) -> int:
    regions = list(dict.fromkeys(name.partition(".")[0] for name in wan.leaf_ns))
    return regions.index(leaf.partition(".")[0])


def _wrapped(parts: list[str]) -> Iterator[str]:
    line = " "
    for number, part in enumerate(parts):
        text = f" {part}" + ("," if number < len(parts) - 1 else "")
        if len(line) + len(text) > _WIDE:
            yield line
            line = " "
        line += text
    yield line


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3g} %" if whole else "0 %"
