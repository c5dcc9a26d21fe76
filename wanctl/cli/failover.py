"""`wanctl demo --failover`: REST dies while a link is being shaped, SSH takes over, and REST is taken again."""

import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from wanctl.cli.ask import Unreachable, ask
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.runfolder import SOCKET_NAME
from wanctl.engine.unit import format_quantity
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import DOWNLOAD_QUEUE, PASSWORD, World, allow_ssh, write_site

LEAST_SECONDS = 40  # REST has to be open for ten seconds before it is used again, and is tried every five
SEED = 7
DIES, RETURNS = 0.20, 0.45  # shares of the time
PAUSE_NS = 500_000_000


@dataclass
class Story:
    """What was seen, each half second: seconds since the start, and what the daemon said."""

    seen: list[tuple[float, str, str]] = field(default_factory=list)  # time, transport in use, mode of the router
    died_s: float = 0.0
    back_s: float = 0.0
    summary: dict[str, Any] = field(default_factory=dict)

    def first_s(self, transport: str, after_s: float) -> float | None:
        """When that transport was first in use after a moment, with a router that answers."""
        moments = (at for at, used, mode in self.seen if at > after_s and used == transport and mode == "ONLINE")
        return next(moments, None)


def show_failover(seconds: int) -> Story:
    """Run the daemon against a router whose REST dies and comes back, and say what happens meanwhile."""
    from wanctl.cli.demo import start_daemon, stop_daemon

    clock, story = SystemClock(), Story()
    phase_ns = seconds * 1_000_000_000
    with (
        RouterosEmulator(user="wanctl", password=PASSWORD, ssh_port=0) as router,
        tempfile.TemporaryDirectory(prefix="wanctl-demo-") as name,
        World(router, clock, phase_ns, SEED, shaped=True) as world,
    ):
        folder = Path(name)
        site = allow_ssh(write_site(folder, router, world.reflectors.addresses), router)
        click.secho(f"{seconds} s: a router with REST and SSH, of which REST is preferred", bold=True)
        daemon = start_daemon(site, folder / "summary.json", run_folder=folder / "run")
        try:
            if wait_for(folder / "run" / SOCKET_NAME, daemon, clock):
                world.begin()
                _watch(story, router, world, folder / "run" / SOCKET_NAME, clock, phase_ns)
        finally:
            stop_daemon(daemon)
            if (folder / "summary.json").is_file():
                import json

                story.summary = json.loads((folder / "summary.json").read_text())
    return story


def _watch(
    story: Story, router: RouterosEmulator, world: World, socket: Path, clock: SystemClock, phase_ns: int
) -> None:
    begun_ns = clock.monotonic_ns()
    due_ns = begun_ns
    while (passed_ns := due_ns - begun_ns) < phase_ns:
        clock.sleep_until(due_ns)
        if not story.died_s and passed_ns >= phase_ns * DIES:
            click.secho("        REST dies: its port hangs up on everybody", fg="red", bold=True)
            router.faults.down = {"rest"}
            router.drop_connections({"rest"})
            story.died_s = passed_ns / 1e9
        if not story.back_s and passed_ns >= phase_ns * RETURNS:
            click.secho("        REST is well again", fg="green", bold=True)
            router.faults.down = set()
            story.back_s = passed_ns / 1e9
        try:
            view = ask("demo", socket, "status")
        except Unreachable as error:
            click.echo(f"{passed_ns / 1e9:6.1f} s  {error.message}")
        else:
            click.echo(f"{passed_ns / 1e9:6.1f} s  {_line(view, router, world)}")
            story.seen.append((passed_ns / 1e9, view["router"]["transport"], _state(view, "router").partition(".")[0]))
        due_ns = max(due_ns + PAUSE_NS, clock.monotonic_ns())


def _line(view: dict[str, Any], router: RouterosEmulator, world: World) -> str:
    live = world.live
    assert live is not None
    states = f"{_state(view, 'transport'):<8} {_state(view, 'router'):<17}"
    rate = format_quantity(router.max_limit(DOWNLOAD_QUEUE), "rate")
    return (
        f"{view['router']['transport'].upper():<4}  {states} {view['router']['writes']:4} writes  "
        f"router {rate:>13}  queue {live.queue_ms('download'):4.0f} ms"
    )


def _state(view: dict[str, Any], region: str) -> str:
    paths = (leaf["path"] for leaf in view["router"]["states"])
    return next((path.partition(".")[2] for path in paths if path.startswith(f"{region}.")), "?")


def wait_for(socket: Path, daemon: "subprocess.Popen[bytes]", clock: SystemClock) -> bool:
    """Whether the daemon has its socket; False when it has ended."""
    while not socket.is_socket():
        if daemon.poll() is not None:
            return False
        clock.sleep_until(clock.monotonic_ns() + 50_000_000)
    return True


def told(story: Story) -> tuple[list[str], bool]:
    """What came of it, and whether that is what should."""
    over, back = story.first_s("ssh", story.died_s), story.first_s("rest", story.back_s)
    lines = [""]
    if over is None:
        lines.append("SSH did not take over")
    else:
        lines.append(f"REST died at {story.died_s:.1f} s, SSH was at work {over - story.died_s:.1f} s later")
    if over is not None and back is None:
        lines.append("REST was not taken again")
    elif over is not None and back is not None:
        lines.append(f"REST was well at {story.back_s:.1f} s, and in use again {back - story.back_s:.1f} s later")
    if story.summary:
        work = story.summary["tick_work_ms"]
        lines.append(
            f"{story.summary['ticks']} ticks ({story.summary['overruns']} missed), work p99 {work['p99']:.2f} ms, "
            f"{story.summary['writes']} writes; ceilings restored: "
            f"{'yes' if story.summary['ceilings_restored'] else 'no'}"
        )
    return lines, over is not None and back is not None
