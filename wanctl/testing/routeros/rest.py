"""The REST face: what a request means, which status answers it, and how a body is written.

Statuses and texts are those of CHR 7.18 to 7.24 as public projects recorded them. A few cases nobody recorded; they are
marked "guess".
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from wanctl.testing.routeros.account import Account
from wanctl.testing.routeros.catalog import MENUS
from wanctl.testing.routeros.command import Arguments, Reply, item_id, print_, run
from wanctl.testing.routeros.console import Console
from wanctl.testing.routeros.fault import Faults
from wanctl.testing.routeros.grammar import grammar
from wanctl.testing.routeros.menu import Menu
from wanctl.testing.routeros.restbody import arguments_of, encode, refusal, texts_of
from wanctl.testing.routeros.session import Peer, Sessions
from wanctl.testing.routeros.state import State
from wanctl.testing.routeros.traffic import Watch, monitor, ping
from wanctl.testing.routeros.trap import NoIdentifier, NoSuchItem, Trap, UnknownParameter

Message = MutableMapping[str, Any]
Answer = tuple[int, Reply | Watch]

_LIMIT_BYTES = 1 << 20
_WRITES = ("PUT", "PATCH", "DELETE")
_READ_COMMANDS = ("print", "get", "find", "monitor-traffic")


class Status(Trap):
    """A trap with a status of its own."""

    def __init__(self, status: int, detail: str = "") -> None:
        super().__init__(detail)
        self.status = status


@dataclass(slots=True)
class RestFace:
    """An ASGI application that answers as a router does; `answered` counts requests by method."""

    state: State
    account: Account
    faults: Faults
    sessions: Sessions
    answered: dict[str, int] = field(default_factory=dict)
    on_answer: Callable[[Peer], None] = lambda _: None

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        assert scope["type"] == "http"
        body = b""
        while len(body) <= _LIMIT_BYTES:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        gone = asyncio.ensure_future(receive())  # ends when the client does not wait any longer
        await asyncio.sleep(self.faults.wait_s())
        peer: Peer = tuple(scope["client"])
        status, payload = self.answer(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            dict(scope["headers"]).get(b"authorization", b"").decode("latin-1"),
            body,
            peer,
        )
        if isinstance(payload, Watch):
            status, payload = await _watched(payload)
        await asyncio.sleep(self.faults.late_ns / 1e9)
        if gone.done() and self.faults.abort_damage:
            self.faults.stray_denials += 1
        gone.cancel()
        lines = [(b"content-type", b"application/json"), (b"content-length", str(len(payload)).encode())]
        if status == HTTPStatus.UNAUTHORIZED:
            lines.append((b"www-authenticate", b'Basic realm="RouterOS REST API"'))
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": payload})
        self.on_answer(peer)

    def answer(
        self, method: str, path: str, query: str, authorization: str, body: bytes, peer: Peer
    ) -> tuple[int, bytes | Watch]:
        """Status and body of the answer to one request; `path` is still percent-encoded."""
        self.answered[method] = self.answered.get(method, 0) + 1
        if self.faults.stray_denials:
            self.faults.stray_denials -= 1
            return refusal(HTTPStatus.UNAUTHORIZED, "")
        if method not in ("GET", "POST", *_WRITES):
            return refusal(HTTPStatus.NOT_IMPLEMENTED, "")
        try:
            self._admit(authorization, peer)
            if (method, path) == ("POST", "/rest/execute"):
                return HTTPStatus.OK, encode(self._execute(texts_of(arguments_of(body))))
            if method == "POST" and path in _TOOLS:
                self._permit_tool(_TOOLS[path][0])
                reply = _TOOLS[path][1](self.state, texts_of(arguments_of(body)))
                return (HTTPStatus.OK, reply) if isinstance(reply, Watch) else (HTTPStatus.OK, encode(reply))
            menu, words = _resolve([unquote(part, errors="surrogateescape") for part in path.strip("/").split("/")])
            self._permit(method, words)
            status, reply = self._dispatch(method, menu, words, query, arguments_of(body))
        except NoSuchItem:
            return refusal(HTTPStatus.NOT_FOUND, "")
        except Status as trap:
            return refusal(trap.status, trap.detail)
        except Trap as trap:
            return refusal(HTTPStatus.BAD_REQUEST, trap.detail)
        if isinstance(reply, Watch):
            return status, reply
        return status, b"" if status == HTTPStatus.NO_CONTENT else encode(reply)

    def _execute(self, texts: dict[str, str]) -> Reply:
        """Run a script; without `as-string` the router gives the number of a job and tells nothing more."""
        if "script" not in texts:
            raise Trap("missing =script=")
        output = Console(self.state).run(texts["script"])
        return {"ret": output if "as-string" in texts else "*1"}

    def _admit(self, authorization: str, peer: Peer) -> None:
        expected = base64.b64encode(f"{self.account.user}:{self.account.password}".encode()).decode()
        # A group without the policy rest-api is answered like a wrong password.
        let_in = authorization == f"Basic {expected}" and "rest-api" in self.account.policies
        if not let_in or self.faults.denied:
            self.sessions.refuse("rest", peer, self.account.user)
            raise Status(HTTPStatus.UNAUTHORIZED)
        if "api" not in self.account.policies:
            raise Status(HTTPStatus.INTERNAL_SERVER_ERROR, "std failure: not allowed (9)")
        self.sessions.login("rest", peer, self.account.user)

    def _permit_tool(self, policy: str) -> None:
        if self.faults.no_permission or policy not in self.account.policies:
            raise Status(HTTPStatus.INTERNAL_SERVER_ERROR, "not enough permissions (9)")

    def _permit(self, method: str, words: list[str]) -> None:
        writes = method in _WRITES or (method == "POST" and bool(words) and words[-1] not in _READ_COMMANDS)
        if self.faults.no_permission or ("write" if writes else "read") not in self.account.policies:
            raise Status(HTTPStatus.INTERNAL_SERVER_ERROR, "not enough permissions (9)")

    def _dispatch(self, method: str, menu: Menu, words: list[str], query: str, arguments: Arguments) -> Answer:
        word = words[0] if words else None
        if word in grammar().folders.get(menu.path, ()) and self.state.id_of(menu.path, word or "") is None:
            raise Trap(f"no such command or directory ({word})")  # a menu that the emulator lacks
        if len(words) > 1:
            raise Trap("no such command prefix")  # guess
        match method:
            case "GET":
                return HTTPStatus.OK, self._get(menu, word, query)
            case "POST":
                if word is None:
                    raise Trap("no such command")
                if word == "monitor-traffic" and word in menu.commands:
                    return HTTPStatus.OK, monitor(self.state, texts_of(arguments))
                with self.state.lock:
                    reply = run(self.state, menu, word, arguments)
                return HTTPStatus.OK, [] if reply is None else {"ret": reply} if isinstance(reply, str) else reply
            case "PUT":
                if word is not None:
                    raise Trap("no such command")  # guess
                self._want(menu, "add")
                with self.state.lock:
                    id_ = self.state.add(menu.path, texts_of(arguments))
                    return HTTPStatus.CREATED, self.state.record(menu.path, id_)
            case "PATCH":
                return HTTPStatus.OK, self._patch(menu, word, texts_of(arguments))
            case _:
                if word is None or self.faults.no_patch:
                    raise NoIdentifier
                self._want(menu, "remove")
                self.state.remove(menu.path, self._item(menu, word))
                return HTTPStatus.NO_CONTENT, None

    def _get(self, menu: Menu, word: str | None, query: str) -> Reply:
        asked = dict(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))
        properties = asked.pop(".proplist", "")
        if word is not None:
            record = self.state.record(menu.path, self._item(menu, word))
            wanted = [*properties.split(","), ".id"]
            return {name: text for name, text in record.items() if name in wanted} if properties else record
        if properties and not menu.singleton:
            properties += ",.id"  # GET always shows it, unlike `print`
        return print_(
            self.state, menu, {".proplist": properties, ".query": [f"{name}={text}" for name, text in asked.items()]}
        )

    def _patch(self, menu: Menu, word: str | None, texts: dict[str, str]) -> Reply:
        if word is None or menu.singleton or self.faults.no_patch:
            raise NoIdentifier
        self._want(menu, "set")
        with self.state.lock:
            id_ = self._item(menu, word)
            try:
                self.state.set(menu.path, id_, texts)
            except UnknownParameter as trap:
                if word.startswith("*"):
                    raise
                raise NoIdentifier from trap  # misleading, but so it is when the object was named by its name
            return self.state.record(menu.path, id_)

    def _item(self, menu: Menu, word: str) -> str:
        if not word.startswith("*") and (menu.singleton or not menu.is_named):
            raise Trap("no such command" if word in menu.commands else "no such command prefix")
        if word in menu.commands and self.state.id_of(menu.path, word) is None:
            raise Trap("no such command")
        return item_id(self.state, menu, word)

    def _want(self, menu: Menu, command: str) -> None:
        if command not in menu.commands:
            raise Status(HTTPStatus.NOT_ACCEPTABLE, f"no such command or directory ({command})")


def _reboot(state: State, _: Mapping[str, str]) -> Reply:
    state.on_reboot()
    return []


def _renew(_state: State, texts: Mapping[str, str]) -> Reply:
    if "account" not in texts:
        raise Trap("missing =account=")
    raise Trap("failure: the emulator has no licence to renew")


# Commands that belong to no menu: the policy that each needs, and what it does.
_TOOLS: Mapping[str, tuple[str, Callable[[State, Mapping[str, str]], Reply | Watch]]] = {
    "/rest/ping": ("test", ping),
    "/rest/tool/ping": ("test", ping),
    "/rest/system/reboot": ("reboot", _reboot),
    "/rest/system/license/renew": ("write", _renew),
}


async def _watched(watch: Watch) -> tuple[int, bytes]:
    await asyncio.sleep(watch.wait_s)
    if not watch.rows:
        return refusal(HTTPStatus.BAD_REQUEST, "Session closed")
    return HTTPStatus.OK, encode(watch.rows)


def _resolve(path: list[str]) -> tuple[Menu, list[str]]:
    """The menu that a path begins with, and what follows it."""
    if path[0] != "rest":
        raise Status(HTTPStatus.NOT_FOUND)
    segments = path[1:]
    for length in range(len(segments), 0, -1):
        menu = MENUS.get("/" + "/".join(segments[:length]))
        if menu is not None:
            return menu, segments[length:]
    for length, segment in enumerate(segments, start=1):
        folder = "/" + "/".join(segments[:length]) + "/"
        if length == len(segments) or not any(known.startswith(folder) for known in MENUS):
            raise Trap(f"no such command or directory ({segment})")
    raise Trap("no such command")  # guess: nothing after /rest
