"""The routing tables of the links, and the rules that lead to them: made, mended, looked at, removed.

A kernel drops the routes of a device that goes down or loses its address; `mend` puts the default routes of our tables
back when it has come up. Nothing here touches a route or a rule of somebody else.
"""

import errno
import fcntl
import socket
import struct
from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import NamedTuple

from wanctl.linux.channel import Answer, Channel
from wanctl.linux.error import KernelRefused
from wanctl.linux.steering import routing
from wanctl.linux.steering.netfilter import not_permitted
from wanctl.linux.steering.routing import MAIN, DefaultRoute, RoutingRule
from wanctl.linux.steering.setup import PROTOCOL, Link, Setup

_HARMLESS = (errno.EEXIST, errno.ENOENT, errno.ESRCH)  # it is there already, or gone already
_NOT_NOW = (errno.ENETUNREACH, errno.ENETDOWN, errno.ENODEV, errno.EINVAL)  # down, or without an address: it will come
_NO_GATEWAY = 0x10 | 0x80  # IFF_POINTOPOINT, IFF_NOARP: what is sent there needs no address of a neighbour
_UP, _SIOCGIFFLAGS = 1, 0x8913


class _Found(NamedTuple):
    """What a look at the tables found."""

    rules: list[RoutingRule]
    routes: list[DefaultRoute]


class LinkTables:
    """The routing of a setup. Belongs to one thread."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._channel = Channel()

    def apply(self) -> None:
        """Make what is missing and remove what is ours and not wanted. Raises `NotPermitted`, `KernelRefused`."""
        found, wanted = self._look(), routing.routing_rules(self._setup)
        tables = {self._setup.table(link.name) for link in self._setup.links}
        self._do([routing.add_rule(rule) for rule in wanted if rule not in found.rules])
        self._do([routing.delete_rule(rule) for rule in found.rules if rule not in wanted])
        stale = [route for route in found.routes if route.ours and route.table not in tables]
        self._do([routing.delete_route(route) for route in stale])
        self._mend(found)

    def mend(self) -> tuple[str, ...]:
        """Put back each link's default route, where it is missing or wrong; returns the links that got one."""
        return self._mend(self._look())

    def lacks(self) -> list[str]:
        """What is missing, in sentences."""
        found, lacking = self._look(), []
        missing = [rule for rule in routing.routing_rules(self._setup) if rule not in found.rules]
        lacking += [f"the routing rule is missing: ip rule add {rule.words}" for rule in missing]
        for link in self._setup.links:
            table = self._setup.table(link.name)
            wanted = self._wanted(link, found)
            if isinstance(wanted, str):
                lacking.append(wanted)
            elif not any(_same(route, wanted) for route in found.routes):
                lacking.append(f"{link.name} has no default route in its table {table}: {_words(wanted, link.device)}")
        return lacking

    def remove(self) -> None:
        """Remove every rule and route that is ours, whatever setup they came from."""
        found = self._look()
        self._do([routing.delete_rule(rule) for rule in found.rules])
        self._do([routing.delete_route(route) for route in found.routes if route.ours])

    def commands(self) -> list[str]:
        """The lines of ip(8) that do what `apply` does, as far as the gateways are known now."""
        found = self._look()
        lines = [f"ip rule add {rule.words} protocol {PROTOCOL}" for rule in routing.routing_rules(self._setup)]
        for link in self._setup.links:
            wanted = self._wanted(link, found)
            lines.append(f"# {wanted}" if isinstance(wanted, str) else _words(wanted, link.device))
        return lines

    def close(self) -> None:
        """Close the socket."""
        self._channel.close()

    def _look(self) -> _Found:
        (rules,) = self._channel.exchange([routing.list_rules()])
        (routes,) = self._channel.exchange([routing.list_routes()])
        return _Found(routing.rules_of(rules.messages), routing.default_routes_of(routes.messages))

    def _mend(self, found: _Found) -> tuple[str, ...]:
        mended = []
        for link in self._setup.links:
            wanted = self._wanted(link, found)
            if isinstance(wanted, str) or any(_same(route, wanted) for route in found.routes):
                continue
            if self._do([routing.put_route(wanted)])[0].errno == 0:
                mended.append(link.name)
        return tuple(mended)

    def _wanted(self, link: Link, found: _Found) -> DefaultRoute | str:
        """The default route of a link's table, or why there can be none now."""
        try:
            index, flags = socket.if_nametoindex(link.device), _flags(link.device)
        except OSError:
            return f"{link.name}: there is no device {link.device}"
        if not flags & _UP:
            return f"{link.name}: the device {link.device} is down"
        gateway: IPv4Address | None = link.gateway
        if gateway is None and not flags & _NO_GATEWAY:
            routes = [one for one in found.routes if one.table == MAIN and one.device_index == index and one.gateway]
            if not routes:
                told = f"the main table has no default route through {link.device}"
                return f"{link.name} has no gateway: {told}; write gateway: ADDRESS under wans.{link.name}"
            gateway = min(routes, key=lambda one: one.metric).gateway
        return DefaultRoute(self._setup.table(link.name), index, gateway, ours=True)

    def _do(self, requests: Sequence[bytes]) -> list[Answer]:
        answers = self._channel.exchange(requests) if requests else []
        for answer in answers:
            if answer.errno in (errno.EPERM, errno.EACCES):
                raise not_permitted(answer)
            if answer.errno and answer.errno not in (*_HARMLESS, *_NOT_NOW):
                raise KernelRefused(f"the kernel refuses a route or a rule of steering: {answer.reason}")
        return answers


def _same(route: DefaultRoute, wanted: DefaultRoute) -> bool:
    """Whether a table has a route of that way; its metric and who made it do not matter."""
    return route[:3] == wanted[:3]


def _words(route: DefaultRoute, device: str) -> str:
    way = f"via {route.gateway} dev {device}" if route.gateway else f"dev {device} scope link"
    return f"ip route replace default {way} table {route.table} protocol {PROTOCOL}"


def _flags(device: str) -> int:
    """The flags of netdevice(7). Raises `OSError` where there is no such device."""
    request = struct.pack("16sh22x", device.encode(), 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request)
    flags: int = struct.unpack_from("=H", answer, 16)[0]
    return flags
