"""How other threads look at the tick loop: they ask, and the loop answers at the end of its next tick.

The loop never waits for them: all it does in a tick is to look whether somebody has asked. What it hands out is made in
its own thread, so it is of one moment; and an answer wakes its reader right after a tick, when the loop sleeps anyway.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from wanctl.daemon.clock import Clock
from wanctl.observe.source import StuckError

MOST_QUESTIONS = 64
PATIENCE_NS = 400_000_000  # eight ticks: a loop that has not answered by then is stuck


@dataclass(frozen=True, slots=True)
class Failed:
    """An answer that could not be made."""

    error: Exception


class Window:
    """Questions by name, each with what makes its answer. An answer must be immutable."""

    def __init__(self, makers: Mapping[str, Callable[[int], Any]], clock: Clock) -> None:
        self._makers, self._clock = dict(makers), clock
        self.questions: deque[tuple[str, SimpleQueue[Any]]] = deque(maxlen=MOST_QUESTIONS)
        self._last: dict[str, tuple[int, Any]] = {}

    def answer(self, now_ns: int) -> None:
        """Answer everybody who asks; belongs to the loop, which calls it when `questions` is not empty."""
        made: dict[str, Any] = {}
        while self.questions:
            what, reply = self.questions.popleft()
            if what not in made:
                made[what] = self._make(what, now_ns)
            reply.put(made[what])

    def _make(self, what: str, now_ns: int) -> Any:
        try:
            answer = self._makers[what](now_ns)
        except Exception as error:  # noqa: BLE001  (whoever asked is told; that somebody looks must not end the shaping)
            return Failed(error)
        self._last[what] = now_ns, answer
        return answer

    def look(self, what: str, *, fresh_ns: int = 0) -> tuple[Any, int]:
        """What the loop says, and how old that is in ns; belongs to any other thread.

        An answer that is no older than `fresh_ns` is good enough. For a loop that is stuck it is the last one, which is
        old, or a `StuckError` when there is none; `RuntimeError` for an answer that cannot be made.
        """
        last = self._last.get(what)
        if last is None or self._clock.monotonic_ns() - last[0] > fresh_ns:
            reply: SimpleQueue[Any] = SimpleQueue()
            self.questions.append((what, reply))
            try:
                return _given(reply.get(timeout=PATIENCE_NS / 1e9)), 0
            except Empty:
                last = self._last.get(what)
        if last is None:
            raise StuckError("the tick loop does not answer")
        return last[1], max(0, self._clock.monotonic_ns() - last[0])


def _given(answer: Any) -> Any:
    match answer:
        case Failed(error):
            raise RuntimeError(f"a fault of wanctl: {error!r}") from error
        case _:
            return answer
