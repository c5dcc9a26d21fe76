"""Where the daemon's lines go: text or JSON lines on a stream, or the journal of systemd with fields of its own.

With the fields, `journalctl WANCTL_WAN=cable WANCTL_TO=download.RED` finds what a search for words would not.
"""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from wanctl.daemon.clock import SystemClock

SCHEMA = "wanctl.log/1"
JOURNAL_SOCKET = "/run/systemd/journal/socket"
IDENTIFIER = "wanctl"
TRANSITION_ID = "8c1f8e0c52a94d2f9f6b7d3c0a4e5b71"  # MESSAGE_ID of every transition; see journalctl(1)
MOST_FIELD = 2_000  # characters

Priority = Literal["info", "warning", "error"]
_SYSLOG: dict[Priority, int] = {"info": 6, "warning": 4, "error": 3}
Format = Literal["auto", "text", "json"]
FORMATS: tuple[Format, ...] = ("auto", "text", "json")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, with what programs want to know about it."""

    text: str
    priority: Priority = "info"
    fields: Mapping[str, str] = field(default_factory=dict)  # by names like "wan"


class Stream(Protocol):
    """What a sink needs of a stream."""

    def write(self, text: str, /) -> int:
        """Take this text."""
        ...

    def flush(self) -> None:
        """Let it go out."""
        ...

    def fileno(self) -> int:
        """The descriptor; OSError or ValueError where it is no file."""
        ...


class Sink(Protocol):
    """Takes entries; never raises because nobody reads them."""

    def write(self, entry: Entry) -> None:
        """Take one entry, now."""
        ...


class TextSink:
    """`14:03:22.150  cable download GREEN → RED: ...` on a stream."""

    def __init__(self, clock: SystemClock, stream: Stream, *, stamped: bool = True) -> None:
        self._clock, self._stream, self._stamped = clock, stream, stamped

    def write(self, entry: Entry) -> None:
        """One line."""
        stamp = f"{self._clock.time_of_day(self._clock.realtime_ns())}  " if self._stamped else ""
        self._stream.write(f"{stamp}{entry.text}\n")
        self._stream.flush()


class JsonSink:
    """JSON lines: schema, unix time, priority, message, and the fields of the entry."""

    def __init__(self, clock: SystemClock, stream: Stream) -> None:
        self._clock, self._stream = clock, stream

    def write(self, entry: Entry) -> None:
        """One line."""
        head = {
            "schema": SCHEMA,
            "at_s": self._clock.realtime_ns() / 1e9,
            "priority": entry.priority,
            "message": entry.text,
        }
        self._stream.write(f"{json.dumps(head | dict(entry.fields), ensure_ascii=False)}\n")
        self._stream.flush()


class JournaldSink:
    """The journal's own protocol: a datagram of fields. One that is not taken goes to the fallback."""

    def __init__(self, fallback: Sink, address: str = JOURNAL_SOCKET) -> None:
        self._fallback, self._address = fallback, address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def write(self, entry: Entry) -> None:
        """One entry; never waits for the journal."""
        named = {f"WANCTL_{name.upper()}": value for name, value in entry.fields.items() if name != "message_id"}
        if "message_id" in entry.fields:
            named["MESSAGE_ID"] = entry.fields["message_id"]
        head = {
            "MESSAGE": entry.text,
            "PRIORITY": str(_SYSLOG[entry.priority]),
            "SYSLOG_IDENTIFIER": IDENTIFIER,
        }
        datagram = b"".join(_field(name, value) for name, value in (head | named).items())
        try:
            self._socket.sendto(datagram, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL, self._address)
        except OSError:
            self._fallback.write(entry)


def _field(name: str, value: str) -> bytes:
    # The simple form has no place for a line end; the text of an error may hold one.
    flat = "".join(letter if letter.isprintable() else " " for letter in value[:MOST_FIELD])
    return f"{name}={flat}\n".encode()


def sink_of(form: Format, clock: SystemClock, stream: Stream, environment: Mapping[str, str]) -> Sink:
    """The sink of a running daemon: `auto` is the journal where systemd has connected the stream to it, else text."""
    if form == "json":
        return JsonSink(clock, stream)
    journaled = is_journal(stream, environment)
    text = TextSink(clock, stream, stamped=not journaled)
    return JournaldSink(text) if journaled and form == "auto" else text


def is_journal(stream: Stream, environment: Mapping[str, str]) -> bool:
    """Whether the stream is the one that systemd has connected to its journal (systemd.exec(5), $JOURNAL_STREAM)."""
    device, _, inode = environment.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False  # no file: nothing that systemd made
    return (device, inode) == (str(found.st_dev), str(found.st_ino))
