"""The HTTP side of a running site, where its file asks for one. Its libraries are loaded then, and not before."""

import importlib.util
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


def start_http(source: Source, endpoint: Endpoint) -> Running:
    """Serve a site at an address; `WebError` when that is not possible."""
    missing = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        raise WebError(f"http: {' and '.join(missing)} missing: install wanctl with its extra 'http'")
    from wanctl.observe.http import Application
    from wanctl.observe.server import HttpServer, ServerError

    try:
        server = HttpServer(Application(source), endpoint.address, endpoint.port)
        server.start()
    except ServerError as error:
        raise WebError(f"http: {error}") from error
    return server
