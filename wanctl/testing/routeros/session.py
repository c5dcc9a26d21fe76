"""Who is connected: RouterOS shows a row for each connection, writes a line when somebody logs in, and has a limit."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from wanctl.testing.routeros.fault import Faults

Peer = tuple[str, int]
SERVICES = {"rest": "www-ssl", "ssh": "ssh"}


@dataclass(slots=True)
class Session:
    """One connection; `user` is empty until somebody has logged in on it."""

    face: str  # "rest" or "ssh"
    local: Peer
    remote: Peer
    user: str = ""


class Sessions:
    """The connections of all faces; safe to touch from any thread."""

    def __init__(self, faults: Faults, write_log: Callable[[str, str], None]) -> None:
        self._faults = faults
        self._write_log = write_log
        self._lock = threading.Lock()
        self._sessions: dict[tuple[str, Peer], Session] = {}

    def open(self, face: str, local: Peer, remote: Peer) -> bool:
        """Let a connection in, unless the service is down or has enough of them."""
        faults = self._faults
        with self._lock:
            count = sum(session.face == face for session in self._sessions.values())
            if face in faults.down or count >= faults.session_limit:
                return False
            self._sessions[face, remote] = Session(face, local, remote)
            return True

    def close(self, face: str, remote: Peer) -> None:
        """Forget a connection."""
        with self._lock:
            session = self._sessions.pop((face, remote), None)
        if session is not None and session.user:
            self._write_log("system,info,account", f"user {session.user} logged out from {_via(session)}")

    def login(self, face: str, remote: Peer, user: str) -> None:
        """Note who uses a connection; the log gets one line a connection, not one a request."""
        with self._lock:
            session = self._sessions.get((face, remote))
            if session is None or session.user == user:
                return
            session.user = user
        self._write_log("system,info,account", f"user {user} logged in from {_via(session)}")

    def refuse(self, face: str, remote: Peer, user: str) -> None:
        """Note a login that failed."""
        via = _via(Session(face, remote, remote))
        self._write_log("system,error,critical", f"login failure for user {user} from {via}")

    def rows(self) -> list[dict[str, str]]:
        """What `/ip/service` shows beside the services themselves."""
        with self._lock:
            sessions = list(self._sessions.values())
        return [
            {
                ".id": f"*{0x80000000 + at:X}",
                "connection": "true",
                "dynamic": "true",
                "local": "{}:{}".format(*session.local),
                "name": SERVICES[session.face],
                "port": str(session.local[1]),
                "proto": "tcp",
                "remote": "{}:{}".format(*session.remote),
            }
            for at, session in enumerate(sessions)
        ]


def _via(session: Session) -> str:
    return f"{session.remote[0]} via {'rest-api' if session.face == 'rest' else 'ssh'}"
