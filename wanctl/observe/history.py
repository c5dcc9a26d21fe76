"""The last transitions of a site, with what the router made of them.

Bounded, in memory, and touched by a tick only when something moved or the router has answered. `note` and `confirm`
belong to the thread of the ticks; a `Record` that was handed out changes once at most, when its result comes.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from wanctl.control.sample import Confirmation
from wanctl.decision import Decision, SetRate
from wanctl.engine.record import Transition

MOST_RECORDS = 500


class RouterResult(NamedTuple):
    """What the router said to the rate a transition asked for."""

    applied_bps: int | None  # None: it was not written, `reason` says why
    after_ns: int
    reason: str


@dataclass(slots=True, eq=False)
class Record:
    """One transition. `intent` is the rate that the same tick asked for in the transition's direction."""

    number: int  # of all transitions since the start, from 1
    wan: str
    transition: Transition
    held_ns: int | None  # how long the state was active that was left; None: not known any more
    before_bps: int | None
    intent: SetRate | None
    result: RouterResult | None = None

    @property
    def region(self) -> str:
        """The region it belongs to: "download"."""
        return self.transition.source.partition(".")[0]


class History:
    """The last transitions, and how many there were of each kind since the start."""

    def __init__(self, wanted_bps: Mapping[tuple[str, str], int], now_ns: int) -> None:
        self.records: deque[Record] = deque(maxlen=MOST_RECORDS)
        self.counts: Counter[tuple[str, str, str]] = Counter()  # by WAN, source, target
        self.transitions = self.faults = 0
        self._wanted_bps = dict(wanted_bps)  # by WAN and direction
        self._entered_ns: dict[tuple[str, str], int] = {}
        self._started_ns = now_ns
        self._waiting: dict[tuple[str, str], Record] = {}

    def note(self, decision: Decision) -> None:
        """Take what a tick decided; called only when it moved something or wants a new rate."""
        intents = {(intent.wan, intent.direction): intent for intent in decision.intents}
        self.faults += len(decision.faults)
        for transition in decision.transitions:
            self._add(transition, intents)
        for key, intent in intents.items():
            self._wanted_bps[key] = intent.rate_bps

    def moved(self, transitions: Iterable[Transition]) -> None:
        """Take transitions of a machine that decides elsewhere: that of the router."""
        for transition in transitions:
            self._add(transition, {})

    def confirm(self, confirmations: Iterable[Confirmation]) -> None:
        """Give the newest waiting transition of each direction its result."""
        for confirmation in confirmations:
            record = self._waiting.pop((confirmation.wan, confirmation.direction), None)
            if record is not None:
                after_ns = max(0, confirmation.at_ns - record.transition.at_ns)
                record.result = RouterResult(confirmation.applied_bps, after_ns, confirmation.reason)

    def _add(self, transition: Transition, intents: Mapping[tuple[str, str], SetRate]) -> None:
        wan = transition.machine.partition("/")[0]
        direction = transition.source.partition(".")[0]
        key = wan, direction
        self.transitions += 1
        record = Record(
            self.transitions,
            wan,
            transition,
            self._held_ns(wan, transition),
            self._wanted_bps.get(key),
            intents.get(key),
        )
        self.records.append(record)
        if record.intent is not None:
            self._waiting[key] = record
        for target in transition.targets or ("",):
            self.counts[wan, transition.source, target] += 1

    def _held_ns(self, wan: str, transition: Transition) -> int | None:
        """How long the innermost state that was left had been active."""
        held_ns = None
        if transition.exited:
            innermost = max(transition.exited, key=lambda path: path.count("."))
            entered_ns = self._entered_ns.pop((wan, innermost), self._started_ns)
            held_ns = transition.at_ns - entered_ns
        for path in transition.exited:
            self._entered_ns.pop((wan, path), None)
        for path in transition.entered:
            self._entered_ns[wan, path] = transition.at_ns
        return held_ns
