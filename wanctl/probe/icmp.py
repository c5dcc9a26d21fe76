"""ICMP echo over an unprivileged datagram socket, for IPv4 and IPv6.

The kernel fills in the identifier and the checksum and hands over nothing but echo replies with that identifier, so a
probe costs one packed buffer and one system call. Source: icmp(7), RFC 792, RFC 4443.
"""

import socket
import struct

from wanctl.probe.egress import Egress, open_socket
from wanctl.probe.wire import MAGIC, PAYLOAD_FORMAT

_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
# type, code, checksum, identifier, sequence, then our payload
_PACKET = struct.Struct("!BBHHH" + PAYLOAD_FORMAT)


class IcmpEcho:
    """The wire format of ICMP echoes of one address family."""

    source = "icmp"

    def __init__(self, family: socket.AddressFamily) -> None:
        self._family = family
        self._request_type = _REQUEST[family]
        self._reply_type = _REPLY[family]
        self._packet = bytearray(_PACKET.size)

    def open(self, egress: Egress) -> socket.socket:
        """A socket for these echoes; see `open_socket` for what it raises."""
        ipv6 = self._family == socket.AF_INET6
        return open_socket(self._family, socket.IPPROTO_ICMPV6 if ipv6 else socket.IPPROTO_ICMP, egress)

    def request(self, sequence: int, sent_ns: int) -> bytearray:
        """The packet to send; valid until the next call."""
        _PACKET.pack_into(self._packet, 0, self._request_type, 0, 0, 0, sequence & 0xFFFF, MAGIC, sequence, sent_ns)
        return self._packet

    def read(self, packet: bytes) -> tuple[int, int] | None:
        """Sequence and stamp (ns) of the probe that `packet` answers, or None if it answers none of ours."""
        if len(packet) != _PACKET.size:
            return None
        kind, code, _checksum, _identifier, short, magic, sequence, sent_ns = _PACKET.unpack(packet)
        if kind != self._reply_type or code != 0 or magic != MAGIC or short != sequence & 0xFFFF:
            return None
        return sequence, sent_ns
