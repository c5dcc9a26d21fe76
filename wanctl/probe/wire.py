"""What every echo carries, and what a kind of echo has to know.

The sequence finds the slot; the stamp proves that it is this probe's answer: nobody who did not see the probe knows it
to the nanosecond, not even a predecessor of this process on the same port.
"""

import socket
from typing import NamedTuple, Protocol

from wanctl.probe.egress import Egress
from wanctl.probe.line import Target

MAGIC = b"wctl"
PAYLOAD_FORMAT = "4sIQ"  # magic, sequence, monotonic nanoseconds of sending


class Answer(NamedTuple):
    """What an answer says: which probe it answers, and when the other side had it, by a clock of its own."""

    sequence: int
    sent_ns: int  # the stamp of the probe
    arrived_there_ns: int | None = None  # both or neither; only differences mean something
    left_there_ns: int | None = None
    # An answer that cannot be timed, because it may belong to an earlier request as well: a sign of life, no delay.
    timed: bool = True


class Wire(Protocol):
    """One kind of echo on the wire."""

    @property
    def source(self) -> str:
        """The kind's name in a `Sample`: "icmp" or "udp"."""
        ...

    def open(self, egress: Egress, /) -> socket.socket:
        """A socket for it; raises `ProbeError`."""
        ...

    def request(self, target: Target, sequence: int, sent_ns: int, /) -> bytearray | bytes | None:
        """The packet to send, valid until the next call; None when this target is not to be asked yet."""
        ...

    def read(self, packet: bytes, sender: tuple[str, int], /) -> Answer | None:
        """What `packet` answers, or None if it answers none of ours."""
        ...

    def farewell(self) -> list[tuple[bytes, tuple[str, int]]]:
        """Packets to send, and where to, before the socket is closed; nearly always none."""
        ...
