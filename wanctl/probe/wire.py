"""What every echo carries, and what a kind of echo has to know.

The sequence finds the slot; the stamp proves that it is this probe's answer: nobody who did not see the probe knows it
to the nanosecond, not even a predecessor of this process on the same port.
"""

import socket
from typing import Protocol

from wanctl.probe.egress import Egress

MAGIC = b"wctl"
PAYLOAD_FORMAT = "4sIQ"  # magic, sequence, monotonic nanoseconds of sending


class Wire(Protocol):
    """One kind of echo on the wire."""

    @property
    def source(self) -> str:
        """The kind's name in a `Sample`: "icmp" or "udp"."""
        ...

    def open(self, egress: Egress) -> socket.socket:
        """A socket for it; raises `ProbeError`."""
        ...

    def request(self, sequence: int, sent_ns: int) -> bytearray:
        """The packet to send; valid until the next call."""
        ...

    def read(self, packet: bytes) -> tuple[int, int] | None:
        """Sequence and stamp (ns) of the probe that `packet` answers, or None if it answers none of ours."""
        ...
