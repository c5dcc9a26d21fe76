"""When ticks are due: on an absolute grid, so that lateness never adds up."""

from dataclasses import dataclass

PERIOD_NS = 50_000_000


@dataclass(slots=True)
class Schedule:
    """Ticks at `due_ns`, `due_ns + period_ns`, ...

    A tick that could not be held because the one before it took too long is an overrun: it is counted and left out, for
    two ticks in a row would see the same world twice.
    """

    due_ns: int
    period_ns: int = PERIOD_NS
    ticks: int = 0
    overruns: int = 0

    def advance(self, now_ns: int) -> None:
        """A tick has been held and its work is done at `now_ns`: find the next one."""
        self.ticks += 1
        self.due_ns += self.period_ns
        missed = (now_ns - self.due_ns) // self.period_ns
        if missed > 0:
            self.overruns += missed
            self.due_ns += missed * self.period_ns
