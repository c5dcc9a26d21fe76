"""One kept-alive HTTPS connection to one router; `requests` is imported here and nowhere else.

Invariants:
- Nothing is sent before the peer has proved to be the router (`trust.py`); proxies, netrc and the like are ignored.
- A request is sent a second time only if the caller calls it repeatable, only on a new connection, and only if the
  first went out on a connection that had been idle and turned out to be closed.
- After a time-out the connection is closed and stays so for `REST_NS`. RouterOS's web server may otherwise give the
  answer of the abandoned request to the next one; it heals within 1.3 to 2.4 s (measured on CHR 7.21.5 by quickchr).
- The password is kept in one header of one session. No error refers to a request, so none can show it.
"""

import base64
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from wanctl.routeros.error import Refused, Resting, RouterError, TimedOut
from wanctl.routeros.failure import ConnectionLost, failure
from wanctl.routeros.trust import Trust
from wanctl.routeros.value import Json, json_value

REST_NS = 2_000_000_000
SUSPECT_NS = 5_000_000_000  # how long after a time-out an answer may still belong to somebody else


class Answer(NamedTuple):
    """An HTTP answer; `body` is None if it was empty."""

    status: int
    body: Json


class Https:
    """The connection. `now_ns` is the caller's monotonic clock; one thread at a time may use it."""

    def __init__(
        self,
        address: str,
        port: int,
        user: str,
        password: str,
        trust: Trust,
        now_ns: Callable[[], int],
        connect_timeout_ns: int,
        read_timeout_ns: int,
    ) -> None:
        host = f"[{address}]" if ":" in address else address
        self.place = f"{host}:{port}"
        self._trust = trust
        self._now_ns = now_ns
        self._timeout_s = (connect_timeout_ns / 1e9, read_timeout_ns / 1e9)
        self._rest_until_ns: int | None = None
        self._adapter = _OneRouter(address, port, trust)
        self._session = requests.Session()
        self._session.trust_env = False  # else netrc and REQUESTS_CA_BUNDLE would overrule what the site says
        self._session.mount("https://", self._adapter)
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._session.headers.update({"Authorization": f"Basic {token}", "Accept": "application/json"})

    @property
    def is_open(self) -> bool:
        """Whether the next request would go out on the connection of the last one."""
        return self._adapter.is_open

    @property
    def connections(self) -> int:
        """How many connections have been opened so far."""
        return self._adapter.connections

    @property
    def is_suspect(self) -> bool:
        """Whether a time-out is so recent that an answer may be another request's."""
        return self._rest_until_ns is not None and self._now_ns() < self._rest_until_ns + SUSPECT_NS - REST_NS

    def exchange(self, method: str, path: str, body: Mapping[str, Json] | None = None, *, repeatable: bool) -> Answer:
        """Send one request below `/rest/` and return its answer, whatever its status. Raises `RouterError`."""
        if self._rest_until_ns is not None and self._now_ns() < self._rest_until_ns:
            raise Resting(f"the router at {self.place} is left alone after a time-out", self._rest_until_ns)
        was_open = self.is_open
        try:
            return self._send(method, path, body)
        except ConnectionLost:
            if not (repeatable and was_open):
                raise
        return self._send(method, path, body)

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        self._adapter.close()

    def _send(self, method: str, path: str, body: Mapping[str, Json] | None) -> Answer:
        payload = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        problem: RouterError
        try:
            # The path is written as it is: RouterOS wants the `*` of an id literally.
            response = self._session.request(
                method,
                f"https://{self.place}/rest/{path}",
                data=payload,
                headers=headers,
                timeout=self._timeout_s,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            connected = self._adapter.is_connected
            problem = failure(error, self.place, self._timeout_s, self._trust, connected=connected)
        else:
            return Answer(response.status_code, self._body(response))
        self._adapter.close()
        if isinstance(problem, TimedOut):
            self._rest_until_ns = self._now_ns() + REST_NS
        raise problem  # outside of `except`, so that it does not drag the request and its headers along

    def _body(self, response: requests.Response) -> Json:
        try:
            return json_value(response.content)
        except ValueError:
            shown = response.content[:60].decode("ascii", "replace")
        if response.status_code in (401, 403):  # the status says enough
            return None
        raise Refused(
            f"{self.place} answers {response.status_code} and no JSON",
            shown,
            "is this port the www-ssl service of a RouterOS 7 router?",
        )


class _OneRouter(HTTPAdapter):
    """A transport of `requests` that knows one host and keeps one connection to it."""

    def __init__(self, address: str, port: int, trust: Trust) -> None:
        self._target = (address, port)
        self._trust = trust
        self._context = trust.context()
        self._pool: HTTPSConnectionPool | None = None
        self._connection: HTTPSConnection | None = None
        self.connections = 0
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    @property
    def is_connected(self) -> bool:
        """Whether the last attempt to connect went well, though the peer may have closed the connection since."""
        return self._connection is not None

    @property
    def is_open(self) -> bool:
        return self._connection is not None and self._connection.is_connected

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPSConnectionPool:
        if self._pool is None:
            self._pool = self._new_pool()
        return self._pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Nothing to set up: the context was made once, from what the site says."""

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
        if self._connection is not None:
            self._connection.close()
        self._pool = self._connection = None
        super().close()

    def _new_pool(self) -> HTTPSConnectionPool:
        adapter = self

        class PinnedConnection(HTTPSConnection):
            def connect(self) -> None:
                adapter._connection = None
                super().connect()
                assert isinstance(self.sock, ssl.SSLSocket)
                adapter._trust.check_pin(self.sock.getpeercert(binary_form=True))
                self.is_verified = True
                adapter._connection = self
                adapter.connections += 1

        pool = HTTPSConnectionPool(
            *self._target,
            maxsize=1,
            cert_reqs=self._context.verify_mode,
            assert_hostname=None if self._context.check_hostname else False,
            ssl_context=self._context,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        pool.ConnectionCls = PinnedConnection
        return pool
