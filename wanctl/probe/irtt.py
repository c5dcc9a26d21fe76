"""Echoes of irtt servers, whose answers tell when the server had them: one-way delays without any privilege.

Layout, without an HMAC; all numbers little-endian:

    0..2   14 a7 5b
    3      flags: 1 open, 2 reply, 4 close
    4..11  token of the connection, in everything but the request to open one
    12..15 sequence number                                                  (echoes)
    16..31 server's monotonic ns when the request arrived, and when the reply left (replies to echoes)
    12..   parameters (open replies; from 4 on in open requests): varint number, zigzag varint value

An open request is a probe as well, for its reply comes as fast as an echo's. It is sent at most once a second; when
one is still unanswered, nobody can tell which of the two the reply answers, and it is not timed. A connection that
stays silent, because the server forgot it or was started again, is opened anew.
Source: irtt's irtt-client(1) and the layout that its packets have on the wire (version 0.9, protocol 1).
"""

import socket
import struct

from wanctl.probe.egress import Egress, open_socket
from wanctl.probe.line import Target
from wanctl.probe.wire import Answer

MAGIC = b"\x14\xa7\x5b"
OPEN, REPLY, CLOSE = 1, 2, 4
HEAD = struct.Struct("<3sB")
TOKEN = struct.Struct("<Q")
ECHO = struct.Struct("<3sBQI")
STAMPS = struct.Struct("<QQ")
PROTOCOL, DURATION, INTERVAL, LENGTH, RECEIVED_STATS, STAMP_AT, CLOCK = 1, 2, 3, 4, 5, 6, 7
BOTH_TIMES, MONOTONIC = 3, 2

_LASTING_NS = 365 * 86_400 * 1_000_000_000  # as long as we like; the server says if it likes less
_INTERVAL_NS = 50_000_000
_REOPEN_NS = 1_000_000_000
_SILENT_NS, _SILENT_PROBES = 2_000_000_000, 5
_SLOTS = 2048


def varint(value: int) -> bytes:
    """Seven bits a byte, lowest first; the highest bit says that there are more."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def parameters(values: dict[int, int]) -> bytes:
    """Parameters of an open packet; the values are signed, so they are doubled."""
    return b"".join(varint(key) + varint(value << 1) for key, value in values.items())


OPEN_REQUEST = HEAD.pack(MAGIC, OPEN) + parameters(
    {
        PROTOCOL: 1,
        DURATION: _LASTING_NS,
        INTERVAL: _INTERVAL_NS,
        LENGTH: ECHO.size + STAMPS.size,
        STAMP_AT: BOTH_TIMES,
        CLOCK: MONOTONIC,
    }
)


class _Connection:
    """With one server. `token` is 0 until it has answered."""

    __slots__ = ("answered_ns", "opening", "token", "unanswered")

    def __init__(self) -> None:
        self.token = 0
        self.opening: list[tuple[int, int]] = []  # sequence and stamp of the open requests without a reply
        self.unanswered = 0  # echoes in a row
        self.answered_ns = 0

    def is_lost(self, now_ns: int) -> bool:
        """Whether the server does not know this connection any more, or cannot be reached."""
        return self.unanswered >= _SILENT_PROBES and now_ns - self.answered_ns >= _SILENT_NS


class IrttEcho:
    """The wire format of irtt of one address family, and the connections with the servers."""

    source = "udp"

    def __init__(self, family: socket.AddressFamily) -> None:
        self._family = family
        self._packet = bytearray(ECHO.size + STAMPS.size)  # the room for stamps is the sender's to give
        self._sent_ns = [(-1, 0)] * _SLOTS
        self._connections: dict[tuple[str, int], _Connection] = {}

    def open(self, egress: Egress) -> socket.socket:
        """A socket for these echoes; see `open_socket` for what it raises. Connections belong to a socket's port."""
        self._connections.clear()
        return open_socket(self._family, socket.IPPROTO_UDP, egress)

    def request(self, target: Target, sequence: int, sent_ns: int) -> bytearray | bytes | None:
        """The packet to send, valid until the next call; None while a connection is being opened."""
        connection = self._connections.get(target.sockaddr)
        if connection is None:
            connection = self._connections[target.sockaddr] = _Connection()
        if connection.token and connection.is_lost(sent_ns):
            connection.token, connection.unanswered = 0, 0
        if not connection.token:
            if connection.opening and sent_ns - connection.opening[-1][1] < _REOPEN_NS:
                return None
            connection.opening = [*connection.opening[-1:], (sequence, sent_ns)]
            return OPEN_REQUEST
        connection.unanswered += 1
        self._sent_ns[sequence % _SLOTS] = sequence, sent_ns
        ECHO.pack_into(self._packet, 0, MAGIC, 0, connection.token, sequence)
        return self._packet

    def read(self, packet: bytes, sender: tuple[str, int]) -> Answer | None:
        """What `packet` answers, or None if it answers none of ours."""
        if len(packet) < HEAD.size + TOKEN.size:
            return None
        magic, flags = HEAD.unpack_from(packet)
        connection = self._connections.get(sender[:2])
        if magic != MAGIC or not flags & REPLY or connection is None:
            return None
        (token,) = TOKEN.unpack_from(packet, HEAD.size)
        return (
            self._opened(connection, token, flags) if flags & OPEN else self._echoed(connection, packet, token, flags)
        )

    def farewell(self) -> list[tuple[bytes, tuple[str, int]]]:
        """The servers are told that their connections are over."""
        return [
            (HEAD.pack(MAGIC, CLOSE) + TOKEN.pack(connection.token), server)
            for server, connection in self._connections.items()
            if connection.token
        ]

    def _opened(self, connection: _Connection, token: int, flags: int) -> Answer | None:
        if not connection.opening or not token or flags & CLOSE:
            return None
        (sequence, sent_ns), timed = connection.opening[-1], len(connection.opening) == 1
        connection.opening = []
        connection.token, connection.unanswered, connection.answered_ns = token, 0, sent_ns
        return Answer(sequence, sent_ns, timed=timed)

    def _echoed(self, connection: _Connection, packet: bytes, token: int, flags: int) -> Answer | None:
        if len(packet) < ECHO.size or token != connection.token:
            return None
        (sequence,) = struct.unpack_from("<I", packet, ECHO.size - 4)
        known, sent_ns = self._sent_ns[sequence % _SLOTS]
        if known != sequence:
            return None
        connection.unanswered = 0
        connection.answered_ns = max(connection.answered_ns, sent_ns)
        if flags & CLOSE:  # this was the last one: the server has a limit
            connection.token = 0
        if len(packet) < ECHO.size + STAMPS.size:  # a server that gives no stamps
            return Answer(sequence, sent_ns)
        arrived_ns, left_ns = STAMPS.unpack_from(packet, ECHO.size)
        return Answer(sequence, sent_ns, arrived_ns, left_ns) if arrived_ns and left_ns else Answer(sequence, sent_ns)
