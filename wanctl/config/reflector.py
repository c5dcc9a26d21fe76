"""Reflectors: the hosts whose answers are timed. The form of the address says how."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from wanctl.config.value import BadValueError, port, printable

Method = Literal["icmp", "timestamp", "udp", "dns", "irtt", "tcp"]


@dataclass(frozen=True, slots=True)
class Reflector:
    """One host that answers probes: by ICMP echo or timestamp, or on a UDP or TCP port."""

    method: Method
    address: str  # numeric
    port: int = 0  # 0 for ICMP echoes and timestamps

    def __str__(self) -> str:
        if self.method == "icmp":
            return self.address
        if not self.port:
            return f"{self.method}://{self.address}"
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.method}://{host}:{self.port}"


# Three operators with two addresses each: one bad network must not look like a bad link. All are public resolvers that
# answer ICMP echo; NTP servers are left in peace.
DEFAULT_REFLECTORS = tuple(
    Reflector("icmp", address) for address in ("1.1.1.1", "8.8.8.8", "9.9.9.9", "1.0.0.1", "8.8.4.4", "149.112.112.112")
)

_METHODS: dict[str, Method] = {"udp": "udp", "dns": "dns", "irtt": "irtt", "tcp": "tcp"}
_USUAL_PORTS = {"dns": "53", "irtt": "2112"}
_FORMS = "udp, dns, irtt or tcp://ADDRESS:PORT, or timestamp://ADDRESS; an IPv6 address in [ ]"
_WITH_PORT = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<four>[^:\[\]]*))(?::(?P<port>[^:]*))?")


def read_reflector(text: str) -> Reflector:
    """Read `1.2.3.4`, `2001:db8::1`, `METHOD://ADDRESS:PORT` or `timestamp://ADDRESS`; `BadValueError` otherwise.

    DNS and irtt have usual ports. Addresses are numeric: a resolver in the path of a probe would block it.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        return Reflector("icmp", _numeric(text))
    if scheme == "timestamp":
        return Reflector("timestamp", _of_four(_numeric(rest), text))
    match, usual = _WITH_PORT.fullmatch(rest), _USUAL_PORTS.get(scheme)
    if scheme not in _METHODS or match is None or (match["port"] is None and usual is None):
        raise BadValueError("WC117", f"'{printable(text)}' is no reflector", _FORMS)
    address = _numeric(match["six"] if match["six"] is not None else match["four"])
    return Reflector(_METHODS[scheme], address, port(match["port"] or usual or ""))


def _of_four(address: str, text: str) -> str:
    if ":" in address:
        hint = f"an echo tells the delay, if not which way it lies: {address}"
        raise BadValueError("WC117", f"'{printable(text)}': IPv6 has no ICMP timestamps", hint)
    return address


def _numeric(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError as error:
        hint = "a numeric address such as 1.1.1.1: a name would have to be resolved again and again"
        if re.fullmatch(r"[\d.]+:\d+", text):
            hint = f"ICMP has no ports; did you mean 'udp://{text}'?"
        raise BadValueError("WC117", f"'{printable(text)}' is no numeric address", hint) from error
    if address.is_unspecified or address.is_multicast:
        raise BadValueError("WC117", f"{address} is no address of a host", "such as 1.1.1.1")
    return str(address)
