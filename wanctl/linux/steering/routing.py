"""Rules and routes of IPv4 through rtnetlink, made and read by pyroute2's classes. Source: rtnetlink(7), ip-rule(8).

Everything of ours bears `PROTOCOL` as its maker, and by that it is found again and removed.
"""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import Any, NamedTuple

from pyroute2.netlink.rtnl import RTM_DELROUTE, RTM_DELRULE, RTM_GETROUTE, RTM_GETRULE, RTM_NEWROUTE, RTM_NEWRULE
from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from wanctl.linux.channel import ACK, DUMP, REQUEST
from wanctl.linux.steering.setup import FIRST_PREFERENCE, MASK, PROTOCOL, Setup

MAIN = 254
_REPLACE, _EXCLUSIVE, _CREATE = 0x100, 0x200, 0x400
_TO_TABLE, _UNICAST = 1, 1  # FR_ACT_TO_TBL, RTN_UNICAST
_GLOBAL, _ON_LINK = 0, 253  # RT_SCOPE_*


class RoutingRule(NamedTuple):
    """A rule of ip-rule(8). `suppress_prefix` leaves default routes of the table aside."""

    preference: int
    table: int
    mark: int | None = None
    device: str = ""  # of a socket that is bound to it
    suppress_prefix: bool = False

    @property
    def words(self) -> str:
        """The rule as ip(8) reads it."""
        mark = f" fwmark {self.mark:#010x}/{MASK:#010x}" if self.mark is not None else ""
        device = f" oif {self.device}" if self.device else ""
        table = "main suppress_prefixlength 0" if self.suppress_prefix else str(self.table)
        return f"preference {self.preference}{mark}{device} lookup {table}"


class DefaultRoute(NamedTuple):
    """A default route of a table. Without a gateway everything is on the link, as on ppp0."""

    table: int
    device_index: int
    gateway: IPv4Address | None
    metric: int = 0
    ours: bool = False


def routing_rules(setup: Setup) -> tuple[RoutingRule, ...]:
    """What a setup wants: first every route of the main table but the default one, then each link's own table.

    The first rule is why an answer finds its way into the LAN, and why a connection of a class between two parts of the
    LAN stays there. The rule by device lets a socket that is bound to a link, such as a prober's, find its gateway.
    """
    wanted = [RoutingRule(FIRST_PREFERENCE, MAIN, suppress_prefix=True)]
    for place, link in enumerate(setup.links):
        table, first = setup.table(link.name), FIRST_PREFERENCE + 1 + 2 * place
        wanted.append(RoutingRule(first, table, mark=setup.mark(link.name)))
        wanted.append(RoutingRule(first + 1, table, device=link.device))
    return tuple(wanted)


def add_rule(rule: RoutingRule) -> bytes:
    """Make a rule; EEXIST where it is."""
    return _encoded(_rule_message(rule), RTM_NEWRULE, REQUEST | ACK | _CREATE | _EXCLUSIVE)


def delete_rule(rule: RoutingRule) -> bytes:
    """Remove a rule; ENOENT where it is not."""
    return _encoded(_rule_message(rule), RTM_DELRULE, REQUEST | ACK)


def list_rules() -> bytes:
    """All rules."""
    message = fibmsg()
    message["family"] = socket.AF_INET
    return _encoded(message, RTM_GETRULE, REQUEST | DUMP)


def rules_of(answers: Iterable[bytes]) -> list[RoutingRule]:
    """Our rules in the answers to `list_rules`."""
    found = []
    for data in answers:
        message = _decoded(fibmsg, data)
        if message.get_attr("FRA_PROTOCOL") == PROTOCOL:
            found.append(
                RoutingRule(
                    message.get_attr("FRA_PRIORITY") or 0,
                    message.get_attr("FRA_TABLE") or message["table"],
                    message.get_attr("FRA_FWMARK"),
                    message.get_attr("FRA_OIFNAME") or "",
                    message.get_attr("FRA_SUPPRESS_PREFIXLEN") == 0,
                )
            )
    return found


def put_route(route: DefaultRoute) -> bytes:
    """Make a default route, or put it in the place of the one with the same metric."""
    return _encoded(_route_message(route), RTM_NEWROUTE, REQUEST | ACK | _CREATE | _REPLACE)


def delete_route(route: DefaultRoute) -> bytes:
    """Remove a default route; ESRCH where it is not."""
    return _encoded(_route_message(route), RTM_DELROUTE, REQUEST | ACK)


def list_routes() -> bytes:
    """All routes of all tables."""
    message = rtmsg()
    message["family"] = socket.AF_INET
    return _encoded(message, RTM_GETROUTE, REQUEST | DUMP)


def default_routes_of(answers: Iterable[bytes]) -> list[DefaultRoute]:
    """The default routes with one next hop in the answers to `list_routes`."""
    found = []
    for data in answers:
        message = _decoded(rtmsg, data)
        device = message.get_attr("RTA_OIF")
        if message["dst_len"] or device is None or message["type"] != _UNICAST:
            continue
        gateway = message.get_attr("RTA_GATEWAY")
        found.append(
            DefaultRoute(
                message.get_attr("RTA_TABLE") or message["table"],
                device,
                IPv4Address(gateway) if gateway else None,
                message.get_attr("RTA_PRIORITY") or 0,
                message["proto"] == PROTOCOL,
            )
        )
    return found


def _rule_message(rule: RoutingRule) -> Any:
    message = fibmsg()
    message["family"], message["action"] = socket.AF_INET, _TO_TABLE
    attributes: list[list[Any]] = [["FRA_PRIORITY", rule.preference], ["FRA_TABLE", rule.table]]
    if rule.mark is not None:
        attributes += [["FRA_FWMARK", rule.mark], ["FRA_FWMASK", MASK]]
    if rule.device:
        attributes.append(["FRA_OIFNAME", rule.device])
    if rule.suppress_prefix:
        attributes.append(["FRA_SUPPRESS_PREFIXLEN", 0])
    message["attrs"] = [*attributes, ["FRA_PROTOCOL", PROTOCOL]]
    return message


def _route_message(route: DefaultRoute) -> Any:
    message = rtmsg()
    message["family"], message["type"], message["proto"] = socket.AF_INET, _UNICAST, PROTOCOL
    message["scope"] = _GLOBAL if route.gateway else _ON_LINK
    attributes: list[list[Any]] = [["RTA_TABLE", route.table], ["RTA_OIF", route.device_index]]
    if route.gateway:
        attributes.append(["RTA_GATEWAY", str(route.gateway)])
    if route.metric:
        attributes.append(["RTA_PRIORITY", route.metric])
    message["attrs"] = attributes
    return message


def _decoded(kind: Any, data: bytes) -> Any:
    message = kind(data)
    message.decode()
    return message


def _encoded(message: Any, kind: int, flags: int) -> bytes:
    message["header"]["type"], message["header"]["flags"] = kind, flags
    message.encode()
    return bytes(message.data)
