"""Which probe a short number stands for, where the wire leaves no room for the whole sequence and stamp.

DNS and ICMP timestamps bring 16 bits back. The numbers start at a random one, so that an answer to a predecessor of
this process, or a guess of a stranger who has not seen the probes, is nobody's.
"""

import os

SLOTS = 2048  # as many as a `Flight` remembers


class Issued:
    """Numbers of 16 bits, and the sequence and stamp (ns) that each was given to last."""

    __slots__ = ("_key", "_probes")

    def __init__(self) -> None:
        self._key = int.from_bytes(os.urandom(2), "big")
        self._probes = [(-1, 0)] * SLOTS

    def issue(self, sequence: int, sent_ns: int) -> int:
        """The number that stands for this probe."""
        self._probes[sequence % SLOTS] = sequence, sent_ns
        return (sequence + self._key) & 0xFFFF

    def find(self, number: int) -> tuple[int, int] | None:
        """Sequence and stamp of the probe that `number` was issued to, or None."""
        short = (number - self._key) & 0xFFFF
        sequence, sent_ns = self._probes[short % SLOTS]
        return (sequence, sent_ns) if sequence >= 0 and sequence & 0xFFFF == short else None
