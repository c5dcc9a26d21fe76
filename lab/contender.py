"""Who races: nobody, somebody with a fixed rate, one who knows everything, wanctl, and programs of one's own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.boot import ROOT
from lab.timeline import Capacity

CONTENDERS = ("none", "fixed", "oracle", "wanctl", "routeros-pace")
FIXED_SHARE = 0.85  # of the plan: what a careful person would set for good
ORACLE_SHARE = 0.95  # of the true capacity
SITE_FILE = "python -m lab.sitefile"
PAGE = ROOT / "lab/README.md"


class ContenderError(Exception):
    """There is no such contender; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Contender:
    """`command` runs in the router's namespace; "" is no program. `ours` says that wanctl's own code is what runs."""

    name: str
    command: str = ""
    ours: bool = False


def contender(text: str) -> Contender:
    """By its name, or NAME=COMMAND for a program of one's own. Raises `ContenderError`."""
    name, separator, command = text.partition("=")
    if separator:
        return Contender(name, command)
    if name not in CONTENDERS:
        raise ContenderError(f"there is no contender '{name}': {', '.join(CONTENDERS)}, or --with NAME=COMMAND")
    if name == "wanctl":
        return Contender(name, controller_command(), ours=True)
    if name == "routeros-pace":
        return Contender(name, controller_command().replace(SITE_FILE, f"{SITE_FILE} --router-pace"), ours=True)
    return Contender(name)


def controller_command(page: Path = PAGE) -> str:
    """The command that README.md names, with this checkout and the project's environment before all others."""
    found = re.search(r"^CONTROLLER: `([^`]+)`$", page.read_text("utf-8"), re.MULTILINE)
    if found is None or SITE_FILE not in found[1]:
        raise ContenderError(f"{page} has no line CONTROLLER: `COMMAND` with {SITE_FILE}")
    return f'export PATH="{ROOT}/.venv/bin:$PATH" PYTHONPATH="{ROOT}"; {found[1]}'


def initial_bps(name: str, first: Capacity, plan_bps: Sequence[float], start_bps: tuple[int, int]) -> tuple[int, int]:
    """The shapers' rates, down and up, as the contender finds them; 0 is no limit."""
    match name:
        case "none":
            return 0, 0
        case "fixed":
            return round(plan_bps[0] * FIXED_SHARE), round(plan_bps[1] * FIXED_SHARE)
        case "oracle":
            return round(first.down_bps * ORACLE_SHARE), round(first.up_bps * ORACLE_SHARE)
        case _:
            return start_bps
