"""The operations over RouterOS's command line, through SSH.

Each operation is one line, or two where an object is missing. Names are quoted by the router's own rules and must
besides be made of harmless characters (`quote.py`); what a line did is proved by what the line says (`commandline.py`).
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from wanctl.routeros import record, value
from wanctl.routeros.channel import CONNECT_TIMEOUT_NS, READ_TIMEOUT_NS, SshConnection
from wanctl.routeros.commandline import (
    FOUND,
    Said,
    all_of,
    as_json,
    assignments,
    complaint,
    find,
    get,
    if_one,
    put,
    records,
    said,
)
from wanctl.routeros.error import NotFound, Refused, ambiguous, not_found
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
from wanctl.routeros.quote import ros_quote, safe_name

_ID = re.compile(r"\*[0-9A-F]+")
_TREE, _SIMPLE, _INTERFACE = "/queue/tree", "/queue/simple", "/interface"
_LIST = "/ip/firewall/address-list"
_WHAT = {
    _TREE: "queue tree entry", _SIMPLE: "simple queue", _INTERFACE: "interface", "/user": "user",
    "/ip/firewall/mangle": "mangle rule", "/ip/firewall/filter": "filter rule", "/ip/firewall/nat": "NAT rule",
}  # fmt: skip
_ENTRY = (".id", *(name for name in record.ENTRY if name != "timeout"))


class SshRouter:
    """A router over SSH; implements `wanctl.routeros.Router`.

    `host_key` is the fingerprint of the router's host key (`SHA256:BASE64`), `known_hosts` a file as of OpenSSH; one of
    them must be given. Raises `Untrusted` if neither can be used.
    """

    def __init__(
        self,
        address: str,
        user: str,
        password: str,
        *,
        port: int = 22,
        host_key: str | None = None,
        known_hosts: str | Path | None = None,
        connect_timeout_ns: int = CONNECT_TIMEOUT_NS,
        read_timeout_ns: int = READ_TIMEOUT_NS,
    ) -> None:
        self._user = user
        self._ssh = SshConnection(
            address, port, user, password, host_key, known_hosts, connect_timeout_ns, read_timeout_ns
        )

    def __repr__(self) -> str:
        return f"SshRouter({self._user}@{self._ssh.place})"

    def __enter__(self) -> "SshRouter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read_tree(self, queue: str) -> TreeQueue:
        """The queue-tree entry of that name."""
        return record.tree_queue(self._read(_TREE, queue, (".id", *record.TREE)))

    def set_tree_limit(self, queue: str, rate_bps: int) -> int:
        """Write `rate_bps` (bit/s, > 0) as `max-limit`; the one that the router now reports, in bit/s."""
        assert rate_bps > 0, "0 would lift the limit"
        changed = self._set(_TREE, queue, f"max-limit={rate_bps}", ("max-limit",))
        return record.read(changed, "max-limit", value.rate_bps)

    def read_simple(self, queue: str) -> SimpleQueue:
        """The simple queue of that name."""
        return record.simple_queue(self._read(_SIMPLE, queue, (".id", *record.SIMPLE)))

    def set_simple_limit(self, queue: str, upload_bps: int | None, download_bps: int | None) -> SimpleLimit:
        """Write both sides of `max-limit` (bit/s, > 0) at once, None as it is; what the router now reports."""
        both = record.both_sides(upload_bps, download_bps, lambda: self.read_simple(queue))
        return record.simple_limit(self._set(_SIMPLE, queue, f"max-limit={both}", ("max-limit",)))

    def read_interface(self, name: str) -> InterfaceCounters:
        """The byte counters of an interface."""
        return record.interface_counters(self._read(_INTERFACE, name, record.INTERFACE))

    def set_list_entry(self, list_: str, address: str, ttl_ns: int, comment: str) -> ListEntry:
        """Have `address` in an address list for `ttl_ns` (>= 1 s) from now on; the entry as the router has it."""
        timeout, wanted = record.seconds(ttl_ns), record.listed_address(address)
        what = f"entry of the address list '{list_}'"
        texts = {"list": safe_name(list_, what), "address": ros_quote(wanted), "comment": safe_name(comment, what)}
        any_ = find(_LIST, {"list": list_, "address": wanted})
        # Only an entry that is ours and that goes by itself is refreshed.
        ours = find(_LIST, {"list": list_, "address": wanted, "comment": comment}, "dynamic")
        add = f"{_LIST}/add {' '.join(f'{name}={text}' for name, text in texts.items())} timeout={timeout}"
        refresh = f":if ([:len {ours}] = 1) do={{{_LIST}/set {ours} timeout={timeout}}}"
        line = "; ".join(
            [
                f":if ([:len {any_}] = 0) do={{{add}}} else={{{refresh}}}",
                if_one(any_, get(_LIST, any_, (*_ENTRY, "timeout"))),
            ]
        )
        answer = self._ask(line, repeatable=True)
        entry = record.list_entry(self._one(answer, _LIST, f"{wanted} in '{list_}'", _ENTRY))
        record.refuse_other(entry, comment)
        return entry

    def remove_list_entry(self, list_: str, address: str, comment: str) -> bool:
        """Take the entry with that `comment` away; whether there was one."""
        wanted = record.listed_address(address)
        safe_name(list_, "address list")
        safe_name(comment, "comment")
        any_ = find(_LIST, {"list": list_, "address": wanted})
        ours = find(_LIST, {"list": list_, "address": wanted, "comment": comment}, "dynamic")
        remove = f"{_LIST}/remove {ours}; {put('left', f'[:len {ours}]')}"
        answer = self._ask(f"{if_one(any_, get(_LIST, any_, (*_ENTRY, 'timeout')))}; {remove}", repeatable=False)
        if answer.value("left") != "0":
            raise complaint(answer, f"removing {wanted} from the list '{list_}'")
        if answer.value(FOUND) == "0":
            return False
        # As it was before: whatever is another's is there still.
        record.refuse_other(record.list_entry(self._one(answer, _LIST, f"{wanted} in '{list_}'", _ENTRY)), comment)
        return True

    def read_list(self, list_: str) -> tuple[ListEntry, ...]:
        """The entries of an address list."""
        safe_name(list_, "address list")
        return tuple(record.list_entry(one) for one in self._list(_LIST, {"list": list_}))

    def read_lists(self, lists: Sequence[str]) -> tuple[ListEntry, ...]:
        """The entries of several address lists, in one round trip."""
        assert lists
        line = as_json(_LIST, " or ".join(f"list={safe_name(one, 'address list')}" for one in lists))
        return tuple(record.list_entry(one) for one in records(self._ssh.run(line, repeatable=True)))

    def set_rule_enabled(self, table: RuleTable, comment: str, *, enabled: bool) -> bool:
        """Enable or disable the one rule with that comment; whether the router now says that it is enabled."""
        menu = f"/ip/firewall/{table}"
        changed = self._set(menu, comment, f"disabled={'no' if enabled else 'yes'}", ("disabled",), key="comment")
        return not record.flag(changed, "disabled")

    def read_rules(self, table: RuleTable) -> tuple[Rule, ...]:
        """The rules of a table of the firewall, in order."""
        return tuple(record.rule(one) for one in self._list(f"/ip/firewall/{table}", {}))

    def read_routes(self) -> tuple[Route, ...]:
        """The IPv4 routes of all tables."""
        return tuple(record.route(one) for one in self._list("/ip/route", {}))

    def read_services(self) -> tuple[Service, ...]:
        """The services of the router."""
        rows = self._list("/ip/service", {})
        return tuple(record.service(one) for one in rows if not record.is_connection(one))

    def policies(self) -> frozenset[str]:
        """What the group of this connection's user may do."""
        safe_name(self._user, "user")
        user = find("/user", {"name": self._user})
        line = if_one(user, [put("policy", f"[/user/group/get [/user/get {user} group] policy]")])
        answer = self._ask(line, repeatable=True)
        return record.granted(self._one(answer, "/user", self._user, ("policy",))["policy"])

    def resource(self) -> Resource:
        """Version, board and uptime."""
        # What not every board has comes last: a complaint about it ends the line.
        line = "; ".join(put(field, f"[/system/resource/get {field}]") for field in record.RESOURCE)
        answer = self._ask(line, repeatable=True)
        if answer.value("uptime") is None:
            raise complaint(answer, "reading /system/resource")
        return record.resource(dict(answer.values))

    def identity(self) -> str:
        """The router's name."""
        answer = self._ask(put("name", "[/system/identity/get name]"), repeatable=True)
        name = answer.value("name")
        if name is None:
            raise complaint(answer, "reading /system/identity")
        return name

    def select(self, menu: str, fields: Sequence[str]) -> tuple[record.Record, ...]:
        """The objects of a menu (`queue/tree`), in the router's own words; all their fields, whatever is asked for."""
        del fields
        return tuple(self._list(f"/{menu}", {}))

    def single(self, menu: str) -> record.Record:
        """The one object of a menu that has just one (`system/clock`)."""
        found = self._list(f"/{menu}", {})
        if len(found) != 1:
            raise Refused(f"the router has {len(found)} objects in /{menu} where there should be one", "")
        return found[0]

    def add(self, menu: str, values: record.Record) -> None:
        """Make an object of a menu (`ip/firewall/mangle`)."""
        self._order(f"/{menu}/add {assignments(values)}")

    def change(self, menu: str, id_: str, values: record.Record) -> None:
        """Change the object that has just been found under this id."""
        self._order(f"/{menu}/set {_id(id_)} {assignments(values)}")

    def remove(self, menu: str, id_: str) -> None:
        """Remove the object that has just been found under this id."""
        self._order(f"/{menu}/remove {_id(id_)}")

    def close(self) -> None:
        """Close the connection; the next operation opens a new one."""
        self._ssh.close()

    def _read(self, menu: str, name: str, fields: Sequence[str]) -> record.Record:
        """Properties of the one object of that name."""
        safe_name(name, _WHAT[menu])
        objects = find(menu, {"name": name})
        answer = self._ask(if_one(objects, get(menu, objects, fields)), repeatable=True)
        return self._one(answer, menu, name, fields)

    def _set(self, menu: str, name: str, assignment: str, fields: Sequence[str], key: str = "name") -> record.Record:
        """Change the one object of that name; `fields` of it as the router now has them."""
        safe_name(name, _WHAT[menu])
        objects = find(menu, {key: name})
        line = if_one(objects, [f"{menu}/set {objects} {assignment}", *get(menu, objects, fields)])
        return self._one(self._ask(line, repeatable=False), menu, name, fields, key)

    def _one(self, answer: Said, menu: str, name: str, fields: Sequence[str], key: str = "name") -> record.Record:
        """What a line that wanted one object says of it. Raises `RouterError`."""
        found = answer.value(FOUND)
        if found is None or not found.isdigit():
            raise complaint(answer, f"looking for '{name}'")
        if int(found) > 1:
            raise ambiguous(_WHAT.get(menu, "address list"), name, int(found))
        if int(found) == 0:
            raise self._missing(menu, name, key)
        if any(answer.value(field) is None for field in fields):
            raise complaint(answer, f"'{name}'")
        return dict(answer.values)

    def _missing(self, menu: str, name: str, key: str) -> NotFound | Refused:
        if menu not in _WHAT:
            return Refused(f"the router did not take {name}", "")
        each = f":foreach i in=[{menu}/find] do={{{put('known', f'[{menu}/get $i {key}]')}}}"
        return not_found(_WHAT[menu], name, [one for one in self._ask(each, repeatable=True).all("known") if one])

    def _list(self, menu: str, conditions: Mapping[str, str]) -> list[record.Record]:
        return records(self._ssh.run(as_json(menu, all_of(conditions)), repeatable=True))

    def _order(self, command: str) -> None:
        """A command that says nothing when it was done; what it did is for the caller to read back."""
        answer = self._ask(f"{command}; {put('done', '1')}", repeatable=False)
        if answer.value("done") is None or answer.complaints:
            raise complaint(answer, command.split(" ", maxsplit=1)[0])

    def _ask(self, line: str, *, repeatable: bool) -> Said:
        return said(self._ssh.run(line, repeatable=repeatable))


def _id(id_: str) -> str:
    """An id as part of a command."""
    if not _ID.fullmatch(id_):
        raise Refused("the router gives an object an id that is none", id_)
    return id_
