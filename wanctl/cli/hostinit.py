"""`wanctl init` where this host is the router: its nftables, routing rules and tables."""

import click

from wanctl.config import SiteFile


def prepare_host(file: SiteFile, *, remove: bool, change: bool) -> int:
    """Print what steering needs, or install or remove it; the exit code. Raises `FileError`."""
    from wanctl.daemon.steering.host import host_setup, linux_steering_plan
    from wanctl.linux import LinuxError
    from wanctl.linux import steering as host

    try:
        if not change:
            click.echo(linux_steering_plan(file), nl=False)
        elif remove:
            host.remove()
            click.echo(f"{file.name}: the table inet wanctl, its routing rules and its routes are gone", err=True)
        else:
            lacking = host.apply(host_setup(file))
            click.echo(f"{file.name}: nftables, routing rules and tables are set up", err=True)
            for sentence in lacking:
                click.echo(f"still missing: {sentence}", err=True)
    except LinuxError as error:
        click.echo(f"{file.name}: {error}", err=True)
        return 2
    return 0
