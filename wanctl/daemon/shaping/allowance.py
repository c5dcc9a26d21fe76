"""The write budget across restarts, crashes among them: a router's flash memory does not care who wrote to it.

Theory of operation. What is left of the budget is saved together with `owed`: so many writes may go out before the next
save. Whoever takes up from it takes `owed` off, so a `kill -9` at any moment costs at most `AHEAD` writes that were
never made, and never grants one too many. A save waits for a disk, so there is none for each write: one covers up to
`AHEAD` of them, and the next is made in a quiet moment. Where the disk refuses, the WANs are shaped all the same, and
it is said.

Between two processes time is told by the wall clock. One that went back adds nothing; one that leapt ahead fills the
buckets at most. A state that is lost leaves what is kept for cuts.
"""

from collections.abc import Callable, Mapping

from wanctl.actuator import Actuator
from wanctl.daemon.clock import Clock
from wanctl.daemon.state.store import Store, StoreError

AHEAD = 5  # writes that one save covers
SAVE_EVERY_NS = 5_000_000_000  # at most so often, unless a write waits for it

Tell = Callable[[str, str], None]  # what it is about, and the trouble; "" when there is none


class Allowance:
    """Keeps an actuator's budget in a store. One thread at a time; `store` None keeps it in memory alone."""

    def __init__(self, actuator: Actuator, store: Store | None, clock: Clock) -> None:
        self._actuator, self._store, self._clock = actuator, store, clock
        self._covered = 0  # writes that may still go out before the next save
        self._saved_ns = clock.monotonic_ns() - SAVE_EVERY_NS

    def load(self) -> str:
        """Take up from what was saved; what was lost, in a sentence, else ""."""
        if self._store is None:
            return ""
        loaded = self._store.load()
        if loaded.value is None:
            if loaded.note:  # at the very first start there is nothing to lose
                self._actuator.budget.resume({}, 0, 0.0)
                return f"{loaded.note}; until it has filled again, raises wait and cuts go out"
            return ""
        left, saved_ns, owed = (loaded.value.get(key) for key in ("left", "wall_ns", "owed"))
        if not isinstance(left, Mapping) or not isinstance(saved_ns, int) or not isinstance(owed, int):
            self._actuator.budget.resume({}, 0, 0.0)
            return "the saved write budget makes no sense; until it has filled again, raises wait and cuts go out"
        elapsed_ns = self._clock.realtime_ns() - saved_ns
        tokens = {name: float(count) for name, count in left.items() if isinstance(count, int | float)}
        self._actuator.budget.resume(tokens, elapsed_ns, float(owed))
        back = (
            "the clock has gone back since the write budget was saved: nothing has flowed in" if elapsed_ns < 0 else ""
        )
        return "; ".join(part for part in (loaded.note, back) if part)

    def before_write(self, tell: Tell) -> None:
        """Cover the write that is about to go out."""
        if self._covered <= 0:
            self._save(AHEAD, tell)
        self._covered -= 1

    def quiet(self, now_ns: int, tell: Tell) -> None:
        """Nothing waits: a good moment for the disk, if there is something to save."""
        if self._covered < AHEAD and now_ns >= self._saved_ns + SAVE_EVERY_NS:
            self._save(AHEAD, tell)

    def close(self, tell: Tell) -> None:
        """No more writes: keep what is really left."""
        self._save(0, tell)

    def _save(self, owed: int, tell: Tell) -> None:
        now_ns = self._clock.monotonic_ns()
        self._saved_ns, self._covered = now_ns, owed
        if self._store is None:
            return
        value = {
            "wall_ns": self._clock.realtime_ns(),
            "owed": owed,
            "left": self._actuator.budget.snapshot(now_ns),
            "applied": {f"{one.wan}/{one.direction}": one.applied_bps for one in self._actuator.targets},
        }
        try:
            self._store.save(value)
        except StoreError as error:
            tell("the write budget", f"{error}; a restart may grant writes that have been made")
        else:
            tell("the write budget", "")
