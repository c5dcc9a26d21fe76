"""What a router says about an object, field by field in its own words, as the domain's types.

Both transports give the same words; where they write a value differently (`32000000` and `32M`, `1m30s` and `00:01:30`)
either spelling is read. A field that is missing or makes no sense raises `Refused`.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from wanctl.routeros import value
from wanctl.routeros.error import Refused
from wanctl.routeros.operations import (
    InterfaceCounters,
    ListEntry,
    Resource,
    Route,
    Rule,
    Service,
    SimpleLimit,
    SimpleQueue,
    TreeQueue,
)

Record = Mapping[str, str]
Value = TypeVar("Value")

TREE = ("name", "max-limit", "bytes", "packets", "dropped", "queued-bytes", "queued-packets", "disabled", "invalid")
SIMPLE = ("name", "max-limit", "bytes", "dropped", "disabled", "invalid")
INTERFACE = ("name", "rx-byte", "tx-byte")
RESOURCE = ("version", "board-name", "uptime", "cpu-load", "write-sect-since-reboot")
ENTRY = ("list", "address", "timeout", "comment", "disabled")
ROUTE = (
    "dst-address", "gateway", "routing-table", "distance", "check-gateway", "comment", "disabled", "active",
)  # fmt: skip
SERVICE = ("name", "port", "disabled", "address", "certificate", "max-sessions", "dynamic", "connection")
# What a rule has besides its matchers.
_OF_EVERY_RULE = {".id", "chain", "action", "comment", "disabled", "invalid", "dynamic", "bytes", "packets"}


def read(record: Record, field: str, parse: Callable[[str], Value]) -> Value:
    """One field, parsed."""
    try:
        return parse(record[field])
    except KeyError:
        reason = f"it has no '{field}'"
    except ValueError as error:
        reason = f"'{field}': {error}"
    raise Refused(f"the router's answer makes no sense: {reason}", reason, "it may still be starting")


def flag(record: Record, field: str) -> bool:
    """A boolean; absent is "no"."""
    return read(record, field, value.boolean) if field in record else False


def tree_queue(record: Record) -> TreeQueue:
    """A queue-tree entry from the fields `TREE` and its id."""
    return TreeQueue(
        id=read(record, ".id", str),
        name=read(record, "name", str),
        max_limit_bps=read(record, "max-limit", value.rate_bps),
        bytes=read(record, "bytes", value.count),
        packets=read(record, "packets", value.count),
        dropped=read(record, "dropped", value.count),
        queued_bytes=read(record, "queued-bytes", value.count),
        queued_packets=read(record, "queued-packets", value.count),
        disabled=flag(record, "disabled"),
        invalid=flag(record, "invalid"),
    )


def simple_queue(record: Record) -> SimpleQueue:
    """A simple queue from the fields `SIMPLE` and its id."""
    limit = simple_limit(record)
    upload_bytes, download_bytes = read(record, "bytes", value.count_pair)
    upload_dropped, download_dropped = read(record, "dropped", value.count_pair)
    return SimpleQueue(
        read(record, ".id", str),
        read(record, "name", str),
        limit.upload_bps,
        limit.download_bps,
        upload_bytes,
        download_bytes,
        upload_dropped,
        download_dropped,
        disabled=flag(record, "disabled"),
        invalid=flag(record, "invalid"),
    )


def simple_limit(record: Record) -> SimpleLimit:
    """The `max-limit` of a simple queue."""
    return SimpleLimit(*read(record, "max-limit", value.rate_pair_bps))


def both_sides(upload_bps: int | None, download_bps: int | None, read_queue: Callable[[], SimpleQueue]) -> str:
    """The value of a `max-limit` of which one side may be left as it is; only then the queue is read."""
    assert upload_bps is not None or download_bps is not None, "nothing to write"
    assert upload_bps is None or upload_bps > 0, "0 would lift the limit"
    assert download_bps is None or download_bps > 0, "0 would lift the limit"
    if upload_bps is None or download_bps is None:
        has = read_queue()
        upload_bps = has.upload_bps if upload_bps is None else upload_bps
        download_bps = has.download_bps if download_bps is None else download_bps
    return f"{upload_bps}/{download_bps}"


def interface_counters(record: Record) -> InterfaceCounters:
    """The counters of an interface."""
    return InterfaceCounters(read(record, "rx-byte", value.count), read(record, "tx-byte", value.count))


def resource(record: Record) -> Resource:
    """What the router says of itself, from the fields `RESOURCE`."""
    return Resource(
        version=read(record, "version", str),
        board=record.get("board-name", ""),
        uptime_ns=read(record, "uptime", value.duration_ns),
        cpu_load=read(record, "cpu-load", _percent) if "cpu-load" in record else None,
        sectors_written=read(record, "write-sect-since-reboot", value.count)
        if record.get("write-sect-since-reboot")
        else None,
    )


def list_entry(record: Record) -> ListEntry:
    """An entry of an address list from the fields `ENTRY` and its id."""
    return ListEntry(
        read(record, ".id", str),
        read(record, "list", str),
        read(record, "address", str),
        read(record, "timeout", value.duration_ns) if record.get("timeout") else None,
        record.get("comment", ""),
        disabled=flag(record, "disabled"),
    )


def rule(record: Record) -> Rule:
    """A rule of the firewall."""
    return Rule(
        read(record, ".id", str),
        read(record, "chain", str),
        record.get("action", "accept"),
        record.get("comment", ""),
        disabled=flag(record, "disabled"),
        invalid=flag(record, "invalid"),
        fields={name: text for name, text in record.items() if name not in _OF_EVERY_RULE},
    )


def route(record: Record) -> Route:
    """A route from the fields `ROUTE` and its id."""
    return Route(
        read(record, ".id", str),
        record.get("dst-address", ""),
        record.get("gateway", ""),
        record.get("routing-table", ""),
        read(record, "distance", value.count) if record.get("distance") else None,
        record.get("check-gateway", ""),
        record.get("comment", ""),
        disabled=flag(record, "disabled"),
        active=flag(record, "active"),
    )


def service(record: Record) -> Service:
    """A service from the fields `SERVICE`."""
    return Service(
        read(record, "name", str),
        read(record, "port", value.count),
        flag(record, "disabled"),
        record.get("address", ""),
        "" if record.get("certificate") in (None, "none", "*0") else record["certificate"],
        read(record, "max-sessions", value.count) if record.get("max-sessions") else None,
    )


def is_connection(record: Record) -> bool:
    """Whether a row of `/ip/service` is somebody's connection and no service."""
    return flag(record, "dynamic") or flag(record, "connection")


