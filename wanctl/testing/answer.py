"""What reflectors say: the same again, as a resolver that refuses, or as an irtt server without an HMAC.

The irtt server is written down from the layout of its packets, offsets and all, and shares nothing with the prober that
is tested against it.
"""

from collections.abc import Callable
from itertools import count

Answer = Callable[[bytes, int, int], bytes | None]
"""From a request, when it arrived and when its answer leaves (ns) to the answer; None for silence."""

_REFUSED = 5  # an RCODE of RFC 1035


def same(request: bytes, _arrived_ns: int, _leaves_ns: int) -> bytes | None:
    """Echo, RFC 862."""
    return request


def refusal(request: bytes, _arrived_ns: int, _leaves_ns: int) -> bytes | None:
    """What a resolver says that does not want to: the question again, marked as an answer, and REFUSED."""
    if len(request) < 12 or request[2] & 0x80:
        return None
    return request[:2] + bytes((request[2] | 0x80, request[3] & 0xF0 | _REFUSED)) + request[4:]


class IrttServer:
    """An irtt server whose clock is `ahead_ns` ahead of the caller's.

    `tokens` are the connections that it knows; a test may forget them, as a server does that is started again.
    """

    def __init__(self, ahead_ns: int = 0) -> None:
        self.ahead_ns = ahead_ns
        self.tokens: set[int] = set()
        self.opened = 0
        self._next = count(0x0123_4567_89AB_CDEF)

    def __call__(self, request: bytes, arrived_ns: int, leaves_ns: int) -> bytes | None:
        """The server's answer to a packet."""
        if len(request) < 4 or request[:3] != b"\x14\xa7\x5b":
            return None
        flags = request[3]
        if flags == 1:
            return self._open(request[4:])
        token = int.from_bytes(request[4:12], "little")
        if token not in self.tokens:
            return None
        if flags == 4:
            self.tokens.discard(token)
            return None
        stamps = b"".join((at_ns + self.ahead_ns).to_bytes(8, "little") for at_ns in (arrived_ns, leaves_ns))
        return request[:3] + b"\x02" + request[4:16] + stamps

    def _open(self, parameters: bytes) -> bytes:
        token = next(self._next)
        self.tokens.add(token)
        self.opened += 1
        return b"\x14\xa7\x5b\x03" + token.to_bytes(8, "little") + parameters
