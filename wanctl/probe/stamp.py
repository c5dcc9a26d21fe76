"""When a packet arrived, by the kernel's own stamp, on the clock that the rest of the program uses.

A user-space receive time is late by whatever the scheduler was doing: up to 20 ms under load, the size of a queue worth
acting on. The kernel stamps a packet when it arrives, however late it is read, but it stamps with CLOCK_REALTIME, and
everything else here counts CLOCK_MONOTONIC. The two differ by an offset that only a step of the wall clock (or a
suspend) changes: slewing moves both alike. So the offset is read once per drain, and a jump is noticed.
Source: clock_gettime(2), socket(7), Documentation/networking/timestamping.rst.
"""

import socket
import struct
from collections.abc import Sequence
from typing import Protocol

SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module has no name for it
_TIMESPEC = struct.Struct("@ll")
ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESPEC.size)

JUMP_NS = 1_000_000
ASLEEP_NS = 200_000_000  # between two ticks; less than a few of them changes nothing
# Two readings of one clock around one of the other bound the error; a wide bracket means that we were preempted there.
_NARROW_NS = 20_000
_TRIES = 3


class Clock(Protocol):
    """Reads both of the kernel's clocks; handed in, so that a test can step one of them."""

    def monotonic_ns(self) -> int:
        """Nanoseconds that never run backwards and stop in suspend (CLOCK_MONOTONIC)."""
        ...

    def realtime_ns(self) -> int:
        """Nanoseconds since the epoch, which an operator or NTP may step (CLOCK_REALTIME)."""
        ...

    def boottime_ns(self) -> int:
        """Nanoseconds that never run backwards and count suspend as well (CLOCK_BOOTTIME)."""
        ...


def stamp_arrivals(sock: socket.socket) -> None:
    """Have the kernel stamp each packet of this socket on arrival."""
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def arrival_ns(ancillary: Sequence[tuple[int, int, bytes]]) -> int | None:
    """The kernel's CLOCK_REALTIME stamp in what `recvmsg` returned beside the data, or None without one."""
    for level, kind, data in ancillary:
        if kind == SO_TIMESTAMPNS and level == socket.SOL_SOCKET and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return None


class ClockOffset:
    """CLOCK_REALTIME minus CLOCK_MONOTONIC, as last read."""

    __slots__ = ("_clock", "ns")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ns = self._read()

    def jumped(self) -> bool:
        """Read the offset anew; whether it moved by more than `JUMP_NS` since the last time."""
        before = self.ns
        self.ns = self._read()
        return abs(self.ns - before) > JUMP_NS

    def _read(self) -> int:
        best_ns = 0
        best_width_ns = -1
        for _ in range(_TRIES):
            before = self._clock.monotonic_ns()
            real = self._clock.realtime_ns()
            after = self._clock.monotonic_ns()
            width = after - before
            if best_width_ns < 0 or width < best_width_ns:
                best_ns, best_width_ns = real - (before + after) // 2, width
            if width <= _NARROW_NS:
                break
        return best_ns


class Sleep:
    """Notices that the machine was suspended: CLOCK_MONOTONIC stood still, CLOCK_BOOTTIME went on."""

    __slots__ = ("_clock", "_offset_ns")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_ns = clock.boottime_ns() - clock.monotonic_ns()

    def passed(self) -> bool:
        """Whether there was one since the last call."""
        # In this order being preempted between the readings makes the difference smaller; and it is not kept so.
        boot_ns = self._clock.boottime_ns()
        asleep_ns = boot_ns - self._clock.monotonic_ns() - self._offset_ns
        self._offset_ns += max(0, asleep_ns)
        return asleep_ns > ASLEEP_NS
