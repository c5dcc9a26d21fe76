"""The command line: one module per verb, imported when the verb is called.

Exit codes: 0 fine, 1 it worked and found something, 2 it could not do its job; `run` ends with 78 for a configuration
that will not get better by starting again. Data goes to stdout, talk to stderr.
"""

import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import click

from wanctl import __version__

FAILED = 2  # it could not do its job
INTERRUPTED = 130  # as a shell reports SIGINT
PIPE_CLOSED = 141  # as a shell reports SIGPIPE
ISSUES = "https://github.com/wanctl/wanctl/issues"


class Verb(NamedTuple):
    """One verb: its place in the help, and what it does. Its module is `wanctl.cli.VERB`, the command in it `VERB`."""

    group: str
    summary: str


# In the order of the help. A verb whose module is not there yet is not listed.
VERBS: dict[str, Verb] = {
    "run": Verb("Operate", "Keep the WANs of a site free of bufferbloat (the daemon)."),
    "status": Verb("Operate", "Show how the sites on this host are."),
    "why": Verb("Operate", "Say what a site did last and why, and what keeps it as it is."),
    "reload": Verb("Operate", "Have a site take its file as it is now, without a restart."),
    "confirm": Verb("Operate", "Keep the configuration of the last reload."),
    "rollback": Verb("Operate", "Go back to the configuration before the last reload."),
    "pin": Verb("Operate", "Hold the rates of a WAN for a while."),
    "unpin": Verb("Operate", "Let the rates of a WAN follow the link again."),
    "record": Verb("Operate", "Record what a site measures, for replay."),
    "safe": Verb("Operate", "Put the queues of a site back to their ceilings, without the daemon."),
    "check": Verb("Check", "Say everything that is wrong in sites and machines."),
    "doctor": Verb("Check", "Look at the host and the router: what does a site lack?"),
    "test": Verb("Check", "Run the tests of machines."),
    "verify": Verb("Check", "Prove what machines can never do and always can."),
    "explain": Verb("Check", "Say what an error code, a state or a row means."),
    "init": Verb("Deploy", "Prepare the router of a site for steering."),
    "graph": Verb("Lab", "Draw a machine."),
    "replay": Verb("Lab", "Run a recorded trace through a site."),
    "demo": Verb("Lab", "Show on this machine what wanctl does to a link."),
    "emulator": Verb("Lab", "Be a RouterOS router on this host."),
}


class VerbGroup(click.Group):
    """The verbs, each imported when it is called, with what all of them have in common when they fail."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """The verbs that this version has."""
        return [verb for verb in VERBS if importlib.util.find_spec(f"wanctl.cli.{verb}") is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb, from its module."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = vars(importlib.import_module(f"wanctl.cli.{cmd_name}"))[cmd_name]
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb of a command line; a misspelt one is answered with the nearest."""
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx):
            close = get_close_matches(name, self.list_commands(ctx), n=1)
            hint = f"did you mean '{close[0]}'?" if close else "'wanctl --help' lists the verbs."
            ctx.fail(f"there is no verb '{name}': {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs by group. Nothing is imported for it."""
        verbs = self.list_commands(ctx)
        for group in dict.fromkeys(VERBS[verb].group for verb in verbs):
            with formatter.section(group):
                formatter.write_dl([(verb, VERBS[verb].summary) for verb in verbs if VERBS[verb].group == group])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs before the options: they are what a reader looks for."""
        self.format_commands(ctx, formatter)
        click.Command.format_options(self, ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take `--no-color` from wherever it stands before `--`."""
        end = args.index("--") if "--" in args else len(args)
        if "--no-color" in args[:end] or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            ctx.color = False
        return super().parse_args(ctx, [arg for arg in args[:end] if arg != "--no-color"] + args[end:])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; no failure of it ends in a traceback."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo(err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            # Whoever read our output has seen enough. What is still in the buffer must not fail again at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(PIPE_CLOSED)
        except Exception as error:  # noqa: BLE001  (the last place where anything can be said)
            _explain_failure(ctx, error)
        return result


def _explain_failure(ctx: click.Context, error: Exception) -> NoReturn:
    from wanctl.cli.report import lines, report_width
    from wanctl.engine.diagnostic import FileError

    if isinstance(error, FileError):
        for text in lines(error.findings, "full", report_width()):
            click.echo(text, err=True)
    else:
        if os.environ.get("WANCTL_DEBUG"):
            raise error
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        spot = f" ({Path(where.tb_frame.f_code.co_filename).name}:{where.tb_lineno})" if where else ""
        click.echo(f"wanctl: this is a fault of wanctl: {type(error).__name__}: {error}{spot}", err=True)
        click.echo(f"Set WANCTL_DEBUG=1 for the traceback, and report it: {ISSUES}", err=True)
    ctx.exit(FAILED)


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    if ctx.params.get("as_json"):
        python = ".".join(str(part) for part in sys.version_info[:3])
        click.echo(json.dumps({"schema": "wanctl.version/1", "version": __version__, "python": python}))
    else:
        click.echo(f"wanctl {__version__}")
    ctx.exit()


HELP = """Keep internet links free of bufferbloat.

\b
  wanctl check sites/home.yaml     is the site's file right?
  wanctl run home                  shape its WANs
  wanctl why home                  what it did last, and why
"""


@click.group(
    cls=VerbGroup,
    help=HELP,
    subcommand_metavar="VERB ...",
    options_metavar="",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Help for a verb: wanctl VERB --help. Colours: --no-color or NO_COLOR=1.",
)
@click.option("--json", "as_json", is_flag=True, is_eager=True, help="With --version: as JSON.")
@click.option("--version", is_flag=True, callback=_version, expose_value=False, help="Print the version.")
@click.pass_context
def wanctl(ctx: click.Context, as_json: bool) -> None:
    """The group of all verbs."""
    if as_json:
        ctx.fail("--json goes after the verb")


def main(args: Sequence[str] | None = None) -> NoReturn:
    """The `wanctl` command."""
    wanctl.main(args=list(args) if args is not None else None, prog_name="wanctl")
    raise SystemExit(0)
