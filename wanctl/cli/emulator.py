"""`wanctl emulator`: a RouterOS router on this host, to try things on."""

from pathlib import Path

import click

HELP = """Be a RouterOS 7 router until SIGTERM or SIGINT: real HTTPS, real SSH, and no network behind it.

\b
  wanctl emulator --rest 127.0.0.1:0 --ssh 127.0.0.1:0 --user admin \\
      --password-file secret --ready-file ready.json

Port 0 is any free one; the ready file says which. It appears when everything listens, and holds JSON: rest_url (with
/rest), ca_file and pin for REST, ssh_port and host_key_sha256 for SSH. Without a state file the router is a small one
at home: ether1 to ether5, a bridge, and the two queues of a WAN.
"""
FAULTS_HEAD = 'Faults (a line to the fault socket: {"fault": "latency", "delay_ms": 20})'


class _WithFaults(click.Command):
    """A command whose help lists the faults."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        try:
            from wanctl.testing.routeros.faultline import described
        except ImportError as error:
            formatter.write(_missing(error))
            return
        with formatter.section(FAULTS_HEAD):
            formatter.write_dl(described(), col_max=40)
        super().format_epilog(ctx, formatter)


@click.command(cls=_WithFaults, help=HELP)
@click.option("--rest", metavar="HOST:PORT", help="Where to serve REST.")
@click.option("--ssh", metavar="HOST:PORT", help="Where to serve SSH.")
@click.option("--user", required=True, metavar="USER", help="Who may log in.")
@click.option(
    "--password-file", required=True, type=click.Path(path_type=Path), metavar="FILE", help="With what password."
)
@click.option(
    "--ready-file", required=True, type=click.Path(path_type=Path), metavar="FILE", help="Where to say what listens."
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="JSON, menu to objects: read at the start if it is there, written at the end.",
)
@click.option("--fault-socket", type=click.Path(path_type=Path), metavar="PATH", help="Where to take faults from.")
@click.pass_context
def emulator(
    ctx: click.Context,
    rest: str | None,
    ssh: str | None,
    user: str,
    password_file: Path,
    ready_file: Path,
    state: Path | None,
    fault_socket: Path | None,
) -> None:
    """The verb `emulator`."""
    if rest is None and ssh is None:
        raise click.UsageError("give --rest, --ssh or both")
    try:
        from wanctl.testing.routeros.program import Options, endpoint, run
    except ImportError as error:
        click.echo(_missing(error), err=True)
        ctx.exit(2)
    try:
        run(
            Options(
                None if rest is None else endpoint(rest),
                None if ssh is None else endpoint(ssh),
                user,
                password_file,
                ready_file,
                state,
                fault_socket,
            )
        )
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"emulator: {where}{(error.strerror or str(error)).lower()}", err=True)
        ctx.exit(2)
    except ValueError as error:
        click.echo(f"emulator: {error}", err=True)
        ctx.exit(2)


def _missing(error: ImportError) -> str:
    return f"emulator: {error.name} is missing: pip install 'wanctl[emulator]'"
