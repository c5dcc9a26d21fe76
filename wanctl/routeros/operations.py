"""What wanctl asks of a router, in the domain's words; REST and SSH each implement `Router`.

Every operation blocks for one round trip (two when an id has to be looked up) and belongs to one thread. An operation
that touches an object wants exactly one of that name: otherwise it raises `NotFound` or `Ambiguous` and has changed
nothing. All errors are `RouterError`s; after a `TimedOut` nobody knows whether the router carried the request out.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

RuleTable = Literal["mangle", "filter", "nat"]


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


class ListEntry(NamedTuple):
    """One entry of a firewall address list. `ttl_ns` is None for an entry that stays for ever."""

    id: str
    list: str
    address: str
    ttl_ns: int | None
    comment: str
    disabled: bool


class Rule(NamedTuple):
    """One rule of the firewall; rules of a table come in the order in which the router tries them."""

    id: str
    chain: str
    action: str
    comment: str
    disabled: bool
    invalid: bool
    fields: Mapping[str, str]  # its matchers and parameters by their RouterOS names; those that are not set are absent

    @property
    def bypasses_queues(self) -> bool:
        """Whether it lets connections with a mark past the queues: FastTrack knows neither marks nor queue trees."""
        fasttrack = self.action == "fasttrack-connection" and not self.disabled
        return fasttrack and self.fields.get("connection-mark") != "no-mark"


class Route(NamedTuple):
    """One route. A disabled one does not tell its table and its distance: they are empty and None."""

    id: str
    dst_address: str
    gateway: str
    table: str
    distance: int | None
    check_gateway: str  # "ping", "arp", "bfd", or empty
    comment: str
    disabled: bool
    active: bool


class Service(NamedTuple):
    """One entry of `/ip/service`."""

    name: str  # "www-ssl"
    port: int
    disabled: bool
    address: str  # the prefixes that may connect, joined by commas; empty is everybody
    certificate: str  # empty where there is none, or where the service has no such thing
    max_sessions: int | None


class Queues(Protocol):
    """Whoever holds the queues of a site: a router, or this host. What shaping needs, and no more."""

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

    def set_simple_limit(self, queue: str, upload_bps: int | None, download_bps: int | None) -> SimpleLimit:
        """Write both sides of a simple queue's `max-limit` at once (bit/s, > 0) and return what the router reports.

        A side of None is left as it is (it is read before), and may be "unlimited".
        """
        ...

    def read_interface(self, name: str) -> InterfaceCounters:
        """The byte counters of an interface."""
        ...

    def resource(self) -> Resource:
        """Version, board and uptime."""
        ...

    def close(self) -> None:
        """Close the connection; the next operation opens a new one."""
        ...


class Router(Queues, Protocol):
    """One connection to one router."""

    def set_list_entry(self, list_: str, address: str, ttl_ns: int, comment: str) -> ListEntry:
        """Have `address` (or prefix) in an address list for `ttl_ns` (whole seconds, >= 1 s) from now on.

        Such an entry lives in the router's memory and goes by itself. One that is there already is refreshed, if it
        has a time-out and the same `comment`; another's is left alone and `Refused`.
        """
        ...

    def remove_list_entry(self, list_: str, address: str, comment: str) -> bool:
        """Take the entry with that `comment` away; whether there was one. Another's is left alone and `Refused`."""
        ...

    def read_list(self, list_: str) -> tuple[ListEntry, ...]:
        """The entries of an address list."""
        ...

    def read_lists(self, lists: Sequence[str]) -> tuple[ListEntry, ...]:
        """The entries of several address lists (at least one), in one round trip."""
        ...

    def set_rule_enabled(self, table: RuleTable, comment: str, *, enabled: bool) -> bool:
        """Enable or disable the one rule with that comment; whether the router now says that it is enabled."""
        ...

    def read_rules(self, table: RuleTable) -> tuple[Rule, ...]:
        """The rules of a table of the firewall, in order."""
        ...

    def read_routes(self) -> tuple[Route, ...]:
        """The IPv4 routes of all tables."""
        ...

    def read_services(self) -> tuple[Service, ...]:
        """The services of the router, as `/ip/service` has them."""
        ...

    def policies(self) -> frozenset[str]:
        """What the group of this connection's user may do: `read`, `write`, `rest-api`, ..."""
        ...

    def identity(self) -> str:
        """The router's name; the cheapest question there is, good for keeping a connection warm."""
        ...
