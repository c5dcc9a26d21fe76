"""Races: each job is one boot of the guest, with one scenario, one seed and one contender.

`none` has CAKE without a limit, `oracle` shapes to 95 % of the true capacity at the instant it changes, and `wanctl` is
the command of README.md, which is `wanctl run` and gets nothing but a site file.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lab.boot import ROOT, boot
from lab.guest.network import REFLECTORS
from lab.scenario import Scenario
from lab.score import Figures, figures
from lab.timeline import Capacity, capacity, noise

CONTENDERS = ("none", "oracle", "wanctl")
ORACLE_SHARE = 0.95
BOOT_S, SLOWEST = 60, 20  # real seconds for a boot, and for a second of the scenario at the worst


class RunFailedError(Exception):
    """A run gave no result; the message says where to look."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run."""

    scenario: Scenario
    contender: str
    seed: int
    command: str = ""  # in the router's namespace; "" for a contender that is no program

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"{self.scenario.name}.{self.contender}.{self.seed}"


def controller_command(page: Path = ROOT / "lab/README.md") -> str:
    """The command that README.md names, with the project's environment first in PATH."""
    found = re.search(r"^CONTROLLER: `([^`]+)`$", page.read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise RunFailedError(f"{page} has no line CONTROLLER: `COMMAND`")
    return f'export PATH="{ROOT}/.venv/bin:$PATH"; {found[1]}'


def jobs(scenarios: Iterable[Scenario], contenders: Sequence[str], seeds: Sequence[int]) -> list[Job]:
    """Every scenario with every contender and seed. `NAME=COMMAND` is a contender of one's own."""
    commands = {}
    for contender in contenders:
        name, separator, command = contender.partition("=")
        if not separator and name not in CONTENDERS:
            raise RunFailedError(f"there is no contender '{name}': {', '.join(CONTENDERS)}, or --with NAME=COMMAND")
        commands[name] = command if separator else controller_command() if name == "wanctl" else ""
    return [
        Job(scenario, name, seed, command)
        for scenario in scenarios
        for name, command in commands.items()
        for seed in seeds
    ]


def race(todo: Sequence[Job], kernel: Path, out: Path, at_once: int, tell: Callable[[str], None]) -> list[Figures]:
    """Run the jobs, some at once, and return their figures in order. What failed is told and left out."""

    def one(job: Job) -> Figures | None:
        try:
            found = run(job, kernel, out / job.name)
        except RunFailedError as error:
            tell(f"{job.name}: {error}")
            return None
        tell(f"{job.name}: {found.line}")
        return found

    with ThreadPoolExecutor(at_once) as pool:
        return [found for found in pool.map(one, todo) if found is not None]


def run(job: Job, kernel: Path, folder: Path) -> Figures:
    """Boot the guest once. Everything that is known of the run is left in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows = capacity(job.scenario, job.seed)
    (folder / "job.json").write_text(json.dumps(described(job, rows)))
    limit_s = BOOT_S + SLOWEST * job.scenario.time_s
    if not boot(kernel, "lab.guest", folder, limit_s):
        raise RunFailedError(f"not over after {limit_s:.0f} s: does something wait without sleeping? {folder}")
    if not (folder / "ran.json").is_file():
        raise RunFailedError(f"the guest left no result, look at guest.log and kernel.log in {folder}")
    found = figures(folder, job.scenario, job.contender, job.seed, rows)
    (folder / "figures.json").write_text(json.dumps(asdict(found), indent=1))
    return found


def described(job: Job, rows: Sequence[Capacity]) -> dict[str, Any]:
    """The job as the guest gets it: no randomness is left in it."""
    scenario = job.scenario
    plan = {"dl": scenario.down_bps, "ul": scenario.up_bps}
    limits = dict(zip(("min", "base", "max"), scenario.limits, strict=True))
    link: dict[str, Any] = {"wan_if": "wan", "dl_if": "ifb-wan", "ul_if": "wan", "reflectors": REFLECTORS}
    link |= {f"{way}_{name}_bps": round(bps * share) for way, bps in plan.items() for name, share in limits.items()}
    initial = {
        "none": (0, 0),
        "oracle": tuple(round(bps * ORACLE_SHARE) for bps in rows[0][1:]),
    }.get(job.contender, (link["dl_base_bps"], link["ul_base_bps"]))
    return {
        "kind": job.contender,
        "command": job.command,
        "folder": str(ROOT),
        "seed": job.seed,
        "time_s": scenario.time_s,
        "rtt_ms": scenario.rtt_ms,
        "buffer_bytes": [round(bps / 8 * scenario.buffer_ms / 1e3) for bps in plan.values()],
        "capacity": [list(row) for row in rows],
        "noise": noise(scenario.noise, scenario.time_s, job.seed),
        "each_ms": scenario.noise.each_ms,
        "load": [asdict(flow) for flow in scenario.load],
        "link": link,
        "initial_bps": initial,
    }
