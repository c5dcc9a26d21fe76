"""An HTTPS server in a thread of its own, which can count its connections and drop them."""

import asyncio
import socket
import ssl
import threading
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from wanctl.testing.routeros.fault import Faults
from wanctl.testing.routeros.session import Peer, Sessions

_START_LIMIT_S = 10.0
_ENDS = ("sockname", "peername")
IDLE_LIMIT_S = 60  # RouterOS's own limit is not known


class HttpsServer:
    """Serves an ASGI application on `host:port`; port 0 takes any free one, which `port` then names."""

    def __init__(
        self, application: Any, context: ssl.SSLContext, host: str, port: int, sessions: Sessions, faults: Faults
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # With the protocol named: asyncio turns Nagle's algorithm off only then, and with it on an answer takes 44 ms.
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self.port: int = self._socket.getsockname()[1]
        self._connections: dict[Peer, _Connection] = {}
        self._sessions = sessions
        self._faults = faults
        self.connections = 0
        server = self

        class Counted(_Connection):
            owner = server

        config = uvicorn.Config(
            application,
            http=Counted,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=IDLE_LIMIT_S,
            ssl_context_factory=lambda _config, _default: context,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._serve, name=f"routeros:{self.port}", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Start to serve; returns when the server listens. Raises what kept it from doing so."""
        self._thread.start()
        if not self._server.listening.wait(_START_LIMIT_S) or self._failure is not None:
            raise RuntimeError("the emulator's server did not start") from self._failure

    def stop(self) -> None:
        """Drop every connection and end the thread."""
        if self._thread.is_alive():
            self._server.loop.call_soon_threadsafe(self._server.finished.set)
            self._thread.join()
        self._socket.close()

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

        asyncio.run_coroutine_threadsafe(drop(), self._server.loop).result(_START_LIMIT_S)

    def answered(self, peer: Peer) -> None:
        """Close the connection of `peer` if it has had as many answers as a connection gets."""
        connection = self._connections.get(peer)
        if connection is None:
            return
        connection.answers += 1
        if 0 < self._faults.answers_per_connection <= connection.answers:
            # After the answer has left, and without a word: the client finds out when it asks again.
            self._server.loop.call_later(0.005, connection.transport.close)

    def _serve(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        except BaseException as error:  # noqa: BLE001  (`start` raises it in the thread that asked)
            self._failure = error
        finally:
            self._server.listening.set()

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


class _Server(uvicorn.Server):
    """A server that sleeps while nobody asks: the original wakes up ten times a second."""

    loop: asyncio.AbstractEventLoop

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()
        self.finished = asyncio.Event()

    async def main_loop(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.listening.set()
        await self.finished.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        del sockets
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()
