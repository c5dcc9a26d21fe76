"""What becomes of the thread that serves HTTP."""

import asyncio
import queue
import socket
from typing import Any

from wanctl.observe.server import HttpServer


async def breaks(_scope: dict[str, Any], _receive: Any, _send: Any) -> None:
    """An application that takes its server down with it."""
    asyncio.get_running_loop().stop()


def test_a_server_that_ends_by_itself_is_told_to_whoever_started_it() -> None:
    failures: queue.Queue[BaseException] = queue.Queue()
    server = HttpServer(breaks, "127.0.0.1", 0, failures.put)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert isinstance(failures.get(timeout=10), RuntimeError)
    server.stop()


def test_a_server_that_is_stopped_is_no_failure() -> None:
    failures: queue.Queue[BaseException] = queue.Queue()
    server = HttpServer(breaks, "127.0.0.1", 0, failures.put)
    server.start()
    server.stop()
    assert server.failure is None
    assert failures.empty()
