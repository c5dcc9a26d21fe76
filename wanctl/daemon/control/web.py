"""The HTTP side of a running site, where its file asks for one. Its libraries are loaded then, and not before."""

import importlib
import importlib.util
from collections.abc import Callable
from typing import Protocol

from wanctl.config.address import Endpoint
from wanctl.observe.source import Source

LIBRARIES = ("starlette", "uvicorn", "prometheus_client")


class WebError(Exception):
    """The HTTP side cannot be served; the text says why and what to do."""


class Running(Protocol):
    """A server that was started."""

    def stop(self) -> None:
        """End it."""
        ...


def missing() -> list[str]:
    """The libraries that are not installed."""
    return [name for name in LIBRARIES if importlib.util.find_spec(name) is None]


def preload() -> None:
    """Load the libraries now rather than when they are needed; what is missing is told by `start_http`."""
    if not missing():
        importlib.import_module("wanctl.observe.http")
        importlib.import_module("wanctl.observe.server")


def start_http(source: Source, endpoint: Endpoint, failed: Callable[[BaseException], None]) -> Running:
    """Serve a site at an address; `WebError` when that is not possible. `failed` is told when it ends by itself."""
    if absent := missing():
        raise WebError(f"http: {' and '.join(absent)} not installed: install wanctl with its extra 'http'")
    from wanctl.observe.http import Application
    from wanctl.observe.server import HttpServer, ServerError

    try:
        server = HttpServer(Application(source), endpoint.address, endpoint.port, failed)
        server.start()
    except ServerError as error:
        raise WebError(f"http: {error}") from error
    return server
