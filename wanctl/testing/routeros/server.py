"""An HTTPS server in a thread of its own, which can count its connections and drop them."""

import asyncio
import ssl
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from wanctl.observe.server import START_LIMIT_S, ServerThread, listen
from wanctl.testing.routeros.fault import Faults
from wanctl.testing.routeros.session import Peer, Sessions

_ENDS = ("sockname", "peername")
IDLE_LIMIT_S = 60  # RouterOS's own limit is not known


class HttpsServer(ServerThread):
    """Serves an ASGI application on `host:port`; port 0 takes any free one, which `port` then names."""

    def __init__(
        self, application: Any, context: ssl.SSLContext, host: str, port: int, sessions: Sessions, faults: Faults
    ) -> None:
        listener = listen(host, port)
        self.port: int = listener.getsockname()[1]
        self._connections: dict[Peer, _Connection] = {}
        self._sessions = sessions
        self._faults = faults
        self.connections = 0
        server = self

        class Counted(_Connection):
            owner = server

        super().__init__(
            listener,
            f"routeros:{self.port}",
            leave_s=0.0,
            app=application,
            http=Counted,
            date_header=False,
            timeout_keep_alive=IDLE_LIMIT_S,
            ssl_context_factory=lambda _config, _default: context,
        )

    def drop_connections(self) -> None:
        """Close all connections, as a router does with idle ones; returns when they are closed."""

        async def drop() -> None:
            doomed = list(self._connections.values())
            for connection in doomed:
                connection.transport.close()  # says goodbye, and would wait for the client to do so too
            await asyncio.sleep(0)
            for connection in doomed:
                connection.transport.abort()
            while any(self._connections.get(connection.peer) is connection for connection in doomed):
                await asyncio.sleep(0.001)

        asyncio.run_coroutine_threadsafe(drop(), self.loop).result(START_LIMIT_S)

    def answered(self, peer: Peer) -> None:
        """Close the connection of `peer` if it has had as many answers as a connection gets."""
        connection = self._connections.get(peer)
        if connection is None:
            return
        connection.answers += 1
        if 0 < self._faults.answers_per_connection <= connection.answers:
            # After the answer has left, and without a word: the client finds out when it asks again.
            self.loop.call_later(0.005, connection.transport.close)

    def opened(self, connection: "_Connection") -> None:
        """Note a connection whose handshake is done, or hang up."""
        self.connections += 1
        local, connection.peer = (tuple(connection.transport.get_extra_info(name)[:2]) for name in _ENDS)
        if self._sessions.open("rest", local, connection.peer):
            self._connections[connection.peer] = connection
        else:
            connection.transport.abort()

    def closed(self, connection: "_Connection") -> None:
        """Forget a connection."""
        if self._connections.pop(connection.peer, None) is not None:
            self._sessions.close("rest", connection.peer)


class _Connection(H11Protocol):
    """A connection that its server knows of."""

    owner: HttpsServer
    peer: Peer
    answers = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.owner.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.owner.closed(self)
