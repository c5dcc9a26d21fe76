"""From a site file to its router: the adapter of a transport, and the queues to shape. Nothing is sent here.

The adapters' libraries are slow to import, so each is loaded when its transport is needed, and not before.
"""

from wanctl.actuator import Target
from wanctl.config import SiteFile
from wanctl.config.model import Direction
from wanctl.daemon.clock import Clock
from wanctl.engine import FileError
from wanctl.routeros import Denied, Router
from wanctl.routeros.way import Transport, Ways

__all__ = ["Transport", "connect", "queue_of", "targets_of", "transports", "ways_of"]


def connect(file: SiteFile, clock: Clock, transport: Transport) -> Router:
    """The adapter for the site's router over one transport, unconnected.

    Raises `Untrusted` for a CA file, pin or host key that cannot be used, `FileError` for an unusable password file.
    """
    router = file.site.router
    assert router is not None, "a site without a router is refused before"
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
    """The transports of the site's router, the preferred one first."""
    router = file.site.router
    assert router is not None, "a site without a router is refused before"
    return tuple("ssh" if name == "ssh" else "rest" for name in router.transport)


def ways_of(file: SiteFile, clock: Clock) -> Ways:
    """The ways to the site's router. `FileError` when the password cannot be read; when that comes later, `Denied`."""
    file.password()

    def open_way(name: Transport) -> Router:
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
    """The name of the queue that shapes a direction, and whether it is a simple queue."""
    name = direction.queue or direction.simple_queue
    assert name is not None, "a router's direction without a queue is refused before"
    return name, direction.queue is None
