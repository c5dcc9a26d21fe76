"""`wanctl why`: what a site did last and why, and what keeps it as it is."""

import json
import os
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from wanctl.cli.ask import Unreachable, ask_one, running, site_name
from wanctl.cli.span import Span
from wanctl.cli.status import duration, mbit

WIDTH = 80
DEFAULT_MOST, MOST_ARCHIVED = 5, 500
DAY_S = 86_400.0
_INDENT = 10
_COLOURS = {"GREEN": "green", "YELLOW": "yellow", "SOFT_RED": "magenta", "RED": "red", "HOLD": "cyan"}

HELP = """Say what SITE did last and why, and what keeps it as it is.

For each of the last transitions: the row, its guard, what it saw, and what the router made of it. Then for each state:
what is missing until it is left, and how. SITE may be left out where one site runs; WAN shows one WAN alone.

\b
  wanctl why
  wanctl why home cable -n 20
  wanctl why home --since 8h

Exit code: 0 told, 2 no daemon is reachable (with --since: there is no history that you may read).
"""


@click.command(help=HELP)
@click.argument("site", metavar="[SITE]", required=False)
@click.argument("wan", metavar="[WAN]", required=False)
@click.option("-n", "most", type=click.IntRange(0, 500), help="How many transitions; 5, with --since up to 500.")
@click.option("--since", type=Span(), metavar="TIME", help="What is on disk of this time; also when it is down.")
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.why/1).")
def why(site: str | None, wan: str | None, most: int | None, since: int | None, as_json: bool) -> None:
    """The verb `why`."""
    if since is not None:
        answer = archived(site, wan, since, most or MOST_ARCHIVED)
    else:
        answer = ask_one(site, "why", wan=wan, most=DEFAULT_MOST if most is None else most)
    most = len(answer["transitions"]) if since is not None else most
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    click.echo("\n".join(lines(answer, DEFAULT_MOST if most is None else most)))


def archived(site: str | None, wan: str | None, since_ns: int, most: int) -> dict[str, Any]:
    """The transitions that a site has on disk, whether it runs or not; `Unreachable` when they cannot be read."""
    import sqlite3

    from wanctl.daemon.state.archive import NAME, read
    from wanctl.daemon.state.statefolder import state_folders

    if site is None:
        found = sorted(running())
        if len(found) != 1:
            raise Unreachable("name the site whose history you want to read")
        site = found[0]
    name = site_name(site)
    folders = [folder for folder in state_folders(name, os.environ) if _is_there(folder / NAME)]
    if not folders:
        raise Unreachable(
            f"there is no history of the site '{name}' that you may read: it has not run here, or you need to be root"
        )
    now_s = time.time()
    try:
        found_records = read(folders[0], round(now_s * 1e6) - since_ns // 1_000, wan, most)
    except (OSError, sqlite3.Error) as error:
        raise Unreachable(f"the history {folders[0] / NAME} cannot be read: {error}") from error
    return {"schema": "wanctl.why/1", "site": name, "at_s": now_s, "transitions": found_records, "states": []}


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False  # in a folder that is not ours to look into


def lines(answer: dict[str, Any], wanted: int) -> Iterator[str]:
    """The answer as text, 80 columns wide."""
    if not answer["transitions"] and (wanted or not answer["states"]):
        yield "No transition in that time." if not answer["states"] else "No transition since the start."
    for record in answer["transitions"]:
        yield from _record(record)
        yield ""
    for state in answer["states"]:
        whose = f"{state['wan']}  {state['region']}"
        yield f"{click.style(whose, bold=True)}  {_coloured(state['state'])} for {duration(state['for_s'])}"
        for way in state["ways"]:
            if not way["event"].startswith("operator."):  # that comes when somebody wants it: no obstacle
                yield from _way(state, way)


def _record(record: dict[str, Any]) -> Iterator[str]:
    day = "" if time.time() - record["at_s"] < DAY_S else time.strftime("%Y-%m-%d ", time.localtime(record["at_s"]))
    at = day + time.strftime("%H:%M:%S", time.localtime(record["at_s"])) + f".{int(record['at_s'] % 1 * 1_000):03d}"
    held = "" if record["held_s"] is None else f"  (after {_seconds(record['held_s'])})"
    moved = f"{_coloured(record['from'])} → {_coloured(record['to'])}" if record["to"] else _coloured(record["from"])
    whose = click.style(f"{record['wan']}  {record['region']}", bold=True)
    yield f"{whose}  {moved}  {at}{held}"
    yield from _field("why", record["why"])
    yield f"  {'row':<8}{record['row']:<34}{record['place']}".rstrip()
    yield from _field("guard", record["guard"] or f"on {record['event']}")
    values = " · ".join(f"{value['name']} {value['text']}" for value in record["values"])
    yield from _field("values", values)
    yield from _field("action", ", ".join(record["actions"]))
    yield from _field("rate", _rate(record))


def _rate(record: dict[str, Any]) -> str:
    rate, router = record["rate"], record["router"]
    if rate is None:
        return ""
    before = f"{mbit(rate['before_bps'])} → " if rate["before_bps"] is not None else ""
    wanted = f"{before}{mbit(rate['wanted_bps'])} Mbit/s wanted"
    if router is None:
        return f"{wanted}; the router has not been told yet, or a newer wish took its place"
    if router["applied_bps"] is None:
        return f"{wanted}; the router refused: {router['reason']}"
    return f"{wanted}; router {mbit(router['applied_bps'])} after {router['after_ms']:.0f} ms"


def _way(state: dict[str, Any], way: dict[str, Any]) -> Iterator[str]:
    source = way["from"] or state["region"]
    text = way["text"] or "may be left at any tick"
    yield from _field("blocked" if way["text"] else "open", f"{source} → {', '.join(way['to'])}: {text}")


def _field(name: str, text: str) -> Iterator[str]:
    if not text:
        return
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    first, *rest = textwrap.wrap(clean, WIDTH - _INDENT, break_on_hyphens=False)
    yield f"  {click.style(f'{name:<8}', dim=True)}{first}"
    yield from (f"{'':{_INDENT}}{line}" for line in rest)


def _coloured(state: str) -> str:
    return click.style(state, fg=_COLOURS.get(state.partition(".")[0]))


def _seconds(seconds: float) -> str:
    return f"{seconds * 1_000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s" if seconds < 120 else duration(seconds)
