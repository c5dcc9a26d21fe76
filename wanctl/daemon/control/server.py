"""The control socket: how `wanctl status`, `why` and their kind talk to a running site.

One line of JSON asks, one line answers:

    {"schema": "wanctl.control/1", "verb": "status"}
    {"schema": "wanctl.control/1", "ok": true, "result": {...}}
    {"schema": "wanctl.control/1", "ok": false, "error": "there is no verb 'stauts'", "hint": "did you mean 'status'?"}

A thread of its own serves a bounded number of clients, none of which can hold up another. The kernel says who asks
(SO_PEERCRED): the same user, root, or a member of the group `wanctl`.
"""

import grp
import json
import os
import pwd
import selectors
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wanctl.daemon.clock import Clock
from wanctl.daemon.lock import ControlError
from wanctl.daemon.runfolder import SOCKET_NAME
from wanctl.engine.diagnostic import did_you_mean

SCHEMA = "wanctl.control/1"
GROUP = "wanctl"
MOST_CLIENTS = 32
MOST_REQUEST_BYTES = 4_096
IDLE_NS = 10_000_000_000  # a client that neither asks nor reads for so long is dropped
STOP_TIMEOUT_S = 2.0

Request = Mapping[str, Any]
Handler = Callable[[Request], Mapping[str, Any]]
Note = Callable[[str], None]


