"""What waits outside of a macrostep: sends and timers, by due time and then by order of sending."""

from collections.abc import Callable, Iterable, Mapping
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from wanctl.engine.record import Value

NEVER_NS = 1 << 62


class QueuedEvent(NamedTuple):
    """A named event with its data."""

    name: str
    data: Mapping[str, Value]


class Entry(NamedTuple):
    """A send or a timer. Entries compare by due time and then by order of sending, which no two share."""

    due_ns: int
    order: int
    event: QueuedEvent | None  # None: a timer
    id: str = ""  # of a send
    state: int = -1  # of a timer, as is the next
    timer: int = -1


class ExternalQueue:
    """The external queue of one machine."""

    __slots__ = ("_entries", "_order", "due_ns", "ids")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._order = 0
        self.due_ns = NEVER_NS  # of the first entry
        self.ids = 0  # given out so far by `fresh_id`

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What waits, unordered."""
        return tuple(self._entries)

    def push(self, entry: Entry) -> None:
        """Put an entry behind all that are due at the same time."""
        self._order += 1
        heappush(self._entries, entry._replace(order=self._order))
        self.due_ns = self._entries[0].due_ns

    def pop(self) -> Entry:
        """Take the first entry; there is one."""
        entry = heappop(self._entries)
        self.due_ns = self._entries[0].due_ns if self._entries else NEVER_NS
        return entry

    def keep(self, wanted: Callable[[Entry], bool]) -> None:
        """Drop every entry that is not wanted."""
        kept = [entry for entry in self._entries if wanted(entry)]
        if len(kept) != len(self._entries):
            self._wait_for(kept)

    def resume(self, entries: Iterable[Entry], ids: int) -> None:
        """Let these entries wait, their order the one they are in; so many ids have been given out."""
        ordered = [entry._replace(order=order) for order, entry in enumerate(entries)]
        self._order, self.ids = len(ordered), ids
        self._wait_for(ordered)

    def _wait_for(self, entries: list[Entry]) -> None:
        self._entries = entries
        heapify(self._entries)
        self.due_ns = self._entries[0].due_ns if self._entries else NEVER_NS

    def fresh_id(self) -> str:
        """An id that no other send has."""
        taken = {entry.id for entry in self._entries}
        while True:
            self.ids += 1
            identity = f"send#{self.ids}"
            if identity not in taken:
                return identity
