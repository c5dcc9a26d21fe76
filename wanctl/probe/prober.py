"""The prober of one WAN: a few probes each tick, in turn over its reflectors, and their answers at the next one.

    while ticking:
        samples = prober.drain(now_ns)
        sent = prober.send(now_ns)
        voids = prober.withdraw()
        ...
        prober.heed(now_ns, signals)

All are called from the loop's own thread and never block. Draining once a tick instead of waking for each answer saves
two thirds of the CPU, and the kernel's stamps make it free in accuracy.

TCP reflectors are there for links where echoes are filtered. As long as echoes are answered one handshake a second
keeps it known that TCP works, and how long it takes on the idle link; when no echo has been answered for half a second
the TCP reflectors are asked as often as is decent.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Protocol

from wanctl.control.sample import Gap, Sample, Sent, Unsent, Void
from wanctl.decision import WanSignals
from wanctl.probe.address import Address, AddressError
from wanctl.probe.counters import Counters
from wanctl.probe.dns import DnsQuery
from wanctl.probe.echo import EchoSocket
from wanctl.probe.egress import Egress
from wanctl.probe.icmp import IcmpEcho
from wanctl.probe.irtt import IrttEcho
from wanctl.probe.line import Line, Target
from wanctl.probe.pace import Pace
from wanctl.probe.pool import ReflectorPool, Usage
from wanctl.probe.rotation import PUBLIC_GAP_NS
from wanctl.probe.stamp import Clock, ClockOffset, Sleep
from wanctl.probe.tcp import TcpConnects
from wanctl.probe.timestamp import IcmpTimestamp
from wanctl.probe.udp import UdpEcho
from wanctl.probe.wire import Wire

DEADLINE_NS = 5_000_000_000
# A handshake costs a server more than an echo: two a second at most for other people's, seven for one's own.
TCP_PUBLIC_GAP_NS, TCP_OWN_GAP_NS = 500_000_000, PUBLIC_GAP_NS
TCP_STANDBY_NS = 1_000_000_000  # between two handshakes of a WAN whose echoes are answered
ECHOES_GONE_NS = 500_000_000
Withdrawn = Void | Unsent | Gap
_RECEIVED_NS = attrgetter("received_ns")


class Prober(Protocol):
    """Measures one WAN, drained once a tick."""

    @property
    def wan(self) -> str:
        """Its name."""
        ...

    @property
    def counters(self) -> Counters:
        """What became of its packets so far."""
        ...

    def send(self, now_ns: int) -> tuple[Sent, ...]:
        """Send this tick's probes; those that left."""
        ...

    def drain(self, now_ns: int) -> tuple[Sample, ...]:
        """What was answered since the last call, in order of arrival."""
        ...

    def withdraw(self) -> tuple[Withdrawn, ...]:
        """What must not be counted since the last call; nearly always nothing."""
        ...

    def heed(self, now_ns: int, signals: WanSignals) -> None:
        """Take note of how the WAN is after a tick: a calm one is probed less."""
        ...

    def close(self) -> None:
        """Let go of the sockets."""
        ...


