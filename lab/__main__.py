"""The lab's command line: `python -m lab kernel`, `race`, `smoke`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lab.boot import ROOT
from lab.contender import CONTENDERS
from lab.form import load_scenario, scenarios
from lab.kernel import KernelError, build, cache, kernel
from lab.picture import Panel, PictureError, draw
from lab.race import RunFailedError, jobs, race
from lab.report import calls, table
from lab.scenario import Scenario
from lab.timeline import capacity
from wanctl.engine.diagnostic import FileError

RESULTS = ROOT / "docs/results/lab.md"
PICTURES = ROOT / "docs/results/lab"
PICTURED = ("step", "drop")
SIDE_BY_SIDE = ("none", "fixed", "wanctl", "oracle")
SMOKE_SHARE = 0.85  # of the capacity: far below what a healthy run reaches, far above what a broken one does
SMOKE_P95_MS = 60.0
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


def tell(text: str) -> None:
    """Say how it goes."""
    print(text, file=sys.stderr, flush=True)


def numbers(text: str) -> list[int]:
    """Whole numbers, separated by commas."""
    return [int(part) for part in text.split(",")]


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m lab", description="Rate controllers on a real CAKE, in virtual time."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("kernel", help="build the guest's kernel, once")
    making.add_argument("--force", action="store_true", help="build it again")
    racing = verbs.add_parser("race", help="run scenarios and print the table")
    racing.add_argument("scenarios", nargs="*", help="names of scenarios (all)")
    racing.add_argument("--seeds", type=numbers, default="1,2,3", help="whole numbers (1,2,3)")
    racing.add_argument("--contenders", default=",".join(CONTENDERS), help=f"some of {', '.join(CONTENDERS)} (all)")
    racing.add_argument(
        "--with", dest="own", action="append", default=[], metavar="NAME=COMMAND", help="a program of your own"
    )
    racing.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="guests at a time")
    racing.add_argument("--again", action="store_true", help="also what has a result already")
    racing.add_argument("--out", type=Path, default=cache() / "runs")
    racing.add_argument("--write", action="store_true", help=f"put the table into {RESULTS.relative_to(ROOT)}")
    verbs.add_parser("smoke", help="one short run: does wanctl hold a falling link?")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 fine, 1 it ran and is not good, 2 it could not run."""
    options = parsed(arguments)
    try:
        if options.verb == "kernel":
            print(build(tell, force=options.force))
            return 0
        return smoke() if options.verb == "smoke" else races(options)
    except (KernelError, RunFailedError) as error:
        tell(str(error))
    except FileError as error:
        tell(error.findings.render())
    return 2


def races(options: argparse.Namespace) -> int:
    """Run what was asked for."""
    chosen = [load_scenario(path) for path in scenarios(options.scenarios or None)]
    contenders = [*filter(None, options.contenders.split(",")), *options.own]
    todo = jobs(chosen, contenders, options.seeds)
    results = race(todo, build(tell), options.out, options.jobs, tell, again=options.again)
    text = f"{table(results)}{calls(results)}"
    print(text)
    if options.write:
        before, _, rest = RESULTS.read_text("utf-8").partition(BEGIN)
        RESULTS.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", "utf-8")
        pictures(chosen, options.out, options.seeds[0])
    return 0 if len(results) == len(todo) else 2


def pictures(chosen: Sequence[Scenario], out: Path, seed: int) -> None:
    """Draw the scenarios of which there are pictures and whose runs are all there."""
    PICTURES.mkdir(exist_ok=True)
    for scenario in (one for one in chosen if one.name in PICTURED):
        panels = [Panel(name, out / f"{scenario.name}.{name}.{seed}") for name in SIDE_BY_SIDE]
        if not all((panel.folder / "made-of").is_file() for panel in panels):
            tell(f"no picture of {scenario.name}: it takes the runs of {', '.join(SIDE_BY_SIDE)}")
            continue
        try:
            draw(scenario, capacity(scenario, seed), panels, PICTURES / f"{scenario.name}.png")
        except PictureError as error:
            tell(f"no pictures: {error}")
            return


def smoke() -> int:
    """A short race of wanctl alone; skipped where nobody has built the kernel."""
    program = kernel()
    if program is None:
        tell(f"skipped: there is no kernel in {cache()} (make lab-kernel builds it)")
        return 0
    (result,) = race(
        jobs([load_scenario(scenarios(["smoke"])[0])], ["wanctl"], [1]), program, cache() / "smoke", 1, tell
    ) or (None,)
    if result is None:
        return 2
    good = not result.ended_early and result.p95_ms <= SMOKE_P95_MS and (result.down_share or 0) >= SMOKE_SHARE
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
