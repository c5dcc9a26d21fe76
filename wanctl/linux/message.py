"""The few rtnetlink messages that shaping needs, made and read by pyroute2's classes.

Rates are bytes a second on the wire and bit/s here. Source: include/uapi/linux/pkt_sched.h (TCA_CAKE_*), rtnetlink(7).
"""

import struct
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from pyroute2.netlink.rtnl import RTM_GETQDISC, RTM_GETSTATS, RTM_NEWQDISC, TC_H_ROOT
from pyroute2.netlink.rtnl.ifstatsmsg import ifstatsmsg
from pyroute2.netlink.rtnl.tcmsg import tcmsg

from wanctl.linux.channel import ACK, DUMP, ECHO, REQUEST

KIND = "cake"
_LINK_64 = 1  # the bit of IFLA_STATS_LINK_64 in a filter mask
_TC_HEADER = struct.Struct("=BBHiIII")  # family, padding, padding, index, handle, parent, info
_HEADER_BYTES = 16
_ATTRIBUTE = struct.Struct("=HH")
_TCA_KIND, _TCA_OPTIONS = 1, 2


class Tin(NamedTuple):
    """One priority tin of CAKE. Delays in µs: how long its packets stood in the queue."""

    sent_bytes: int
    dropped_packets: int
    marked_packets: int  # ECN
    backlog_bytes: int
    peak_delay_us: int  # decaying maximum
    average_delay_us: int
    base_delay_us: int  # of sparse flows
    bulk_flows: int


class Qdisc(NamedTuple):
    """A root qdisc. `rate_bps` is 0 for "unlimited"; None, like the tins, when it is no CAKE."""

    device_index: int
    kind: str
    handle: int  # 0x80010000 is 8001: in tc's words; 0 for one that the kernel put there by itself
    rate_bps: int | None
    sent_bytes: int
    dropped_packets: int
    backlog_bytes: int
    backlog_packets: int
    tins: tuple[Tin, ...] = ()


class Bytes(NamedTuple):
    """Bytes through a device since it was made."""

    rx_bytes: int
    tx_bytes: int


def change_rate(index: int, handle: int, rate_bps: int) -> bytes:
    """Set the bandwidth of the CAKE with that handle at the root of a device, and nothing else of it.

    The handle matters: without one, a kernel (6.1 does) puts a new CAKE in the place of whatever qdisc is there, even
    with neither NLM_F_CREATE nor NLM_F_REPLACE, as `tc qdisc change` shows. With one it says no where that CAKE is
    gone.
    ECHO has the kernel send the qdisc as it then is: one round trip is write and verification.
    """
    assert handle != 0
    message = tcmsg()
    message["index"], message["handle"], message["parent"] = index, handle, TC_H_ROOT
    # pyroute2 adds `autorate-ingress off`: two that set one bandwidth would fight over it.
    options = {"attrs": [["TCA_CAKE_BASE_RATE64", rate_bps // 8]]}
    message["attrs"] = [["TCA_KIND", KIND], ["TCA_OPTIONS", options]]
    return _encoded(message, RTM_NEWQDISC, REQUEST | ACK | ECHO)


def list_qdiscs() -> bytes:
    """All qdiscs of all devices.

    The kernel knows no other quiet way to read one: a plain RTM_GETQDISC is announced to everybody who watches
    (`tc monitor`), as if something had changed.
    """
    return _encoded(tcmsg(), RTM_GETQDISC, REQUEST | DUMP)


def read_bytes(index: int) -> bytes:
    """The byte counters of a device."""
    message = ifstatsmsg()
    message["ifindex"], message["filter_mask"] = index, _LINK_64
    return _encoded(message, RTM_GETSTATS, REQUEST | ACK)


def roots_of(answers: Sequence[bytes], indexes: Sequence[int]) -> dict[int, Qdisc]:
    """The root qdiscs among messages, by device; only those of `indexes` are looked into."""
    found = {}
    for message in answers:
        _, _, _, index, _, parent, _ = _TC_HEADER.unpack_from(message, _HEADER_BYTES)
        if parent == TC_H_ROOT and index in indexes:
            found[index] = qdisc_of(message)
    return found


def qdisc_of(data: bytes) -> Qdisc:
    """An RTM_NEWQDISC as a qdisc."""
    message = tcmsg(data)
    message.decode()
    kind = message.get_attr("TCA_KIND")
    counters = message.get_attr("TCA_STATS2")
    basic, queue = _of(counters, "TCA_STATS_BASIC"), _of(counters, "TCA_STATS_QUEUE")
    rate_bps: int | None = None
    tins: tuple[Tin, ...] = ()
    if kind == KIND:
        rate_bps = (message.get_attr("TCA_OPTIONS").get_attr("TCA_CAKE_BASE_RATE64") or 0) * 8
        tins = _tins(counters)
    return Qdisc(
        device_index=message["index"],
        kind=kind,
        handle=message["handle"],
        rate_bps=rate_bps,
        sent_bytes=basic.get("bytes", 0),
        dropped_packets=queue.get("drops", 0),
        backlog_bytes=queue.get("backlog", 0),
        backlog_packets=queue.get("qlen", 0),
        tins=tins,
    )


def rate_of(data: bytes) -> tuple[int, int | None]:
    """Device and bandwidth (bit/s; None when it is no CAKE) of an RTM_NEWQDISC.

    Its statistics are cut off first: to read those of every tin takes ten times as long, and after a write nobody asks.
    """
    kept, at = bytearray(data[: _HEADER_BYTES + _TC_HEADER.size]), _HEADER_BYTES + _TC_HEADER.size
    while at + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, at)
        step = max(_ATTRIBUTE.size, (length + 3) & ~3)
        if kind in (_TCA_KIND, _TCA_OPTIONS):
            kept += data[at : at + step]
        at += step
    kept[:4] = len(kept).to_bytes(4, sys.byteorder)
    qdisc = qdisc_of(bytes(kept))
    return qdisc.device_index, qdisc.rate_bps


def bytes_of(data: bytes) -> Bytes:
    """An RTM_NEWSTATS as byte counters."""
    message = ifstatsmsg(data)
    message.decode()
    counters = message.get_attr("IFLA_STATS_LINK_64")
    return Bytes(counters["rx_bytes"], counters["tx_bytes"])


def _encoded(message: Any, kind: int, flags: int) -> bytes:
    message["header"]["type"], message["header"]["flags"] = kind, flags
    message.encode()
    return bytes(message.data)


def _of(parent: Any, name: str) -> Any:
    return (parent.get_attr(name) if parent is not None else None) or {}


def _tins(counters: Any) -> tuple[Tin, ...]:
    group = _of(_of(counters, "TCA_STATS_APP") or None, "TCA_CAKE_STATS_TIN_STATS")
    tins = []
    for _, tin in group["attrs"] if group else ():
        values = {name.removeprefix("TCA_CAKE_TIN_STATS_"): value for name, value in tin["attrs"]}
        tins.append(
            Tin(
                values.get("SENT_BYTES64", 0),
                values.get("DROPPED_PACKETS", 0),
                values.get("ECN_MARKED_PACKETS", 0),
                values.get("BACKLOG_BYTES", 0),
                values.get("PEAK_DELAY_US", 0),
                values.get("AVG_DELAY_US", 0),
                values.get("BASE_DELAY_US", 0),
                values.get("BULK_FLOWS", 0),
            )
        )
    return tuple(tins)
