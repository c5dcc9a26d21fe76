"""Reflectors on loopback, UDP echo if not said otherwise, whose answers come when a function says, or not at all.

    with Reflectors([lambda now_ns: 20.0] * 6) as reflectors:
        probe(reflectors.addresses)

One thread serves them all. An answer leaves `delay_ms` after the kernel saw the request arrive, within a fraction of a
millisecond: the thread's own wake-up does not add up, and select(2) takes microseconds where epoll(7) rounds up to
milliseconds.
"""

import heapq
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NamedTuple, Self

from wanctl.daemon.clock import Clock, SystemClock
from wanctl.probe.stamp import ANCILLARY_BYTES, ClockOffset, arrival_ns, stamp_arrivals
from wanctl.testing.answer import Answer, same

Delay = Callable[[int], float | None]
"""From the time of a request (monotonic ns) to the delay of its answer in ms; None drops it."""

MOST_PENDING = 10_000
_PACKET_BYTES = 2048


class Held(NamedTuple):
    """One answered request: the truth that a measured round trip can be compared with. Monotonic nanoseconds."""

    reflector: int
    request: bytes
    arrived_ns: int
    answered_ns: int


class _Pending(NamedTuple):
    due_ns: int
    number: int  # breaks ties, first come first served
    reflector: int
    request: bytes
    sender: tuple[str, int]
    arrived_ns: int


class Reflectors:
    """Reflectors, one for each delay function, that all say what `answer` says; `scheme` is that of their addresses.

    `held` keeps the newest answers, `dropped` counts the requests without one.
    """

    def __init__(
        self,
        delays: Sequence[Delay],
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        *,
        answer: Answer = same,
        scheme: str = "udp",
    ) -> None:
        self.held: deque[Held] = deque(maxlen=MOST_PENDING)
        self.dropped = 0
        self._delays = tuple(delays)
        self._says = answer
        self._clock: Clock = clock or SystemClock()
        self._offset = ClockOffset(self._clock)
        self._pending: list[_Pending] = []
        self._number = 0
        self._selector = selectors.SelectSelector()
        self._stop, stopped = socket.socketpair()
        self._selector.register(stopped, selectors.EVENT_READ, None)
        self._sockets: list[socket.socket] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        for index in range(len(self._delays)):
            sock = socket.socket(family, socket.SOCK_DGRAM)
            stamp_arrivals(sock)
            sock.setblocking(False)
            sock.bind((host, 0))
            self._sockets.append(sock)
            self._selector.register(sock, selectors.EVENT_READ, index)
        shown = f"[{host}]" if ":" in host else host
        self.addresses = tuple(f"{scheme}://{shown}:{sock.getsockname()[1]}" for sock in self._sockets)
        self._thread = threading.Thread(target=self._serve, name="reflectors", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and close the sockets."""
        if self._thread.is_alive():
            self._stop.send(b"x")
            self._thread.join()
        for key in list(self._selector.get_map().values()):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            sock.close()
        self._selector.close()
        self._stop.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _serve(self) -> None:
        while True:
            timeout = None
            if self._pending:
                timeout = max(0, self._pending[0].due_ns - self._clock.monotonic_ns()) / 1e9
            for key, _events in self._selector.select(timeout):
                if key.data is None:
                    return
                self._receive(key.data)
            self._answer_due()

    def _receive(self, reflector: int) -> None:
        try:
            request, ancillary, _flags, sender = self._sockets[reflector].recvmsg(_PACKET_BYTES, ANCILLARY_BYTES)
        except BlockingIOError:  # a checksum failed between select and here
            return
        self._offset.jumped()
        now_ns = self._clock.monotonic_ns()
        real_ns = arrival_ns(ancillary)
        arrived_ns = now_ns if real_ns is None else min(now_ns, real_ns - self._offset.ns)
        delay_ms = self._delays[reflector](arrived_ns)
        if delay_ms is None or len(self._pending) >= MOST_PENDING:
            self.dropped += 1
            return
        due_ns = arrived_ns + round(delay_ms * 1_000_000)
        self._number += 1
        heapq.heappush(self._pending, _Pending(due_ns, self._number, reflector, request, sender, arrived_ns))

    def _answer_due(self) -> None:
        while self._pending and self._pending[0].due_ns <= self._clock.monotonic_ns():
            answer = heapq.heappop(self._pending)
            answered_ns = self._clock.monotonic_ns()
            said = self._says(answer.request, answer.arrived_ns, answered_ns)
            if said is None:
                self.dropped += 1
                continue
            try:
                self._sockets[answer.reflector].sendto(said, answer.sender)
            except OSError:  # the asker has closed its socket, or its buffer is full: a lost answer, as on any network
                self.dropped += 1
                continue
            self.held.append(Held(answer.reflector, answer.request, answer.arrived_ns, answered_ns))
