"""TCP handshakes, timed by the kernel: for links where echoes are filtered.

The kernel keeps the time between SYN and SYN-ACK itself (`tcpi_rtt` of TCP_INFO), so it does not matter how late the
answer is seen, nor what the wall clock does. A closed port answers with a reset, of which the kernel keeps no time: it
is no measurement, and `problem` says so. A connection is aborted as soon as it stands: no byte is ever sent.
Source: tcp(7), include/uapi/linux/tcp.h (struct tcp_info).
"""

import errno
import os
import select
import socket
import struct
from typing import NamedTuple

from wanctl.control.sample import Sample, Sent, Unsent, Void
from wanctl.probe.counters import Counters
from wanctl.probe.egress import Egress, ProbeError, ProbePermissionError, open_stream
from wanctl.probe.line import Target
from wanctl.probe.stamp import Clock

# A connect that nobody answers keeps a socket until the deadline; at two a second this is more than ever wait.
MOST_WAITING = 64
_INFO_BYTES = 104
_RTT_US = struct.Struct("@I")
_RTT_AT, _RETRANSMITS_AT = 68, 100  # tcpi_rtt, tcpi_total_retrans
# The kernel sends a SYN again after a second: what is answered sooner than that was the second one.
_AGAIN_US = 1_000_000


class _Connect(NamedTuple):
    """A handshake under way."""

    socket: socket.socket
    target: Target
    sent_ns: int


class TcpConnects:
    """Connects over and over again, from a new socket each time, for one WAN and address family.

    Raises `ProbePermissionError` when made, if the kernel forbids to pin its sockets.
    """

    source = "tcp"

    def __init__(
        self,
        wan: str,
        family: socket.AddressFamily,
        egress: Egress,
        clock: Clock,
        counters: Counters,
        deadline_ns: int,
    ) -> None:
        self.problem: str | None = None
        self.withdrawn: list[Void | Unsent] = []  # since somebody took them
        self._wan, self._family, self._egress = wan, family, egress
        self._clock, self._counters, self._deadline_ns = clock, counters, deadline_ns
        self._waiting: dict[int, _Connect] = {}  # by file descriptor, in order of sending
        self._poll = select.epoll()
        self._refusing: set[str] = set()
        try:
            open_stream(family, egress).close()
        except ProbePermissionError:
            self._poll.close()
            raise
        except ProbeError as error:
            self.problem = str(error)

    def send(self, target: Target, now_ns: int) -> Sent | None:
        """Begin one handshake; None if it did not leave this machine."""
        if self._poll.closed:
            return None
        sent_ns = self._clock.monotonic_ns()
        try:
            sock = open_stream(self._family, self._egress)
        except ProbeError as error:
            self._failed(target, str(error), now_ns)
            return None
        outcome = sock.connect_ex(target.sockaddr)
        if outcome not in (0, errno.EINPROGRESS):
            sock.close()
            self._failed(target, f"cannot send to {target.name}: {os.strerror(outcome)}", now_ns)
            return None
        if not self._refusing:
            self.problem = None
        if len(self._waiting) >= MOST_WAITING:
            self._forget(next(iter(self._waiting)))
            self._counters.unanswered += 1
        self._waiting[sock.fileno()] = _Connect(sock, target, sent_ns)
        self._poll.register(sock.fileno(), select.EPOLLOUT)
        self._counters.sent += 1
        return Sent(self._wan, target.name, sent_ns, self.source)

    def drain(self, _offset_ns: int, samples: list[Sample]) -> None:
        """Append the handshakes that have ended well since the last time."""
        if not self._waiting:
            return
        for descriptor, _events in self._poll.poll(0):
            connect = self._waiting[descriptor]
            error = connect.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            rtt_ns = self._rtt_ns(connect.socket) if error == 0 else None
            self._forget(descriptor)
            if rtt_ns is not None:
                self._counters.answered += 1
                self._welcome(connect.target)
                received_ns = connect.sent_ns + rtt_ns
                samples.append(Sample(self._wan, connect.target.name, connect.sent_ns, received_ns, self.source))
            elif error == errno.ECONNREFUSED:
                self._counters.unusable += 1
                self._refuse(connect.target)
            else:
                self._counters.unanswered += 1

    def expire(self, now_ns: int) -> None:
        """Give up handshakes beyond the deadline."""
        before_ns = now_ns - self._deadline_ns
        while self._waiting:
            descriptor, connect = next(iter(self._waiting.items()))
            if connect.sent_ns >= before_ns:
                return
            self._forget(descriptor)
            self._counters.unanswered += 1

    def close(self) -> None:
        """Abort what is under way; more than once is harmless."""
        for connect in self._waiting.values():
            connect.socket.close()
        self._waiting.clear()
        self._poll.close()

    def _rtt_ns(self, sock: socket.socket) -> int | None:
        """What the kernel measured; None if the first SYN was lost, for then it is the time of another one."""
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        if len(info) < _INFO_BYTES:
            return None
        (rtt_us,), (again,) = _RTT_US.unpack_from(info, _RTT_AT), _RTT_US.unpack_from(info, _RETRANSMITS_AT)
        if rtt_us == 0 or (again and rtt_us < _AGAIN_US):
            return None
        return int(rtt_us) * 1_000

    def _forget(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        self._waiting.pop(descriptor).socket.close()

    def _failed(self, target: Target, problem: str, now_ns: int) -> None:
        self._counters.local_failures += 1
        self.withdrawn.append(Unsent(self._wan, target.name, now_ns, self.source))
        self.problem = problem

    def _refuse(self, target: Target) -> None:
        self._refusing.add(target.name)
        self.problem = f"{target.name} refuses connections, which tells no delay: name a port that listens"

    def _welcome(self, target: Target) -> None:
        if target.name in self._refusing:
            self._refusing.discard(target.name)
            if not self._refusing:
                self.problem = None
