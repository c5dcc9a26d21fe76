"""All traffic classes of a site over all of its WANs: looked at ten and five times a second.

Pure: what is handed in are the signals of the WANs and what the router was seen to do; what comes back are moves,
transitions and faults. A WAN has one health for all classes; a class knows nothing of the others but the room
they need.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from wanctl.control.memory import Memory, RecallError, part
from wanctl.decision import ClassSignals, SetClass, WanSignals
from wanctl.engine import Machine, Outcome, Program
from wanctl.engine.record import Fault, Transition
from wanctl.plan import SitePlan
from wanctl.steering.link import Link
from wanctl.steering.placement import Placement
from wanctl.steering.policy import ClassPolicy

LOOK_NS = 100_000_000  # between two looks at the WANs
CLASSES_NS = 200_000_000  # between two looks of the classes, unless the health of a WAN has changed
LATE_NS = 10_000_000  # ticks are up to so much early: a look is not put off by a whole tick for it
SETTLE_NS = 5_000_000_000  # so long after a move its traffic is not in the counters yet


class Steered(NamedTuple):
    """What a look came to."""

    moves: tuple[SetClass, ...] = ()
    transitions: tuple[Transition, ...] = ()
    faults: tuple[Fault, ...] = ()


NOTHING_STEERED = Steered()


class Steering:
    """The classes of one site; `health` and `policy` are the compiled machines."""

    def __init__(self, plan: SitePlan, health: Program, policy: Program, now_ns: int) -> None:
        assert plan.classes
        self.links = {wan.name: Link(wan, health, now_ns) for wan in plan.wans}
        self.classes = {one.name: ClassPolicy(one, policy, self.links, now_ns) for one in plan.classes}
        self.signals: Mapping[str, ClassSignals] = {name: one.signals for name, one in self.classes.items()}
        self._look_ns = self._classes_ns = now_ns
        self._moved_ns: dict[str, int] = {}  # when each class was last moved

    @property
    def machines(self) -> dict[str, Machine]:
        """The machines at work, by the names that people see."""
        return {f"{name}.health": link.machine for name, link in self.links.items()} | {
            name: policy.machine for name, policy in self.classes.items()
        }

    def tick(self, now_ns: int, signals: Mapping[str, WanSignals], placements: tuple[Placement, ...] = ()) -> Steered:
        """Decide; most ticks look at nothing."""
        if placements:
            heard = self._hear(now_ns, placements)
            if heard is not NOTHING_STEERED:
                return heard
        if now_ns < self._look_ns - LATE_NS:
            return NOTHING_STEERED
        self._look_ns = now_ns + LOOK_NS
        outcomes = [link.look(now_ns, signals[name]) for name, link in self.links.items()]
        changed = any(outcome.transitions for outcome in outcomes)
        if not changed and now_ns < self._classes_ns - LATE_NS:
            return _steered((), outcomes)
        self._classes_ns = now_ns + CLASSES_NS
        moves: tuple[SetClass, ...] = ()
        for policy in self.classes.values():
            wanted, outcome = policy.look(now_ns, lambda name, wan: self._lacking_bps(now_ns, name, wan))
            outcomes.append(outcome)
            if wanted:
                self._moved_ns[policy.plan.name] = now_ns
                moves += wanted
        return _steered(moves, outcomes)

    def event(self, now_ns: int, traffic_class: str, name: str, wan: str = "") -> Steered:
        """Deliver an operator's event to a class."""
        moves, outcome = self.classes[traffic_class].event(now_ns, name, wan)
        return _steered(moves, [outcome])

    def memory(self) -> dict[str, Any]:
        """What is worth knowing after a restart, as JSON values."""
        return {
            "links": {name: link.memory() for name, link in self.links.items()},
            "classes": {name: policy.memory() for name, policy in self.classes.items()},
        }

    def recall(self, memory: Memory) -> tuple[str, ...]:
        """Go on from a memory, before the first tick; what could not be taken up, in sentences."""
        lost: list[str] = []
        for what, here in (("links", self.links), ("classes", self.classes)):
            try:
                kept = part(memory, what)
            except RecallError as error:
                lost.append(str(error))
                continue
            for name, one in here.items():
                try:
                    if name in kept:
                        one.recall(part(kept, name))
                except RecallError as error:
                    lost.append(f"{name}: {error}")
        return tuple(lost)

    def _hear(self, now_ns: int, placements: tuple[Placement, ...]) -> Steered:
        moves: tuple[SetClass, ...] = ()
        outcomes: list[Outcome] = []
        for placement in placements:
            policy = self.classes.get(placement.traffic_class)
            if policy is not None:
                wanted, outcome = policy.hear(now_ns, placement)
                moves += wanted
                if outcome is not None:
                    outcomes.append(outcome)
        return _steered(moves, outcomes)

    def _lacking_bps(self, now_ns: int, name: str, wan: str) -> int:
        """The bit/s that a class would lack on a WAN, in the direction that is worse.

        What a class needs that was moved there lately is not in the counters yet, and where nobody counts it never is:
        two must not flee to one room.
        """
        need_bps = self.classes[name].plan.need_bps
        if not need_bps or self.classes[name].wan == wan:
            return 0
        link = self.links[wan]
        for other, policy in self.classes.items():
            if other != name and policy.wan == wan:
                moved_ns = self._moved_ns.get(other)
                if not link.is_counted or (moved_ns is not None and now_ns - moved_ns < SETTLE_NS):
                    need_bps += policy.plan.need_bps
        return max(0, need_bps - min(link.room_bps()))


def _steered(moves: tuple[SetClass, ...], outcomes: list[Outcome]) -> Steered:
    transitions = tuple(moved for outcome in outcomes for moved in outcome.transitions)
    faults = tuple(fault for outcome in outcomes for fault in outcome.faults)
    return Steered(moves, transitions, faults) if moves or transitions or faults else NOTHING_STEERED