def granted(policy: str) -> frozenset[str]:
    """The policies that a group's `policy` grants: `read,write,!ftp`, or with `;` between them."""
    return frozenset(word for word in re.split(r"[,;]", policy) if word and not word.startswith("!"))


def listed_address(address: str) -> str:
    """An address or prefix as an address list has it: without the length of a single address.

    Raises `Refused` if it is none; an address list may hold host names and ranges too, but wanctl makes none of them.
    """
    try:
        network = ipaddress.ip_network(address)
    except ValueError as error:
        raise Refused(f"'{address}' cannot go into an address list: {error}", str(error)) from None
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def seconds(ttl_ns: int) -> str:
    """A time-out as RouterOS reads it."""
    assert ttl_ns >= 10**9, "an entry needs a second at least, and one of 0 s would stay for ever"
    return f"{ttl_ns // 10**9}s"


def refuse_other(entry: ListEntry, comment: str) -> None:
    """Raise `Refused` unless an entry is ours: it has the comment, and a time-out."""
    if entry.comment != comment:
        raise Refused(
            f"{entry.address} is in the list '{entry.list}' already, with the comment '{entry.comment}'",
            f"id {entry.id}",
            "somebody else has put it there: remove it, or give the class a list of its own",
        )
    if entry.ttl_ns is None:
        raise Refused(
            f"{entry.address} is in the list '{entry.list}' for ever", f"id {entry.id}", "remove it on the router"
        )


def _percent(text: str) -> int:
    return value.count(text.removesuffix("%"))
