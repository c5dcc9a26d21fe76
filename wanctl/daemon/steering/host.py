"""Steering where this host is the router: its nftables in the shape of a router's switches."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network

from wanctl.config import SiteFile
from wanctl.daemon.hosterror import translated
from wanctl.daemon.steering.layout import traffic_of
from wanctl.daemon.steering.switches import Switch
from wanctl.engine.diagnostic import FileError, Findings
from wanctl.linux.steering import (
    Class,
    Link,
    LinkTables,
    Ports,
    Setup,
    SteeringRefused,
    SwitchSets,
    Traffic,
    lacks,
    nft_script,
)

ANY_LAN = "LAN"  # the default of `steering.lan`: on this host, every device that is no WAN


class HostSwitches:
    """The switches of one site on this host. Belongs to one thread; raises `RouterError`."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._opened: tuple[SwitchSets, LinkTables] | None = None  # by the thread that uses them

    def check(self) -> tuple[str, ...]:
        """What the prepared rules lack, in sentences."""
        with translated():
            return lacks(self._setup)

    def read(self) -> Mapping[tuple[str, str], Switch]:
        """All switches. Default routes that a device has lost by going down are put back first."""
        sets, tables = self._open()
        with translated():
            tables.mend()
            return {pair: Switch(*state) for pair, state in sets.read().items()}

    def turn_on(self, traffic_class: str, wan: str, ttl_ns: int) -> None:
        """Turn one on, or refresh it."""
        sets, _ = self._open()
        with translated():
            sets.turn_on(traffic_class, wan, ttl_ns)

    def turn_off(self, traffic_class: str, wan: str) -> None:
        """Turn one off."""
        sets, _ = self._open()
        with translated():
            sets.turn_off(traffic_class, wan)

    def close(self) -> None:
        """Close the sockets."""
        for one in self._opened or ():
            one.close()
        self._opened = None

    def _open(self) -> tuple[SwitchSets, LinkTables]:
        if self._opened is None:
            with translated():
                self._opened = SwitchSets(self._setup), LinkTables(self._setup)
        return self._opened


def host_setup(file: SiteFile) -> Setup:
    """What a site's steering needs of this host. `FileError` (WC157) for what cannot work.

    A WAN's device is its `interface`, else its `device`, else the one that shapes its upload.
    """
    findings = Findings(sources=dict(file.warnings.sources))
    links = []
    for name, wan in file.site.wans.items():
        device = wan.interface or wan.device or wan.upload.device
        assert device is not None, "on a host each upload is shaped by a device"
        links.append(Link(name, device, _address(file, name, findings)))
    classes = []
    for name, one in file.site.classes.items():
        found = traffic_of(file, name, one.who, findings)
        ports = (Ports(protocol, *_both_ends(span)) for protocol, span in found.ports)
        traffic = Traffic(found.dscp, tuple(map(IPv4Network, found.hosts)), tuple(ports), found.lists)
        classes.append(Class(name, traffic, one.prefer))
    findings.raise_errors()
    steering = file.site.steering
    lan = steering.lan if steering else ANY_LAN
    try:
        return Setup(tuple(links), tuple(classes), () if lan == ANY_LAN else (lan,))
    except SteeringRefused as error:
        findings.error("WC157", error.message, file.place("classes"), error.hint)
        raise FileError(findings) from None


def linux_steering_plan(file: SiteFile) -> str:
    """What `wanctl init --steering` prints for a host: an nft script, and lines of ip(8). Raises as `host_setup`."""
    setup = host_setup(file)
    tables = LinkTables(setup)
    try:
        commands = tables.commands()
    finally:
        tables.close()
    return "\n".join(["nft -f - <<'END'", nft_script(setup) + "END", *commands]) + "\n"


def _address(file: SiteFile, wan: str, findings: Findings) -> IPv4Address | None:
    """The gateway that the file names; None for the one that the main table has."""
    text = file.site.wans[wan].gateway
    try:
        return IPv4Address(text) if text is not None else None
    except ValueError:
        hint = "leave it out for the gateway of the main table's default route"
        findings.error("WC157", f"the gateway '{text}' is no IPv4 address", file.place("wans", wan, "gateway"), hint)
        return None


def _both_ends(span: str) -> tuple[int, int]:
    first, _, last = span.partition("-")
    return int(first), int(last or first)
