"""Probing: round-trip times of reflectors by ICMP and UDP echo, stamped by the kernel, drained once a tick."""

from wanctl.probe.address import Address, AddressError, NotServedError, parse_address
from wanctl.probe.counters import Counters
from wanctl.probe.egress import Egress, ProbeError, ProbePermissionError
from wanctl.probe.pool import Prober, WanProber

__all__ = [
    "Address",
    "AddressError",
    "Counters",
    "Egress",
    "NotServedError",
    "ProbeError",
    "ProbePermissionError",
    "Prober",
    "WanProber",
    "parse_address",
]
