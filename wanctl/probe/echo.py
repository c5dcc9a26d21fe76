"""One socket's echoes: requests out, answers matched and timed, trouble of every kind counted.

Nothing here blocks, and once it is open nothing here raises: a link that is down, a device that has gone, a stranger's
packet are an ordinary day. A probe that could not leave is no `Sent`, so it cannot become a loss.
"""

import socket
from contextlib import suppress

from wanctl.control.sample import Sample, Sent, Unsent, Void
from wanctl.probe.counters import Counters
from wanctl.probe.egress import Egress, ProbeError, ProbePermissionError
from wanctl.probe.flight import Fate, Flight
from wanctl.probe.line import Target
from wanctl.probe.stamp import ANCILLARY_BYTES, Clock, arrival_ns
from wanctl.probe.wire import Answer, Wire

# A flood of strangers' packets must not hold up a tick; what is left over is read at the next one.
MOST_PER_DRAIN = 256
_PACKET_BYTES = 256  # longer than any answer of ours, so that a longer packet cannot be cut to the right length
REOPEN_AFTER_NS = 1_000_000_000


class EchoSocket:
    """Sends echoes of one kind and address family for one WAN.

    Raises `ProbePermissionError` when made; any other trouble of opening is kept in `problem`, and while sending it is
    opened again.
    """

    def __init__(
        self, wan: str, wire: Wire, egress: Egress, clock: Clock, counters: Counters, deadline_ns: int
    ) -> None:
        self.problem: str | None = None
        self.withdrawn: list[Void | Unsent] = []  # since somebody took them
        self._wan = wan
        self._wire = wire
        self._source = wire.source
        self._egress = egress
        self._clock = clock
        self._counters = counters
        self._deadline_ns = deadline_ns
        self._flight: Flight[Target] = Flight()
        self._failing_since_ns: int | None = None
        self._socket: socket.socket | None = None
        try:
            self._socket = wire.open(egress)
        except ProbePermissionError:
            raise
        except ProbeError as error:
            self.problem = str(error)

    def send(self, target: Target, now_ns: int) -> Sent | None:
        """Send one echo; None if it did not leave this machine, or need not."""
        sock = self._socket
        if sock is None:
            self._failed(target, now_ns)
            return None
        flight = self._flight
        sent_ns = self._clock.monotonic_ns()
        request = self._wire.request(target, flight.next_sequence, sent_ns)
        if request is None:
            return None
        try:
            sock.sendto(request, target.sockaddr)
        except OSError as error:
            self.problem = f"cannot send to {target.name}: {error.strerror}"
            self._failed(target, now_ns)
            return None
        if self._failing_since_ns is not None:
            self._failing_since_ns = None
            self.problem = None
        if flight.launch(target, sent_ns):
            self._counters.unanswered += 1
        self._counters.sent += 1
        return Sent(self._wan, target.name, sent_ns, self._source)

    def drain(self, offset_ns: int, samples: list[Sample]) -> None:
        """Append what has been answered since the last time; `offset_ns` takes kernel stamps to the monotonic clock."""
        sock = self._socket
        if sock is None:
            return
        for _ in range(MOST_PER_DRAIN):
            try:
                packet, ancillary, _flags, sender = sock.recvmsg(_PACKET_BYTES, ANCILLARY_BYTES)
            except BlockingIOError:
                return
            except OSError:  # the device went down, say; the socket has told it once and reads on
                self._counters.local_failures += 1
                continue
            answer = self._match(packet, sender)
            if answer is None:
                continue
            target, told = answer
            real_ns = arrival_ns(ancillary)
            if real_ns is None or real_ns - offset_ns < told.sent_ns or not told.timed:
                self._counters.unusable += 1
                self.withdrawn.append(Void(self._wan, target.name, told.sent_ns, self._source))
                continue
            self._counters.answered += 1
            samples.append(self._sample(target, told, real_ns - offset_ns))

    def expire(self, now_ns: int) -> None:
        """Give up probes beyond the deadline. After `drain`: an answer that waited for a late tick is no loss."""
        self._counters.unanswered += self._flight.expire(now_ns - self._deadline_ns)

    def drop(self) -> None:
        """Disown all probes in flight: a clock has jumped, and their times cannot be compared."""
        self._counters.clock_dropped += self._disown()

    def close(self) -> None:
        """Close the socket; more than once is harmless."""
        if self._socket is not None:
            for packet, sockaddr in self._wire.farewell():
                with suppress(OSError):  # a courtesy, which a link that is down need not carry
                    self._socket.sendto(packet, sockaddr)
            self._socket.close()
            self._socket = None

    def _sample(self, target: Target, told: Answer, received_ns: int) -> Sample:
        if told.arrived_there_ns is None or told.left_there_ns is None:
            return Sample(self._wan, target.name, told.sent_ns, received_ns, self._source)
        ways = target.one_way.note(told.sent_ns, told.arrived_there_ns, told.left_there_ns, received_ns)
        return Sample(self._wan, target.name, told.sent_ns, received_ns, self._source, *(ways or ()))

    def _match(self, packet: bytes, sender: tuple[str, int]) -> tuple[Target, Answer] | None:
        """The target and the answer of a probe that is answered for the first time and in time; counts all else."""
        read = self._wire.read(packet, sender)
        target = None if read is None else self._flight.target(read.sequence, read.sent_ns)
        if read is None or target is None or sender[0] != target.host or sender[1] != target.port:
            self._counters.foreign += 1
            return None
        fate = self._flight.land(read.sequence)
        if fate is Fate.IN_FLIGHT:
            return target, read
        if fate is Fate.ANSWERED:
            self._counters.duplicate += 1
        elif fate is Fate.UNANSWERED:
            self._counters.late += 1
        return None

    def _failed(self, target: Target, now_ns: int) -> None:
        """Count a local failure; after a second of nothing else, open the socket again.

        A device that went away and came back under its old name is another one to the kernel, and a socket bound to the
        old one stays mute for ever.
        """
        self._counters.local_failures += 1
        self.withdrawn.append(Unsent(self._wan, target.name, now_ns, self._source))
        if self._failing_since_ns is None:
            self._failing_since_ns = now_ns
        elif now_ns - self._failing_since_ns >= REOPEN_AFTER_NS:
            self._failing_since_ns = now_ns
            self._reopen()

    def _disown(self) -> int:
        dropped = self._flight.drop()
        self.withdrawn += (Void(self._wan, target.name, sent_ns, self._source) for target, sent_ns in dropped)
        return len(dropped)

    def _reopen(self) -> None:
        self.close()
        self._counters.unusable += self._disown()  # their answers would come to the old socket
        try:
            self._socket = self._wire.open(self._egress)
        except ProbeError as error:
            self.problem = str(error)
            return
        self._counters.reopened += 1
