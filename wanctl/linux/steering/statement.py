"""Statements of nftables rules, each in two languages: nft(8)'s words, and the expressions that the kernel takes.

Both come from one function, so that what `init` prints and what it installs are the same rule. Source: nft(8) and
include/uapi/linux/netfilter/nf_tables.h. Marks and states are in the host's order of bytes, the rest in the network's.
"""

import struct
import sys
from ipaddress import IPv4Network
from typing import NamedTuple

from wanctl.linux.steering.attribute import big, nest, plain, text
from wanctl.linux.steering.setup import MASK, Ports

_REGISTER = 1  # NFT_REG_1: sixteen bytes, enough for a device's name
_EQUAL, _UNEQUAL, _AT_MOST, _AT_LEAST = 0, 1, 3, 5
_MARK, _IIFNAME, _OIFNAME, _NFPROTO, _L4PROTO = 3, 6, 7, 15, 16  # NFT_META_*
_CT_STATE, _CT_MARK = 0, 3
_NEW = 1 << 3  # the bit of a connection of which this is the first packet
_JUMP, _GOTO, _RETURN = -3, -4, -5
_NETWORK, _TRANSPORT = 1, 2
_NAME_BYTES = 16  # IFNAMSIZ
IPV4 = bytes([2])  # NFPROTO_IPV4, as `meta nfproto` gives it
PROTOCOLS = {"tcp": 6, "udp": 17}


class Statement(NamedTuple):
    """A part of a rule: a condition or what is done."""

    words: str
    code: tuple[bytes, ...]


def arrives_at(device: str) -> Statement:
    """The packet came in there."""
    return Statement(f'iifname "{device}"', (_meta(_IIFNAME), _compare(_EQUAL, _padded(device))))


def leaves_by(device: str) -> Statement:
    """The packet goes out there."""
    return Statement(f'oifname "{device}"', (_meta(_OIFNAME), _compare(_EQUAL, _padded(device))))


def is_new() -> Statement:
    """No answer has been seen yet."""
    code = (_ct(_CT_STATE), _bitwise(_NEW, 0), _compare(_UNEQUAL, bytes(4)))
    return Statement("ct state new", code)


def is_unmarked() -> Statement:
    """The connection belongs to no link."""
    return Statement(f"ct mark & {MASK:#010x} == 0", (*_of_mark(), _compare(_EQUAL, bytes(4))))


def is_marked() -> Statement:
    """The connection belongs to some link."""
    return Statement(f"ct mark & {MASK:#010x} != 0", (*_of_mark(), _compare(_UNEQUAL, bytes(4))))


def belongs_to(mark: int) -> Statement:
    """The connection belongs to the link with that mark."""
    return Statement(f"ct mark & {MASK:#010x} == {mark:#010x}", (*_of_mark(), _compare(_EQUAL, _host(mark))))


def is_ipv4() -> Statement:
    """Of IPv4."""
    return Statement("meta nfproto ipv4", _ipv4())


def has_dscp(code_point: int) -> Statement:
    """With that code point, 0 to 63."""
    code = (*_ipv4(), _payload(_NETWORK, 1, 1), _bitwise_bytes(b"\xfc"), _compare(_EQUAL, bytes([code_point << 2])))
    return Statement(f"ip dscp {code_point:#04x}", code)


def comes_from(network: IPv4Network) -> Statement:
    """From an address of that network."""
    code = [*_ipv4(), _payload(_NETWORK, 12, 4)]
    if network.prefixlen < 32:
        code.append(_bitwise_bytes(network.netmask.packed))
    code.append(_compare(_EQUAL, network.network_address.packed))
    where = str(network) if network.prefixlen < 32 else str(network.network_address)
    return Statement(f"ip saddr {where}", tuple(code))


def comes_from_list(name: str) -> Statement:
    """From an address in that set."""
    return Statement(f"ip saddr @{name}", (*_ipv4(), _payload(_NETWORK, 12, 4), _lookup(name)))


