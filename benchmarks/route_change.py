"""Is a route change told from a queue? Precision and recall over labelled changes, and over steps put into fast traces.

    python -m benchmarks.route_change TRACES [--json] [--quick]

TRACES is a folder of recorded traces. Each `ripeatlas-*.csv` in it has one probe in four minutes and a file of labels;
every sample is held for a second at 20 Hz on an idle link, so these test the decision, and its time is in samples. The
fast traces, idle and loaded ones, get a step of their own, and test the time. Traces of queues get none: whatever is
told of them is wrong. Told is what the default law tells: its baseline enters RELEARNING.

A label counts as found when the change is told within five samples (an edge may be one sample off), a step when it is
told within 5 s on an idle link and 30 s on a loaded one. What is told and matches nothing is false, unless the level
before and after does differ: then it is a change that nobody has labelled, and counts for nothing. `strict` takes those
for false, too. Rises and falls are counted apart: a fall is no delay, and a baseline that sinks needs not to tell it.
"""

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

HELD = 20  # ticks that a sample of four minutes is held for: a second
FOUND_SAMPLES = 5
IDLE_S, LOADED_S = 5.0, 30.0
STEPS_MS = (10.0, 20.0, 40.0, 100.0)
SMALL_MS = 5.0  # the law's target: a smaller step is no delay to it, and its baseline follows without a word
IDLE = ("5g-n78-urban-20kmh-20hz", "5g-n78-arterial-80kmh-20hz", "lte-still-app")
LOADED = ("docsis-2016-rrul-fqcodel-20hz", "docsis-2016-rrul-cake", "vdsl2-2021-rrul-cake")
QUEUES = (
    "docsis-2016-download-unshaped-20hz",
    "docsis-2016-upload-unshaped-20hz",
    "docsis-2016-rrul-bbr-unshaped-20hz",
    "docsis-2016-rrul-unshaped",
    "vdsl2-2021-rrul-unshaped",
    "lte-2019-download-unshaped",
    "lte-2023-upload-unshaped",
)
LONGEST_S = 120.0  # of a fast trace
STEP_AT = 0.4  # of its length

HEAD = " " * 36 + " there found false precision strict recall median s  most"

Probe = tuple[float, str, float | None]


class Count(NamedTuple):
    """What was found of what was there, and what was told and was not there."""

    there: int
    found: int
    false: int
    unlabelled: int = 0
    times_s: tuple[float, ...] = ()

    @property
    def recall(self) -> float:
        """The share of what was there that was told."""
        return self.found / self.there if self.there else 1.0

    @property
    def precision(self) -> float:
        """The share of what was told that was there."""
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def strict(self) -> float:
        """The same, if nothing happened but what has a label."""
        told = self.found + self.false + self.unlabelled
        return self.found / told if told else 1.0

    def __add__(self, other: "Count") -> "Count":  # type: ignore[override]
        """Both together."""
        return Count(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))  # type: ignore[operator]


NONE = Count(0, 0, 0)


def read(path: Path) -> list[Probe]:
    """A trace: when, of whom, how long in ms (None: lost)."""
    with path.open() as file:
        rows = csv.DictReader(file)
        return [
            (float(row["t_s"]), row.get("reflector") or "r1", float(row["rtt_ms"]) if row["rtt_ms"] else None)
            for row in rows
        ]


def most_mbit(path: Path) -> tuple[float, float]:
    """The largest rates of a file of rates; a little where there are none."""
    down = up = 1.0
    with path.open() as file:
        for row in csv.DictReader(file):
            down, up = max(down, float(row["dl_rx_mbit"] or 0)), max(up, float(row["ul_tx_mbit"] or 0))
    return down, up


