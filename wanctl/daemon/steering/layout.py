"""From a site file to what must stand on its router for steering. Nothing is sent here."""

import ipaddress
from collections.abc import Callable, Iterator
from typing import cast

from wanctl.config import SiteFile
from wanctl.config.model import Who
from wanctl.daemon.clock import Clock
from wanctl.daemon.shaping.connect import connect
from wanctl.daemon.steering.router import RouterSwitches
from wanctl.engine.diagnostic import FileError, Findings
from wanctl.routeros import Denied
from wanctl.routeros.prepare import Installer
from wanctl.routeros.steering import Link, SteeredClass, SteeringPlan, Traffic
from wanctl.routeros.way import Transport

_NAMED_DSCP = {"be": 0, "df": 0, "le": 1, "va": 44, "ef": 46}  # Source: RFC 2474, 3246, 5865, 8622


def steering_plan(file: SiteFile) -> SteeringPlan:
    """What a site's steering needs of its router; `FileError` (WC157) for what the file lacks."""
    findings = Findings(sources=dict(file.warnings.sources))
    wans = list(dict.fromkeys(wan for one in file.site.classes.values() for wan in one.prefer))
    if not wans:
        hint = "add classes: NAME: {who: {dscp: [ef]}, prefer: [WAN, WAN]}"
        findings.error("WC157", f"the site '{file.name}' has no classes to steer", file.place("classes"), hint)
    links = tuple(_links(file, wans, findings))
    classes = tuple(
        SteeredClass(name, traffic_of(file, name, one.who, findings), one.prefer)
        for name, one in file.site.classes.items()
    )
    findings.raise_errors()
    steering = file.site.steering
    return SteeringPlan(file.name, links, classes, steering.lan if steering else "LAN")


def ttl_ns(file: SiteFile) -> int:
    """How long a switch stays on that nobody refreshes, in whole seconds."""
    steering = file.site.steering
    return round((steering.ttl if steering else 90_000.0) / 1_000) * 10**9


def installer(file: SiteFile, clock: Clock, transport: Transport) -> Installer:
    """The adapter of the site's router, unconnected. Raises `Untrusted`, and `FileError` for an unusable password."""
    assert file.site.router is not None, "a site without a router has nothing to install"
    return cast("Installer", connect(file, clock, transport))  # both adapters of a router are of this kind


def switches_of(file: SiteFile, clock: Clock, way: Callable[[], Transport]) -> RouterSwitches:
    """The switches of a site on its router; `way` tells which transport the shaper uses. Raises as `steering_plan`."""

    def open_way(name: Transport) -> Installer:
        try:
            return installer(file, clock, name)
        except FileError as error:
            found = error.findings.items[0]
            raise Denied(found.message, found.hint) from None

    return RouterSwitches(steering_plan(file), open_way, way)


def _links(file: SiteFile, wans: list[str], findings: Findings) -> Iterator[Link]:
    owners: dict[str, str] = {}
    for name in wans:
        wan = file.site.wans[name]
        for key, hint in (
            ("interface", "add interface: the router's interface of this WAN"),
            ("gateway", "add gateway: the address of its next hop, or the interface where it has none"),
        ):
            if (wan.interface if key == "interface" else wan.gateway) is None:
                message = f"the WAN '{name}' lacks '{key}', and classes are steered to it"
                findings.error("WC157", message, file.place("wans", name), hint)
        if wan.interface is None or wan.gateway is None:
            continue
        first = owners.setdefault(wan.gateway, name)
        if first != name:
            message = f"the WANs '{first}' and '{name}' have the same gateway: the router could not tell them apart"
            hint = f"write gateway: {wan.gateway.partition('%')[0]}%{wan.interface}, and likewise for '{first}'"
            findings.error("WC157", message, file.place("wans", name, "gateway"), hint)
        yield Link(name, wan.interface, wan.gateway)


def traffic_of(file: SiteFile, name: str, who: Who, findings: Findings) -> Traffic:
    """What a class is recognised by; adds WC157 for a network of IPv6, which is not steered."""
    for place, one in enumerate(who.hosts):
        if ipaddress.ip_network(one).version == 6:
            message = f"the class '{name}' names '{one}': IPv6 is not steered"
            findings.error(
                "WC157", message, file.place("classes", name, "who", "hosts", place), "name IPv4 networks alone"
            )
    return Traffic(
        tuple(dict.fromkeys(_code_point(one) for one in who.dscp)),
        tuple(one for one in who.hosts if ipaddress.ip_network(one).version == 4),
        tuple((one.partition("/")[0], one.partition("/")[2]) for one in who.ports),
        who.lists,
    )


def _code_point(text: str) -> int:
    """The number of a code point. Source: RFC 2474 (csN), RFC 2597 (afXY)."""
    if text.isdigit():
        return int(text)
    if text.startswith("cs"):
        return int(text[2:]) * 8
    if text.startswith("af"):
        return int(text[2]) * 8 + int(text[3]) * 2
    return _NAMED_DSCP[text]
