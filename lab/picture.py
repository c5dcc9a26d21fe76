"""Pictures of a race: what the delay and the rate of one scenario were over time, one column for each contender.

Needs matplotlib (the extra `plot`). Wide enough for a page, small enough for a repository.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.scenario import Scenario
from lab.score import excess, read
from lab.timeline import Capacity

TITLES = {
    "none": "no control",
    "fixed": "a fixed rate, 85 % of the plan",
    "wanctl": "wanctl",
    "oracle": "an oracle that knows the capacity",
}
COLOURS = {"none": "#c0392b", "fixed": "#c77700", "wanctl": "#1a7f4b", "oracle": "#4a5a8a"}
WINDOW_S = 0.5  # of a rate: shorter ones show packets
LEAST_MS, MOST_MS = 0.5, 3_000.0


class PictureError(Exception):
    """There is nothing to draw with; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One contender's run of the scenario."""

    contender: str
    folder: Path


def draw(scenario: Scenario, rows: Sequence[Capacity], panels: Sequence[Panel], path: Path) -> None:
    """Write the picture as PNG. Raises `PictureError` where matplotlib is missing."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise PictureError("matplotlib is missing: pip install 'wanctl[plot]'") from None
    with mpl.rc_context({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(3.0 * len(panels) + 0.6, 4.6), dpi=110, layout="constrained")
        above, below = figure.subplots(2, len(panels), sharex=True, sharey="row", squeeze=False)
        for panel, delays, rates in zip(panels, above, below, strict=True):
            _delays(delays, scenario, panel)
            _rates(rates, scenario, rows, panel)
        above[0].set_ylabel("delay above idle, ms")
        below[0].set_ylabel("Mbit/s")
        below[0].legend(loc="upper left", frameon=False, fontsize=8, ncols=2)
        figure.supxlabel("seconds", fontsize=9)
        figure.savefig(path)


def _delays(axes: Any, scenario: Scenario, panel: Panel) -> None:
    probes = excess(panel.folder, scenario)
    late = sorted(ms for at_s, ms in probes if ms is not None and at_s >= scenario.score_from_s)
    p95_ms = late[int(0.95 * len(late))]
    colour = COLOURS[panel.contender]
    times = [at_s for at_s, _ in probes]
    axes.plot(times, [float("nan") if ms is None else max(ms, LEAST_MS) for _, ms in probes], color=colour, lw=0.7)
    axes.set_yscale("log")
    axes.set_ylim(LEAST_MS, MOST_MS)
    axes.set_yticks([1, 10, 100, 1_000], ["1", "10", "100", "1 s"])
    axes.minorticks_off()
    axes.grid(axis="y", color="#dddddd", lw=0.6)
    axes.axhline(p95_ms, color=colour, lw=0.9, ls=(0, (4, 3)))
    axes.set_title(TITLES[panel.contender], fontsize=10, color=colour, fontweight="bold")
    axes.text(0.98, 0.97, f"95 % below {p95_ms:.0f} ms", transform=axes.transAxes, ha="right", va="top", fontsize=8)


def _rates(axes: Any, scenario: Scenario, rows: Sequence[Capacity], panel: Panel) -> None:
    way = 1 if "down" in scenario.filled else 2
    column = ("down_bytes", "up_bytes")[way - 1]
    edges = [*(row.at_s for row in rows), scenario.time_s]
    able = [row[way] / 1e6 for row in rows]
    axes.stairs(able, edges, fill=True, color="#e3e6ea", label="what the link carries")
    samples = [(float(row["t_s"]), int(row[column])) for row in read(panel.folder / "delivered.csv")]
    step = max(1, round(WINDOW_S / (samples[1][0] - samples[0][0])))
    ends = list(zip(samples[:-step:step], samples[step::step], strict=False))
    times = [(begin[0] + end[0]) / 2 for begin, end in ends]
    got = [(end[1] - begin[1]) * 8e-6 / (end[0] - begin[0]) for begin, end in ends]
    axes.plot(times, got, color=COLOURS[panel.contender], lw=1.1, label="what arrived")
    axes.set_xlim(0, scenario.time_s)
    axes.set_ylim(0, max(able) * 1.3)
