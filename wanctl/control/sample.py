"""What the measuring side hands to a tick: echoes sent, echoes answered, and readings of byte counters.

All times are integer nanoseconds of one monotonic clock that the caller owns. A loss is never a value here: it is a
`Sent` that neither a `Sample` nor a `Void` follows.
"""

from typing import NamedTuple


class Sent(NamedTuple):
    """A probe left for a reflector."""

    wan: str
    reflector: str
    sent_ns: int
    source: str  # "icmp", "udp" or "tcp"


class Sample(NamedTuple):
    """A probe was answered; `received_ns - sent_ns` is its round-trip time.

    `up_ms` and `down_ms` are how much longer the way there and the way back took than their shortest of the last half
    minute: the clocks are not the same, so only changes are known. Both or neither; None where the probe tells none.
    """

    wan: str
    reflector: str
    sent_ns: int
    received_ns: int
    source: str  # "icmp", "udp" or "tcp": the transport
    up_ms: float | None = None
    down_ms: float | None = None


class Reading(NamedTuple):
    """The byte counters of one WAN at one moment, as the shaper's host counts them.

    `rx_bytes` is what arrived from the internet before the download shaper, `tx_bytes` what the upload shaper sent out.
    A counter that went down is a reset of the device (a reboot), not a negative rate.
    """

    wan: str
    at_ns: int
    rx_bytes: int
    tx_bytes: int


class Confirmation(NamedTuple):
    """What became of a wanted rate: the shaper now has `applied_bps`; None when `reason` kept it from being written."""

    wan: str
    direction: str  # "download" or "upload"
    applied_bps: int | None
    at_ns: int
    reason: str = ""


class Void(NamedTuple):
    """A probe that left, and of which nothing will be known by no fault of the link: a clock jumped, a socket died."""

    wan: str
    reflector: str
    sent_ns: int
    source: str  # "icmp", "udp" or "tcp"


class Unsent(NamedTuple):
    """A probe that could not leave this machine: no loss, but no sign of life either."""

    wan: str
    reflector: str
    at_ns: int
    source: str  # "icmp", "udp" or "tcp"


class Gap(NamedTuple):
    """The machine slept until `at_ns`, and the clock did not count it: what was measured before is of another time."""

    wan: str
    at_ns: int


Observation = Sent | Sample | Void | Unsent | Gap
