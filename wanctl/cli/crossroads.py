"""`wanctl demo --steering`: a link ails and heals, and a traffic class leaves it and comes back."""

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from wanctl.cli.ask import Unreachable, ask
from wanctl.cli.failover import wait_for
from wanctl.cli.status import lines
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.runfolder import SOCKET_NAME
from wanctl.testing.crossroads import CLASSES, Crossroads

LEAST_SECONDS = 70  # a mean of 5 s, a hold of 10 s and a probation of 20 s have their time
AILS_S, HEALS_S = 8.0, 22.0
ILL_MS = 140.0
PAUSE_NS = 250_000_000
_STYLE = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Story:
    """What was seen: seconds since the start, and for each class the WANs whose switch was on at the router."""

    seen: list[tuple[float, dict[str, list[str]]]] = field(default_factory=list)

    def first_s(self, traffic_class: str, wans: list[str], after_s: float) -> float | None:
        """When exactly these switches of a class were first on after a moment."""
        return next((at for at, on in self.seen if at >= after_s and on[traffic_class] == wans), None)


def show_steering(seconds: int) -> Story:
    """Run the daemon in a house with three WANs of which one ails for a while, and say what happens."""
    from wanctl.cli.demo import start_daemon, stop_daemon

    clock, story = SystemClock(), Story()
    with tempfile.TemporaryDirectory(prefix="wanctl-demo-") as name:
        folder = Path(name)
        with Crossroads(folder, clock) as house:
            click.secho(f"{seconds} s: three WANs, two traffic classes, a router prepared for steering", bold=True)
            daemon = start_daemon(house.site, folder / "summary.json", run_folder=folder / "run")
            try:
                socket = folder / "run" / SOCKET_NAME
                if wait_for(socket, daemon, clock):
                    _watch(story, house, socket, clock, seconds)
            finally:
                stop_daemon(daemon)
    return story


def _watch(story: Story, house: Crossroads, socket: Path, clock: SystemClock, seconds: int) -> None:
    begun_ns, shown = clock.monotonic_ns(), ""
    due_ns = begun_ns
    while (passed_s := (due_ns - begun_ns) / 1e9) < seconds:
        clock.sleep_until(due_ns)
        house.rtt_ms["cable"] = ILL_MS if AILS_S <= passed_s < HEALS_S else 20.0
        if passed_s in (AILS_S, HEALS_S):
            what = f"cable takes {ILL_MS:.0f} ms" if passed_s == AILS_S else "cable is well again"
            click.secho(f"{passed_s:6.1f} s  {what}", fg="red" if passed_s == AILS_S else "green", bold=True)
        try:
            view = ask("demo", socket, "status")
        except Unreachable as error:
            click.echo(f"{passed_s:6.1f} s  {error.message}")
        else:
            on = {name: house.on(name) for name in CLASSES}
            story.seen.append((passed_s, on))
            shown = _show(view, on, passed_s, shown)
        due_ns += PAUSE_NS


def _show(view: dict[str, Any], on: dict[str, list[str]], passed_s: float, shown: str) -> str:
    """The matrix, when more has changed in it than numbers."""
    told = list(lines(view))
    begin = next(number for number, line in enumerate(told) if "CLASS" in line)
    matrix = told[begin : begin + 1 + len(view["classes"])]
    held = "; ".join(f"{name}: {', '.join(wans) or 'none, so home'}" for name, wans in on.items())
    now = re.sub(r"[0-9]+ ms", "", _STYLE.sub("", "\n".join(matrix))) + held
    if now != shown:
        click.echo(f"{passed_s:6.1f} s  switches on at the router: {held}")
        click.echo("\n".join(f"          {line}" for line in matrix))
    return now


def told(story: Story) -> tuple[list[str], bool]:
    """What came of it, and whether that is what should."""
    away = story.first_s("realtime", ["dsl"], AILS_S)
    back = None if away is None else story.first_s("realtime", [], max(away, HEALS_S))
    moved = [at for at, on in story.seen if on["work"]]
    said = [""]
    said.append(
        "realtime never left cable" if away is None else f"realtime left cable {away - AILS_S:.1f} s after it ailed"
    )
    if away is not None:
        said.append(
            "and has not come back" if back is None else f"and came back {back - HEALS_S:.1f} s after it was well again"
        )
    said.append("work was moved, for nothing" if moved else "work stayed on dsl, which it likes best")
    return said, away is not None and back is not None and not moved
