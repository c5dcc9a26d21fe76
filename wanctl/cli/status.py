"""`wanctl status`: how the sites on this host are, what is wrong first."""

import json
from collections.abc import Iterator
from typing import Any

import click

from wanctl.cli.ask import Unreachable, ask_all, ask_one

WIDTH = 80
_COLOURS = {"GREEN": "green", "YELLOW": "yellow", "SOFT_RED": "magenta", "RED": "red", "HOLD": "cyan"}
HEAD = f"{'WAN':<10} {'link':<8} {'rtt':>7} {'queue':>7} {'loss':>5}  {'download':<18} upload"

HELP = """Show how SITE is, or each site that runs on this host.

What is wrong comes first, then a line for each WAN: the round trip and how much of it is a queue, in ms; the state of
each direction, and its rate as wanted and as the router has it, in Mbit/s. Where traffic classes are steered, a matrix
shows on which WAN each of them is, and what the others would cost it.

\b
  wanctl status
  wanctl status home --json

Exit code: 0 all is well, 1 something is not, 2 no daemon is reachable.
"""


@click.command(help=HELP)
@click.argument("site", metavar="[SITE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.status/1), one object for each site.")
@click.pass_context
def status(ctx: click.Context, site: str | None, as_json: bool) -> None:
    """The verb `status`."""
    answers = [ask_one(site, "status")] if site is not None else ask_all("status")
    worst = 0
    for number, answer in enumerate(answers):
        if isinstance(answer, Unreachable):
            answer.show()
            worst = 2
            continue
        worst = max(worst, 1 if answer["problems"] else 0)
        if as_json:
            click.echo(json.dumps(answer, ensure_ascii=False))
        else:
            click.echo("\n".join([*([""] if number else []), *lines(answer)]))
    ctx.exit(worst)


def lines(view: dict[str, Any]) -> Iterator[str]:
    """A site as text, 80 columns wide."""
    found = view["problems"]
    verdict = click.style("fine", fg="green") if not found else click.style(_counted(found), fg="red", bold=True)
    yield f"{click.style(view['site'], bold=True)}  {verdict}{_about(view)}"
    for problem in found:
        yield from _folded(problem["what"], problem["text"])
    yield click.style(HEAD, dim=True)
    for wan in view["wans"]:
        yield _wan(wan)
    if view.get("classes"):
        yield from _matrix(view)
    yield from _asked(view)


def _counted(problems: list[Any]) -> str:
    return "1 problem" if len(problems) == 1 else f"{len(problems)} problems"


def _about(view: dict[str, Any]) -> str:
    router = view["router"]
    left = [
        f"{count:,} a {period}"
        for count, period in ((router["minute_left"], "minute"), (router["day_left"], "day"))
        if count is not None
    ]
    writes = f"{router['writes']:,} writes" + (f" ({', '.join(left)} left)" if left else "")
    over = "  over SSH" if router["transport"] == "ssh" else ""
    return f"  up {duration(view['up_s'])}  {writes}{over}"


def _folded(what: str, text: str) -> Iterator[str]:
    import textwrap

    mark = click.style("!", fg="red", bold=True)
    first, *rest = textwrap.wrap(f"{what}: {_clean(text)}", WIDTH - 4, max_lines=4)
    yield f"  {mark} {first}"
    yield from (f"    {line}" for line in rest)


def _wan(wan: dict[str, Any]) -> str:
    link = next((leaf["path"].split(".") for leaf in wan["states"] if leaf["path"].startswith("connectivity.")), None)
    # UP says how: by echoes, or by TCP where echoes are filtered.
    word = wan["source"] if link is None else link[1] if link[1:] != ["UP", "TCP_FALLBACK"] else "UP (TCP)"
    download, upload = (_direction(wan[name]) for name in ("download", "upload"))
    return (
        f"{wan['name'][:10]:<10} {word:<8} {_ms(wan['rtt_ms']):>7} {_ms(wan['delta_ms'], '+'):>7} "
        f"{_percent(wan['loss']):>5}  {download} {upload}".rstrip()
    )


