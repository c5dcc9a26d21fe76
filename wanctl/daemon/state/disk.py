"""The thread that writes to the disk: the tick hands over what is to be kept and never waits for it.

A job has a name. While one waits, another one of the same name takes its place: what is newer is what counts, and a
disk that hangs lets nothing pile up.
"""

import threading
from collections.abc import Callable

STOP_TIMEOUT_S = 5.0

Job = Callable[[], None]
Failed = Callable[[str, BaseException], None]


class Disk:
    """Does jobs in order. What a job cannot do (a full disk) it says itself; anything else it raises is a fault."""

    def __init__(self, failed: Failed) -> None:
        """`failed` is told, in this thread, which job has ended it, and by what."""
        self._failed = failed
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._stopping = False
        self._thread = self._made()

    def start(self) -> None:
        """Begin to work, or begin again after a fault."""
        if self._thread.ident is not None:
            self._thread = self._made()
        self._thread.start()

    def post(self, name: str, job: Job) -> None:
        """Have a job done soon; never waits for the disk."""
        with self._changed:
            self._jobs[name] = job
            self._changed.notify()

    @property
    def is_alive(self) -> bool:
        """Whether jobs are still done."""
        return self._thread.is_alive()

    def stop(self) -> bool:
        """Do what waits and end; False when the disk took too long."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(STOP_TIMEOUT_S)
        return not self._thread.is_alive()

    def _made(self) -> threading.Thread:
        return threading.Thread(target=self._run, name="disk", daemon=True)

    def _run(self) -> None:
        name = ""
        try:
            while True:
                with self._changed:
                    while not self._jobs and not self._stopping:
                        self._changed.wait()
                    if not self._jobs:
                        return
                    name = next(iter(self._jobs))
                    job = self._jobs.pop(name)
                job()
        except Exception as error:  # noqa: BLE001  (told, and the daemon's machine knows: never a silent dead thread)
            self._failed(name, error)
