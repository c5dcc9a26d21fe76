"""HTTP servers in threads of their own, which sleep while nobody asks."""

import asyncio
import socket
import threading
from collections.abc import Callable
from typing import Any

import uvicorn

START_LIMIT_S = 5.0
STOP_LIMIT_S = 2.0
LEAVE_S = 1.0
MOST_CONNECTIONS = 64


class ServerError(Exception):
    """The server cannot serve; the text says why."""


class ServerThread:
    """A thread that serves what `settings` (of `uvicorn.Config`) name on a socket that listens already.

    `failed` is told, in that thread, what ended it if nobody asked it to end. Requests that still run at the end get
    `leave_s` seconds.
    """

    def __init__(
        self,
        listener: socket.socket,
        name: str,
        failed: Callable[[BaseException], None] | None = None,
        leave_s: float = LEAVE_S,
        **settings: Any,
    ) -> None:
        config = uvicorn.Config(
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            **settings,
        )
        self._listener, self._failed = listener, failed
        self._server = _Server(config, leave_s)
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self.failure: BaseException | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop of the thread, once it serves."""
        return self._server.loop

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
        self._listener.close()

    def _serve(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._listener]))
        except BaseException as error:  # noqa: BLE001  (told to `failed`, and to whoever waits for the start)
            self.failure = error
            if self._failed is not None and self._server.listening.is_set():
                self._failed(error)
        finally:
            self._server.listening.set()


class HttpServer(ServerThread):
    """Serves an ASGI application on a numeric address; port 0 takes any free one, which `port` then names."""

    def __init__(
        self, application: Any, address: str, port: int, failed: Callable[[BaseException], None] | None = None
    ) -> None:
        """Raises `ServerError` when the address cannot be had."""
        try:
            listener = listen(address, port)
        except OSError as error:
            raise ServerError(f"cannot listen on {address} port {port}: {error.strerror}") from error
        self.port: int = listener.getsockname()[1]
        super().__init__(
            listener,
            "http",
            failed,
            app=application,
            http="h11",
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=60,
        )


def listen(address: str, port: int) -> socket.socket:
    """A TCP socket that listens on a numeric address; `OSError` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # With the protocol named: asyncio turns Nagle's algorithm off only then, and with it on an answer takes 44 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited by what is accepted
        listener.bind((address, port))
        listener.listen(MOST_CONNECTIONS)
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """The original wakes up ten times a second to look whether it should stop; this one is told."""

    loop: asyncio.AbstractEventLoop

    def __init__(self, config: uvicorn.Config, leave_s: float) -> None:
        super().__init__(config)
        self.leave_s = leave_s
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
            _, lasting = await asyncio.wait(tasks, timeout=self.leave_s)
            for task in lasting:
                task.cancel()
