"""What the daemon says: one line for each transition and for each trouble, none for a tick."""

import re
import sys
from dataclasses import dataclass

from wanctl.daemon.clock import SystemClock
from wanctl.daemon.sink import TRANSITION_ID, Entry, Sink, TextSink
from wanctl.decision import Decision
from wanctl.engine import Transition

COLLAPSE_NS = 60_000_000_000
MOST_KINDS = 64  # of sentences that are counted; further ones are said each time
_DIGITS = re.compile(r"[0-9]+")
_NEVER_NS = 1 << 62


@dataclass(slots=True)
class _Repeat:
    """A sentence that was said, and how often it came again."""

    entry: Entry
    until_ns: int
    count: int = 0


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
    """Lines to a sink. What is said again and again is counted for a minute, and then said once."""

    def __init__(self, clock: SystemClock, sink: Sink | None = None) -> None:
        self._clock, self._sink = clock, sink or TextSink(clock, sys.stderr)
        self._repeats: dict[str, _Repeat] = {}
        self._due_ns = _NEVER_NS

    def say(self, text: str) -> None:
        """A sentence for the operator."""
        self._collapse(Entry(text, "warning"))

    def decided(self, decision: Decision) -> None:
        """The transitions of a tick, one line each; faults are collapsed as sentences are."""
        for transition in decision.transitions:
            self._sink.write(Entry(describe(transition), "info", fields_of(transition)))
        for fault in decision.faults:
            self._collapse(Entry(f"{fault.machine}: FAULT {fault.reason}", "error", {"machine": fault.machine}))
        if decision.at_ns >= self._due_ns:
            self._flush(decision.at_ns)

    def close(self) -> None:
        """Say what was counted."""
        self._flush(_NEVER_NS)

    def _collapse(self, entry: Entry) -> None:
        now_ns = self._clock.monotonic_ns()
        kind = _DIGITS.sub("#", entry.text)  # the same trouble with other figures is the same trouble
        repeat = self._repeats.get(kind)
        if repeat is not None and now_ns < repeat.until_ns:
            repeat.count += 1
            repeat.entry = entry
            return
        self._flush(now_ns)
        if len(self._repeats) < MOST_KINDS:
            self._repeats[kind] = _Repeat(entry, now_ns + COLLAPSE_NS)
            self._due_ns = min(self._due_ns, now_ns + COLLAPSE_NS)
        self._sink.write(entry)

    def _flush(self, now_ns: int) -> None:
        """Say how often each sentence came whose minute is over."""
        for kind, repeat in list(self._repeats.items()):
            if now_ns < repeat.until_ns:
                continue
            del self._repeats[kind]
            if repeat.count:
                last = repeat.entry
                text = f"{last.text} (×{repeat.count} more within {COLLAPSE_NS // 1_000_000_000} s)"
                self._sink.write(Entry(text, last.priority, {**last.fields, "repeated": str(repeat.count)}))
        self._due_ns = min((repeat.until_ns for repeat in self._repeats.values()), default=_NEVER_NS)


def fields_of(transition: Transition) -> dict[str, str]:
    """What a program may look for in a transition."""
    return {
        "message_id": TRANSITION_ID,
        "wan": transition.machine.partition("/")[0],
        "machine": transition.machine,
        "row": transition.row,
        "from": transition.source,
        "to": ",".join(transition.targets),
        "why": transition.why,
        "guard": transition.guard,
        "values": ", ".join(_value(name, value) for name, value in transition.values),
    }
