"""What others reach a running site by: its control socket and, where its file asks for it, HTTP.

What cannot be served is said and shown, and the WANs are shaped all the same. What fails later is a state of the
daemon, and is started again when its machine says so.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from wanctl.config.address import Endpoint
from wanctl.daemon.clock import Clock
from wanctl.daemon.control.server import ControlServer, Handler, Note
from wanctl.daemon.control.web import WebError, start_http
from wanctl.daemon.lock import ControlError
from wanctl.daemon.supervisor import Supervisor
from wanctl.observe.source import Source

CONTROL, HTTP = "control socket", "http"


class _Served(Protocol):
    def stop(self) -> None: ...


class Front:
    """Starts and stops both."""

    def __init__(self, source: Source, handlers: Mapping[str, Handler], supervisor: Supervisor, clock: Clock) -> None:
        self._source, self._handlers = source, handlers
        self._supervisor, self._clock = supervisor, clock
        self._served: dict[str, _Served] = {}

    def start(self, run_folder: Path | None, endpoint: Endpoint | None, note: Note) -> list[str]:
        """Serve what can be served, for as long as the site runs; what could not be, in sentences."""

        def control() -> None:
            assert run_folder is not None
            server = ControlServer(run_folder, self._handlers, self._clock, note, self._told(CONTROL))
            server.start()
            self._served[CONTROL] = server

        def http() -> None:
            assert endpoint is not None
            self._served[HTTP] = start_http(self._source, endpoint, self._told(HTTP))

        troubles = []
        for part, wanted, begin in ((CONTROL, run_folder, control), (HTTP, endpoint, http)):
            if wanted is None:
                continue
            self._supervisor.watch(part, begin)
            try:
                begin()
            except (ControlError, WebError) as error:
                troubles.append(str(error))
        return troubles

    def stop(self) -> None:
        """Serve no more."""
        while self._served:
            _, served = self._served.popitem()
            served.stop()

    def _told(self, part: str) -> "_Told":
        return _Told(self._supervisor, part)


class _Told:
    """Tells the supervisor of the end of one part."""

    def __init__(self, supervisor: Supervisor, part: str) -> None:
        self._supervisor, self._part = supervisor, part

    def __call__(self, error: BaseException) -> None:
        self._supervisor.failed(self._part, error)
