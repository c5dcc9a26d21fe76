"""`wanctl confirm`: the configuration of the last reload is good."""

import json

import click

from wanctl.cli.ask import ask_one

HELP = """Keep the configuration of the last 'wanctl reload SITE --confirm TIME'.

\b
  wanctl confirm home

Exit code: 0 kept, 2 nothing waits to be confirmed, or no daemon is reachable.
"""


@click.command(help=HELP)
@click.argument("site", metavar="[SITE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.reload/1).")
def confirm(site: str | None, as_json: bool) -> None:
    """The verb `confirm`."""
    answer = ask_one(site, "confirm")
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else f"{answer['site']}: confirmed")
