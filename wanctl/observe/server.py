"""An HTTP server in a thread of its own, which sleeps while nobody asks."""

import asyncio
import socket
import threading
from typing import Any

import uvicorn

START_LIMIT_S = 5.0
STOP_LIMIT_S = 2.0
LEAVE_S = 1.0
MOST_CONNECTIONS = 64


class ServerError(Exception):
    """The server cannot serve; the text says why."""


class HttpServer:
    """Serves an ASGI application on a numeric address; port 0 takes any free one, which `port` then names."""

    def __init__(self, application: Any, address: str, port: int) -> None:
        """Raises `ServerError` when the address cannot be had."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        # With the protocol named: asyncio turns Nagle's algorithm off only then, and with it on an answer takes 44 ms.
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited by what is accepted
            self._socket.bind((address, port))
            self._socket.listen(MOST_CONNECTIONS)
        except OSError as error:
            self._socket.close()
            raise ServerError(f"cannot listen on {address} port {port}: {error.strerror}") from error
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            application,
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=60,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Begin to serve; returns when the server listens. Raises `ServerError` when it does not."""
        self._thread.start()
        if not self._server.listening.wait(START_LIMIT_S) or self.failure is not None:
            raise ServerError("the HTTP server did not start") from self.failure

    def stop(self) -> None:
        """Drop every connection and end the thread."""
        if self._thread.is_alive():
            self._server.loop.call_soon_threadsafe(self._server.finished.set)
            self._thread.join(STOP_LIMIT_S)
        self._socket.close()

    def _serve(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        except BaseException as error:  # noqa: BLE001  (kept for the thread that asks for it)
            self.failure = error
        finally:
            self._server.listening.set()


class _Server(uvicorn.Server):
    """The original wakes up ten times a second to look whether it should stop; this one is told."""

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
        # Whoever streams sees that its client is gone, and ends by itself; a task that does not is cut off.
        tasks = list(self.server_state.tasks)
        if tasks:
            _, lasting = await asyncio.wait(tasks, timeout=LEAVE_S)
            for task in lasting:
                task.cancel()
