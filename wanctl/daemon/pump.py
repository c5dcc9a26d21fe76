"""Lines to a file descriptor, by a thread of their own: a pipe that nobody reads holds up nobody.

A pipe takes 64 KiB, and then `write` waits until somebody reads. Lines wait here instead, a bounded number of them;
further ones are lost, and when the pipe is read again it is said how many. The thread writes to the descriptor itself:
a stream of Python's has a lock, and one that is held for ever by a waiting thread would keep the process from ending.
"""

import os
import threading
from collections import deque
from typing import TextIO

MOST_LINES = 1_024
CLOSE_S = 1.0  # for what still waits when the daemon ends


class Pump:
    """Takes text as a stream does, and never waits. `write` and `flush` may be called by any thread."""

    def __init__(self, stream: TextIO) -> None:
        """Write to the descriptor of `stream`, which must be nobody else's from now on."""
        stream.flush()
        self._fd = stream.fileno()
        self._lines: deque[str] = deque()
        self._lost = 0
        self._lock = threading.Lock()  # guards the lines and how many were lost; never held while something waits
        self._ready = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """The descriptor."""
        return self._fd

    def write(self, text: str) -> int:
        """Have this written in a moment, or lose it where too much waits already."""
        with self._lock:
            if len(self._lines) < MOST_LINES:
                self._lines.append(text)
            else:
                self._lost += 1
        return len(text)

    def flush(self) -> None:
        """Let the thread begin."""
        self._ready.set()

    def close(self) -> None:
        """Write what waits, if somebody reads it within a second."""
        self._closing = True
        self._ready.set()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while True:
            self._ready.wait()
            self._ready.clear()
            closing = self._closing
            for text in iter(self._next, ""):
                if not self._written(text.encode(errors="replace")):
                    return
            if closing:
                return

    def _next(self) -> str:
        """What is to be written next, "" for nothing."""
        with self._lock:
            if self._lines:
                return self._lines.popleft()
            lost, self._lost = self._lost, 0
        return f"({lost} lines were lost: nobody read them)\n" if lost else ""

    def _written(self, data: bytes) -> bool:
        """Whether the descriptor still takes something: it does not when the reader has gone for good."""
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except OSError:
                return False
        return True
