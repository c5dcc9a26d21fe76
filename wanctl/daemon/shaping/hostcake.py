"""CAKE on this host in the shape of a router's queues, so that one shaper thread serves both.

A direction's queue is a device here, its limit the bandwidth of the CAKE at the device's root.
"""

from collections.abc import Mapping

from wanctl.daemon.clock import Clock
from wanctl.daemon.hosterror import translated
from wanctl.linux import (
    Cake,
    Channel,
    may_shape,
    not_permitted,
)
from wanctl.routeros import (
    InterfaceCounters,
    NotFound,
    Resource,
    SimpleLimit,
    SimpleQueue,
    TreeQueue,
)


class HostCake:
    """The devices of one site. `setup` has the tc line that makes each one's CAKE.

    Raises `Denied` at once where this process may read, but not write: a site that can never be shaped.
    """

    def __init__(self, clock: Clock, setup: Mapping[str, str]) -> None:
        if not may_shape():
            with translated():
                raise not_permitted(", ".join(setup), "it lacks CAP_NET_ADMIN")
        self._clock = clock
        self._cake = Cake(Channel(), setup)
        self._asked_bps: dict[str, int] = {}  # the last rate set; CAKE holds whole bytes a second of it

    def set_tree_limit(self, queue: str, rate_bps: int) -> int:
        """Set the bandwidth of a device, in bit/s, and return what the kernel reports after it."""
        with translated():
            has_bps = self._cake.set_rate(queue, rate_bps)
        self._asked_bps[queue] = has_bps
        return has_bps

    def read_tree(self, queue: str) -> TreeQueue:
        """The CAKE of a device. A limit of 0 is "unlimited"."""
        with translated():
            now = self._cake.read([queue]).cakes[queue]
        rate_bps, asked_bps = now.rate_bps or 0, self._asked_bps.get(queue, 0)
        if rate_bps == asked_bps // 8 * 8:
            rate_bps = asked_bps
        return TreeQueue(
            id=f"{now.handle >> 16:x}:",
            name=queue,
            max_limit_bps=rate_bps,
            bytes=now.sent_bytes,
            packets=0,
            dropped=now.dropped_packets,
            queued_bytes=now.backlog_bytes,
            queued_packets=now.backlog_packets,
            disabled=False,
            invalid=False,
        )

    def read_interface(self, name: str) -> InterfaceCounters:
        """The byte counters of an interface of this host."""
        with translated():
            counters = self._cake.read([], [name]).bytes[name]
        return InterfaceCounters(counters.rx_bytes, counters.tx_bytes)

    def resource(self) -> Resource:
        """When this host was started: its clock is ours, so it never reboots under us."""
        return Resource("", "", self._clock.boottime_ns(), None, None)

    def read_simple(self, queue: str) -> SimpleQueue:
        """There is no such queue here, and a site file that names one beside `linux` is refused before."""
        raise NotFound(f"a Linux host has no simple queue '{queue}'")

    def set_simple_limit(self, queue: str, upload_bps: int | None, download_bps: int | None) -> SimpleLimit:
        """There is no such queue here."""
        raise NotFound(f"a Linux host has no simple queue '{queue}' for {upload_bps} and {download_bps} bit/s")

    def close(self) -> None:
        """Close the socket."""
        self._cake.close()
