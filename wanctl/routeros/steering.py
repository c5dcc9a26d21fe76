"""What stands on a router so that traffic classes can be steered, as data: tables, routes, marks, rules.

New connections from the LAN jump, by what their class is recognised by, into a chain of the class. There each WAN that
the class may be moved to has a rule which an address list turns on: its switch is a timed entry of 0.0.0.0/0.
The first rule that is on marks the connection; the last one marks it for the class's home. What has a mark leaves by
its WAN for as long as it lives; a WAN whose table has no active route falls through to the router's main table.

Every object bears the tag `wanctl:SITE:...` as its comment, and nothing without the tag is ever touched.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

MANGLE, NAT, FILTER = "ip/firewall/mangle", "ip/firewall/nat", "ip/firewall/filter"
ADDRESS_LIST, ROUTE, TABLE = "ip/firewall/address-list", "ip/route", "routing/table"
EVERYBODY = "0.0.0.0/0"  # whatever its source, a connection is in this prefix
# Never steered: a WAN's table knows the way to the internet alone. Source: RFC 1918, 3927, 5771, 6598.
INSIDE = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4")


class Link(NamedTuple):
    """A WAN as the router knows it. The gateway is an address, an interface, or `ADDRESS%INTERFACE`."""

    name: str
    interface: str
    gateway: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a class is recognised by: whatever one of these matches."""

    dscp: tuple[int, ...] = ()
    hosts: tuple[str, ...] = ()  # sources: addresses and prefixes
    ports: tuple[tuple[str, str], ...] = ()  # destinations: ("udp", "3478"), ("tcp", "5000-5099")
    lists: tuple[str, ...] = ()  # address lists of sources, which somebody else fills


class SteeredClass(NamedTuple):
    """A traffic class and the WANs that it may use, home first."""

    name: str
    traffic: Traffic
    prefer: tuple[str, ...]


class Prepared(NamedTuple):
    """One object that must stand on the router: its menu, and its fields in RouterOS's own words.

    It is known by its comment; of the rules of a menu those earlier in a plan come before those later.
    """

    menu: str
    fields: Mapping[str, str]

    @property
    def comment(self) -> str:
        """What it is known by."""
        return self.fields["comment"]


@dataclass(frozen=True, slots=True)
class SteeringPlan:
    """What a site's steering needs of its router. `lan` is the interface list whose new connections are steered."""

    site: str
    links: tuple[Link, ...]
    classes: tuple[SteeredClass, ...]
    lan: str = "LAN"

    @property
    def tag(self) -> str:
        """What the comment of each of our objects begins with."""
        return f"wanctl:{self.site}:"

    def switches(self) -> tuple[tuple[str, str], ...]:
        """Class and WAN of every switch; home needs none."""
        return tuple((one.name, wan) for one in self.classes for wan in one.prefer[1:])

    def objects(self) -> tuple[Prepared, ...]:
        """All of it, in an order in which it can be made."""
        return (*self._ways(), *self._inside(), *self._mangle(), *self._nat())

    def _made(self, menu: str, key: str, **fields: str) -> Prepared:
        named = {name.replace("_", "-"): text for name, text in fields.items()}
        return Prepared(menu, {**named, "comment": self.tag + key})

    def _ways(self) -> Iterator[Prepared]:
        for link in self.links:
            yield self._made(TABLE, f"table:{link.name}", name=mark(link.name), fib="")
        for link in self.links:
            yield self._made(
                ROUTE, f"route:{link.name}", dst_address=EVERYBODY, gateway=link.gateway,
                routing_table=mark(link.name), distance="1", check_gateway="ping",
            )  # fmt: skip

    def _inside(self) -> Iterator[Prepared]:
        for prefix in INSIDE:
            yield self._made(ADDRESS_LIST, f"inside:{prefix}", list=inside_list(self.site), address=prefix)

    def _mangle(self) -> Iterator[Prepared]:
        fresh = {"connection_state": "new", "connection_mark": "no-mark"}
        for link in self.links:  # what comes in by a WAN is answered by the same
            yield self._made(
                MANGLE, f"in:{link.name}", chain="prerouting", action="mark-connection", **fresh,
                in_interface=link.interface, new_connection_mark=mark(link.name), passthrough="true",
            )  # fmt: skip
        for one in self.classes:
            for number, matcher in enumerate(_matchers(one.traffic), 1):
                yield self._made(
                    MANGLE, f"who:{one.name}:{number}", chain="prerouting", action="jump", jump_target=chain(one.name),
                    **fresh, in_interface_list=self.lan, dst_address_type="!local",
                    dst_address_list="!" + inside_list(self.site), **matcher,
                )  # fmt: skip
        for one in self.classes:
            ends = {"chain": chain(one.name), "action": "mark-connection", "connection_mark": "no-mark"}
            for wan in one.prefer[1:]:
                yield self._made(
                    MANGLE, f"switch:{one.name}:{wan}", **ends, src_address_list=switch_list(one.name, wan),
                    new_connection_mark=mark(wan), passthrough="true",
                )  # fmt: skip
            yield self._made(
                MANGLE, f"home:{one.name}", **ends, new_connection_mark=mark(one.prefer[0]), passthrough="true"
            )
        for link in self.links:
            marked = {"action": "mark-routing", "connection_mark": mark(link.name), "new_routing_mark": mark(link.name)}
            yield self._made(
                MANGLE,
                f"way:{link.name}",
                chain="prerouting",
                **marked,
                in_interface_list=self.lan,
                passthrough="false",
            )
            yield self._made(MANGLE, f"own:{link.name}", chain="output", **marked, passthrough="false")

    def _nat(self) -> Iterator[Prepared]:
        for link in self.links:
            yield self._made(
                NAT, f"nat:{link.name}", chain="srcnat", action="masquerade", connection_mark=mark(link.name),
                out_interface=link.interface,
            )  # fmt: skip

    def slow_lane(self) -> tuple[Prepared, ...]:
        """Filter rules that keep marked connections out of FastTrack; they stand before the rule that would take them.

        FastTrack knows the main table alone, so that a steered connection would go home after its first packets.
        """
        return tuple(
            self._made(
                FILTER,
                f"slow:{link.name}",
                chain="forward",
                action="accept",
                connection_mark=mark(link.name),
                connection_state="established,related",
            )
            for link in self.links
        )

    def switch_comment(self, traffic_class: str, wan: str) -> str:
        """What our entry in a switch's list is known by."""
        return f"{self.tag}on:{traffic_class}:{wan}"


def mark(wan: str) -> str:
    """The connection mark of a WAN, which is its routing table's name as well."""
    return f"wanctl-{wan}"


def chain(traffic_class: str) -> str:
    """The chain in which a class gets its mark."""
    return f"wanctl-{traffic_class}"


def switch_list(traffic_class: str, wan: str) -> str:
    """The address list that is a switch. A dot is in no name of a class or a WAN."""
    return f"wanctl-{traffic_class}.{wan}"


def inside_list(site: str) -> str:
    """The address list of destinations that are never steered."""
    return f"wanctl-inside.{site}"


def _matchers(traffic: Traffic) -> Iterator[dict[str, str]]:
    yield from ({"dscp": str(one)} for one in traffic.dscp)
    yield from ({"src_address": one} for one in traffic.hosts)
    yield from ({"protocol": protocol, "dst_port": ports} for protocol, ports in traffic.ports)
    yield from ({"src_address_list": one} for one in traffic.lists)