def goes_to(ports: Ports) -> Statement:
    """To one of those ports."""
    code = [_meta(_L4PROTO), _compare(_EQUAL, bytes([PROTOCOLS[ports.protocol]])), _payload(_TRANSPORT, 2, 2)]
    first, last = struct.pack(">H", ports.first), struct.pack(">H", ports.last)
    if first == last:
        return Statement(f"{ports.protocol} dport {ports.first}", (*code, _compare(_EQUAL, first)))
    code += [_compare(_AT_LEAST, first), _compare(_AT_MOST, last)]
    return Statement(f"{ports.protocol} dport {ports.first}-{ports.last}", tuple(code))


def is_switched_on(name: str) -> Statement:
    """The packet's protocol (of the network layer) is in that set: the switch is on for it."""
    return Statement(f"meta nfproto @{name}", (_meta(_NFPROTO), _lookup(name)))


def mark_connection(mark: int) -> Statement:
    """The connection belongs to the link with that mark from now on. Other bits stay."""
    words = f"ct mark set ct mark & {~MASK & 0xFFFFFFFF:#010x} | {mark:#010x}"
    code = (_ct(_CT_MARK), _bitwise(~MASK & 0xFFFFFFFF, mark), _expression("ct", big(2, _CT_MARK), big(4, _REGISTER)))
    return Statement(words, code)


def mark_packet(mark: int) -> Statement:
    """The packet is routed by that link's table. Other bits stay."""
    words = f"meta mark set meta mark & {~MASK & 0xFFFFFFFF:#010x} | {mark:#010x}"
    code = (_meta(_MARK), _bitwise(~MASK & 0xFFFFFFFF, mark), _expression("meta", big(2, _MARK), big(3, _REGISTER)))
    return Statement(words, code)


def jump(chain: str) -> Statement:
    """Go on in that chain, and come back here."""
    return Statement(f"jump {chain}", (_verdict(_JUMP, chain),))


def goto(chain: str) -> Statement:
    """Go on in that chain, and come back to where this chain was jumped to from."""
    return Statement(f"goto {chain}", (_verdict(_GOTO, chain),))


def go_back() -> Statement:
    """Leave this chain."""
    return Statement("return", (_verdict(_RETURN),))


def masquerade() -> Statement:
    """From now on the connection bears the address of the device it leaves by."""
    return Statement("masquerade", (_expression("masq"),))


def _expression(name: str, *attributes: bytes) -> bytes:
    return nest(1, text(1, name), nest(2, *attributes))


def _meta(key: int) -> bytes:
    return _expression("meta", big(2, key), big(1, _REGISTER))


def _ct(key: int) -> bytes:
    return _expression("ct", big(2, key), big(1, _REGISTER))


def _payload(base: int, offset_bytes: int, length_bytes: int) -> bytes:
    return _expression("payload", big(1, _REGISTER), big(2, base), big(3, offset_bytes), big(4, length_bytes))


def _compare(operator: int, value: bytes) -> bytes:
    return _expression("cmp", big(1, _REGISTER), big(2, operator), nest(3, _value(value)))


def _bitwise(mask: int, xor: int) -> bytes:
    """Register = (register & mask) ^ xor."""
    return _bitwise_bytes(_host(mask), _host(xor))


def _bitwise_bytes(mask: bytes, xor: bytes = b"") -> bytes:
    return _expression(
        "bitwise", big(1, _REGISTER), big(2, _REGISTER), big(3, len(mask)), nest(4, _value(mask)),
        nest(5, _value(xor or bytes(len(mask)))),
    )  # fmt: skip


def _lookup(name: str) -> bytes:
    return _expression("lookup", text(1, name), big(2, _REGISTER))


def _verdict(code: int, chain: str = "") -> bytes:
    inner = [big(1, code & 0xFFFFFFFF)] + ([text(2, chain)] if chain else [])
    return _expression("immediate", big(1, 0), nest(2, nest(2, *inner)))


def _of_mark() -> tuple[bytes, bytes]:
    return _ct(_CT_MARK), _bitwise(MASK, 0)


def _ipv4() -> tuple[bytes, bytes]:
    return _meta(_NFPROTO), _compare(_EQUAL, IPV4)


def _value(value: bytes) -> bytes:
    return plain(1, value)


def _host(number: int) -> bytes:
    return number.to_bytes(4, sys.byteorder)


def _padded(device: str) -> bytes:
    return device.encode().ljust(_NAME_BYTES, b"\0")
