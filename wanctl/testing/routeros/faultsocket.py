"""A Unix socket that takes faults, one JSON object a line, and answers each with one: `{"ok": true}` or an error."""

import contextlib
import json
import os
import socketserver
import threading
from pathlib import Path

from wanctl.testing.routeros.emulator import RouterosEmulator
from wanctl.testing.routeros.faultline import FaultError, strike

LONGEST_LINE_BYTES = 65_536


class FaultSocket:
    """Serves `router`'s faults at `path`, which only this user may open, between `__enter__` and `__exit__`."""

    def __init__(self, router: RouterosEmulator, path: Path) -> None:
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = _Server(str(path), _Talk)
        finally:
            os.umask(before)
        self._server.router = router
        self._path = path
        self._thread = threading.Thread(target=self._server.serve_forever, name="routeros-faults", daemon=True)

    def __enter__(self) -> "FaultSocket":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._path.unlink(missing_ok=True)


def answer(router: RouterosEmulator, line: bytes) -> dict[str, object]:
    """Do what a line says; the answer to it."""
    try:
        strike(router, json.loads(line))
    except FaultError as error:
        return {"error": str(error)}
    except (ValueError, AssertionError, RecursionError) as error:
        return {"error": f"it cannot be done: {error}"}
    return {"ok": True}


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    router: RouterosEmulator


class _Talk(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client has gone
            while line := self.rfile.readline(LONGEST_LINE_BYTES):
                if line.strip():
                    self.wfile.write(json.dumps(answer(self.server.router, line)).encode() + b"\n")
