"""What wanctl asks of a router, in the domain's words; REST and SSH each implement `Router`.

Every operation blocks for one round trip (two when an id has to be looked up) and belongs to one thread. An operation
that touches an object wants exactly one of that name: otherwise it raises `NotFound` or `Ambiguous` and has changed
nothing. All errors are `RouterError`s; after a `TimedOut` nobody knows whether the router carried the request out.
"""

from typing import NamedTuple, Protocol


class TreeQueue(NamedTuple):
    """One entry of `/queue/tree`. Counters run since the last reset or reboot; a limit of 0 is "unlimited"."""

    id: str  # "*1000000"; may change when the router reboots
    name: str
    max_limit_bps: int
    bytes: int
    packets: int
    dropped: int  # packets
    queued_bytes: int
    queued_packets: int
    disabled: bool
    invalid: bool  # RouterOS does not use it: its parent or its type is gone


class SimpleQueue(NamedTuple):
    """One entry of `/queue/simple`; upload and download as its target sees them. A limit of 0 is "unlimited"."""

    id: str
    name: str
    upload_bps: int
    download_bps: int
    upload_bytes: int
    download_bytes: int
    upload_dropped: int  # packets
    download_dropped: int
    disabled: bool
    invalid: bool


class SimpleLimit(NamedTuple):
    """The `max-limit` pair of a simple queue, in bit/s, as its target sees it."""

    upload_bps: int
    download_bps: int


class InterfaceCounters(NamedTuple):
    """Bytes through an interface since the last reset or reboot: `rx_bytes` came in, `tx_bytes` went out."""

    rx_bytes: int
    tx_bytes: int


class Resource(NamedTuple):
    """What `/system/resource` says. `uptime_ns` going down is a reboot."""

    version: str  # "7.23.7 (long-term)"
    board: str
    uptime_ns: int
    cpu_load: int | None  # percent
    sectors_written: int | None  # since the reboot; None where the board does not count them


class Router(Protocol):
    """One connection to one router."""

    def read_tree(self, queue: str) -> TreeQueue:
        """The queue-tree entry of that name."""
        ...

    def set_tree_limit(self, queue: str, rate_bps: int) -> int:
        """Write `rate_bps` (bit/s, > 0) as `max-limit` and return the one the router now reports, in bit/s.

        The router's word is returned as it is: compare it with what was asked.
        """
        ...

    def read_simple(self, queue: str) -> SimpleQueue:
        """The simple queue of that name."""
        ...

    def set_simple_limit(self, queue: str, upload_bps: int, download_bps: int) -> SimpleLimit:
        """Write both sides of a simple queue's `max-limit` at once (bit/s, > 0) and return what the router reports."""
        ...

    def read_interface(self, name: str) -> InterfaceCounters:
        """The byte counters of an interface."""
        ...

    def resource(self) -> Resource:
        """Version, board and uptime."""
        ...

    def identity(self) -> str:
        """The router's name; the cheapest question there is, good for keeping a connection warm."""
        ...

    def close(self) -> None:
        """Close the connection; the next operation opens a new one."""
        ...
