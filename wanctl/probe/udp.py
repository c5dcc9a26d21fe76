"""UDP echo (RFC 862): a reflector that sends back what it got, such as one of your own."""

import socket
import struct

from wanctl.probe.egress import Egress, open_socket
from wanctl.probe.line import Target
from wanctl.probe.wire import MAGIC, PAYLOAD_FORMAT, Answer

_PACKET = struct.Struct("!" + PAYLOAD_FORMAT)


class UdpEcho:
    """The wire format of UDP echoes of one address family."""

    source = "udp"

    def __init__(self, family: socket.AddressFamily) -> None:
        self._family = family
        self._packet = bytearray(_PACKET.size)

    def open(self, egress: Egress) -> socket.socket:
        """A socket for these echoes; see `open_socket` for what it raises."""
        return open_socket(self._family, socket.IPPROTO_UDP, egress)

    def request(self, _target: Target, sequence: int, sent_ns: int) -> bytearray:
        """The packet to send; valid until the next call."""
        _PACKET.pack_into(self._packet, 0, MAGIC, sequence, sent_ns)
        return self._packet

    def read(self, packet: bytes, _sender: tuple[str, int]) -> Answer | None:
        """What `packet` answers, or None if it answers none of ours."""
        if len(packet) != _PACKET.size:
            return None
        magic, sequence, sent_ns = _PACKET.unpack(packet)
        return Answer(sequence, sent_ns) if magic == MAGIC else None

    def farewell(self) -> list[tuple[bytes, tuple[str, int]]]:
        """Nothing: there is no connection."""
        return []
