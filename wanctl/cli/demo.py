"""`wanctl demo`: a house's link on loopback, without wanctl and then with it."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import click

from wanctl.daemon.clock import SystemClock
from wanctl.engine.unit import format_quantity
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import PASSWORD, QUIET_NS, Truth, World, write_site

LEAST_SECONDS = 10
START_TIMEOUT_S = 20.0
SEED = 7

HELP = """Show on this machine what wanctl does to a link, without a router and without root.

A RouterOS emulator (real HTTPS), a simulated cable line whose capacity falls to 40 % and rises again, and reflectors
(real UDP) run on loopback, with four greedy downloads. The first half of the time nobody shapes; in the second half
`wanctl run SITE --watch` does. Ctrl-C ends it with what there is.

\b
  wanctl demo                 a minute
  wanctl demo --seconds 20    a short one
  wanctl demo --failover      REST dies while a link is shaped, SSH takes over, REST returns
  wanctl demo --steering --seconds 70   one WAN of three ails, a traffic class leaves it and returns
"""


@click.command(help=HELP)
@click.option(
    "--seconds", type=click.IntRange(LEAST_SECONDS), default=60, show_default=True, help="For both halves together."
)
@click.option("--failover", is_flag=True, help="Show what happens when a transport to the router dies.")
@click.option("--steering", is_flag=True, help="Show how a traffic class leaves a WAN that ails, and returns.")
@click.pass_context
def demo(ctx: click.Context, seconds: int, failover: bool, steering: bool) -> None:
    """The verb `demo`."""
    if failover and steering:
        raise click.UsageError("--failover and --steering are two demos: show one after the other")
    if steering:
        _steering(ctx, seconds)
        return
    if failover:
        _failover(ctx, seconds)
        return
    clock = SystemClock()
    phase_ns = seconds * 500_000_000
    truths: dict[str, Truth] = {}
    summary: dict[str, Any] = {}
    interrupted = False
    try:
        with RouterosEmulator(user="wanctl", password=PASSWORD) as router:
            _without(router, clock, phase_ns, truths)
            _with(router, clock, phase_ns, truths, summary)
    except KeyboardInterrupt:
        interrupted = True
    click.echo("\n".join(report(truths, summary)))
    if interrupted:
        click.echo("(interrupted: the figures are of the part that ran)", err=True)
    elif not summary:
        click.echo("demo: the daemon ended early; its message stands above", err=True)
        ctx.exit(2)


def _failover(ctx: click.Context, seconds: int) -> None:
    from wanctl.cli.failover import LEAST_SECONDS as LEAST_OF_FAILOVER
    from wanctl.cli.failover import show_failover, told

    if seconds < LEAST_OF_FAILOVER:
        raise click.UsageError(f"a failover and the way back take {LEAST_OF_FAILOVER} seconds at least")
    lines, well = told(show_failover(seconds))
    click.echo("\n".join(lines))
    if not well:
        ctx.exit(1)


def _steering(ctx: click.Context, seconds: int) -> None:
    from wanctl.cli.crossroads import LEAST_SECONDS as LEAST_OF_STEERING
    from wanctl.cli.crossroads import show_steering, told

    if seconds < LEAST_OF_STEERING:
        raise click.UsageError(f"to leave a link and to come back takes {LEAST_OF_STEERING} seconds at least")
    lines, well = told(show_steering(seconds))
    click.echo("\n".join(lines))
    if not well:
        ctx.exit(1)


def _without(router: RouterosEmulator, clock: SystemClock, phase_ns: int, truths: dict[str, Truth]) -> None:
    click.secho(f"{phase_ns / 1e9:.0f} s without wanctl: four downloads, nobody shapes", bold=True)
    end_ns = clock.monotonic_ns() + phase_ns
    with World(router, clock, phase_ns, SEED, shaped=False) as world:
        truths["without"] = world.truth
        world.begin()
        live = world.live
        assert live is not None
        begun_ns = clock.monotonic_ns()
        for second in range(1, int(phase_ns / 1e9) + 1):
            clock.sleep_until(min(end_ns, begun_ns + second * 1_000_000_000))
            capacity = format_quantity(live.capacity_bps("download"), "rate")
            queue_ms = live.queue_ms("download") + live.queue_ms("upload")
            bar = "#" * min(40, int(queue_ms / 25))
            click.echo(f"{second:5.0f} s  the line carries {capacity:>9}  queue {queue_ms:6.0f} ms  {bar}")


def _with(
    router: RouterosEmulator, clock: SystemClock, phase_ns: int, truths: dict[str, Truth], summary: dict[str, Any]
) -> None:
    click.secho(f"\n{phase_ns / 1e9:.0f} s with wanctl: the same line, the same downloads", bold=True)
    click.echo("(in another terminal meanwhile: wanctl status, wanctl why)")
    running = threading.Event()
    router.on_write(lambda _write: running.set())
    with (
        tempfile.TemporaryDirectory(prefix="wanctl-demo-") as name,
        World(router, clock, phase_ns, SEED, shaped=True) as world,
    ):
        folder = Path(name)
        site = write_site(folder, router, world.reflectors.addresses)
        daemon = start_daemon(site, folder / "summary.json", "--watch")
        try:
            if not _wait(running, daemon):
                return
            world.begin()
            truths["with"] = world.truth
            clock.sleep_until(clock.monotonic_ns() + phase_ns)
        finally:
            stop_daemon(daemon)
            if (folder / "summary.json").is_file():
                summary.update(json.loads((folder / "summary.json").read_text()))


def start_daemon(site: Path, summary: Path, *options: str, run_folder: Path | None = None) -> subprocess.Popen[bytes]:
    """The real daemon on a site, as a process of its own; `run_folder` in place of the user's own."""
    command = [sys.executable, "-m", "wanctl", "run", str(site), "--summary", str(summary), *options]
    own = {"STATE_DIRECTORY": str(summary.parent / "state")}
    if run_folder is not None:
        own["RUNTIME_DIRECTORY"] = str(run_folder)
    return subprocess.Popen(command, env={**os.environ, **own})  # noqa: S603  (our own program)


