"""The operations over RouterOS's REST interface."""

from collections.abc import Callable, Sequence
from pathlib import Path

from wanctl.routeros import record, value
from wanctl.routeros.error import NotFound, Refused, ambiguous
from wanctl.routeros.failure import ConnectionLost
from wanctl.routeros.https import Https
from wanctl.routeros.operations import (
    InterfaceCounters,
    ListEntry,
    Resource,
    Route,
    Rule,
    RuleTable,
    Service,
    SimpleLimit,
    SimpleQueue,
    TreeQueue,
)
from wanctl.routeros.restmenu import RestMenus
from wanctl.routeros.trust import trust

# RouterOS closes a request after 60 s; healthy ones take milliseconds, but a small board under load needs seconds.
CONNECT_TIMEOUT_NS = 2_000_000_000
READ_TIMEOUT_NS = 5_000_000_000

_LIST = "ip/firewall/address-list"
_EXISTS = "already have such entry"


class RestRouter:
    """A router over REST; implements `wanctl.routeros.Router`.

    `ca_file` holds the authority that signed the router's certificate, `pin` is that of its key (`sha256//BASE64`, see
    `trust.py`); one of them must be given. `now_ns` is a monotonic clock. Raises `Untrusted` if neither can be used.
    """

    def __init__(
        self,
        address: str,
        user: str,
        password: str,
        *,
        now_ns: Callable[[], int],
        port: int = 443,
        ca_file: str | Path | None = None,
        pin: str | None = None,
        connect_timeout_ns: int = CONNECT_TIMEOUT_NS,
        read_timeout_ns: int = READ_TIMEOUT_NS,
    ) -> None:
        self._user = user
        self._https = Https(
            address, port, user, password, trust(ca_file, pin), now_ns, connect_timeout_ns, read_timeout_ns
        )
        self._menus = RestMenus(self._https, user)

    def __repr__(self) -> str:
        return f"RestRouter({self._user}@{self._https.place})"

    def __enter__(self) -> "RestRouter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read_tree(self, queue: str) -> TreeQueue:
        """The queue-tree entry of that name."""
        return record.tree_queue(self._menus.find("queue/tree", queue, record.TREE))

    def set_tree_limit(self, queue: str, rate_bps: int) -> int:
        """Write `rate_bps` (bit/s, > 0) as `max-limit`; the one that the router now reports, in bit/s."""
        assert rate_bps > 0, "0 would lift the limit"
        changed = self._menus.update("queue/tree", queue, {"max-limit": str(rate_bps)})
        return record.read(changed, "max-limit", value.rate_bps)

    def read_simple(self, queue: str) -> SimpleQueue:
        """The simple queue of that name."""
        return record.simple_queue(self._menus.find("queue/simple", queue, record.SIMPLE))

    def set_simple_limit(self, queue: str, upload_bps: int | None, download_bps: int | None) -> SimpleLimit:
        """Write both sides of `max-limit` (bit/s, > 0) at once, None as it is; what the router now reports."""
        both = record.both_sides(upload_bps, download_bps, lambda: self.read_simple(queue))
        changed = self._menus.update("queue/simple", queue, {"max-limit": both})
        return record.simple_limit(changed)

    def read_interface(self, name: str) -> InterfaceCounters:
        """The byte counters of an interface."""
        return record.interface_counters(self._menus.find("interface", name, record.INTERFACE))

    def set_list_entry(self, list_: str, address: str, ttl_ns: int, comment: str) -> ListEntry:
        """Have `address` in an address list for `ttl_ns` (>= 1 s) from now on; the entry as the router has it."""
        timeout, wanted = {"timeout": record.seconds(ttl_ns)}, record.listed_address(address)
        name = f"{list_} {wanted}"
        known = self._menus.known(_LIST, name)
        if known is not None:
            try:
                return self._ours(name, self._menus.change(_LIST, known, timeout), list_, comment)
            except (NotFound, ConnectionLost):
                pass  # it has expired, or the connection that its id was good for has ended
        values = {"list": list_, "address": wanted, "comment": comment, **timeout}
        try:
            made = self._menus.add(_LIST, values)
            self._menus.remember(_LIST, name, made)
            return record.list_entry(made)
        except (Refused, ConnectionLost) as error:
            # It was there before; or the answer was lost, and with it whether there is an entry now.
            exists = isinstance(error, ConnectionLost) or _EXISTS in error.detail
            found = self._entry(list_, wanted, comment) if exists else None
            if found is None:
                raise
        try:
            changed = self._menus.change(_LIST, found, timeout)
        except ConnectionLost:  # a time-out may be set twice; but the id is looked up again
            found = self._entry(list_, wanted, comment)
            if found is None:
                raise
            changed = self._menus.change(_LIST, found, timeout)
        return self._ours(name, changed, list_, comment)

    def remove_list_entry(self, list_: str, address: str, comment: str) -> bool:
        """Take the entry with that `comment` away; whether there was one."""
        wanted = record.listed_address(address)
        known = self._menus.known(_LIST, f"{list_} {wanted}")
        if known is not None and self._menus.take_away(_LIST, known):
            return True
        found = self._entry(list_, wanted, comment)
        if found is not None:
            self._menus.remove(_LIST, found)
        return found is not None

    def read_list(self, list_: str) -> tuple[ListEntry, ...]:
        """The entries of an address list."""
        return tuple(record.list_entry(one) for one in self._menus.select(_LIST, record.ENTRY, list=list_))

    def read_lists(self, lists: Sequence[str]) -> tuple[ListEntry, ...]:
        """The entries of several address lists, in one round trip."""
        return tuple(record.list_entry(one) for one in self._menus.select_any(_LIST, record.ENTRY, "list", lists))

    def set_rule_enabled(self, table: RuleTable, comment: str, *, enabled: bool) -> bool:
        """Enable or disable the one rule with that comment; whether the router now says that it is enabled."""
        values = {"disabled": "no" if enabled else "yes"}
        changed = self._menus.update(f"ip/firewall/{table}", comment, values, key="comment")
        return not record.flag(changed, "disabled")

    def read_rules(self, table: RuleTable) -> tuple[Rule, ...]:
        """The rules of a table of the firewall, in order."""
        return tuple(record.rule(one) for one in self._menus.select(f"ip/firewall/{table}", ()))

    def read_routes(self) -> tuple[Route, ...]:
        """The IPv4 routes of all tables."""
        return tuple(record.route(one) for one in self._menus.select("ip/route", record.ROUTE))

    def read_services(self) -> tuple[Service, ...]:
        """The services of the router."""
        rows = self._menus.select("ip/service", record.SERVICE)
        return tuple(record.service(one) for one in rows if not record.is_connection(one))

    def policies(self) -> frozenset[str]:
        """What the group of this connection's user may do."""
        group = self._menus.find("user", self._user, ("name", "group")).get("group", "")
        return record.granted(self._menus.find("user/group", group, ("name", "policy")).get("policy", ""))

    def resource(self) -> Resource:
        """Version, board and uptime."""
        return record.resource(self._menus.singleton("system/resource"))

    def identity(self) -> str:
        """The router's name."""
        return record.read(self._menus.singleton("system/identity"), "name", str)

    def select(self, menu: str, fields: Sequence[str]) -> tuple[record.Record, ...]:
        """The objects of a menu (`queue/tree`), in the router's own words."""
        return tuple(self._menus.select(menu, fields))

    def single(self, menu: str) -> record.Record:
        """The one object of a menu that has just one (`system/clock`)."""
        return self._menus.singleton(menu)

    def add(self, menu: str, values: record.Record) -> None:
        """Make an object of a menu (`ip/firewall/mangle`)."""
        self._menus.add(menu, values)

    def change(self, menu: str, id_: str, values: record.Record) -> None:
        """Change the object that has just been found under this id."""
        self._menus.change(menu, {".id": id_}, values)

    def remove(self, menu: str, id_: str) -> None:
        """Remove the object that has just been found under this id; it is fine if it is gone."""
        self._menus.remove(menu, {".id": id_})

    def close(self) -> None:
        """Close the connection; the next operation opens a new one."""
        self._https.close()
        self._menus.forget()

    def _ours(self, name: str, changed: record.Record, list_: str, comment: str) -> ListEntry:
        """The entry that was made or changed, if it is the one that was meant; its id is remembered."""
        entry = record.list_entry(changed)
        record.refuse_other(entry, comment)
        if entry.list != list_:
            raise Refused(f"the router changed an entry of '{entry.list}' in place of '{list_}'", f"id {entry.id}")
        self._menus.remember(_LIST, name, changed)
        return entry

    def _entry(self, list_: str, address: str, comment: str) -> record.Record | None:
        """Our entry of an address list, if there is one. Raises `Refused` for another's."""
        found = self._menus.select(_LIST, record.ENTRY, list=list_, address=address)
        if len(found) > 1:
            raise ambiguous(f"entry of the address list '{list_}'", address, len(found))
        for one in found:
            record.refuse_other(record.list_entry(one), comment)
        return found[0] if found else None
