"""`wanctl doctor`: is this host, and is the router, as a site needs them?"""

import json
import os
import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wanctl.cli.report import report_width
from wanctl.config import find_site, load_site
from wanctl.daemon.clock import SystemClock
from wanctl.engine import FileError

if TYPE_CHECKING:
    from wanctl.doctor import Finding, Report

WIDEST = 80
MARKS = {"ok": ("ok", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red"), "skip": ("-", "cyan")}
WHERE = {"router": "on the router", "site": "in the site's file", "host": "on this host"}

HELP = """Look at everything that SITE needs, and say what is missing and what to type.

On this host: may it send echoes, are the addresses there, do the reflectors answer. On the router: each transport,
the user's policies, the services, and every queue, interface, rule and list that the file names. Nothing is changed,
and a daemon of the site may run meanwhile.

\b
  wanctl doctor home
  wanctl doctor home --json

Exit code: 0 nothing fails, 1 something does (with --strict: or is doubtful), 2 the router could not be looked at.
"""


@click.command(help=HELP)
@click.argument("site", metavar="SITE")
@click.option("--json", "as_json", is_flag=True, help="As JSON (schema wanctl.doctor/1).")
@click.option("--strict", is_flag=True, help="Let what is doubtful count as well.")
@click.pass_context
def doctor(ctx: click.Context, site: str, as_json: bool, strict: bool) -> None:
    """The verb `doctor`."""
    from wanctl.doctor import examine, unusable

    path = Path(site)
    try:
        path = find_site(site)
        file = load_site(path)
    except FileError as error:
        report = unusable(path, error)
    else:
        report = examine(file, os.environ, SystemClock())
    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    else:
        for line in page(report):
            click.echo(line)
    ctx.exit(code(report, strict=strict))


def code(report: "Report", *, strict: bool) -> int:
    """The exit code that a report stands for."""
    if not report.reached:
        return 2
    return 1 if report.count("fail") or (strict and report.count("warn")) else 0


def page(report: "Report") -> Iterator[str]:
    """A report as text, 80 columns wide: group by group, and the verdict last, where a terminal ends."""
    width = min(WIDEST, report_width())
    findings = sorted(report.findings, key=lambda finding: _order(finding.group))
    for group, members in groupby(findings, key=lambda finding: finding.group):
        yield click.style(group, bold=True)
        for finding in members:
            yield from _lines(finding, width)
        yield ""
    yield f"{click.style(report.site, bold=True)}  {_verdict(report)}"


def _order(group: str) -> int:
    from wanctl.doctor.finding import FILE, HOST, OVER, QUEUES, ROUTER

    return [FILE, HOST, *OVER.values(), ROUTER, QUEUES].index(group)


def _verdict(report: "Report") -> str:
    from wanctl.doctor.finding import FILE

    fails, warnings = report.count("fail"), report.count("warn")
    doubts = f"{warnings} doubtful" if warnings else ""
    if any(finding.group == FILE for finding in report.findings):
        return click.style("the file cannot be used", fg="red", bold=True)
    if not report.reached:
        return click.style("the router could not be looked at", fg="red", bold=True)
    if fails:
        told = click.style(f"{fails} to mend", fg="red", bold=True)
        return f"{told}, {doubts}" if doubts else told
    return click.style("fine", fg="green") + (f", {doubts}" if doubts else "")


def _lines(finding: "Finding", width: int) -> Iterator[str]:
    word, colour = MARKS[finding.mark]
    mark = click.style(f"{word:<5}", fg=colour, bold=finding.mark == "fail")
    first, *rest = _wrapped(finding.what, width - 8)
    yield f"  {mark} {first}"
    yield from (f"        {line}" for line in rest)
    yield from (f"        {line}" for line in _wrapped(finding.why, width - 8))
    for where, steps in groupby(finding.do, key=lambda step: step.where):
        yield f"        {click.style(WHERE[where], fg='cyan')}:"
        # Lines to type are never folded: they are to be copied.
        yield from (f"          {_clean(step.line)}" for step in steps)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(_clean(text), width, break_on_hyphens=False)


def _clean(text: str) -> str:
    """A text from elsewhere, without what a terminal would take for a command."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
