"""One netlink socket: several requests go out in one datagram, and each gets its answer.

The kernel handles the messages of a datagram in order and answers each by its sequence number, so what belongs together
costs one system call out. A socket belongs to one thread. Source: netlink(7), include/uapi/linux/netlink.h.
"""

import errno
import os
import socket
import struct
from collections.abc import Sequence
from typing import NamedTuple

from wanctl.linux.error import KernelSilent

REQUEST, ACK, ECHO, DUMP = 0x001, 0x004, 0x008, 0x300
_DUMP_INTERRUPTED, _HAS_TEXT = 0x010, 0x200
_NOOP, _ERROR, _DONE = 1, 2, 3
_SOL_NETLINK, _CAP_ACK, _EXT_ACK = 270, 10, 11
_SNDBUFFORCE = 32
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, port
_ATTRIBUTE = struct.Struct("=HH")
_TEXT = 1  # NLMSGERR_ATTR_MSG
TIMEOUT_S = 2.0  # the kernel answers in microseconds; a dump may wait for somebody who holds the RTNL lock
_ROOM_BYTES = 100_000  # of a datagram, that every system's default send buffer has
MOST_ATTEMPTS = 5  # of a dump that changed while it was read
BUFFER_BYTES = 1 << 17  # larger than any datagram the kernel makes of a dump


class Answer(NamedTuple):
    """What came back for one request: whole messages, or an `errno` with the kernel's own words."""

    messages: tuple[bytes, ...] = ()
    errno: int = 0
    text: str = ""

    @property
    def reason(self) -> str:
        """The kernel's words, else the system's name of the error."""
        return self.text or os.strerror(self.errno)


class Channel:
    """A netlink socket of this thread's network namespace, NETLINK_ROUTE unless another protocol is named."""

    def __init__(self, timeout_s: float = TIMEOUT_S, protocol: int = socket.NETLINK_ROUTE) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        self._socket.settimeout(timeout_s)
        self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
        self._socket.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)
        self._socket.bind((0, 0))
        self._sequence = 0

    def exchange(self, requests: Sequence[bytes]) -> list[Answer]:
        """Send encoded requests at once and wait for the answer to each, in their order.

        Every request must have the flag ACK or DUMP, and at most one, the last, is a dump. Raises `KernelSilent`.
        """
        for _ in range(MOST_ATTEMPTS):
            try:
                answers = self._attempt(requests)
            except TimeoutError:
                raise KernelSilent("the kernel did not answer in time") from None
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # else an answer was lost: what it was is asked again
                    raise
                continue
            if answers is not None:
                return answers
        raise KernelSilent("the kernel's list changed each time it was read")

    def transact(self, requests: Sequence[bytes]) -> tuple[int, Answer] | None:
        """Send encoded requests at once as one transaction, its frame (begin, end) included: all happen, or none.

        Returns None, or the first refusal and which request it is about: 0, the frame, where it is about the whole. The
        last request before the end gets the flag ACK here; the others must not have it. Raises `KernelSilent`.
        """
        last = len(requests) - 2
        length, kind, flags, _, _ = _HEADER.unpack_from(requests[last])
        acknowledged = _HEADER.pack(length, kind, flags | ACK, 0, 0) + requests[last][_HEADER.size :]
        datagram, slots = self._numbered([*requests[:last], acknowledged, requests[-1]])
        if len(datagram) > _ROOM_BYTES:
            self._socket.setsockopt(socket.SOL_SOCKET, _SNDBUFFORCE, len(datagram))  # the kernel doubles it
        self._socket.send(datagram)
        refused: tuple[int, Answer] | None = None
        try:
            while True:
                for kind, flags, sequence, message in messages(self._socket.recv(BUFFER_BYTES)):
                    position = slots.get(sequence, -1)
                    if position < 0 or kind != _ERROR:
                        continue
                    code, text = refusal(message, flags)
                    if code and refused is None:
                        refused = position, Answer((), code, text)
                    if position == last or (position == 0 and code):  # what is left of the answers is never read
                        return refused
        except OSError as error:
            if isinstance(error, TimeoutError) or error.errno == errno.ENOBUFS:  # nobody knows what came of it
                raise KernelSilent("the kernel did not answer in time") from None
            raise

    def _attempt(self, requests: Sequence[bytes]) -> list[Answer] | None:
        """The answers; None when a dump was not consistent."""
        datagram, slots = self._numbered(requests)
        self._socket.send(datagram)
        gathered: list[list[bytes]] = [[] for _ in requests]
        answers: list[Answer | None] = [None] * len(requests)
        interrupted = False
        while None in answers:
            data = self._socket.recv(BUFFER_BYTES)
            for kind, flags, sequence, message in messages(data):
                position = slots.get(sequence, -1)
                if position < 0 or kind == _NOOP:  # what a request that timed out left behind
                    continue
                interrupted = interrupted or bool(flags & _DUMP_INTERRUPTED)
                if kind == _ERROR:
                    code, text = refusal(message, flags)
                    answers[position] = Answer(tuple(gathered[position]), code, text)
                elif kind == _DONE:
                    answers[position] = Answer(tuple(gathered[position]))
                else:
                    gathered[position].append(message)
        return None if interrupted else [answer for answer in answers if answer is not None]

    def _numbered(self, requests: Sequence[bytes]) -> tuple[bytes, dict[int, int]]:
        """One datagram of them, and which sequence number stands for which."""
        numbered, slots = [], {}
        for position, request in enumerate(requests):
            self._sequence = self._sequence % 0xFFFFFFF0 + 1
            slots[self._sequence] = position
            length, kind, flags, _, _ = _HEADER.unpack_from(request)
            numbered.append(_HEADER.pack(length, kind, flags, self._sequence, 0) + request[_HEADER.size :])
        return b"".join(numbered), slots

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def messages(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """The messages of a datagram: type, flags, sequence number, and the whole message."""
    found, at = [], 0
    while at + _HEADER.size <= len(data):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, at)
        if not _HEADER.size <= length <= len(data) - at:
            break
        found.append((kind, flags, sequence, data[at : at + length]))
        at += (length + 3) & ~3
    return found


def refusal(message: bytes, flags: int) -> tuple[int, str]:
    """The errno of an NLMSG_ERROR (0 is an acknowledgement) and the kernel's own words, if it has any."""
    (code,) = struct.unpack_from("=i", message, _HEADER.size)
    if not flags & _HAS_TEXT:
        return -code, ""
    at = _HEADER.size + 4 + _HEADER.size  # behind the errno stands the header of what was asked
    while at + _ATTRIBUTE.size <= len(message):
        length, kind = _ATTRIBUTE.unpack_from(message, at)
        if length < _ATTRIBUTE.size:
            break
        if kind == _TEXT:
            return -code, message[at + _ATTRIBUTE.size : at + length].rstrip(b"\0").decode(errors="replace")
        at += (length + 3) & ~3
    return -code, ""
