"""`wanctl replay`: a recorded trace through a whole site, a day in a minute."""

import json
import sys
import time

import click

from wanctl.engine import FileError
from wanctl.replay.feed import Feed
from wanctl.replay.rates import Rates, rates_beside
from wanctl.replay.replayer import Replayer
from wanctl.replay.report import Report, span
from wanctl.replay.rowfile import RowFile
from wanctl.replay.subject import DEFAULT_PROFILE, Subject, from_profile, from_site
from wanctl.replay.trace import Trace
from wanctl.replay.transcript import TranscriptFile

INTERRUPTED = 130
_ON_TERMINAL_S = 0.2  # between two lines of progress
_ELSEWHERE_S = 10.0

HELP = """Run a recorded trace through a site, and say what it did.

TRACE is a CSV file (.gz too), or - for standard input: t_s,reflector,rtt_ms (a probe a line, at the time it was sent,
empty rtt_ms: lost) or t_ms,rtt_ms[,tcp_rtt_ms,gateway_ok] (a tick a line). Rates beside it (NAME.rates.csv for
NAME.csv or NAME.rtt.csv) are used as byte counters.

\b
  wanctl replay evening.csv                        default law, profile cable
  wanctl replay evening.csv --site home            as the site says
  wanctl replay evening.csv --law classic --profile dsl --decisions out.csv
  wanctl replay evening.csv --transitions out.jsonl
  wanctl graph wan --trace out.jsonl -o hits.svg   what it did, as a picture

Exit code: 0 fine, 2 the trace cannot be replayed, 130 interrupted (what there is by then is kept).
"""


@click.command(help=HELP)
@click.argument("trace", metavar="TRACE")
@click.option("--site", metavar="SITE", help="Take WANs, limits and parameters from this site file.")
@click.option("--wan", metavar="WAN", help="The WAN of the site that the trace is about.")
@click.option("--law", type=click.Choice(["default", "classic"]), help="Which law decides, whatever the site says.")
@click.option("--profile", metavar="PROFILE", help="Without a site: cable or dsl.")
@click.option("--rates", metavar="FILE", help="Rates to go with the trace: t_s,dl_rx_mbit,ul_tx_mbit.")
@click.option("--decisions", metavar="FILE", help="Write a row for each tick to this CSV file.")
@click.option("--transitions", metavar="FILE", help="Write a line of JSON for each row that fires, for wanctl graph.")
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON.")
@click.option("--tolerant", is_flag=True, help="Skip faulty rows, and say how many.")
@click.pass_context
def replay(
    ctx: click.Context,
    trace: str,
    site: str | None,
    wan: str | None,
    law: str | None,
    profile: str | None,
    rates: str | None,
    decisions: str | None,
    transitions: str | None,
    as_json: bool,
    tolerant: bool,
) -> None:
    """The verb `replay`."""
    if site and profile:
        ctx.fail("--site and --profile: a site has its own profiles; give one of them")
    if [decisions == "-", transitions == "-", as_json].count(True) > 1:
        ctx.fail("--decisions -, --transitions - and --json: both would go to standard output")
    subject = from_site(site, law, wan) if site else from_profile(profile or DEFAULT_PROFILE, law or "default")
    if not site and not profile:
        click.echo(f"no --site and no --profile: {subject.law} law, profile {DEFAULT_PROFILE}", err=True)
    opened = Trace(trace, tolerant=tolerant, wans=subject.wans)
    found = rates or rates_beside(trace)
    if found and not rates:
        click.echo(f"rates from {found}", err=True)
    beside = Rates(found, subject.wan_of(opened), tolerant=tolerant) if found else None
    feed = Feed(opened, subject.wan_of(opened), beside)
    report = _run(subject, feed, decisions, transitions, found)
    for faults in (opened.faults, *([beside.faults] if beside else [])):
        if faults.count:
            click.echo(faults.describe(), err=True)
    if decisions and decisions != "-":
        part = ", up to the interruption" if report.outcome.interrupted else ""
        click.echo(f"{report.outcome.ticks:,} ticks of decisions in {decisions}{part}", err=True)
    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=2))
    else:
        click.echo("\n".join(report.lines()), err="-" in (decisions, transitions))
    ctx.exit(INTERRUPTED if report.outcome.interrupted else 0)


def _run(subject: Subject, feed: Feed, decisions: str | None, transitions: str | None, rates: str | None) -> Report:
    site = subject.build(feed.first[1])
    rows = RowFile(decisions) if decisions else None
    moves = TranscriptFile(transitions) if transitions else None
    if moves is not None:
        moves.begin((wan.machine for wan in site.wans.values()), feed.first[1])
    progress = Progress(feed)
    more = subject.law != "classic"
    replayer = Replayer(site, subject.wans, feed, rows, moves, more_columns=more, breathe=progress.breathe)
    began = time.perf_counter()
    try:
        outcome = replayer.run()
        wall_s = time.perf_counter() - began
        if rows is not None:
            rows.finish()
        if moves is not None:
            moves.finish(outcome.end_ns)
    except BaseException:
        for file in (rows, moves):
            if file is not None:
                file.discard()
        raise
    finally:
        progress.clear()
        feed.close()
    if moves is not None and transitions != "-":
        click.echo(f"{moves.count:,} transitions in {transitions}", err=True)
    return Report(feed, outcome, subject.law, subject.configuration, rates, wall_s, decisions)


class Progress:
    """How far a replay is, on a terminal in one line that is written over, elsewhere a line every ten seconds."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._first_ns = feed.first[1]
        self._terminal = sys.stderr.isatty()
        self._began = self._told = time.perf_counter()
        self._shown = False

    def breathe(self, now_ns: int) -> None:
        """Tell, if it is time to."""
        now = time.perf_counter()
        if now - self._told < (_ON_TERMINAL_S if self._terminal else _ELSEWHERE_S):
            return
        self._told = now
        elapsed = now - self._began
        replayed_s = (now_ns - self._first_ns) / 1e9
        parts = [f"{span(replayed_s)} replayed", f"{replayed_s / elapsed:,.0f} x real time"]
        trace = self._feed.trace
        share = trace.source.share(self._feed.sent + trace.faults.count)
        if share:
            parts = [f"{100 * share:3.0f} %", *parts, f"{span(elapsed * (1.0 - share) / share)} left"]
        line = ", ".join(parts)
        click.echo(f"\r{line:<79}" if self._terminal else line, err=True, nl=not self._terminal)
        self._shown = self._terminal

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo(f"\r{'':<79}\r", err=True, nl=False)


__all__ = ["FileError", "replay"]
