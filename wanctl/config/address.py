"""The addresses in a site file: numeric ones, hosts, prefixes, and places to listen."""

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from wanctl.config.value import BadValueError, port, printable

HOST_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A numeric address and a port to listen on."""

    address: str
    port: int

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def numeric(text: str) -> str:
    """A numeric IPv4 or IPv6 address."""
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise BadValueError("WC113", f"'{printable(text)}' is not a numeric address", "such as 192.0.2.10") from error


def host(text: str) -> str:
    """A numeric address or the name of a host."""
    if re.fullmatch(r"[\d.]+|.*:.*", text):
        try:
            return str(ip_address(text))
        except ValueError as error:
            hint = "the port has a key of its own: port" if re.fullmatch(r"[^:]+:\d+", text) else "such as 192.0.2.1"
            raise BadValueError("WC113", f"'{printable(text)}' is not an address", hint) from error
    if not HOST_NAME.fullmatch(text):
        raise BadValueError(
            "WC113", f"'{printable(text)}' is neither an address nor a host's name", "such as 192.0.2.1"
        )
    return text


def network(text: str) -> str:
    """An address or a prefix: `192.168.88.0/24`."""
    try:
        return str(ip_network(text))
    except ValueError as error:
        hint = "the bits behind the prefix must be 0" if "host bits" in str(error) else "such as 192.168.88.0/24"
        raise BadValueError("WC113", f"'{printable(text)}' is neither an address nor a prefix", hint) from error


def endpoint(text: str) -> Endpoint:
    """A numeric address and a port: `127.0.0.1:9101`, `[::1]:9101`."""
    where, _, after = text.rpartition(":")
    bare = where[1:-1] if where.startswith("[") and where.endswith("]") else where
    if not where or (":" in bare and bare == where):
        raise BadValueError("WC113", f"'{printable(text)}' is not ADDRESS:PORT", "such as 127.0.0.1:9101 or [::1]:9101")
    return Endpoint(numeric(bare), port(after))


def port_range(text: str) -> str:
    """A port or a range of ports of one protocol: `udp/3478`, `tcp/5000-5099`."""
    match = re.fullmatch(r"(tcp|udp)/(\d{1,5})(?:-(\d{1,5}))?", text)
    if not match or port(match[2]) > port(match[3] or match[2]):
        raise BadValueError("WC114", f"'{printable(text)}' are no ports", "such as udp/3478 or tcp/5000-5099")
    return text
