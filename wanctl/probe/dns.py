"""DNS queries as echoes: for hosts that answer nothing else, which every resolver of a provider does.

The query asks for the address of the root, which nobody has: no host is looked up, no cache is filled and, as
recursion is not desired, no other server is asked. Any answer counts, a refusal as well: it is the way that is timed,
not what the server thinks. Source: RFC 1035, section 4.
"""

import socket
import struct

from wanctl.probe.egress import Egress, open_socket
from wanctl.probe.issued import Issued
from wanctl.probe.line import Target
from wanctl.probe.wire import Answer

_HEAD = struct.Struct("!HHHHHH")  # id, flags, and how many questions, answers, authorities, additional records
_QUESTION = b"\x00" + struct.pack("!HH", 1, 1)  # the root, type A, class IN
_RESPONSE, _OPCODE = 0x8000, 0x7800
_QUERY_BYTES = _HEAD.size + len(_QUESTION)


class DnsQuery:
    """The wire format of DNS queries over UDP of one address family."""

    source = "udp"

    def __init__(self, family: socket.AddressFamily) -> None:
        self._family = family
        self._issued = Issued()
        self._packet = bytearray(_QUERY_BYTES)
        self._packet[_HEAD.size :] = _QUESTION

    def open(self, egress: Egress) -> socket.socket:
        """A socket for these queries; see `open_socket` for what it raises."""
        return open_socket(self._family, socket.IPPROTO_UDP, egress)

    def request(self, _target: Target, sequence: int, sent_ns: int) -> bytearray:
        """The packet to send; valid until the next call."""
        _HEAD.pack_into(self._packet, 0, self._issued.issue(sequence, sent_ns), 0, 1, 0, 0, 0)
        return self._packet

    def read(self, packet: bytes, _sender: tuple[str, int]) -> Answer | None:
        """What `packet` answers: it must be a response with an id and the very question of ours.

        A server that cannot read a query may answer with the header alone, FORMERR and no question.
        """
        if len(packet) < _HEAD.size:
            return None
        number, flags, questions = struct.unpack_from("!HHH", packet)
        if not flags & _RESPONSE or flags & _OPCODE:
            return None
        mine = questions == 1 and packet[_HEAD.size : _QUERY_BYTES] == _QUESTION
        if not mine and (questions or len(packet) != _HEAD.size):
            return None
        found = self._issued.find(number)
        return None if found is None else Answer(*found)

    def farewell(self) -> list[tuple[bytes, tuple[str, int]]]:
        """Nothing: there is no connection."""
        return []
