"""`wanctl unpin`: let the rates of a WAN go."""

import json

import click

from wanctl.cli.ask import ask_one

HELP = """Let the rates of WAN follow the link again.

\b
  wanctl unpin home cable

Exit code: 0 done, 2 it is not pinned, or no daemon is reachable.
"""


@click.command(help=HELP)
@click.argument("site", metavar="SITE")
@click.argument("wan", metavar="WAN")
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.pin/1).")
def unpin(site: str, wan: str, as_json: bool) -> None:
    """The verb `unpin`."""
    answer = ask_one(site, "unpin", wan=wan)
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else f"{wan}: follows the link again")
