"""`wanctl safe`: leave the router right, without the daemon."""

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from wanctl.cli.ask import site_name
from wanctl.cli.report import lines as file_lines
from wanctl.cli.report import report_width
from wanctl.cli.span import Span
from wanctl.config import find_site, load_site
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.lock import ControlError, SiteLock
from wanctl.daemon.runfolder import RunFolderError, is_served, run_folder
from wanctl.engine import FileError
from wanctl.routeros.way import TITLES

if TYPE_CHECKING:
    from wanctl.daemon.shaping.safe import Queue, Restored

PATIENCE_NS = 10_000_000_000

HELP = """Put every queue of SITE back to its ceiling.

For a router that a daemon left with low rates; the service does it by itself when it stops (ExecStopPost). It needs
neither the daemon nor anything that one left behind, goes over the first transport that works, writes nothing that is
right already, and gives up in time.

\b
  wanctl safe home
  wanctl safe home --timeout 30s --json

Exit code: 0 every queue is at its ceiling, 1 the router has no such queue or refuses it, 2 the router could not be
reached in time, or a daemon of the site runs.
"""


@click.command(help=HELP)
@click.argument("site", metavar="SITE")
@click.option("--timeout", type=Span(), default=PATIENCE_NS, metavar="TIME", help="Give up after this time (10s).")
@click.option("--force", is_flag=True, help="Even while a daemon of the site runs; it will write its own rates again.")
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.safe/1).")
@click.pass_context
def safe(ctx: click.Context, site: str, timeout: int, force: bool, as_json: bool) -> None:
    """The verb `safe`."""
    from wanctl.daemon.shaping.safe import restore

    clock = SystemClock()
    began_ns = clock.monotonic_ns()
    try:
        file = load_site(find_site(site))
        lock = None if force else _lock(file.name)
        if file.site.router is not None:
            file.password()  # before anything is tried: an unusable file is told with its place
        restored = restore(file, clock, timeout)
    except FileError as error:
        for line in file_lines(error.findings, "full", report_width()):
            click.echo(line, err=True)
        ctx.exit(2)
    except ControlError as error:
        click.echo(f"{site}: {error}", err=True)
        name = site_name(site)
        click.echo(f"It puts its queues back to their ceilings when it stops: systemctl stop wanctl@{name}", err=True)
        click.echo(f"To do it all the same: wanctl safe {site} --force", err=True)
        ctx.exit(2)
    if lock is not None:
        lock.release()
    if as_json:
        seconds = (clock.monotonic_ns() - began_ns) / 1e9
        click.echo(json.dumps(as_dict(file.name, restored, seconds), ensure_ascii=False))
    else:
        for line in page(file.name, restored):
            click.echo(line)
    ctx.exit(0 if restored.is_complete else 1 if restored.is_answered else 2)


def _lock(site: str) -> SiteLock | None:
    """The site's lock, so that no daemon starts meanwhile; None where there is no place for one.

    Raises `ControlError` if a daemon of the site runs, be it another user's.
    """
    if is_served(site, os.environ):
        raise ControlError(f"a daemon of the site '{site}' runs")
    try:
        return SiteLock(run_folder(site, os.environ), site)
    except RunFolderError:
        return None


def as_dict(site: str, restored: "Restored", seconds: float) -> dict[str, object]:
    """What became of it, for `--json`."""
    return {
        "schema": "wanctl.safe/1",
        "site": site,
        "complete": restored.is_complete,
        "transport": restored.transport,
        "seconds": round(seconds, 3),
        "troubles": restored.troubles,
        "queues": [queue.as_dict() for queue in restored.queues],
    }


def page(site: str, restored: "Restored") -> Iterator[str]:
    """What became of it, as text: what was done, and what was not."""
    if restored.is_complete:
        verdict = click.style("every queue is at its ceiling", fg="green")
    else:
        left = sum(1 for queue in restored.queues if queue.outcome not in ("already", "written"))
        verdict = click.style(f"{left} of {len(restored.queues)} queues are not at their ceiling", fg="red", bold=True)
    over = f" (over {TITLES[restored.transport]})" if restored.transport else ""
    yield f"{click.style(site, bold=True)}  {verdict}{over}"
    yield from (f"  {_told(queue)}" for queue in restored.queues)
    if not restored.is_complete:
        yield from (f"  {transport}: {_clean(text)}" for transport, text in restored.troubles.items())


def _told(queue: "Queue") -> str:
    name = _clean(queue.name)
    match queue.outcome:
        case "already":
            return f"{name}: at {_rates(queue.ceilings_bps)} already"
        case "written":
            return f"{name}: {_rates(queue.before_bps)} -> {_rates(queue.ceilings_bps)}"
        case "failed":
            return f"{name}: {_clean(queue.reason)}"
        case _:
            return f"{name}: not reached" + (f" ({_clean(queue.reason)})" if queue.reason else "")


def _rates(rates_bps: dict[str, int]) -> str:
    told = {direction: f"{rate / 1e6:g}" if rate else "unlimited" for direction, rate in rates_bps.items()}
    if len(told) == 1:
        (rate,) = told.values()
        return rate if rate == "unlimited" else f"{rate} Mbit/s"
    return ", ".join(f"{direction} {rate}" for direction, rate in told.items()) + " Mbit/s"


def _clean(text: str) -> str:
    """A text from elsewhere, without what a terminal would take for a command."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
