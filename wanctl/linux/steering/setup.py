"""What steering on this host is made of: the links, the traffic classes, and the numbers they get in the kernel.

A link's place in the site file gives it a mark and a routing table. Only six bits of the mark are ours: what others
keep in the other bits (a probe's fwmark, a VPN's) stays as it is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from wanctl.linux.error import LinuxError

TABLE = "wanctl"  # of nftables, family inet
MASK = 0x3F000000  # high bits, for mwan3, Docker, Kubernetes and Tailscale take theirs from the lower 24
MOST_LINKS = 63
FIRST_TABLE = FIRST_PREFERENCE = 7400
PROTOCOL = 74  # who made a route or a rule, as the kernel keeps it: none of the numbers that rt_protos(5) gives away
LIST_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")  # as nft(8) takes it without quotes


class SteeringRefused(LinuxError):  # noqa: N818  (as in linux/error.py)
    """The site file asks for something that this host cannot steer."""


class Link(NamedTuple):
    """A WAN of this host. Without a gateway it is the one of the main table's default route through the device."""

    name: str
    device: str
    gateway: IPv4Address | None = None


class Ports(NamedTuple):
    """Destination ports of one protocol, both ends included."""

    protocol: str  # "tcp" or "udp"
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """The traffic of a class: whatever one of these matches. Of IPv4; the rest of the world is not steered."""

    dscp: tuple[int, ...] = ()
    hosts: tuple[IPv4Network, ...] = ()  # sources
    ports: tuple[Ports, ...] = ()
    lists: tuple[str, ...] = ()  # nftables sets of source addresses, which somebody else fills


class Class(NamedTuple):
    """A traffic class and the links it may use; the first is its home, where it goes while no switch is on."""

    name: str
    traffic: Traffic
    prefer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything that is prepared in the kernel. `lan` are the devices whose new connections are steered.

    Without `lan` it is every device that is no link. Raises `SteeringRefused` for what cannot work.
    """

    links: tuple[Link, ...]
    classes: tuple[Class, ...]
    lan: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.links) > MOST_LINKS:
            raise SteeringRefused(f"{len(self.links)} WANs are more than can be told apart", f"{MOST_LINKS} at most")
        owners: dict[str, str] = {}
        for link in self.links:
            other = owners.setdefault(link.device, link.name)
            if other != link.name:
                raise SteeringRefused(
                    f"the WANs {other} and {link.name} are both on the device {link.device}",
                    "give each a device of its own, such as a VLAN: by the device it is known what belongs to a WAN",
                )
        for device in self.lan:
            if device in owners:
                raise SteeringRefused(f"the device {device} is the WAN {owners[device]} and in the LAN as well")
        names = {link.name for link in self.links}
        for one in self.classes:
            assert one.prefer, one
            assert names.issuperset(one.prefer), one
            for name in one.traffic.lists:
                if not LIST_NAME.fullmatch(name):
                    raise SteeringRefused(f"'{name}' cannot be the name of an nftables set", "letters, digits, _ . -")

    def mark(self, name: str) -> int:
        """The mark of connections that leave by a link, within `MASK`."""
        return self._number(name) << 24

    def table(self, name: str) -> int:
        """The number of the routing table of a link."""
        return FIRST_TABLE + self._number(name)

    def switches(self) -> Sequence[tuple[str, str]]:
        """Class and link of every switch; a class's home needs none."""
        return [(one.name, wan) for one in self.classes for wan in one.prefer[1:]]

    def _number(self, name: str) -> int:
        return [link.name for link in self.links].index(name) + 1


def switch_set(traffic_class: str, link: str) -> str:
    """The name of the set that is the switch: a dot is in no name of a class or a WAN."""
    return f"{traffic_class}.{link}"
