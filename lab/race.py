"""Races: each job is one boot of the guest, with one scenario, one seed and one contender.

A run whose result is there already, of the same scenario, the same lab and (for wanctl) the same code, is not run
again: so a race that was interrupted goes on where it was.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from lab.boot import ROOT, boot
from lab.contender import Contender, ContenderError, contender, initial_bps
from lab.guest.network import PACKET_BYTES, REFLECTORS
from lab.scenario import Scenario
from lab.score import Figures, figures
from lab.timeline import Capacity, capacity, noise

BOOT_S, SLOWEST = 60, 20  # real seconds for a boot, and for a second of the scenario at the worst
LAB_FILES = ("lab/guest/*.py", "lab/guest/init", "lab/boot.py")  # what decides how a job is played
OUR_FILES = ("wanctl/**/*.py", "machines/*.yaml", "configs/**/*.yaml", "lab/sitefile.py")  # and what wanctl does


class RunFailedError(Exception):
    """A run gave no result; the message says where to look."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run."""

    scenario: Scenario
    contender: Contender
    seed: int

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"{self.scenario.name}.{self.contender.name}.{self.seed}"


def jobs(scenarios: Iterable[Scenario], contenders: Sequence[str], seeds: Sequence[int]) -> list[Job]:
    """Every scenario with every contender and seed. `NAME=COMMAND` is a contender of one's own."""
    try:
        racing = [contender(text) for text in contenders]
    except ContenderError as error:
        raise RunFailedError(str(error)) from None
    return [Job(scenario, who, seed) for scenario in scenarios for who in racing for seed in seeds]


def race(
    todo: Sequence[Job],
    kernel: Path,
    out: Path,
    at_once: int,
    tell: Callable[[str], None],
    *,
    again: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> list[Figures]:
    """Run the jobs, some at once, and return their figures in order. What failed is told and left out.

    `again` runs also those whose results are there.
    """
    began_s, finished = clock(), count(1)

    def one(job: Job) -> Figures | None:
        folder = out / job.name
        try:
            kept = None if again else kept_figures(job, kernel, folder)
            found = kept or run(job, kernel, folder)
            said = f"{found.line}{' (kept)' if kept else ''}"
        except RunFailedError as error:
            found, said = None, str(error)
        tell(f"[{next(finished)}/{len(todo)}, {clock() - began_s:.0f} s] {job.name}: {said}")
        return found

    with ThreadPoolExecutor(at_once) as pool:
        return [found for found in pool.map(one, todo) if found is not None]


def run(job: Job, kernel: Path, folder: Path) -> Figures:
    """Boot the guest once. Everything that is known of the run is left in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows = capacity(job.scenario, job.seed)
    made_of = fingerprint(job, rows, kernel)
    (folder / "job.json").write_text(json.dumps(described(job, rows)))
    limit_s = BOOT_S + SLOWEST * job.scenario.time_s
    if not boot(kernel, "lab.guest", folder, limit_s):
        raise RunFailedError(f"not over after {limit_s:.0f} s: does something wait without sleeping? {folder}")
    if not (folder / "ran.json").is_file():
        raise RunFailedError(f"the guest left no result, look at guest.log and kernel.log in {folder}")
    found = figures(folder, job.scenario, job.contender.name, job.seed, rows)
    (folder / "figures.json").write_text(json.dumps(asdict(found), indent=1))
    (folder / "made-of").write_text(made_of)  # the last of all: with it, the run is whole
    return found


def kept_figures(job: Job, kernel: Path, folder: Path) -> Figures | None:
    """The figures of a finished run of just this job, if there is one; of a program of one's own there is none."""
    made_of = folder / "made-of"
    if job.contender.command and not job.contender.ours:
        return None
    rows = capacity(job.scenario, job.seed)
    if not made_of.is_file() or made_of.read_text() != fingerprint(job, rows, kernel):
        return None
    return figures(folder, job.scenario, job.contender.name, job.seed, rows)


def fingerprint(job: Job, rows: Sequence[Capacity], kernel: Path) -> str:
    """What a run depends on, in 64 hexadecimal digits; not on where the checkout is."""
    played = json.dumps(described(job, rows), sort_keys=True).replace(str(ROOT), "")
    sum256 = hashlib.sha256(played.encode())
    patterns = (*LAB_FILES, *OUR_FILES) if job.contender.ours else LAB_FILES
    for path in (kernel, *sorted(path for pattern in patterns for path in ROOT.glob(pattern))):
        sum256.update(f"{path.name} {path.stat().st_size}\n".encode())
        sum256.update(path.read_bytes())
    return sum256.hexdigest()


def described(job: Job, rows: Sequence[Capacity]) -> dict[str, Any]:
    """The job as the guest gets it: no randomness is left in it."""
    scenario, path = job.scenario, job.scenario.path
    plan = {"dl": scenario.down_bps, "ul": scenario.up_bps}
    limits = dict(zip(("min", "base", "max"), scenario.limits, strict=True))
    link: dict[str, Any] = {"wan_if": "wan", "dl_if": "ifb-wan", "ul_if": "wan", "reflectors": REFLECTORS}
    link |= {f"{way}_{name}_bps": round(bps * share) for way, bps in plan.items() for name, share in limits.items()}
    start_bps = link["dl_base_bps"], link["ul_base_bps"]
    return {
        "kind": job.contender.name,
        "command": job.contender.command,
        "folder": str(ROOT),
        "seed": job.seed,
        "time_s": scenario.time_s,
        "rtt_ms": path.rtt_ms,
        "buffer_bytes": [
            2 * PACKET_BYTES if path.policer_ms else round(bps / 8 * path.buffer_ms / 1e3) for bps in plan.values()
        ],
        "policer_ms": path.policer_ms,
        "grants_ms": list(path.grants_ms),
        "pings_first": path.pings_first,
        "route": [list(change) for change in path.changes],
        "lies": [asdict(lie) for lie in path.lies],
        "kill_s": scenario.kill_s,
        "capacity": [list(row) for row in rows],
        "noise": noise(scenario.noise, scenario.time_s, job.seed),
        "each_ms": scenario.noise.each_ms,
        "load": [asdict(flow) for flow in scenario.load],
        "link": link,
        "initial_bps": initial_bps(job.contender.name, rows[0], tuple(plan.values()), start_bps),
    }
