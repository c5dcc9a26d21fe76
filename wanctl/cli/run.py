"""`wanctl run`: the daemon of one site."""

import json
import os
import sys
from pathlib import Path

import click

from wanctl.cli.report import lines
from wanctl.cli.span import Span
from wanctl.config import find_site
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.journal import Journal
from wanctl.daemon.lock import ControlError
from wanctl.daemon.loop import Listener
from wanctl.daemon.notify import Notifier
from wanctl.daemon.preflight import CONFIGURATION_ERRORS, read_checked
from wanctl.daemon.pump import Pump
from wanctl.daemon.service import Service
from wanctl.daemon.sink import FORMATS, Format, sink_of
from wanctl.daemon.watch import Watch
from wanctl.engine import FileError, Findings
from wanctl.probe import AddressError, ProbePermissionError
from wanctl.routeros import RouterError

SWITCH_S = 0.001
CONFIGURATION = 78  # EX_CONFIG: the unit must not restart on it

HELP = """Keep the WANs of SITE free of bufferbloat until SIGTERM or SIGINT.

SITE is a file (a path, or anything that ends in .yaml) or the name of one in ./sites/ or /etc/wanctl/sites/. Each
transition is a line on standard error. On the way out every queue gets its ceiling.

\b
  wanctl run home                       as a service does
  wanctl run sites/home.yaml --watch    and see what it does
  wanctl run home --duration 30s --summary out.json

Exit code: 0 stopped, 78 the configuration is wrong (do not restart), 2 anything else.
"""


@click.command(help=HELP)
@click.argument("site", metavar="SITE")
@click.option("--watch", is_flag=True, help="Show state, delays and rates while it runs.")
@click.option("--duration", type=Span(), metavar="TIME", help="Stop after this time.")
@click.option("--summary", type=click.Path(path_type=Path), metavar="FILE", help="Write figures as JSON when it stops.")
@click.option(
    "--log",
    type=click.Choice(FORMATS),
    default="auto",
    show_default=True,
    help="How to say things: text, JSON lines, or what suits the place (the journal of systemd gets fields).",
)
@click.pass_context
def run(ctx: click.Context, site: str, watch: bool, duration: int | None, summary: Path | None, log: Format) -> None:
    """The verb `run`."""
    # Another thread that computes (an answer to a scrape) gives way to a tick that is due within this, not after 5 ms.
    sys.setswitchinterval(SWITCH_S)
    clock = SystemClock()
    pump = Pump(sys.stderr)
    listener: Listener = (
        Watch(clock, sys.stdout, colour=ctx.color is not False)
        if watch
        else Journal(clock, sink_of(log, clock, pump, os.environ))
    )
    ctx.call_on_close(pump.close)
    try:
        checked = read_checked(find_site(site))
        findings = Findings(sources=dict(checked.file.warnings.sources))
        service = Service(checked, clock, listener, Notifier.of(os.environ, os.getpid()))
        service.lock(os.environ)
        service.keep_state(os.environ)
        service.check_router(findings)
        findings.raise_errors()
        result = service.run(duration)
    except FileError as error:
        for line in lines(error.findings, "full"):
            click.echo(line, err=True)
        ctx.exit(CONFIGURATION)
    except ControlError as error:
        click.echo(f"{site}: {error}", err=True)
        ctx.exit(2)
    except (AddressError, ProbePermissionError) as error:
        click.echo(f"{site}: {error}", err=True)
        ctx.exit(CONFIGURATION)
    except RouterError as error:
        click.echo(f"{site}: {error}", err=True)
        ctx.exit(CONFIGURATION if isinstance(error, CONFIGURATION_ERRORS) else 2)
    if summary is not None:
        summary.write_text(json.dumps(result, indent=2) + "\n")
