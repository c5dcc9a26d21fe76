"""Attributes of netlink messages of nf_tables: numbers in the network's order, texts that end in a zero, nests.

Source: netlink(7), include/uapi/linux/netfilter/nf_tables.h.
"""

import struct
from collections.abc import Iterator

_HEAD = struct.Struct("=HH")
_NESTED, _KIND = 0x8000, 0x3FFF


def plain(kind: int, value: bytes) -> bytes:
    """An attribute with these bytes, padded to a multiple of four."""
    return _HEAD.pack(_HEAD.size + len(value), kind) + value + bytes(-len(value) % 4)


def nest(kind: int, *attributes: bytes) -> bytes:
    """An attribute made of attributes."""
    return plain(kind | _NESTED, b"".join(attributes))


def text(kind: int, value: str) -> bytes:
    """A text."""
    return plain(kind, value.encode() + b"\0")


def big(kind: int, value: int) -> bytes:
    """A number of 32 bits."""
    return plain(kind, struct.pack(">I", value))


def bigger(kind: int, value: int) -> bytes:
    """A number of 64 bits."""
    return plain(kind, struct.pack(">Q", value))


def pairs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The attributes in `data`, without their padding; what is cut off at the end is left out."""
    at = 0
    while at + _HEAD.size <= len(data):
        length, kind = _HEAD.unpack_from(data, at)
        if not _HEAD.size <= length <= len(data) - at:
            return
        yield kind & _KIND, data[at + _HEAD.size : at + length]
        at += (length + 3) & ~3


def number(value: bytes) -> int:
    """A number of any size, as the network writes it."""
    return int.from_bytes(value, "big")


def words(value: bytes) -> str:
    """A text, without its zero."""
    return value.split(b"\0", 1)[0].decode(errors="replace")
