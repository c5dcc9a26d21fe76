"""Watches over the parts of the daemon: each unexpected exception becomes a state, a dump and a sentence.

A part is a thread or a step of the loop with a name. What decides or writes is *essential*: when it fails, every queue
gets its ceiling (SAFE). Any other part may fail and the WANs are shaped all the same (IMPAIRED). The machine of the
daemon (`machines/daemon.yaml`) says when what has failed is started again; here is how.
"""

import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from wanctl.daemon.state.dump import Dumps
from wanctl.engine import Program, compile_model, load
from wanctl.engine.record import Outcome
from wanctl.lifecycle import ACTIONS, MACHINE, Lifecycle
from wanctl.machines import read_text, shipped_machines

ESSENTIAL = frozenset({"decisions", "shaper"})

Restart = Callable[[], None]
Note = Callable[[str], None]


@cache
def life_program() -> Program:
    """The shipped machine of the daemon, compiled."""
    path = shipped_machines()[MACHINE]
    return compile_model(load(read_text(path), str(path), actions=ACTIONS))


class Supervisor:
    """`failed` may be called by any thread; everything else belongs to the ticks."""

    def __init__(self, life: Lifecycle, dumps: Dumps, facts: Callable[[], Mapping[str, Any]], note: Note) -> None:
        """`facts` tells what the site is doing, for a dump."""
        self.life = life
        self._dumps, self._facts, self._note = dumps, facts, note
        self._lock = threading.Lock()
        self._failures: dict[str, str] = {}
        self._restarts: dict[str, Restart] = {}
        self.count = 0  # of failures since the start

    def watch(self, part: str, restart: Restart) -> None:
        """Know how a part is started again; `restart` may raise, and is tried again later then."""
        self._restarts[part] = restart

    def failed(self, part: str, error: BaseException) -> None:
        """A part has ended by a fault of ours."""
        told = f"{part}: {type(error).__name__}: {error}"
        with self._lock:
            again = self._failures.get(part) == told
            self._failures[part] = told
            self.count += 1
        path = None if again else self._dumps.write(part, error, self._facts())
        where = f"; see {path}" if path is not None else ""
        self._note(f"a fault of wanctl in {told}{where}")

    @property
    def failures(self) -> tuple[str, ...]:
        """What has failed and why, the essential parts first."""
        with self._lock:
            return tuple(self._failures[part] for part in sorted(self._failures, key=_urgency))

    @property
    def remark(self) -> str:
        """What a line of state begins with: nothing while all is well."""
        state = self.life.state
        if state == "RUNNING.WHOLE":
            return ""
        return ": ".join((state.rpartition(".")[2], *self.failures[:1]))

    def has_failed(self, part: str) -> bool:
        """Whether a part has failed and was not started again."""
        return part in self._failures

    def tick(self, now_ns: int) -> Outcome:
        """Let the machine see what has failed; what it wants of others comes back, what it wants of here is done."""
        with self._lock:
            parts = set(self._failures)
        condition = self.life.condition
        condition.broken, condition.impaired = bool(parts & ESSENTIAL), bool(parts - ESSENTIAL)
        outcome = self.life.tick(now_ns)
        if any(intent.action == "parts.restart" for intent in outcome.intents):
            self._restart()
        return outcome

    def _restart(self) -> None:
        with self._lock:
            parts = sorted(self._failures, key=_urgency)
        for part in parts:
            restart = self._restarts.get(part)
            if restart is None:
                continue
            try:
                restart()
            except Exception as error:  # noqa: BLE001  (told like the failure itself, and tried again when it is time)
                self.failed(part, error)
                continue
            self.forget(part)
            self._note(f"{part}: started again")

    def forget(self, part: str) -> None:
        """A part works again, or has been replaced."""
        with self._lock:
            self._failures.pop(part, None)


def _urgency(part: str) -> tuple[bool, str]:
    return part not in ESSENTIAL, part
