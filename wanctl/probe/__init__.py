"""Probing: round-trip times of reflectors by echo and TCP handshake, taken by the kernel, drained once a tick."""

from wanctl.probe.address import Address, AddressError, parse_address
from wanctl.probe.counters import Counters
from wanctl.probe.egress import Egress, ProbeError, ProbePermissionError
from wanctl.probe.pool import Usage
from wanctl.probe.prober import Prober, WanProber

__all__ = [
    "Address",
    "AddressError",
    "Counters",
    "Egress",
    "ProbeError",
    "ProbePermissionError",
    "Prober",
    "Usage",
    "WanProber",
    "parse_address",
]