def _matrix(view: dict[str, Any]) -> Iterator[str]:
    """Traffic classes by WANs: where each is, and what a packet costs it there or why it may not go."""
    wans = [wan["name"] for wan in view["wans"]]
    width = max(10, min(16, (WIDTH - 24) // len(wans) - 1))
    yield click.style(f"{'CLASS':<10} {'state':<11} " + " ".join(f"{wan[:width]:<{width}}" for wan in wans), dim=True)
    for one in view["classes"]:
        place = next((leaf["path"].split(".")[1] for leaf in one["states"] if leaf["path"].startswith("place.")), "")
        found = {candidate["wan"]: candidate for candidate in one["candidates"]}
        cells = " ".join(_cell(one, found.get(wan), width) for wan in wans)
        yield f"{one['name'][:10]:<10} {place:<11} {cells}".rstrip()
    yield click.style("  * in use, > wanted there; a packet's cost in ms, ! it hurts the class", dim=True)
    for one in view["classes"]:
        # A cell says that a WAN is down; what is cut short there, or is no more than a mark, is told here.
        reasons = [(it["wan"], it["refused"] or it["hurts"]) for it in one["candidates"]]
        said = "; ".join(f"{wan}: {why}" for wan, why in reasons if why and why != "it is down")
        if said:
            yield from _folded(one["name"], said)


def _cell(one: dict[str, Any], found: dict[str, Any] | None, width: int) -> str:
    if found is None:
        return f"{'':<{width}}"
    mark = "*" if found["wan"] == one["applied"] else ">" if found["wan"] == one["wanted"] else " "
    if found["refused"]:
        text = found["refused"].removeprefix("it is ").removeprefix("nobody knows ")
    else:
        text = f"{found['cost_ms']:.0f} ms{' !' if found['hurts'] else ''}"
    shown = f"{mark}{text}"[:width]
    colour = "red" if found["refused"].endswith("down") else "yellow" if found["hurts"] or found["refused"] else None
    return click.style(f"{shown:<{width}}", fg=colour, bold=mark == "*")


def _asked(view: dict[str, Any]) -> Iterator[str]:
    """What the reflectors are asked: other people's hosts are a commons."""
    import textwrap

    most = {
        wan["name"]: max((one["per_day"] for one in wan["probes"]["reflectors"]), default=0) for wan in view["wans"]
    }
    asked = ", ".join(f"{name} {count:,}" for name, count in most.items() if count)
    if asked:
        for line in textwrap.wrap(f"packets a day to a reflector, at most: {asked}", WIDTH, subsequent_indent="  "):
            yield click.style(line, dim=True)
    for wan in view["wans"]:
        resting = [one["address"] for one in wan["probes"]["reflectors"] if one["resting"]]
        if resting:
            yield from _folded(wan["name"], f"silent while others answer, and asked seldom: {', '.join(resting)}")


def _direction(direction: dict[str, Any]) -> str:
    state = direction["state"].partition(".")[0]
    rates = f"{mbit(direction['wanted_bps'])}/{mbit(direction['applied_bps'])}"
    return click.style(f"{state:<8}", fg=_COLOURS.get(state)) + f" {rates:<9}"


def mbit(rate_bps: float | None) -> str:
    """A rate in Mbit/s, three digits; RouterOS's 0 is "no limit"."""
    if rate_bps is None:
        return "?"
    return "none" if rate_bps == 0 else f"{rate_bps / 1e6:.0f}" if rate_bps >= 99.95e6 else f"{rate_bps / 1e6:.3g}"


def _ms(value: float | None, sign: str = "") -> str:
    return "-" if value is None else f"{value:{sign}.1f}" if abs(value) < 10_000 else f"{value / 1_000:{sign}.0f} s"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.1f}%" if value < 0.9995 else "100%"


def duration(seconds: float) -> str:
    """A time as people say it: `12 s`, `4 min`, `3 h 12 min`, `5 d 2 h`."""
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7_200:
        return f"{whole // 60} min"
    if whole < 172_800:
        return f"{whole // 3_600} h {whole // 60 % 60} min"
    return f"{whole // 86_400} d {whole // 3_600 % 24} h"


def _clean(text: str) -> str:
    """A text from elsewhere, without what a terminal would take for a command."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