class WanProber:
    """Probes one WAN by ICMP and UDP echo and by TCP handshakes, whatever its reflectors ask for.

    `per_tick` echoes go out each tick, never two to one reflector, and no public reflector is asked more than 7 times a
    second; `full_rate` lifts that for reflectors that are your own, and keeps the rate up on a calm link. `deadline_ns`
    is how long an answer is waited for.

    Raises `ProbePermissionError` if the kernel forbids the probes, `AddressError` for reflectors that they cannot reach
    by this WAN. A link that is down is neither: it is tried again, and `problems` tells.
    """

    def __init__(
        self,
        wan: str,
        addresses: Sequence[Address],
        clock: Clock,
        *,
        egress: Egress | None = None,
        per_tick: int = 2,
        full_rate: bool = False,
        deadline_ns: int = DEADLINE_NS,
    ) -> None:
        assert deadline_ns > 0
        egress = egress or Egress()
        _check(wan, addresses, egress)
        self.wan = wan
        self.counters = Counters()
        self._offset = ClockOffset(clock)
        self._sleep = Sleep(clock)
        self._full_rate = full_rate
        self._pace = Pace()
        self._withdrawn: list[Withdrawn] = []
        self._echoes: dict[tuple[str, int], EchoSocket] = {}
        self._connects: dict[int, TcpConnects] = {}
        try:
            self._open(wan, addresses, clock, egress, deadline_ns)
        except BaseException:
            self.close()
            raise
        self._lines: tuple[Line, ...] = (*self._echoes.values(), *self._connects.values())
        now_ns = clock.monotonic_ns()
        self._began_ns = now_ns
        self._echo_pool = self._pool([a for a in addresses if a.kind != "tcp"], per_tick, now_ns)
        self._tcp_pool = self._pool([a for a in addresses if a.kind == "tcp"], 1, now_ns)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why probes cannot leave at present, in sentences; empty when they do."""
        return tuple(line.problem for line in self._lines if line.problem is not None)

    def usage(self, now_ns: int) -> tuple[Usage, ...]:
        """What each reflector has been asked."""
        return tuple(one for pool in self._pools() for one in pool.usage(now_ns))

    def send(self, now_ns: int) -> tuple[Sent, ...]:
        """Send the probes that are due at `now_ns`; those that left, stamped with the very moment they did."""
        sent: list[Sent] = []
        echoes, connects = self._echo_pool, self._tcp_pool
        if echoes is not None:
            interval_ns = 0 if self._full_rate else self._pace.interval_ns(now_ns, echoes.answered_ns)
            echoes.send(now_ns, interval_ns, sent)
        if connects is not None:
            heard_ns = None if echoes is None else echoes.answered_ns or self._began_ns
            standby = heard_ns is not None and now_ns - heard_ns <= ECHOES_GONE_NS
            connects.send(now_ns, TCP_STANDBY_NS if standby else 0, sent)
        return tuple(sent)

    def drain(self, now_ns: int) -> tuple[Sample, ...]:
        """What was answered since the last call, in order of arrival.

        When the wall clock has jumped since then, the kernel's stamps are of two minds: all echoes in flight are
        dropped. Handshakes are timed by another clock, and stay.
        """
        samples: list[Sample] = []
        for echo in self._echoes.values():
            echo.drain(self._offset.ns, samples)
        # Read after the packets: a step in between is then seen before any of them is believed.
        if self._offset.jumped():
            self._disown(samples)
        if self._sleep.passed():
            self._withdrawn.append(Gap(self.wan, now_ns))
        if self._echo_pool is not None:
            self._echo_pool.hear(samples, now_ns)
        if self._tcp_pool is not None:
            connected: list[Sample] = []
            for connects in self._connects.values():
                connects.drain(self._offset.ns, connected)
            self._tcp_pool.hear(connected, now_ns)
            samples += connected
        for line in self._lines:
            line.expire(now_ns)
        if len(self._lines) > 1:
            samples.sort(key=_RECEIVED_NS)
        return tuple(samples)

    def withdraw(self) -> tuple[Withdrawn, ...]:
        """Since the last call: probes disowned by a jump of a clock or with their socket, or that never left; sleep."""
        for line in self._lines:
            if line.withdrawn:
                self._withdrawn += line.withdrawn
                line.withdrawn.clear()
        if not self._withdrawn:
            return ()
        withdrawn = tuple(self._withdrawn)
        self._withdrawn.clear()
        return withdrawn

    def heed(self, now_ns: int, signals: WanSignals) -> None:
        """Take note of how the WAN is after a tick: a calm one is probed less."""
        self._pace.heed(now_ns, signals)

    def close(self) -> None:
        """Close all sockets; more than once is harmless."""
        for echo in self._echoes.values():
            echo.close()
        for connects in self._connects.values():
            connects.close()

    def _open(self, wan: str, addresses: Sequence[Address], clock: Clock, egress: Egress, deadline_ns: int) -> None:
        for address in addresses:
            family, key = address.family, (address.kind, int(address.family))
            if address.kind == "tcp":
                if int(family) not in self._connects:
                    self._connects[int(family)] = TcpConnects(wan, family, egress, clock, self.counters, deadline_ns)
            elif key not in self._echoes:
                self._echoes[key] = EchoSocket(wan, _wire(address), egress, clock, self.counters, deadline_ns)

    def _pool(self, addresses: Sequence[Address], per_tick: int, now_ns: int) -> ReflectorPool | None:
        if not addresses:
            return None
        routes: list[tuple[Line, Target]] = []
        gaps_ns = []
        for address in addresses:
            tcp, spared = address.kind == "tcp", address.is_public and not self._full_rate
            line = self._connects[int(address.family)] if tcp else self._echoes[address.kind, int(address.family)]
            routes.append((line, Target(address)))
            public_ns, own_ns = (TCP_PUBLIC_GAP_NS, TCP_OWN_GAP_NS) if tcp else (PUBLIC_GAP_NS, 0)
            gaps_ns.append(public_ns if spared else own_ns)
        return ReflectorPool(routes, gaps_ns, per_tick, now_ns)

    def _pools(self) -> Iterator[ReflectorPool]:
        yield from (pool for pool in (self._echo_pool, self._tcp_pool) if pool is not None)

    def _disown(self, samples: list[Sample]) -> None:
        self.counters.clock_jumps += 1
        self.counters.answered -= len(samples)
        self.counters.clock_dropped += len(samples)
        self._withdrawn += (Void(self.wan, one.reflector, one.sent_ns, one.source) for one in samples)
        samples.clear()
        for echo in self._echoes.values():
            echo.drop()


def _wire(address: Address) -> Wire:
    match address.kind:
        case "udp":
            return UdpEcho(address.family)
        case "dns":
            return DnsQuery(address.family)
        case "irtt":
            return IrttEcho(address.family)
        case "timestamp":
            return IcmpTimestamp()
        case _:
            return IcmpEcho(address.family)


def _check(wan: str, addresses: Sequence[Address], egress: Egress) -> None:
    if not addresses:
        raise AddressError(f"WAN '{wan}' has no reflectors", "name at least one address")
    for number, address in enumerate(addresses):
        if address in addresses[:number]:
            raise AddressError(f"WAN '{wan}' names the reflector {address} twice", "one is enough")
        if not egress.pins(address.family):
            raise AddressError(
                f"WAN '{wan}': reflector {address} cannot be probed from source {egress.source}, which is of the other "
                "IP version: the probe would leave by whatever link the routing table likes",
                "name a 'device', or reflectors of the source's version",
            )
