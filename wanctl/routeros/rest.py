"""The operations over RouterOS's REST interface.

A write is one `PATCH` on an id: its answer is the whole object as the router now holds it, so that writing and
verifying take one round trip. Ids are remembered by name for as long as the connection lives: an id is only good until
the router reboots, which also ends the connection. One that the router no longer knows (404) is looked up again, once.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from wanctl.routeros import value
from wanctl.routeros.error import Denied, NotFound, Refused, RouterError, ambiguous, not_found
from wanctl.routeros.failure import ConnectionLost
from wanctl.routeros.https import Answer, Https
from wanctl.routeros.operations import InterfaceCounters, Resource, SimpleLimit, SimpleQueue, TreeQueue
from wanctl.routeros.trust import trust
from wanctl.routeros.value import Json

# RouterOS answers a missing policy with 500 and "(9)" in the detail: a refusal, not an outage.
PERMISSION_MARK = "(9)"
NO_IDENTIFIER = "missing or invalid resource identifier"
# RouterOS closes a request after 60 s; healthy ones take milliseconds, but a small board under load needs seconds.
CONNECT_TIMEOUT_NS = 2_000_000_000
READ_TIMEOUT_NS = 5_000_000_000

_ID = re.compile(r"\*[0-9A-F]+")
_WHAT = {"queue/tree": "queue tree entry", "queue/simple": "simple queue", "interface": "interface"}
_TREE = ("name", "max-limit", "bytes", "packets", "dropped", "queued-bytes", "queued-packets", "disabled", "invalid")
_SIMPLE = ("name", "max-limit", "bytes", "dropped", "disabled", "invalid")

Record = Mapping[str, str]
Value = TypeVar("Value")


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
        self._ids: dict[tuple[str, str], tuple[str, int]] = {}  # the id, and the connection it was given on

    def __repr__(self) -> str:
        return f"RestRouter({self._user}@{self._https.place})"

    def __enter__(self) -> "RestRouter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read_tree(self, queue: str) -> TreeQueue:
        """The queue-tree entry of that name."""
        record = self._find("queue/tree", queue, _TREE)
        return TreeQueue(
            id=record[".id"],
            name=queue,
            max_limit_bps=self._read(record, "max-limit", value.rate_bps),
            bytes=self._read(record, "bytes", value.count),
            packets=self._read(record, "packets", value.count),
            dropped=self._read(record, "dropped", value.count),
            queued_bytes=self._read(record, "queued-bytes", value.count),
            queued_packets=self._read(record, "queued-packets", value.count),
            disabled=self._flag(record, "disabled"),
            invalid=self._flag(record, "invalid"),
        )

    def set_tree_limit(self, queue: str, rate_bps: int) -> int:
        """Write `rate_bps` (bit/s, > 0) as `max-limit`; the one that the router now reports, in bit/s."""
        assert rate_bps > 0, "0 would lift the limit"
        record = self._update("queue/tree", queue, {"max-limit": str(rate_bps)})
        return self._read(record, "max-limit", value.rate_bps)

    def read_simple(self, queue: str) -> SimpleQueue:
        """The simple queue of that name."""
        record = self._find("queue/simple", queue, _SIMPLE)
        limit = SimpleLimit(*self._read(record, "max-limit", value.rate_pair_bps))
        upload_bytes, download_bytes = self._read(record, "bytes", value.count_pair)
        upload_dropped, download_dropped = self._read(record, "dropped", value.count_pair)
        return SimpleQueue(
            record[".id"],
            queue,
            limit.upload_bps,
            limit.download_bps,
            upload_bytes,
            download_bytes,
            upload_dropped,
            download_dropped,
            disabled=self._flag(record, "disabled"),
            invalid=self._flag(record, "invalid"),
        )

    def set_simple_limit(self, queue: str, upload_bps: int, download_bps: int) -> SimpleLimit:
        """Write both sides of `max-limit` (bit/s, > 0) at once; what the router now reports."""
        assert min(upload_bps, download_bps) > 0, "0 would lift the limit"
        record = self._update("queue/simple", queue, {"max-limit": f"{upload_bps}/{download_bps}"})
        return SimpleLimit(*self._read(record, "max-limit", value.rate_pair_bps))

    def read_interface(self, name: str) -> InterfaceCounters:
        """The byte counters of an interface."""
        record = self._find("interface", name, ("name", "rx-byte", "tx-byte"))
        return InterfaceCounters(self._read(record, "rx-byte", value.count), self._read(record, "tx-byte", value.count))

    def resource(self) -> Resource:
        """Version, board and uptime."""
        record = self._singleton("system/resource")
        return Resource(
            version=self._read(record, "version", str),
            board=record.get("board-name", ""),
            uptime_ns=self._read(record, "uptime", value.duration_ns),
            cpu_load=self._read(record, "cpu-load", value.count) if "cpu-load" in record else None,
            sectors_written=self._read(record, "write-sect-since-reboot", value.count)
            if "write-sect-since-reboot" in record
            else None,
        )

    def identity(self) -> str:
        """The router's name."""
        return self._read(self._singleton("system/identity"), "name", str)

    def close(self) -> None:
        """Close the connection; the next operation opens a new one."""
        self._https.close()
        self._ids.clear()

    def _find(self, menu: str, name: str, fields: Sequence[str]) -> Record:
        """The one object of that name; its id is remembered."""
        answer = self._call("POST", f"{menu}/print", {".proplist": [".id", *fields], ".query": [f"name={name}"]})
        # The router may ignore a query that it does not understand: what is asked for is checked here again.
        found = [record for record in self._records(answer) if record.get("name") == name]
        if not found:
            listed = self._records(self._call("POST", f"{menu}/print", {".proplist": ["name"]}))
            raise not_found(_WHAT[menu], name, [record["name"] for record in listed if "name" in record])
        if len(found) > 1:
            raise ambiguous(_WHAT[menu], name, len(found))
        # The id becomes part of a path.
        if not _ID.fullmatch(found[0].get(".id", "")):
            raise Refused(f"the router gives '{name}' an id that is none", found[0].get(".id", ""))
        self._ids[menu, name] = (found[0][".id"], self._https.connections)
        return found[0]

    def _update(self, menu: str, name: str, values: Record) -> Record:
        """Set `values` of the one object of that name; the object as the router now has it."""
        record: Record | None = None
        known, connection = self._ids.pop((menu, name), ("", 0))
        if connection == self._https.connections and self._https.is_open:
            try:
                record = self._set(menu, known, name, values)
            except (NotFound, ConnectionLost):
                record = None  # the id is stale, or the connection that it was good for has ended: look it up
        if record is None:
            known = self._find(menu, name, ("name",))[".id"]
            record = self._set(menu, known, name, values)
        if record.get("name") != name:
            raise Refused(
                f"the router changed '{record.get('name')}' in place of '{name}'",
                f"id {known}",
                "its ids have moved; set the right limit on both by hand",
            )
        self._ids[menu, name] = (known, self._https.connections)
        return record

    def _set(self, menu: str, id_: str, name: str, values: Record) -> Record:
        try:
            return self._record(self._call("PATCH", f"{menu}/{id_}", dict(values), repeatable=False))
        except Refused as refusal:
            if NO_IDENTIFIER not in refusal.detail:
                raise
        # Some 7.21 routers want it this way; it answers nothing, so that it has to be read back.
        self._call("POST", f"{menu}/set", {".id": id_, **values}, repeatable=False)
        return self._find(menu, name, ("name", *values))

    def _singleton(self, menu: str) -> Record:
        answer = self._call("GET", menu)
        # 7.1 put the object into an array.
        return self._record(answer[0] if isinstance(answer, list) and len(answer) == 1 else answer)

    def _call(self, method: str, path: str, body: dict[str, Json] | None = None, *, repeatable: bool = True) -> Json:
        answer = self._https.exchange(method, path, body, repeatable=repeatable)
        if answer.status == 401 and self._https.is_suspect:
            answer = self._https.exchange(method, path, body, repeatable=repeatable)
        if answer.status not in (200, 201, 204):
            self._raise(answer, f"{method} /rest/{path}")
        return answer.body

    def _raise(self, answer: Answer, request: str) -> NoReturn:
        body = answer.body if isinstance(answer.body, dict) else {}
        detail = str(body.get("detail") or body.get("message") or "")
        error: RouterError
        if answer.status in (401, 403):
            error = Denied(
                f"the router at {self._https.place} does not accept the user '{self._user}'",
                "check the password, the user's allowed address, and that its group has the policy rest-api",
            )
        elif answer.status == 500 and PERMISSION_MARK in detail:
            error = Denied(
                f"the user '{self._user}' may not do {request}: {detail}",
                "its group needs the policies read, write, api and rest-api",
            )
        elif answer.status == 404:
            error = NotFound(f"the router knows no such object: {request}")
        else:
            error = Refused(f"the router refuses {request}: {answer.status} {detail}", detail)
        raise error

    def _records(self, answer: Json) -> list[Record]:
        if not isinstance(answer, list):
            raise Refused("the router gives one object where a list was asked for", "", "it may still be starting")
        return [self._record(one) for one in answer]

    def _record(self, answer: Json) -> Record:
        try:
            return value.texts(answer)
        except ValueError as error:
            raise Refused(f"the router's answer makes no sense: {error}", str(error)) from None

    def _flag(self, record: Record, field: str) -> bool:
        return self._read(record, field, value.boolean) if field in record else False  # absent is "no"

    def _read(self, record: Record, field: str, parse: Callable[[str], Value]) -> Value:
        try:
            return parse(record[field])
        except KeyError:
            reason = f"it has no '{field}'"
        except ValueError as error:
            reason = f"'{field}': {error}"
        raise Refused(f"the router's answer makes no sense: {reason}", reason, "it may still be starting")
