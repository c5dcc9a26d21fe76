"""Reflector addresses as a site file writes them; the form of an address says how it is probed.

    1.1.1.1, 2606:4700:4700::1111    ICMP echo
    udp://192.0.2.1:7                UDP echo; an IPv6 address goes in brackets: udp://[2001:db8::1]:7
    dns://192.0.2.1                  DNS query, to port 53 unless one is given; any answer counts
    irtt://192.0.2.1:2112            echo of an irtt server, with one-way delays; 2112 unless given
    timestamp://192.0.2.1            ICMP timestamp, with one-way delays to the millisecond; IPv4, needs CAP_NET_RAW
    tcp://192.0.2.1:443              TCP handshake, for where echoes are filtered

Numeric only: looking a name up can block for seconds and may answer differently each time, and then every delay that
was learned belongs to another host.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Literal

Kind = Literal["icmp", "timestamp", "udp", "dns", "irtt", "tcp"]

_WITH_PORT: dict[str, Kind] = {"udp": "udp", "dns": "dns", "irtt": "irtt", "tcp": "tcp"}
_USUAL_PORTS = {"dns": 53, "irtt": 2112}
_FORMS = "write ADDRESS, or one of udp, dns, irtt and tcp://ADDRESS:PORT, or timestamp://ADDRESS"


class AddressError(ValueError):
    """An address that cannot be a reflector: `message` says what is wrong with it, `hint` what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Address:
    """One reflector. `host` is numeric, in the kernel's own spelling; `port` is 0 for ICMP echoes and timestamps."""

    kind: Kind
    host: str
    port: int = 0

    @property
    def family(self) -> socket.AddressFamily:
        """AF_INET or AF_INET6."""
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    @property
    def is_public(self) -> bool:
        """Whether the address belongs to somebody else's host on the internet, where etiquette applies."""
        return ipaddress.ip_address(self.host).is_global

    def __str__(self) -> str:
        if self.kind == "icmp":
            return self.host
        if not self.port:
            return f"{self.kind}://{self.host}"
        return (
            f"{self.kind}://[{self.host}]:{self.port}" if ":" in self.host else f"{self.kind}://{self.host}:{self.port}"
        )


def parse_address(text: str) -> Address:
    """The reflector that `text` names.

    Raises `AddressError` for anything else.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        return Address("icmp", _numeric(text, text))
    if scheme == "timestamp":
        host = _numeric(rest, text)
        if ":" in host:
            raise AddressError(f"reflector '{text}': ICMP timestamps are of IPv4 alone", f"an echo has none: {host}")
        return Address("timestamp", host)
    if scheme not in _WITH_PORT:
        raise AddressError(f"reflector '{text}': there is no probe '{scheme}'", _FORMS)
    return Address(_WITH_PORT[scheme], *_host_and_port(rest, text, scheme))


def _host_and_port(rest: str, text: str, scheme: str) -> tuple[str, int]:
    match = re.fullmatch(r"(?:\[(?P<six>[^\]]*)\]|(?P<four>[^:\[\]]*)):(?P<port>[0-9]{1,5})", rest, re.ASCII)
    if scheme in _USUAL_PORTS and re.fullmatch(r"\[[^\]]*\]|[^:\[\]]*", rest):
        return _host_and_port(f"{rest}:{_USUAL_PORTS[scheme]}", text, scheme)
    if match is None:
        if rest.count(":") > 1 and "[" not in rest:
            raise AddressError(f"reflector '{text}': an IPv6 address needs brackets here", f"{scheme}://[ADDRESS]:PORT")
        raise AddressError(f"reflector '{text}': expected an address and a port", f"{scheme}://ADDRESS:PORT")
    port = int(match["port"])
    if not 1 <= port <= 65_535:
        raise AddressError(f"reflector '{text}': port {port} does not exist", "ports are 1 to 65535")
    host = _numeric(match["six"] if match["six"] is not None else match["four"], text)
    if (":" in host) != (match["six"] is not None):
        raise AddressError(f"reflector '{text}': only an IPv6 address has brackets", f"{scheme}://{host}:{port}")
    return host, port


def _numeric(host: str, text: str) -> str:
    """`host` in the spelling of inet_ntop(3), the one in which the kernel's answers can be compared."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise AddressError(f"reflector '{text}': '{host}' is not a numeric address", _hint(host)) from None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise AddressError(
                f"reflector '{text}': a zone cannot be given", "leave it out and name the WAN's 'device'"
            )
        if address.ipv4_mapped is not None:
            raise AddressError(f"reflector '{text}': an IPv4 address in IPv6's clothes", f"write {address.ipv4_mapped}")
    if address.is_multicast or address.is_unspecified or host == "255.255.255.255":
        raise AddressError(f"reflector '{text}': not the address of one host", "name a host that answers echoes")
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    return socket.inet_ntop(family, address.packed)


def _hint(host: str) -> str:
    if re.fullmatch(r"[0-9.]+:[0-9]+", host, re.ASCII):
        return f"with a port it is udp://{host}"
    if host.startswith("["):
        return "leave the brackets out"
    if re.fullmatch(r"[A-Za-z0-9.-]*[A-Za-z][A-Za-z0-9.-]*", host, re.ASCII):
        return "names are not looked up while probing; write the address it stands for"
    return _FORMS
