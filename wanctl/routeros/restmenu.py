"""Objects of RouterOS's menus over REST: found by a field that names them, read, changed, added, removed.

A write is one `PATCH` on an id: its answer is the whole object as the router now holds it, so that writing and
verifying take one round trip. Ids are remembered by name for as long as the connection lives: an id is only good until
the router reboots, which also ends the connection. One that the router no longer knows (404) is looked up again, once.
"""

import re
from collections.abc import Sequence
from typing import NoReturn

from wanctl.routeros import value
from wanctl.routeros.error import Denied, NotFound, Refused, RouterError, ambiguous, not_found
from wanctl.routeros.failure import ConnectionLost
from wanctl.routeros.https import Answer, Https
from wanctl.routeros.record import Record
from wanctl.routeros.value import Json

# RouterOS answers a missing policy with 500 and "(9)" in the detail: a refusal, not an outage.
PERMISSION_MARK = "(9)"
NO_IDENTIFIER = "missing or invalid resource identifier"

_ID = re.compile(r"\*[0-9A-F]+")
_WHAT = {
    "queue/tree": "queue tree entry",
    "queue/simple": "simple queue",
    "interface": "interface",
    "ip/firewall/mangle": "mangle rule",
    "ip/firewall/filter": "filter rule",
    "ip/firewall/nat": "NAT rule",
    "user": "user",
    "user/group": "user group",
}


class RestMenus:
    """The menus of one router. What names an object is its `name`, or its `comment` where it has none (`key`)."""

    def __init__(self, https: Https, user: str) -> None:
        self._https = https
        self._user = user
        self._ids: dict[tuple[str, str], tuple[str, int]] = {}  # the id, and the connection it was given on

    def forget(self) -> None:
        """Forget all ids."""
        self._ids.clear()

    def select(self, menu: str, fields: Sequence[str], **conditions: str) -> list[Record]:
        """The objects whose fields have the given values, in order."""
        query: list[Json] = [f"{name}={text}" for name, text in conditions.items()]
        body: dict[str, Json] = {".proplist": [".id", *fields], ".query": query} if fields else {".query": query}
        found = self._records(self._call("POST", f"{menu}/print", body))
        # The router may ignore a query that it does not understand: what is asked for is checked here again.
        return [one for one in found if all(one.get(name) == text for name, text in conditions.items())]

    def select_any(self, menu: str, fields: Sequence[str], name: str, texts: Sequence[str]) -> list[Record]:
        """The objects whose field `name` has one of the given values (at least one), in order."""
        assert texts
        query: list[Json] = [f"{name}={text}" for text in texts]
        # The words of a query work on a stack: each "or" joins the last two.
        query += ["#|"] * (len(texts) - 1)
        found = self._records(self._call("POST", f"{menu}/print", {".proplist": [".id", *fields], ".query": query}))
        return [one for one in found if one.get(name) in texts]

    def add(self, menu: str, values: Record) -> Record:
        """Make an object; the object as the router has it."""
        return self._record(self._call("PUT", menu, dict(values), repeatable=False))

    def change(self, menu: str, record: Record, values: Record) -> Record:
        """Change an object that has just been found; the object as the router now has it. May raise `NotFound`."""
        return self._set(menu, self._id(record), "", values)

    def remove(self, menu: str, record: Record) -> None:
        """Remove an object that has just been found; it is fine if it is gone."""
        try:
            self._call("DELETE", f"{menu}/{self._id(record)}", repeatable=False)
        except NotFound:
            return
        except Refused as refusal:
            if NO_IDENTIFIER not in refusal.detail:
                raise
            self._call("POST", f"{menu}/remove", {".id": self._id(record)}, repeatable=False)

    def known(self, menu: str, name: str) -> Record | None:
        """What was remembered by a name on this connection, once: whoever uses it remembers it again."""
        known, connection = self._ids.pop((menu, name), ("", 0))
        return {".id": known} if connection == self._https.connections and self._https.is_open else None

    def remember(self, menu: str, name: str, record: Record) -> None:
        """Remember the id of an object for as long as this connection lives."""
        self._ids[menu, name] = (self._id(record), self._https.connections)

    def take_away(self, menu: str, record: Record) -> bool:
        """Remove an object whose id was remembered; whether it was still there."""
        try:
            self._call("DELETE", f"{menu}/{self._id(record)}", repeatable=False)
        except (NotFound, ConnectionLost):
            return False
        except Refused as refusal:
            if NO_IDENTIFIER not in refusal.detail:
                raise
            return False
        return True

    def singleton(self, menu: str) -> Record:
        """The one object of a menu that has just one."""
        answer = self._call("GET", menu)
        # 7.1 put the object into an array.
        return self._record(answer[0] if isinstance(answer, list) and len(answer) == 1 else answer)

    def find(self, menu: str, name: str, fields: Sequence[str], key: str = "name") -> Record:
        """The one object of that name; its id is remembered. Raises `NotFound`, `Ambiguous`."""
        found = self.select(menu, fields, **{key: name})
        if not found:
            listed = self._records(self._call("POST", f"{menu}/print", {".proplist": [key]}))
            raise not_found(_WHAT[menu], name, [record[key] for record in listed if key in record])
        if len(found) > 1:
            raise ambiguous(_WHAT[menu], name, len(found))
        self._ids[menu, name] = (self._id(found[0]), self._https.connections)
        return found[0]

    def update(self, menu: str, name: str, values: Record, key: str = "name") -> Record:
        """Set `values` of the one object of that name; the object as the router now has it."""
        record: Record | None = None
        known, connection = self._ids.pop((menu, name), ("", 0))
        if connection == self._https.connections and self._https.is_open:
            try:
                record = self._set(menu, known, name, values, key)
            except (NotFound, ConnectionLost):
                record = None  # the id is stale, or the connection that it was good for has ended: look it up
        if record is None:
            known = self._id(self.find(menu, name, (key,), key))
            record = self._set(menu, known, name, values, key)
        if record.get(key) != name:
            raise Refused(
                f"the router changed '{record.get(key)}' in place of '{name}'",
                f"id {known}",
                "its ids have moved; put both right by hand",
            )
        self._ids[menu, name] = (known, self._https.connections)
        return record

    def _set(self, menu: str, id_: str, name: str, values: Record, key: str = "name") -> Record:
        try:
            return self._record(self._call("PATCH", f"{menu}/{id_}", dict(values), repeatable=False))
        except Refused as refusal:
            if NO_IDENTIFIER not in refusal.detail:
                raise
        # Some 7.21 routers want it this way; it answers nothing, so that it has to be read back.
        self._call("POST", f"{menu}/set", {".id": id_, **values}, repeatable=False)
        if name:
            return self.find(menu, name, (key, *values), key)
        found = [one for one in self.select(menu, ()) if one.get(".id") == id_]
        if not found:
            raise NotFound(f"the router no longer has the object {id_} of /{menu}")
        return found[0]

    def _id(self, record: Record) -> str:
        """The id of an object. It becomes part of a path."""
        if not _ID.fullmatch(record.get(".id", "")):
            raise Refused("the router gives an object an id that is none", record.get(".id", ""))
        return record[".id"]

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
