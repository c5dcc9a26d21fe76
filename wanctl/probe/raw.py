"""Raw ICMP sockets, for kernels that permit no ping sockets: what the kernel does for those is done here.

A raw socket is handed every echo reply of the host, so each gets an identifier of its own and a filter in the kernel
that lets nothing else through: with four WANs three quarters of what is read would be somebody else's otherwise.
Source: raw(7), packet filter of socket(7) (SO_ATTACH_FILTER, struct sock_filter), RFC 3542 (ICMP6_FILTER).
"""

import ctypes
import os
import socket
import struct

_ICMP_FILTER = 1  # linux/icmp.h, of level SOL_RAW
_SOL_RAW = 255
_ICMP6_FILTER = 1  # linux/icmpv6.h
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h
_INSTRUCTION = struct.Struct("@HBBI")
_PASS = 0xFFFF
_IDENTIFIER_AT = 4  # in an ICMP packet


def new_identifier() -> int:
    """An ICMP identifier that nobody else has, but for one chance in 65,536: then stamps tell whose answer it is."""
    return int.from_bytes(os.urandom(2), "big")


def hear_only(sock: socket.socket, family: socket.AddressFamily, identifier: int, reply: int) -> None:
    """Let nothing into a raw ICMP socket but replies of this ICMP type with this identifier."""
    if family == socket.AF_INET6:
        blocked = [0xFFFFFFFF] * 8
        blocked[reply >> 5] &= ~(1 << (reply & 31)) & 0xFFFFFFFF
        sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("@8I", *blocked))
        load = [(0x28, 0, 0, _IDENTIFIER_AT)]  # ldh [4]: there is no IP header in front
    else:
        sock.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("@I", ~(1 << reply) & 0xFFFFFFFF))
        load = [(0xB1, 0, 0, 0), (0x48, 0, 0, _IDENTIFIER_AT)]  # ldxb 4*([0]&0xf); ldh [x + 4]
    program = [*load, (0x15, 0, 1, identifier), (0x06, 0, 0, _PASS), (0x06, 0, 0, 0)]  # jeq; ret all; ret nothing
    code = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*one) for one in program))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(code)))


def checksum(packet: bytes | bytearray) -> int:
    """The internet checksum of a packet of even length whose own checksum is 0. Source: RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def without_ip_header(packet: bytes) -> bytes:
    """What follows the IPv4 header, which a raw socket reads as well."""
    return packet[(packet[0] & 0xF) * 4 :] if packet else packet
