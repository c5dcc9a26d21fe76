"""ICMP timestamps (type 13 and 14): an echo that also tells when it arrived on the other side, to the millisecond.

Only raw sockets can send them, so CAP_NET_RAW is needed, and IPv6 has none. Many hosts leave them unanswered. The other
side counts milliseconds since midnight UT, and says by the highest bit that it counts otherwise, or not at all: then
the answer is an echo and no more. Source: RFC 792.
"""

import socket
import struct

from wanctl.probe.egress import Egress, ProbePermissionError, open_raw
from wanctl.probe.issued import Issued
from wanctl.probe.line import Target
from wanctl.probe.raw import checksum, hear_only, new_identifier, without_ip_header
from wanctl.probe.wire import Answer

_REQUEST, REPLY = 13, 14
_PACKET = struct.Struct("!BBHHHIII")  # type, code, checksum, identifier, number; originate, receive, transmit
_CHECKSUM_AT = 2
_NOT_SINCE_MIDNIGHT = 0x8000_0000
_MS_NS = 1_000_000


class IcmpTimestamp:
    """The wire format of ICMP timestamps."""

    source = "icmp"

    def __init__(self) -> None:
        self._issued = Issued()
        self._packet = bytearray(_PACKET.size)
        self._identifier = 0

    def open(self, egress: Egress) -> socket.socket:
        """A raw socket for them; raises `ProbePermissionError` without CAP_NET_RAW, else what `open_socket` does."""
        sock = open_raw(socket.AF_INET, socket.IPPROTO_ICMP, egress)
        if sock is None:
            raise ProbePermissionError(
                "the kernel does not let this user send ICMP timestamps: they need a raw socket. Give the service "
                "AmbientCapabilities=CAP_NET_RAW, or name reflectors without 'timestamp://'"
            )
        self._identifier = new_identifier()
        try:
            hear_only(sock, socket.AF_INET, self._identifier, REPLY)
        except BaseException:
            sock.close()
            raise
        return sock

    def request(self, _target: Target, sequence: int, sent_ns: int) -> bytearray:
        """The packet to send; valid until the next call."""
        packet, number = self._packet, self._issued.issue(sequence, sent_ns)
        _PACKET.pack_into(packet, 0, _REQUEST, 0, 0, self._identifier, number, _originate(sent_ns), 0, 0)
        struct.pack_into("!H", packet, _CHECKSUM_AT, checksum(packet))
        return packet

    def read(self, packet: bytes, _sender: tuple[str, int]) -> Answer | None:
        """What `packet` answers, or None if it answers none of ours."""
        packet = without_ip_header(packet)
        if len(packet) < _PACKET.size:
            return None
        kind, code, _checksum, identifier, number, originate, receive, transmit = _PACKET.unpack_from(packet)
        if kind != REPLY or code != 0 or identifier != self._identifier:
            return None
        found = self._issued.find(number)
        if found is None or originate != _originate(found[1]):
            return None
        if (receive | transmit) & _NOT_SINCE_MIDNIGHT:
            return Answer(*found)
        return Answer(*found, receive * _MS_NS, transmit * _MS_NS)

    def farewell(self) -> list[tuple[bytes, tuple[str, int]]]:
        """Nothing: there is no connection."""
        return []


def _originate(sent_ns: int) -> int:
    """Our own stamp: it comes back as it was, and proves whose answer it is; microseconds of a clock of our own."""
    return _NOT_SINCE_MIDNIGHT | (sent_ns // 1_000 & 0x7FFF_FFFF)
