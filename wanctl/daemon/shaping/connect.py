"""From a site file to its router: the adapter of a transport, and the queues to shape. Nothing is sent here.

The adapters' libraries are slow to import, so each is loaded when its transport is needed, and not before.
"""

from wanctl.actuator import Target
from wanctl.config import SiteFile
from wanctl.config.model import Direction
from wanctl.daemon.clock import Clock
from wanctl.engine import FileError
from wanctl.routeros import Denied, Queues
from wanctl.routeros.way import Transport, Ways

__all__ = ["Transport", "cake_line", "connect", "queue_of", "targets_of", "transports", "ways_of"]


def connect(file: SiteFile, clock: Clock, transport: Transport) -> Queues:
    """The adapter for whoever shapes the site, over one transport, unconnected.

    Raises `Untrusted` for a CA file, pin or host key that cannot be used, `FileError` for an unusable password file.
    """
    router = file.site.router
    if router is None:
        from wanctl.daemon.shaping.hostcake import HostCake

        return HostCake(clock, {target.queue: cake_line(target) for target in targets_of(file)})
    if transport == "ssh":
        from wanctl.routeros.ssh import SshRouter

        return SshRouter(router.address, router.user, file.password(), port=router.ssh_port, host_key=router.host_key)
    from wanctl.routeros.rest import RestRouter

    return RestRouter(
        router.address,
        router.user,
        file.password(),
        now_ns=clock.monotonic_ns,
        port=router.port,
        ca_file=file.named_file("ca_file"),
        pin=router.pin,
    )


def transports(file: SiteFile) -> tuple[Transport, ...]:
    """The ways to whoever shapes the site, the preferred one first: its router, or the kernel of this host."""
    router = file.site.router
    if router is None:
        return ("netlink",)
    return tuple("ssh" if name == "ssh" else "rest" for name in router.transport)


def ways_of(file: SiteFile, clock: Clock) -> Ways:
    """The ways to the site's router. `FileError` when the password cannot be read; when that comes later, `Denied`."""
    if file.site.router is not None:
        file.password()

    def open_way(name: Transport) -> Queues:
        try:
            return connect(file, clock, name)
        except FileError as error:
            found = error.findings.items[0]
            raise Denied(found.message, found.hint) from None

    return Ways(transports(file), open_way)


def targets_of(file: SiteFile) -> tuple[Target, ...]:
    """The queues of a site in the order of its file, each with its limits."""
    targets = []
    for plan in file.plan().wans:
        wan = file.site.wans[plan.name]
        for name, direction, limits in (
            ("download", wan.download, plan.download), ("upload", wan.upload, plan.upload)
        ):  # fmt: skip
            queue, simple = queue_of(direction)
            targets.append(Target(plan.name, name, queue, limits.floor_bps, limits.ceiling_bps, simple=simple))
    return tuple(targets)


def queue_of(direction: Direction) -> tuple[str, bool]:
    """The name of the queue that shapes a direction (of a Linux host, the device), and whether it is a simple queue."""
    name = direction.queue or direction.simple_queue or direction.device
    assert name is not None, "a direction without a queue is refused before"
    return name, direction.simple_queue is not None


def cake_line(target: Target) -> str:
    """What makes the CAKE of a device as wanctl expects it. Source: tc-cake(8)."""
    host = "dual-dsthost ingress" if target.direction == "download" else "dual-srchost"
    bandwidth = f"{max(1, target.ceiling_bps // 1_000)}kbit"
    return f"tc qdisc replace dev {target.queue} root cake bandwidth {bandwidth} {host}"
