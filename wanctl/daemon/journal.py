"""What the daemon says: one line for each transition and for each trouble, none for a tick."""

import sys
from typing import TextIO

from wanctl.daemon.clock import SystemClock
from wanctl.decision import Decision
from wanctl.engine import Transition


def name_of(transition: Transition) -> str:
    """Whose transition it is: `cable download`; the machine's name where a row belongs to no region."""
    instance = transition.machine.partition("/")[0]
    region = transition.source.partition(".")[0]
    return f"{instance} {region}".strip()


def describe(transition: Transition) -> str:
    """A transition in words: `download GREEN → RED: a queue that hurts (delta 92.1, hard 80)`."""
    region, _, source = transition.source.partition(".")
    target = transition.targets[0].removeprefix(f"{region}.") if transition.targets else "stays"
    values = ", ".join(_value(name, value) for name, value in transition.values[:4])
    why = transition.why or transition.guard or transition.event
    shown = f" ({values})" if values else ""
    return f"{name_of(transition)}  {source or region} → {target}: {why}{shown}"


def _value(name: str, value: object) -> str:
    if value is None:
        return f"{name} unknown"
    if isinstance(value, bool):
        return f"{name} {'yes' if value else 'no'}"
    return f"{name} {value:.4g}" if isinstance(value, float | int) else f"{name} {value}"


class Journal:
    """Lines with the time of day on a stream; the journal of systemd adds the rest."""

    def __init__(self, clock: SystemClock, stream: TextIO | None = None, *, stamped: bool = True) -> None:
        self._clock, self._stream, self._stamped = clock, stream or sys.stderr, stamped

    def say(self, text: str) -> None:
        """One line, now."""
        stamp = f"{self._clock.time_of_day(self._clock.realtime_ns())}  " if self._stamped else ""
        self._stream.write(f"{stamp}{text}\n")
        self._stream.flush()

    def decided(self, decision: Decision) -> None:
        """The transitions of a tick."""
        for transition in decision.transitions:
            self.say(describe(transition))
        for fault in decision.faults:
            self.say(f"{fault.machine}: FAULT {fault.reason}")

    def close(self) -> None:
        """Nothing is held back."""
