"""What all kinds of probes have in common: where they go, and what one socket's worth of them can do."""

from typing import Protocol

from wanctl.control.sample import Sample, Sent, Unsent, Void
from wanctl.probe.address import Address
from wanctl.probe.oneway import OneWay


class Target:
    """A reflector as the hot path wants it."""

    __slots__ = ("host", "name", "one_way", "port", "sockaddr")

    def __init__(self, address: Address) -> None:
        self.name = str(address)
        self.host = address.host
        self.port = address.port
        self.sockaddr = (address.host, address.port)
        self.one_way = OneWay()


class Line(Protocol):
    """Probes of one kind and address family for one WAN. Nothing of it blocks, and nothing raises once it is open."""

    @property
    def problem(self) -> str | None:
        """Why probes cannot leave at present, in a sentence."""
        ...

    @property
    def withdrawn(self) -> list[Void | Unsent]:
        """What must not be counted; whoever takes it clears it."""
        ...

    def send(self, target: Target, now_ns: int, /) -> Sent | None:
        """Send one probe; None if it did not leave this machine."""
        ...

    def drain(self, offset_ns: int, samples: list[Sample], /) -> None:
        """Append what has been answered since the last time; `offset_ns` takes kernel stamps to the monotonic clock."""
        ...

    def expire(self, now_ns: int) -> None:
        """Give up probes beyond the deadline; after `drain`."""
        ...

    def close(self) -> None:
        """Let go of the sockets; more than once is harmless."""
        ...
