"""The HTTP side of a site: read-only, for Prometheus, for load balancers, for dashboards.

    /metrics            all metrics (Prometheus text or OpenMetrics)
    /livez              200 while the tick loop lives, and nothing else
    /readyz             200 while a WAN is measured and the router answers; ?verbose says what is missing
    /api/v1/snapshot    what `wanctl status --json` says
    /api/v1/why         what `wanctl why --json` says; ?wan=NAME&n=20
    /events             server-sent events: transitions and snapshots

A request must name this host by an address, by `localhost` or by its own name: a page from elsewhere that has its own
name resolve to this host (DNS rebinding) gets nothing.
"""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from wanctl.observe.collector import Metrics
from wanctl.observe.health import STALLED_S, problems, readiness, report
from wanctl.observe.history import MOST_RECORDS
from wanctl.observe.source import Source, StuckError
from wanctl.observe.stream import Stream
from wanctl.observe.why import why

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
T = TypeVar("T")


class Application:
    """The ASGI application of one site."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # Two threads that wait for the tick loop: the event loop itself never does.
        self._threads = ThreadPoolExecutor(2, "http-look")
        self._collected = Metrics(source)
        self._stream = Stream(lambda: source.site, lambda: self._off(source.scrape))
        self._names = {"localhost", socket.gethostname().lower()}
        routes = [
            Route(path, endpoint, methods=["GET"])
            for path, endpoint in (
                ("/metrics", self._metrics),
                ("/livez", self._livez),
                ("/readyz", self._readyz),
                ("/healthz", self._readyz),
                ("/api/v1/snapshot", self._snapshot),
                ("/api/v1/why", self._why),
                ("/events", self._events),
            )
        ]
        self._routed = Starlette(routes=routes, exception_handlers={StuckError: _stuck})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, if it came by one of this host's own names."""
        if scope["type"] == "http" and not self.is_own_name(_host(scope)):
            refusal = PlainTextResponse("this host is not called that; ask by its address\n", 421, HEADERS)
            await refusal(scope, receive, send)
            return
        await self._routed(scope, receive, send)

    def is_own_name(self, host: str) -> bool:
        """Whether a Host header names this host in a way that no stranger's page can: by address or by its own name."""
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        if name.lower() in self._names:
            return True
        try:
            ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True

    async def _off(self, look: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, look)

    async def _metrics(self, request: Request) -> Response:
        accept = request.headers.get("accept", "")
        body, content_type = await self._off(lambda: self._collected.exposition(accept))
        return Response(body, headers={**HEADERS, "Content-Type": content_type})

    async def _livez(self, _request: Request) -> Response:
        view = await self._off(self._source.view)
        alive = view.silent_s < STALLED_S
        return PlainTextResponse("ok\n" if alive else "the tick loop is silent\n", 200 if alive else 503, HEADERS)

    async def _readyz(self, request: Request) -> Response:
        view = await self._off(self._source.view)
        checks = readiness(view)
        ready = all(check.ok for check in checks)
        if "verbose" not in request.query_params:
            return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503, HEADERS)
        detail = {
            "schema": "wanctl.ready/1",
            "ready": ready,
            "checks": [check._asdict() for check in checks],
            "problems": [problem._asdict() for problem in problems(view)],
        }
        return _json(detail, 200 if ready else 503)

    async def _snapshot(self, _request: Request) -> Response:
        return _json(report(await self._off(self._source.view)))

    async def _why(self, request: Request) -> Response:
        wan, most = request.query_params.get("wan"), request.query_params.get("n", "20")
        if wan is not None and wan not in self._source.site.programs:
            return _json({"error": f"there is no WAN '{wan}'"}, 404)
        if not most.isascii() or not most.isdigit() or len(most) > 4 or int(most) > MOST_RECORDS:
            return _json({"error": f"n is a number from 0 to {MOST_RECORDS}"}, 400)
        return _json(await self._off(lambda: why(self._source.moment(), wan, int(most))))

    async def _events(self, request: Request) -> Response:
        if self._stream.is_full:
            return PlainTextResponse("too many listeners\n", 503, {**HEADERS, "Retry-After": "10"})
        await self._off(self._source.view)  # while it can still be said that there is nothing to see
        seen = request.headers.get("last-event-id", "")
        last_seen = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 16 else None
        return StreamingResponse(self._stream.events(last_seen), 200, HEADERS, "text/event-stream")


def _host(scope: Scope) -> str:
    found = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return found[0] if len(found) == 1 else ""


def _json(data: Any, status: int = 200) -> Response:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"
    return Response(body, status, HEADERS, "application/json")


async def _stuck(_request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n", 503, HEADERS)
