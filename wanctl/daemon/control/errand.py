"""What other threads want done between two ticks: they hand over a function, and may wait for what comes of it.

The loop looks once a tick whether there is anything, and never waits for whoever asked.
"""

from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from wanctl.observe.source import StuckError

MOST_WAITING = 64
PATIENCE_S = 1.0

Errand = Callable[[int], Any]  # is handed the time of the tick, in ns


class Errands:
    """Functions that belong between two ticks."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[Errand, SimpleQueue[Any]]] = deque(maxlen=MOST_WAITING)

    def run(self, now_ns: int) -> None:
        """Do what waits; belongs to the loop, which calls it when `waiting` is not empty."""
        for _ in range(len(self.waiting)):
            errand, reply = self.waiting.popleft()
            try:
                reply.put((errand(now_ns), None))
            except Exception as error:  # noqa: BLE001  (raised where it was asked; the ticks go on)
                reply.put((None, error))

    def ask(self, errand: Errand) -> Any:
        """Have it done, wait, and return what it returns or raise what it raises; belongs to any other thread.

        `StuckError` when no tick came along: then it may still be done later.
        """
        reply: SimpleQueue[Any] = SimpleQueue()
        self.waiting.append((errand, reply))
        try:
            result, error = reply.get(timeout=PATIENCE_S)
        except Empty:
            raise StuckError("the tick loop does not answer") from None
        if error is not None:
            raise error
        return result
