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
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, port
_ATTRIBUTE = struct.Struct("=HH")
_TEXT = 1  # NLMSGERR_ATTR_MSG
TIMEOUT_S = 2.0  # the kernel answers in microseconds; a dump may wait for somebody who holds the RTNL lock
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
    """A NETLINK_ROUTE socket of this thread's network namespace."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
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
        raise KernelSilent("the kernel's list of qdiscs changed each time it was read")

    def _attempt(self, requests: Sequence[bytes]) -> list[Answer] | None:
        """The answers; None when a dump was not consistent."""
        numbered, slots = [], {}
        for position, request in enumerate(requests):
            self._sequence = self._sequence % 0xFFFFFFF0 + 1
            slots[self._sequence] = position
            length, kind, flags, _, _ = _HEADER.unpack_from(request)
            numbered.append(_HEADER.pack(length, kind, flags, self._sequence, 0) + request[_HEADER.size :])
        self._socket.send(b"".join(numbered))
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