def told(probes: Sequence[Probe], rates: str, ceilings_mbit: tuple[float, float]) -> list[float]:
    """The times at which `wanctl replay` tells a new path, in s."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = folder / "site.yaml"
        site.write_text(SITE.format(down=round(ceilings_mbit[0] * 1_000), up=round(ceilings_mbit[1] * 1_000)))
        with (folder / "trace.csv").open("w") as file:
            file.write("t_s,reflector,rtt_ms\n")
            file.writelines(f"{at:.3f},{who},{'' if rtt is None else f'{rtt:.2f}'}\n" for at, who, rtt in probes)
        (folder / "trace.rates.csv").write_text(rates)
        moves = folder / "moves.jsonl"
        command = [sys.executable, "-m", "wanctl", "replay", str(folder / "trace.csv"), "--site", str(site)]
        subprocess.run([*command, "--transitions", str(moves), "--json"], check=True, capture_output=True)
        rows = [json.loads(line) for line in moves.read_text().splitlines()]
    return [at_s for at_s, entered in map(_move, rows) if "baseline.RELEARNING" in entered]


def _move(row: dict[str, Any]) -> tuple[float, list[str]]:
    return row.get("at_ns", 0) / 1e9, list(row.get("entered", ()))


def match(
    told_s: Sequence[float],
    there_s: Sequence[float],
    early_s: float,
    late_s: float,
    is_real: Callable[[float], bool] = lambda _: False,
) -> Count:
    """Compare what was told with what was there; each counts once."""
    left = list(told_s)
    times_s = []
    for at_s in there_s:
        hit = next((one for one in left if at_s - early_s <= one <= at_s + late_s), None)
        if hit is not None:
            left.remove(hit)
            times_s.append(hit - at_s)
    # A change that is told twice, because the new level was first seen half, is no false one.
    other = [one for one in left if not any(at_s - early_s <= one <= at_s + late_s for at_s in there_s)]
    real = sum(is_real(one) for one in other)
    return Count(len(there_s), len(times_s), len(other) - real, real, tuple(times_s))


def held(samples: Sequence[Probe]) -> list[Probe]:
    """Each sample held for a second at 20 Hz, with the small noise that a path has."""
    noise = Random(3)
    return [
        (number + tick / HELD, who, None if rtt is None else rtt + noise.expovariate(5.0))
        for number, (_, who, rtt) in enumerate(samples)
        for tick in range(HELD)
    ]


def labelled(path: Path, most: int | None) -> dict[str, Count]:
    """One series with labels: its rises and its falls of the target or more, and its small changes."""
    samples = read(path)[:most]
    with path.with_suffix(".labels.csv").open() as file:
        marks = {float(row["t_s"]) for row in csv.DictReader(file)}
    there = {index: step_ms(samples, index, index) for index, (at_s, _, _) in enumerate(samples) if at_s in marks}
    heard = told(held(samples), quiet(len(samples)), (100.0, 100.0))
    counts = {}
    kinds = {"rises": [i for i, step in there.items() if step >= SMALL_MS]}
    kinds["falls"] = [i for i, step in there.items() if step <= -SMALL_MS]
    kinds["small ones"] = [i for i in there if i not in {*kinds["rises"], *kinds["falls"]}]

    def is_real(at_s: float) -> bool:
        return abs(step_ms(samples, int(at_s) - 3, int(at_s) + 1)) >= SMALL_MS / 2

    for kind, indices in kinds.items():
        # What belongs to changes of another kind is neither found nor false here, and what is false is so once.
        others = [i for i in there if i not in indices]
        rest = [at for at in heard if not any(i - 1 <= at <= i + FOUND_SAMPLES for i in others)]
        count = match(rest, [float(i) for i in indices], 1.0, FOUND_SAMPLES, is_real)
        counts[kind] = count if kind == "rises" else count._replace(false=0, unlabelled=0)
    return counts


def step_ms(samples: Sequence[Probe], before: int, after: int) -> float:
    """How far the level moves: the median of the five samples until `before` and of those from `after` on."""
    earlier = [rtt for _, _, rtt in samples[max(0, before - 5) : before] if rtt is not None]
    later = [rtt for _, _, rtt in samples[after : after + 5] if rtt is not None]
    return statistics.median(later) - statistics.median(earlier) if earlier and later else 0.0


def quiet(seconds: float) -> str:
    """Rates of an idle link."""
    return "t_s,dl_rx_mbit,ul_tx_mbit\n" + "".join(f"{t / 2:.1f},0.1,0.05\n" for t in range(round(seconds * 2) + 2))


def stepped(folder: Path, name: str, step: float, *, loaded: bool) -> Count:
    """One fast trace with a step of `step` ms in it; with 0 there is nothing to tell."""
    probes = [probe for probe in read(folder / f"{name}.csv") if probe[0] <= LONGEST_S]
    at_s = probes[-1][0] * STEP_AT
    moved = [(t, who, rtt if rtt is None or t < at_s else rtt + step) for t, who, rtt in probes]
    beside = folder / f"{name}.rates.csv"
    rates = beside.read_text() if loaded else quiet(probes[-1][0])
    heard = told(moved, rates, most_mbit(beside) if loaded else (100.0, 100.0))
    return match(heard, [at_s] if step else [], 0.0, LOADED_S if loaded else IDLE_S)


def rows(folder: Path, *, quick: bool) -> Iterator[tuple[str, Count]]:
    """All counts, as they are made."""
    totals = dict.fromkeys(("rises", "falls", "small ones"), NONE)
    for path in sorted(folder.glob("ripeatlas-*.csv")):
        if path.name.endswith(".labels.csv"):
            continue
        counts = labelled(path, 1_000 if quick else None)
        totals = {kind: total + counts[kind] for kind, total in totals.items()}
        yield f"{path.stem}: rises", counts["rises"]
    for kind, total in totals.items():
        yield f"labelled changes: {kind}", total
    for word, names, loaded in (("idle", IDLE, False), ("loaded", LOADED, True)):
        total = NONE
        for step in (0.0, *STEPS_MS):
            count = NONE
            for name in names:
                count = count + stepped(folder, name, step, loaded=loaded)
            total = total + count
            yield f"{word} link, " + (f"step of {step:g} ms" if step else "no step"), count
        yield f"{word} link: all steps", total
    count = NONE
    for name in QUEUES:
        count = count + stepped(folder, name, 0.0, loaded=True)
    yield f"{len(QUEUES)} queues", count


def main() -> None:
    """Print precision and recall."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("traces", type=Path, help="a folder of recorded traces")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="the first thousand samples of each series alone")
    options = parser.parse_args()
    if not any(options.traces.glob("ripeatlas-*.csv")):
        parser.error(f"{options.traces}: no ripeatlas-*.csv there")
    if not options.json:
        print(HEAD)
    for name, count in rows(options.traces, quick=options.quick):
        times_s = count.times_s
        median, most = (statistics.median(times_s), max(times_s)) if times_s else (None, None)
        if options.json:
            shown = {**count._asdict(), "name": name, "precision": count.precision, "recall": count.recall}
            print(json.dumps(shown), flush=True)
            continue
        spent = f"{median:>8.1f} {most:>5.1f}" if times_s else f"{'-':>8} {'-':>5}"
        print(
            f"{name:<36} {count.there:>5} {count.found:>5} {count.false:>5} {count.precision:>9.0%} "
            f"{count.strict:>6.0%} {count.recall:>6.0%} {spent}",
            flush=True,
        )


SITE = """\
router:
  address: 192.0.2.1
  user: wanctl
  password_file: password
  pin: sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
  transport: [rest]
wans:
  wan:
    download: {{queue: down, ceiling: {down}kbit}}
    upload: {{queue: up, ceiling: {up}kbit}}
"""


if __name__ == "__main__":
    main()
