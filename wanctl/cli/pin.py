"""`wanctl pin`: hold the rates of a WAN, or a traffic class where it is wanted."""

import json
from typing import Any

import click

from wanctl.cli.ask import ask_one
from wanctl.cli.span import Span
from wanctl.cli.status import duration, mbit

HELP = """Hold the rates of a WAN as they are, whatever the delay says, or a traffic class on a WAN.

NAME is a WAN or a class. A class stays where it is, or goes to the WAN that --to names, whatever becomes of that link.

The pin comes out by itself after its time (at most a week), and 'wanctl unpin' takes it out before. It goes on over a
restart and a reload.

\b
  wanctl pin home cable
  wanctl pin home cable --for 20min
  wanctl pin home realtime --to lte --for 2h

Exit code: 0 held, 2 it cannot be, or no daemon is reachable.
"""


@click.command(help=HELP)
@click.argument("site", metavar="SITE")
@click.argument("wan", metavar="NAME")
@click.option("--to", metavar="WAN", help="Where a class shall be; where it is now unless said.")
@click.option("--for", "time", type=Span(), metavar="TIME", default="1h", show_default=True, help="For how long.")
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.pin/1).")
def pin(site: str, wan: str, to: str | None, time: int, as_json: bool) -> None:
    """The verb `pin`."""
    answer = ask_one(site, "pin", wan=wan, to=to, for_s=time / 1e9)
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else told(answer))


def told(answer: dict[str, Any]) -> str:
    """The answer as a line."""
    if "class" in answer:
        return f"{answer['class']}: new connections go over {answer['wan']} for {duration(answer['for_s'])}"
    down, up = (mbit(answer["wanted_bps"][way]) for way in ("download", "upload"))
    return f"{answer['wan']}: held at {down}/{up} Mbit/s for {duration(answer['for_s'])}"
