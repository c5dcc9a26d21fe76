"""A house with as many WANs as a benchmark wants: one router, and behind each WAN a link that falls and rises."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from wanctl.daemon.clock import Clock
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import CABLE, Wires, World, write_site

MOST_WANS = 4  # the emulated router has five ports, and one is the LAN's

NAMES = ("cable", "dsl", "lte", "fiber")


def wires_of(router: RouterosEmulator, count: int) -> list[Wires]:
    """The ports and queues of so many WANs; those that the router does not have yet are made."""
    assert 1 <= count <= MOST_WANS
    more = [
        Wires(f"ether{place}", f"WAN-Download-{name}", f"WAN-Upload-{name}")
        for place, name in enumerate(NAMES[1:count], start=2)
    ]
    for wires in more:
        router.state.place("/queue/tree", {"name": wires.download, "parent": "bridge", "max-limit": "800M"})
        router.state.place("/queue/tree", {"name": wires.upload, "parent": wires.interface, "max-limit": "32M"})
    return [CABLE, *more]


@contextmanager
def worlds(router: RouterosEmulator, clock: Clock, phase_ns: int, seed: int, count: int) -> Iterator[list[World]]:
    """The links of so many WANs, with reflectors of their own."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(World(router, clock, phase_ns, seed + place, shaped=True, wires=wires))
            for place, wires in enumerate(wires_of(router, count))
        ]


def site_of(folder: Path, router: RouterosEmulator, links: list[World], http_port: int) -> Path:
    """The site file of them all, with HTTP on this port of loopback; its path."""
    path = write_site(folder, router, links[0].reflectors.addresses)
    text = f"{path.read_text()}http: 127.0.0.1:{http_port}\n"
    head, tail = text.split("http:")
    for name, link in zip(NAMES[1:], links[1:], strict=False):
        wires, addresses = link.wires, "".join(f"\n      - {one}" for one in link.reflectors.addresses)
        head += f"""\
  {name}:
    profile: default
    interface: {wires.interface}
    reflectors:{addresses}
    download: {{queue: {wires.download}, plan: 50Mbit}}
    upload: {{queue: {wires.upload}, plan: 12Mbit}}
"""
    path.write_text(f"{head}http:{tail}")
    return path


def free_port() -> int:
    """A TCP port of loopback that nobody has at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
