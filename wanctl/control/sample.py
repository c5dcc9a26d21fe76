"""What the measuring side hands to a tick: echoes sent, echoes answered, and readings of byte counters.

All times are integer nanoseconds of one monotonic clock that the caller owns. A loss is never a value here: it is a
`Sent` that no `Sample` follows.
"""

from typing import NamedTuple


class Sent(NamedTuple):
    """A probe left for a reflector."""

    wan: str
    reflector: str
    sent_ns: int
    source: str  # "icmp", "udp" or "tcp"


class Sample(NamedTuple):
    """A probe was answered; `received_ns - sent_ns` is its round-trip time."""

    wan: str
    reflector: str
    sent_ns: int
    received_ns: int
    source: str  # "icmp", "udp" or "tcp"


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


Observation = Sent | Sample
