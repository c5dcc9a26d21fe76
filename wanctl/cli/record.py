"""`wanctl record`: what a running site measures, as traces."""

import json
from typing import Any

import click

from wanctl.cli.ask import ask_one
from wanctl.cli.span import Span
from wanctl.cli.status import duration

HELP = """Record what the daemon of SITE measures, as traces that 'wanctl replay' runs.

The files lie in the state folder of the site: for each WAN its echoes, and beside them what crossed its interface. A
recording ends by itself after its time (at most a day), or at 256 MB.

\b
  wanctl record start home --for 10min
  wanctl record stop home

Exit code: 0 done, 2 it cannot be, or no daemon is reachable.
"""


@click.command(help=HELP)
@click.argument("action", type=click.Choice(["start", "stop"]))
@click.argument("site", metavar="[SITE]", required=False)
@click.option("--for", "time", type=Span(), metavar="TIME", default="1h", show_default=True, help="For how long.")
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.record/1).")
def record(action: str, site: str | None, time: int, as_json: bool) -> None:
    """The verb `record`."""
    answer = ask_one(site, "record", action=action, for_s=time / 1e9)
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else "\n".join(lines(answer)))


def lines(answer: dict[str, Any]) -> list[str]:
    """The answer as text."""
    if answer["action"] == "start":
        return [f"{answer['site']}: recording for {duration(answer['for_s'])} to {answer['folder']}"]
    runs = [
        f"  wanctl replay {answer['folder']}/{wan}.csv --site {answer['site']} --wan {wan}" for wan in answer["wans"]
    ]
    return [f"{answer['site']}: recorded to {answer['folder']}", *runs]