class RefusedError(Exception):
    """A request that cannot be granted; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class _Client:
    """One connection: what it has asked so far, and what is left to send to it."""

    __slots__ = ("asked", "connection", "owed", "seen_ns")

    def __init__(self, connection: socket.socket, now_ns: int) -> None:
        self.connection, self.seen_ns = connection, now_ns
        self.asked, self.owed = b"", b""


class ControlServer:
    """Serves verbs on `control.sock` in a run folder. A handler may take its time, but holds up the other clients."""

    def __init__(
        self,
        folder: Path,
        handlers: Mapping[str, Handler],
        clock: Clock,
        note: Note,
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Raises `ControlError` when the socket cannot be made. The site's lock must be held: what is there is stale.

        `note` is told of a verb that fails by a fault of ours, `failed` (or `note`) of one that ends the thread.
        """
        self._handlers, self._clock, self._note = dict(handlers), clock, note
        self._failed = failed or (lambda error: note(f"the control socket has failed: {type(error).__name__}: {error}"))
        self._path = folder / SOCKET_NAME
        self._clients: dict[int, _Client] = {}
        self._selector = selectors.DefaultSelector()
        self._group = _gid(GROUP)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            self._path.unlink(missing_ok=True)
            self._socket.bind(str(self._path))
            self._path.chmod(0o660)
            # Where it has its group by birth, as in the unit, the call itself may be forbidden.
            may_give = os.geteuid() == 0 or self._group in os.getgroups()
            if self._group is not None and may_give and self._path.stat().st_gid != self._group:
                os.chown(self._path, -1, self._group)
            self._socket.listen(MOST_CLIENTS)
        except OSError as error:
            self._socket.close()
            raise ControlError(f"cannot make the control socket {self._path}: {error.strerror}") from error
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self._stopping = False

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and remove the socket."""
        self._stopping = True
        self._wake.send(b"x")
        self._thread.join(STOP_TIMEOUT_S)
        for one in (self._wake, self._woken):  # not by the thread, which may be gone before it is woken
            one.close()
        self._path.unlink(missing_ok=True)

    # -- the thread ----------------------------------------------------------------------------------------------------
    def _serve(self) -> None:
        try:
            while not self._stopping:
                events = self._selector.select(IDLE_NS / 1e9 if self._clients else None)
                for key, mask in events:
                    if key.fileobj is self._socket:
                        self._accept()
                    elif key.fileobj is not self._woken:
                        self._attend(self._clients[key.fd], mask)
                self._drop_idle()
        except Exception as error:  # noqa: BLE001  (said: never a silent dead thread; the WANs go on without it)
            self._failed(error)
        finally:
            for client in list(self._clients.values()):
                self._drop(client)
            self._socket.close()
            self._selector.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return  # gone again, or no descriptor left: the next one will tell
        connection.setblocking(False)
        client = _Client(connection, self._clock.monotonic_ns())
        refusal = "" if self._is_welcome(connection) else f"only root, this daemon's user and group {GROUP} may ask"
        if len(self._clients) >= MOST_CLIENTS:
            refusal = "too many clients at once"
        self._clients[connection.fileno()] = client
        self._selector.register(connection, selectors.EVENT_READ)
        if refusal:
            self._owe(client, _refusal(RefusedError(refusal)))
            self._write(client)
            self._drop(client)

    def _is_welcome(self, connection: socket.socket) -> bool:
        size = struct.calcsize("3i")
        _, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        if uid in (0, os.geteuid()) or (self._group is not None and gid == self._group):
            return True
        return self._group is not None and _is_member(uid, self._group)

    def _attend(self, client: _Client, mask: int) -> None:
        client.seen_ns = self._clock.monotonic_ns()
        alive = self._read(client) if mask & selectors.EVENT_READ else self._write(client)
        while alive and not client.owed and b"\n" in client.asked:
            line, _, client.asked = client.asked.partition(b"\n")
            self._owe(client, self._answer(line))
            alive = self._write(client)
        if alive and len(client.asked) > MOST_REQUEST_BYTES:
            self._owe(client, _refusal(RefusedError(f"a request of more than {MOST_REQUEST_BYTES} bytes")))
            self._write(client)
            alive = False
        if not alive:
            self._drop(client)

    def _read(self, client: _Client) -> bool:
        """Take what came; False when the client has gone."""
        try:
            part = client.connection.recv(MOST_REQUEST_BYTES)
        except OSError:
            return False
        client.asked += part
        return bool(part)

    def _owe(self, client: _Client, answer: Mapping[str, Any]) -> None:
        client.owed += json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def _write(self, client: _Client) -> bool:
        """Send what fits; False when the client has gone."""
        try:
            sent = client.connection.send(client.owed)
        except BlockingIOError:
            sent = 0
        except OSError:
            return False
        client.owed = client.owed[sent:]
        # Who does not read his answer cannot ask on: nothing grows.
        self._selector.modify(client.connection, selectors.EVENT_WRITE if client.owed else selectors.EVENT_READ)
        return True

    def _answer(self, line: bytes) -> Mapping[str, Any]:
        try:
            request = json.loads(line)
        except ValueError:
            return _refusal(RefusedError("a request is one line of JSON"))
        if not isinstance(request, dict) or request.get("schema") != SCHEMA:
            return _refusal(RefusedError("a request of another version", f"this daemon speaks {SCHEMA}"))
        verb = str(request.get("verb", ""))
        handler = self._handlers.get(verb)
        if handler is None:
            hint = did_you_mean(verb, self._handlers)
            return _refusal(RefusedError(f"this daemon has no verb '{verb}'", hint))
        try:
            return {"schema": SCHEMA, "ok": True, "result": handler(request)}
        except RefusedError as refused:
            return _refusal(refused)
        except Exception as error:  # noqa: BLE001  (told to whoever asked, and to the journal; the next one is served)
            self._note(f"'{verb}' on the control socket has failed: {type(error).__name__}: {error}")
            return _refusal(
                RefusedError(f"'{verb}' has failed in the daemon: {error}", "see its journal, and report it")
            )

    def _drop_idle(self) -> None:
        now_ns = self._clock.monotonic_ns()
        for client in list(self._clients.values()):
            if now_ns - client.seen_ns > IDLE_NS:
                self._drop(client)

    def _drop(self, client: _Client) -> None:
        self._selector.unregister(client.connection)
        del self._clients[client.connection.fileno()]
        client.connection.close()


def _refusal(refused: RefusedError) -> Mapping[str, Any]:
    return {"schema": SCHEMA, "ok": False, "error": refused.message, "hint": refused.hint}


def _gid(group: str) -> int | None:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def _is_member(uid: int, group: int) -> bool:
    try:
        user = pwd.getpwuid(uid)
        return user.pw_gid == group or user.pw_name in grp.getgrgid(group).gr_mem
    except KeyError:
        return False  # a user or a group that was removed meanwhile
