"""ICMP echo over an unprivileged datagram socket, for IPv4 and IPv6; over a raw one where those are not permitted.

For a datagram socket the kernel fills in the identifier and the checksum and hands over nothing but echo replies with
that identifier, so a probe costs one packed buffer and one system call. Source: icmp(7), RFC 792, RFC 4443.
"""

import socket
import struct

from wanctl.probe.egress import Egress, ProbePermissionError, open_raw, open_socket
from wanctl.probe.line import Target
from wanctl.probe.raw import checksum, hear_only, new_identifier, without_ip_header
from wanctl.probe.wire import MAGIC, PAYLOAD_FORMAT, Answer

_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
# type, code, checksum, identifier, sequence, then our payload
_PACKET = struct.Struct("!BBHHH" + PAYLOAD_FORMAT)
_CHECKSUM_AT = 2


class IcmpEcho:
    """The wire format of ICMP echoes of one address family."""

    source = "icmp"

    def __init__(self, family: socket.AddressFamily) -> None:
        self._family = family
        self._request_type = _REQUEST[family]
        self._reply_type = _REPLY[family]
        self._packet = bytearray(_PACKET.size)
        self._identifier = 0  # of a raw socket; 0: the kernel has one
        self._ipv4_raw = False

    def open(self, egress: Egress) -> socket.socket:
        """A socket for these echoes; see `open_socket` for what it raises."""
        protocol = socket.IPPROTO_ICMPV6 if self._family == socket.AF_INET6 else socket.IPPROTO_ICMP
        self._identifier, self._ipv4_raw = 0, False
        try:
            return open_socket(self._family, protocol, egress)
        except ProbePermissionError as refusal:
            sock = open_raw(self._family, protocol, egress)
            if sock is None:
                raise refusal from None
        self._identifier, self._ipv4_raw = new_identifier(), self._family == socket.AF_INET
        try:
            hear_only(sock, self._family, self._identifier, _REPLY[self._family])
        except BaseException:
            sock.close()
            raise
        return sock

    def request(self, _target: Target, sequence: int, sent_ns: int) -> bytearray:
        """The packet to send; valid until the next call."""
        packet = self._packet
        short, identifier = sequence & 0xFFFF, self._identifier
        _PACKET.pack_into(packet, 0, self._request_type, 0, 0, identifier, short, MAGIC, sequence, sent_ns)
        if self._ipv4_raw:  # for IPv6 the kernel does it, raw or not
            struct.pack_into("!H", packet, _CHECKSUM_AT, checksum(packet))
        return packet

    def read(self, packet: bytes, _sender: tuple[str, int]) -> Answer | None:
        """What `packet` answers, or None if it answers none of ours."""
        if self._ipv4_raw:
            packet = without_ip_header(packet)
        if len(packet) != _PACKET.size:
            return None
        kind, code, _checksum, _identifier, short, magic, sequence, sent_ns = _PACKET.unpack(packet)
        if kind != self._reply_type or code != 0 or magic != MAGIC or short != sequence & 0xFFFF:
            return None
        return Answer(sequence, sent_ns)

    def farewell(self) -> list[tuple[bytes, tuple[str, int]]]:
        """Nothing: there is no connection."""
        return []
