"""`wanctl rollback`: the configuration before the last reload."""

import click

from wanctl.cli.ask import ask_one
from wanctl.cli.reload import tell

HELP = """Go back to the configuration that SITE had before its last reload.

The file itself is left alone: it still holds what was rolled back.

\b
  wanctl rollback home

Exit code: 0 done, 1 that configuration is refused by now, 2 there is none, or no daemon is reachable.
"""


@click.command(help=HELP)
@click.argument("site", metavar="[SITE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.reload/1).")
@click.pass_context
def rollback(ctx: click.Context, site: str | None, as_json: bool) -> None:
    """The verb `rollback`."""
    tell(ctx, ask_one(site, "rollback"), as_json=as_json)
