"""`wanctl reload`: the site file as it is now, without a restart."""

import json
from collections.abc import Iterator
from typing import Any

import click

from wanctl.cli.ask import ask_one
from wanctl.cli.span import Span

HELP = """Have the daemon of SITE take its file as it is now.

The file is read, checked and compared with the router first: whatever is wrong changes nothing. Then the new
configuration takes the old one's place between two ticks; WANs that stay go on where they were. With --confirm the old
one comes back by itself, unless 'wanctl confirm' says in time that the new one is good.

\b
  wanctl reload home
  wanctl reload home --confirm 2min
  wanctl confirm home

Exit code: 0 done, 1 the file is refused and nothing has changed, 2 no daemon is reachable.
"""


@click.command(help=HELP)
@click.argument("site", metavar="[SITE]", required=False)
@click.option("--confirm", type=Span(), metavar="TIME", help="Go back after this time, unless it is confirmed.")
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.reload/1).")
@click.pass_context
def reload(ctx: click.Context, site: str | None, confirm: int | None, as_json: bool) -> None:
    """The verb `reload`."""
    confirm_s = {} if confirm is None else {"confirm_s": confirm / 1e9}
    tell(ctx, ask_one(site, "reload", **confirm_s), as_json=as_json)


def tell(ctx: click.Context, answer: dict[str, Any], *, as_json: bool) -> None:
    """Say what became of it, and exit with 1 when the file was refused."""
    refused = answer.get("refused", [])
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        for line in (*refused, *answer.get("warnings", [])):
            click.echo(line, err=True)
        click.echo("\n".join(lines(answer)), err=bool(refused))
    if refused:
        ctx.exit(1)


def lines(answer: dict[str, Any]) -> Iterator[str]:
    """The answer as text."""
    site = answer["site"]
    if answer.get("refused"):
        yield f"{site}: refused, and nothing has changed"
        return
    if not answer["changed"]:
        yield f"{site}: {answer['file']} is at work already"
        return
    done = "the configuration before is at work again" if answer.get("rolled_back") else f"{answer['file']} is at work"
    yield f"{site}: {done} (sha256 {answer['sha256'][:12]})"
    for anew in answer["anew"]:
        yield f"  {anew}"
    if answer.get("rolled_back"):
        yield f"  {answer['file']} still holds what was rolled back: mend it before the next reload or restart"
    elif answer.get("confirm_s"):
        yield f"  it is taken back in {answer['confirm_s']:g} s, unless you say: wanctl confirm {site}"
    else:
        yield f"  back: wanctl rollback {site}"
