"""`wanctl why`: what a site did last and why, and what keeps it as it is."""

import json
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import click

from wanctl.cli.ask import ask_one
from wanctl.cli.status import duration, mbit

WIDTH = 80
_INDENT = 10
_COLOURS = {"GREEN": "green", "YELLOW": "yellow", "SOFT_RED": "magenta", "RED": "red", "HOLD": "cyan"}

HELP = """Say what SITE did last and why, and what keeps it as it is.

For each of the last transitions: the row, its guard, what it saw, and what the router made of it. Then for each state:
what is missing until it is left, and how. SITE may be left out where one site runs; WAN shows one WAN alone.

\b
  wanctl why
  wanctl why home cable -n 20

Exit code: 0 told, 2 no daemon is reachable.
"""


@click.command(help=HELP)
@click.argument("site", metavar="[SITE]", required=False)
@click.argument("wan", metavar="[WAN]", required=False)
@click.option("-n", "most", type=click.IntRange(0, 500), default=5, show_default=True, help="How many transitions.")
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.why/1).")
def why(site: str | None, wan: str | None, most: int, as_json: bool) -> None:
    """The verb `why`."""
    answer = ask_one(site, "why", wan=wan, most=most)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    click.echo("\n".join(lines(answer, most)))


def lines(answer: dict[str, Any], wanted: int) -> Iterator[str]:
    """The answer as text, 80 columns wide."""
    if wanted and not answer["transitions"]:
        yield "No transition since the start."
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
    at = time.strftime("%H:%M:%S", time.localtime(record["at_s"])) + f".{int(record['at_s'] % 1 * 1_000):03d}"
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
