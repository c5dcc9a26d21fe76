"""What systemd is told: that the site is ready, reloads or stops, how it is, and that its ticks go on.

The protocol is one datagram of `NAME=value` lines to the socket in `$NOTIFY_SOCKET` (sd_notify(3)). Nothing here ever
waits: a change of state that does not fit is said again with the next sign of life, anything else is lost. Outside
systemd everything is a no-op.
"""

import socket
from collections.abc import Mapping
from typing import Self

MOST_STATUS = 400  # characters
_SEND = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL


class Notifier:
    """Speaks to the service manager that started this process, if one did."""

    def __init__(self, address: str = "", watchdog_ns: int = 0) -> None:
        """`address` is a path, or `@NAME` for an abstract socket; empty says nothing to nobody."""
        self._socket: socket.socket | None = None
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        if address.startswith(("/", "@")):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.watchdog_ns = watchdog_ns if self._socket is not None else 0
        self._owed = ""  # a change of state that nobody took yet

    @classmethod
    def of(cls, environment: Mapping[str, str], pid: int) -> Self:
        """The one that the environment asks for. A watchdog that is meant for another process is none of ours."""
        period_us, meant_for = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", str(pid))
        watched = period_us.isdecimal() and meant_for == str(pid)
        return cls(environment.get("NOTIFY_SOCKET", ""), int(period_us) * 1_000 if watched else 0)

    def ready(self) -> None:
        """The site is shaped, or the reload has ended."""
        self._owe("READY=1")

    def reloading(self, monotonic_ns: int) -> None:
        """A reload begins; `ready` has to follow. One datagram: in two, systemd would take the first for a fault."""
        self._owe(f"RELOADING=1\nMONOTONIC_USEC={monotonic_ns // 1_000}")

    def stopping(self) -> None:
        """The way out has begun."""
        self._owe("STOPPING=1")

    def alive(self) -> None:
        """Feed the watchdog: to be called by the loop of ticks, and by nobody else."""
        if self._owed:
            self._owe(self._owed)
        self._tell("WATCHDOG=1")

    def status(self, text: str) -> None:
        """A line for `systemctl status`."""
        line = "".join(letter if letter.isprintable() else " " for letter in text)
        self._tell(f"STATUS={line[:MOST_STATUS]}")

    def close(self) -> None:
        """Say nothing more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _owe(self, text: str) -> None:
        self._owed = "" if self._tell(text) else text

    def _tell(self, text: str) -> bool:
        """Whether it was taken, or there is nobody to take it."""
        if self._socket is None:
            return True
        try:
            self._socket.sendto(text.encode(), _SEND, self._address)
        except OSError:
            return False  # a manager that is busy or restarts
        return True
