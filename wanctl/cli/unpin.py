"""`wanctl unpin`: let the rates of a WAN go, or a traffic class."""

import json

import click

from wanctl.cli.ask import ask_one

HELP = """Let the rates of a WAN follow the link again, or a traffic class the health of its WANs.

A class that wanctl keeps its hands off, because somebody else has moved it three times, is given back by this as well.

\b
  wanctl unpin home cable
  wanctl unpin home realtime

Exit code: 0 done, 2 it is not pinned, or no daemon is reachable.
"""


@click.command(help=HELP)
@click.argument("site", metavar="SITE")
@click.argument("wan", metavar="NAME")
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.pin/1).")
def unpin(site: str, wan: str, as_json: bool) -> None:
    """The verb `unpin`."""
    answer = ask_one(site, "unpin", wan=wan)
    told = "is steered again" if "class" in answer else "follows the link again"
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else f"{wan}: {told}")
