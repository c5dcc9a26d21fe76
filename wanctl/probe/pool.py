"""The prober of one WAN: a few echoes each tick, in turn over its reflectors, and their answers at the next one.

    while ticking:
        sent = prober.send(now_ns)
        ...
        samples = prober.drain(now_ns)

Both are called from the loop's own thread and never block. Draining once a tick instead of waking for each answer saves
two thirds of the CPU, and the kernel's stamps make it free in accuracy.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Protocol

from wanctl.control.sample import Sample, Sent
from wanctl.probe.address import Address, AddressError
from wanctl.probe.counters import Counters
from wanctl.probe.echo import EchoSocket, Target
from wanctl.probe.egress import Egress
from wanctl.probe.icmp import IcmpEcho
from wanctl.probe.rotation import PUBLIC_GAP_NS, Rotation
from wanctl.probe.stamp import Clock, ClockOffset
from wanctl.probe.udp import UdpEcho

DEADLINE_NS = 5_000_000_000
_RECEIVED_NS = attrgetter("received_ns")


class Prober(Protocol):
    """Measures one WAN, drained once a tick."""

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

    def close(self) -> None:
        """Let go of the sockets."""
        ...


class WanProber:
    """Probes one WAN by ICMP and UDP echo, whatever its reflectors ask for.

    `per_tick` probes go out each tick, never two to one reflector, and no public reflector is asked more than 7 times a
    second; `full_rate` lifts that for reflectors that are your own. `deadline_ns` is how long an answer is waited for.

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
        self.counters = Counters()
        self._offset = ClockOffset(clock)
        gaps_ns = [PUBLIC_GAP_NS if address.is_public and not full_rate else 0 for address in addresses]
        self._rotation = Rotation(gaps_ns, per_tick)
        self._sockets: dict[tuple[str, int], EchoSocket] = {}
        self._routes: list[tuple[EchoSocket, Target]] = []
        try:
            for address in addresses:
                key = (address.kind, int(address.family))
                if key not in self._sockets:
                    wire = IcmpEcho(address.family) if address.kind == "icmp" else UdpEcho(address.family)
                    self._sockets[key] = EchoSocket(wan, wire, egress, clock, self.counters, deadline_ns)
                self._routes.append((self._sockets[key], Target(address)))
        except BaseException:
            self.close()
            raise

    @property
    def problems(self) -> tuple[str, ...]:
        """Why probes cannot leave at present, in sentences; empty when they do."""
        return tuple(echo.problem for echo in self._sockets.values() if echo.problem is not None)

    def send(self, now_ns: int) -> tuple[Sent, ...]:
        """Send the probes that are due at `now_ns`; those that left, stamped with the very moment they did."""
        sent: list[Sent] = []
        for index in self._rotation.choose(now_ns):
            echo, target = self._routes[index]
            one = echo.send(target, now_ns)
            if one is not None:
                sent.append(one)
        return tuple(sent)

    def drain(self, now_ns: int) -> tuple[Sample, ...]:
        """What was answered since the last call, in order of arrival.

        When the wall clock has jumped since then, the kernel's stamps are of two minds: all in flight are dropped.
        """
        samples: list[Sample] = []
        for echo in self._sockets.values():
            echo.drain(self._offset.ns, samples)
        # Read after the packets: a step in between is then seen before any of them is believed.
        if self._offset.jumped():
            self._disown(samples)
        for echo in self._sockets.values():
            echo.expire(now_ns)
        if len(self._sockets) > 1:
            samples.sort(key=_RECEIVED_NS)
        return tuple(samples)

    def close(self) -> None:
        """Close all sockets; more than once is harmless."""
        for echo in self._sockets.values():
            echo.close()

    def _disown(self, samples: list[Sample]) -> None:
        self.counters.clock_jumps += 1
        self.counters.answered -= len(samples)
        self.counters.clock_dropped += len(samples)
        samples.clear()
        for echo in self._sockets.values():
            echo.drop()


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