def stop_daemon(daemon: subprocess.Popen[bytes]) -> int:
    """Stop it as systemd would, and wait until it has left the queues at their ceilings."""
    if daemon.poll() is None:
        daemon.terminate()
    return daemon.wait(START_TIMEOUT_S)


def _wait(running: threading.Event, daemon: subprocess.Popen[bytes]) -> bool:
    """Whether the daemon has written its first rate; False when it has ended."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not running.wait(0.05):
        if daemon.poll() is not None or time.monotonic() > deadline:
            return False
    return True


def report(truths: dict[str, Truth], summary: dict[str, Any]) -> list[str]:
    """The two halves side by side, and what the daemon cost."""
    columns = [name for name in ("without", "with") if name in truths and truths[name].queue_ms]
    if not columns:
        return [f"nothing to report yet: the load sets in after {QUIET_NS / 1e9:.0f} s"]
    rows = [
        ("queue, median", [f"{truths[name].quantile_ms(0.50):.1f} ms" for name in columns]),
        ("queue, 95 % of the time below", [f"{truths[name].quantile_ms(0.95):.1f} ms" for name in columns]),
        ("queue, worst", [f"{truths[name].quantile_ms(1.0):.0f} ms" for name in columns]),
        ("carried of what the line could", [f"{truths[name].used * 100:.1f} %" for name in columns]),
    ]
    lines = ["", f"{'':32}" + "".join(f"{name + ' wanctl':>18}" for name in columns)]
    lines += [f"{label:<32}" + "".join(f"{value:>18}" for value in values) for label, values in rows]
    if summary:
        work = summary["tick_work_ms"]
        cost = f"the daemon: {summary['cpu_pct']:.1f} % of a core, {summary['rss_mb']:.0f} MB; "
        ticks = f"{summary['ticks']} ticks ({summary['overruns']} missed), work p99 {work['p99']:.2f} ms"
        lines += ["", cost + ticks, f"{summary['transitions']} transitions, {summary['writes']} writes to the router"]
    return lines
