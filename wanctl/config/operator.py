"""Who runs the reflectors: with fewer than three operators one of them in trouble looks like the link in trouble."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from wanctl.config.lookup import maps, texts_of
from wanctl.config.reflector import read_reflector
from wanctl.config.value import BadValueError
from wanctl.engine.diagnostic import Findings, Place
from wanctl.engine.document import Map, Node

ENOUGH = 3
# Source: the addresses that these operators publish for their resolvers.
_KNOWN = tuple(
    (ip_network(prefix), operator)
    for operator, prefixes in {
        "Cloudflare": ("1.1.1.0/24", "1.0.0.0/24", "2606:4700:4700::/48"),
        "Google": ("8.8.8.0/24", "8.8.4.0/24", "2001:4860:4860::/48"),
        "Quad9": ("9.9.9.0/24", "149.112.112.0/24", "2620:fe::/48"),
        "OpenDNS": ("208.67.222.0/24", "208.67.220.0/24", "2620:119:35::/48", "2620:119:53::/48"),
        "AdGuard": ("94.140.14.0/24", "94.140.15.0/24", "2a10:50c0::/32"),
        "Level 3": ("4.2.2.0/24", "209.244.0.0/24"),
    }.items()
    for prefix in prefixes
)


def operator_of(address: str) -> str:
    """The operator of a numeric address; of one that is not well known, the network it is likely to be of."""
    host = ip_address(address)
    for network, operator in _KNOWN:
        if host.version == network.version and host in network:
            return operator
    return str(ip_network((host, 16 if host.version == 4 else 32), strict=False))


def check_operators(root: Map, findings: Findings) -> None:
    """Warn of lists of other people's reflectors that are of fewer than three operators.

    A list with a reflector of one's own, an address that is not of the internet, is taken for a choice.
    """
    _check(root.get("reflectors"), findings)
    for _wan, node in maps(root.get("wans")):
        _check(node.get("reflectors"), findings)


def _check(node: Node | None, findings: Findings) -> None:
    addresses: list[IPv4Address | IPv6Address] = []
    place: Place | None = None
    for item in texts_of(node):
        try:
            addresses.append(ip_address(read_reflector(item.value).address))
        except BadValueError:
            return  # told already
        place = place or item.place
    operators = sorted({operator_of(str(address)) for address in addresses})
    if place is None or len(operators) >= ENOUGH or not all(address.is_global for address in addresses):
        return
    whose = "one operator" if len(operators) == 1 else "two operators"
    message = f"these reflectors are of {whose}: {' and '.join(operators)}"
    findings.warning("WC129", message, place, "name some of a third one, or leave the key out: six of three are asked")
