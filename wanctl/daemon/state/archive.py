"""Transitions on disk, for longer than memory holds them: an SQLite file in the state folder.

Bounded by days and by bytes. Written by the thread of the disk, some at a time: a row goes out when the router has had
time to answer, at the latest when the daemon stops; nothing is written while nothing moves. Read by `wanctl why
--since`, also when the daemon is down. A file that SQLite refuses is put aside, said, and begun anew.
"""

import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wanctl.daemon.clock import Clock
from wanctl.daemon.state.disk import Disk
from wanctl.decision import Decision
from wanctl.engine.program import Program
from wanctl.observe.history import History, Record
from wanctl.observe.why import places_of, transition_of

NAME = "history.sqlite"
VERSION = 1  # of the tables; another one is put aside
DAYS = 30
MOST_BYTES = 64 * 1_024 * 1_024
BATCH_NS = 5_000_000_000
SETTLED_NS = 3_000_000_000  # by then the router has answered, or will not matter
MOST_WAITING = 4_096
PATIENCE_S = 2.0
_PAGE_BYTES = 4_096
_SHARE_DROPPED = 10  # a tenth of the rows goes when the file is full
_TABLES = """
    CREATE TABLE transition (
        id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, wan TEXT NOT NULL, record TEXT NOT NULL
    );
    CREATE INDEX transition_by_time ON transition (at_us);
"""

Note = Callable[[str], None]
Row = tuple[int, str, str]  # at_us, wan, record
_Waiting = tuple[Record, Program]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept."""

    days: int = DAYS
    most_bytes: int = MOST_BYTES


class Archive:
    """The file, for the one thread that writes to it. Raises `sqlite3.Error` where the disk or the file refuses."""

    def __init__(self, folder: Path, bounds: Bounds, note: Note) -> None:
        self._path, self._bounds, self._note = folder / NAME, bounds, note
        self._connection: sqlite3.Connection | None = None

    def append(self, rows: list[Row], now_us: int) -> None:
        """Write rows, and drop what is too old or too much, in one transaction."""
        connection = self._connection or self._open()
        with connection:
            connection.executemany("INSERT INTO transition (at_us, wan, record) VALUES (?, ?, ?)", rows)
            connection.execute("DELETE FROM transition WHERE at_us < ?", (now_us - self._bounds.days * 86_400_000_000,))
            if self._used_bytes(connection) > self._bounds.most_bytes:
                (count,) = connection.execute("SELECT count(*) FROM transition").fetchone()
                connection.execute(
                    "DELETE FROM transition WHERE id IN (SELECT id FROM transition ORDER BY id LIMIT ?)",
                    (max(1, count // _SHARE_DROPPED),),
                )

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _used_bytes(self, connection: sqlite3.Connection) -> int:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        return int((pages - free) * _PAGE_BYTES)

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._connection = self._ready()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) or not self._path.exists():
                raise  # no room, no right, or locked: the file itself may be fine
            aside = self._path.with_suffix(".damaged")
            self._path.replace(aside)
            self._note(f"the history {self._path} cannot be used ({error}): it is put aside as {aside.name}")
            self._connection = self._ready()
        return self._connection

    def _ready(self) -> sqlite3.Connection:
        # Handed from one run of the disk's thread to the next: never used by two at once.
        connection = sqlite3.connect(self._path, timeout=PATIENCE_S, check_same_thread=False)
        try:
            self._path.chmod(0o600)
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last batch, never the file
            connection.execute(f"PRAGMA journal_size_limit = {self._bounds.most_bytes // 8}")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
            elif version != VERSION:
                raise sqlite3.DatabaseError(f"its tables are of version {version}, and {VERSION} is wanted")
            connection.execute("SELECT count(*) FROM (SELECT at_us, wan, record FROM transition LIMIT 1)").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        return connection


class Archivist:
    """Listens to the ticks of a site and has its transitions archived."""

    def __init__(
        self,
        history: History,
        programs: Callable[[], Mapping[str, Program]],
        archive: Archive,
        disk: Disk,
        clock: Clock,
        note: Note,
    ) -> None:
        self._history, self._programs, self._archive = history, programs, archive
        self._disk, self._clock, self._note = disk, clock, note
        self._seen = history.transitions
        self._waiting: deque[_Waiting] = deque(maxlen=MOST_WAITING)  # for the router's answer; the ticks' thread alone
        self._outbox: deque[_Waiting] = deque(maxlen=MOST_WAITING)  # from the ticks to the disk
        self._unwritten: deque[_Waiting] = deque(maxlen=MOST_WAITING)  # the disk's thread alone
        self._due_ns = 0
        self._trouble = ""

    def say(self, text: str) -> None:
        """Sentences are the journal's business."""

    def decided(self, decision: Decision) -> None:
        """A tick was held."""
        if self._history.transitions != self._seen:
            self._collect()
        if decision.at_ns >= self._due_ns and self._waiting:
            self._due_ns = decision.at_ns + BATCH_NS
            self._hand_over(decision.at_ns - SETTLED_NS)

    def close(self) -> None:
        """The ticks have ended: write what is left."""
        self._collect()
        self._hand_over(self._clock.monotonic_ns())
        self._disk.post("close history", self._archive.close)

    def _collect(self) -> None:
        programs, fresh = self._programs(), min(self._history.transitions - self._seen, len(self._history.records))
        self._seen = self._history.transitions
        for record in list(self._history.records)[-fresh:] if fresh else ():
            program = programs.get(record.wan)
            if program is not None:  # else a reload has taken the WAN away in this very moment
                self._waiting.append((record, program))

    def _hand_over(self, until_ns: int) -> None:
        """Give the disk what happened until then."""
        while self._waiting and self._waiting[0][0].transition.at_ns <= until_ns:
            self._outbox.append(self._waiting.popleft())
        self._disk.post("history", self._write)

    def _write(self) -> None:
        """In the disk's thread. What the disk does not take is tried again with the next batch."""
        while self._outbox:
            self._unwritten.append(self._outbox.popleft())
        now_us, now_ns = self._clock.realtime_ns() // 1_000, self._clock.monotonic_ns()
        trouble = ""
        try:
            self._archive.append(list(_rows(self._unwritten, now_us, now_ns)), now_us)
            self._unwritten.clear()
        except (sqlite3.Error, OSError) as error:
            trouble = f"the history cannot be written: {error}"
            self._archive.close()
        if trouble != self._trouble:
            self._note(trouble or "the history can be written again")
            self._trouble = trouble


def _rows(ready: Iterable[_Waiting], now_us: int, now_ns: int) -> Iterator[Row]:
    places: dict[int, dict[str, str]] = {}
    for record, program in ready:
        at_us = now_us - (now_ns - record.transition.at_ns) // 1_000
        where = places.setdefault(id(program), places_of(program))
        told = transition_of(record, program, where, at_us / 1e6)
        yield at_us, record.wan, json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def read(folder: Path, since_us: int, wan: str | None, most: int) -> list[dict[str, Any]]:
    """The last `most` transitions since then, oldest first; `OSError` without a file, `sqlite3.Error` for a bad one."""
    path = folder / NAME
    path.stat()  # `mode=ro` would say "unable to open" for each of many reasons
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=PATIENCE_S)) as connection:
        rows = connection.execute(
            "SELECT record FROM transition WHERE at_us >= ? AND (? IS NULL OR wan = ?) ORDER BY id DESC LIMIT ?",
            (since_us, wan, wan, most),
        ).fetchall()
    return [json.loads(record) for (record,) in reversed(rows)]
