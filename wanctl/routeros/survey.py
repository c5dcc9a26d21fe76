"""What a router holds around the objects that a site names: read for `wanctl doctor`, never in the loop.

Each function reads one menu in whole, over either transport, and gives it in the domain's words. Field names and values
are those of RouterOS 7; a field that a version lacks is as if it were not set. All errors are `RouterError`s.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from wanctl.routeros import value
from wanctl.routeros.operations import Router
from wanctl.routeros.record import Record, flag, granted, read

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)
_OLD_DATE = re.compile(r"(?P<month>[a-z]{3})/(?P<day>\d\d)/(?P<year>\d{4})", re.ASCII | re.IGNORECASE)
_OFFSET = re.compile(r"(?P<sign>[+-]?)(?P<hours>\d\d):(?P<minutes>\d\d)(?::\d\d)?", re.ASCII)
_WRAPPED_S = 1 << 32  # a script gets a negative offset as if it were unsigned


class Surveyor(Router, Protocol):
    """A router whose menus can be read in whole. `RestRouter` and `SshRouter` are both of this kind."""

    def select(self, menu: str, fields: Sequence[str]) -> tuple[Record, ...]:
        """The objects of a menu (`queue/tree`), in the router's own words; `fields` are those that are wanted."""
        ...

    def single(self, menu: str) -> Record:
        """The one object of a menu that has just one (`system/clock`)."""
        ...


class TreeNode(NamedTuple):
    """One entry of `/queue/tree`, as it stands among the others."""

    id: str
    name: str
    parent: str  # an interface, "global", or another entry
    packet_mark: str
    type: str
    limit_at_bps: int
    max_limit_bps: int  # 0 is "unlimited"
    disabled: bool
    invalid: bool


class SimpleNode(NamedTuple):
    """One entry of `/queue/simple`; pairs are upload and download as its target sees them."""

    id: str
    name: str
    parent: str  # "none" or another entry
    types: tuple[str, str]
    limit_at_bps: tuple[int, int]
    max_limit_bps: tuple[int, int]
    disabled: bool
    invalid: bool
    dynamic: bool  # made by a service of the router, and gone with it


class QueueType(NamedTuple):
    """One entry of `/queue/type`."""

    name: str
    kind: str  # "cake", "fq-codel", "pfifo", ...
    cake_bandwidth_bps: int  # 0 where CAKE does not shape, or where it is no CAKE


class Interface(NamedTuple):
    """One interface."""

    name: str
    kind: str
    running: bool
    disabled: bool


class Account(NamedTuple):
    """Who is logged in."""

    user: str
    group: str
    address: str  # the prefixes that it may come from, joined by commas; empty is everywhere
    policies: frozenset[str]


def tree_nodes(router: Surveyor) -> tuple[TreeNode, ...]:
    """The queue tree."""
    fields = ("name", "parent", "packet-mark", "queue", "limit-at", "max-limit", "disabled", "invalid")
    return tuple(
        TreeNode(
            one.get(".id", ""),
            read(one, "name", str),
            one.get("parent", ""),
            one.get("packet-mark", ""),
            one.get("queue", ""),
            _rate(one, "limit-at"),
            _rate(one, "max-limit"),
            flag(one, "disabled"),
            flag(one, "invalid"),
        )
        for one in router.select("queue/tree", fields)
    )


def simple_nodes(router: Surveyor) -> tuple[SimpleNode, ...]:
    """The simple queues, in the order in which the router tries them."""
    fields = ("name", "parent", "queue", "limit-at", "max-limit", "disabled", "invalid", "dynamic")
    return tuple(
        SimpleNode(
            one.get(".id", ""),
            read(one, "name", str),
            one.get("parent", "none"),
            _pair(one.get("queue", "")),
            _rates(one, "limit-at"),
            _rates(one, "max-limit"),
            flag(one, "disabled"),
            flag(one, "invalid"),
            flag(one, "dynamic"),
        )
        for one in router.select("queue/simple", fields)
    )


def queue_types(router: Surveyor) -> tuple[QueueType, ...]:
    """The queue types."""
    fields = ("name", "kind", "cake-bandwidth")
    return tuple(
        QueueType(read(one, "name", str), one.get("kind", ""), _rate(one, "cake-bandwidth"))
        for one in router.select("queue/type", fields)
    )


def interfaces(router: Surveyor) -> tuple[Interface, ...]:
    """The interfaces."""
    fields = ("name", "type", "running", "disabled")
    return tuple(
        Interface(read(one, "name", str), one.get("type", ""), flag(one, "running"), flag(one, "disabled"))
        for one in router.select("interface", fields)
    )


def account(router: Surveyor, user: str) -> Account | None:
    """The user of that name with what its group may do; None if the router's own list does not have it."""
    groups = {
        one.get("name", ""): granted(one.get("policy", "")) for one in router.select("user/group", ("name", "policy"))
    }
    for one in router.select("user", ("name", "group", "address")):
        if one.get("name") == user:
            group = one.get("group", "")
            return Account(user, group, one.get("address", ""), groups.get(group, frozenset()))
    return None


def list_names(router: Surveyor) -> frozenset[str]:
    """The names of the address lists that have an entry."""
    return frozenset(one.get("list", "") for one in router.select("ip/firewall/address-list", ("list",)))


def realtime_ns(router: Surveyor) -> int:
    """The router's clock, in ns since 1970 (UTC); it tells whole seconds."""
    return read(_joined(router.single("system/clock")), "clock", _moment_ns)


def _joined(clock: Record) -> Mapping[str, str]:
    parts = [clock.get(name, "") for name in ("date", "time", "gmt-offset")]
    return {"clock": " ".join(parts)} if all(parts[:2]) else {}


def _moment_ns(text: str) -> int:
    """`2026-11-25 18:46:31 +01:00`, and what older versions and scripts write. Raises ValueError."""
    date, time, offset = [*text.split(" "), ""][:3]
    match = _DATE.fullmatch(date) or _OLD_DATE.fullmatch(date)
    if match is None:
        raise ValueError(f"'{date}' is not a date")
    word = match["month"].lower()
    month = _MONTHS.index(word) + 1 if word in _MONTHS else value.count(word)
    midnight = datetime(int(match["year"]), month, int(match["day"]), tzinfo=UTC) - _offset(offset)
    return int(midnight.timestamp()) * 10**9 + value.duration_ns(time)


def _offset(text: str) -> timedelta:
    """The distance to UTC: `+01:00` or, as a script gets it, seconds."""
    match = _OFFSET.fullmatch(text)
    if match is not None:
        span = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
        return -span if match["sign"] == "-" else span
    seconds = int(text or "0")
    return timedelta(seconds=seconds - _WRAPPED_S if seconds > _WRAPPED_S // 2 else seconds)


def _rate(record: Record, field: str) -> int:
    return read(record, field, value.rate_bps) if record.get(field) else 0


def _rates(record: Record, field: str) -> tuple[int, int]:
    return read(record, field, value.rate_pair_bps) if record.get(field) else (0, 0)


def _pair(text: str) -> tuple[str, str]:
    first, _, second = text.partition("/")
    return first, second or first


def chain(name: str, parents: Mapping[str, str]) -> Iterator[str]:
    """What stands above an object, nearest first; a ring of parents is walked once."""
    seen = {name}
    while (name := parents.get(name, "")) and name not in seen:
        seen.add(name)
        yield name
