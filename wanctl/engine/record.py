"""What a running machine hands out: intents, transition records, faults."""

from typing import NamedTuple

Value = float | str | bool | None  # None is "unknown"


class Intent(NamedTuple):
    """A typed action that somebody else carries out, e.g. `rate.cut` with its arguments in canonical units."""

    action: str
    values: dict[str, Value]
    state: str  # path of the state whose list named the action, e.g. "download.RED.CUT"


class Transition(NamedTuple):
    """One row that fired."""

    at_ns: int
    machine: str
    row: str  # "download.GREEN#2"
    event: str  # "tick", an event's name, "always", or "after 10 s"
    source: str  # the state the row belongs to
    targets: tuple[str, ...]  # empty: targetless
    guard: str  # as written, "" when there is none
    why: str
    values: tuple[tuple[str, Value], ...]  # each name in the guard, and what it was
    margins: tuple[tuple[str, float], ...]  # each numeric comparison in the guard: left side minus right side
    exited: tuple[str, ...]
    entered: tuple[str, ...]
    actions: tuple[str, ...]  # names of the typed actions of the row's `do`, of the exits and of the entries


class Fault(NamedTuple):
    """A bound was reached; the machine lives on."""

    at_ns: int
    machine: str
    reason: str


class Outcome(NamedTuple):
    """Everything one step produced, in order. A step that changes nothing returns the same object each time."""

    intents: tuple[Intent, ...] = ()
    transitions: tuple[Transition, ...] = ()
    entered: tuple[str, ...] = ()
    exited: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


NOTHING = Outcome()
