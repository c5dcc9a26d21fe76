"""One site: every tick of it is one pure function of what came since the last.

Each WAN has a controller (the default law or the classic one); the site hands each its own observations and collects
what they want. Then the traffic classes, if there are any, look at how the WANs are. No clock, no I/O, no randomness:
the daemon, `replay`, `sim` and the tests all call `Site.tick`.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from wanctl.control.memory import Memory
from wanctl.control.sample import Confirmation, Observation, Reading
from wanctl.decision import NO_CLASSES, NOTHING_DECIDED, Decision, Ticked, WanSignals
from wanctl.engine import Machine
from wanctl.steering.placement import Placement
from wanctl.steering.steering import Steered, Steering

_new = tuple.__new__  # of a `Decision`, without the detour over a Python function: a replay makes 100,000 a second


class Controller(Protocol):
    """The law of one WAN at work."""

    @property
    def name(self) -> str:
        """The WAN's name."""
        ...

    @property
    def signals(self) -> WanSignals:
        """What the last tick saw; the same object all the time."""
        ...

    @property
    def machine(self) -> Machine:
        """The machine that decides."""
        ...

    def event(self, now_ns: int, name: str) -> Ticked:
        """Deliver a named event to its machine, such as `operator.hold`; nothing moves where no row waits for it."""
        ...

    def memory(self) -> dict[str, Any]:
        """What is worth knowing after a restart, as JSON values."""
        ...

    def recall(self, memory: Memory, now_ns: int, *, machine: bool, rates: bool) -> str:
        """Go on from a memory, before the first tick; what could not be taken up, or `RecallError`."""
        ...

    def tick(
        self,
        now_ns: int,
        observations: tuple[Observation, ...],
        readings: tuple[Reading, ...],
        confirmations: tuple[Confirmation, ...],
    ) -> Ticked:
        """Decide one tick of this WAN; everything handed in is its own."""
        ...


class Site:
    """The WANs of one site, by name, and what steers its traffic classes; None where it has none."""

    def __init__(self, wans: Mapping[str, Controller], steering: Steering | None = None) -> None:
        assert wans
        self.wans = dict(wans)
        self.steering = steering
        self._signals = {name: wan.signals for name, wan in self.wans.items()}
        self._only = next(iter(self.wans.values())) if len(self.wans) == 1 and steering is None else None

    def tick(
        self,
        now_ns: int,
        observations: tuple[Observation, ...] = (),
        readings: tuple[Reading, ...] = (),
        confirmations: tuple[Confirmation, ...] = (),
        placements: tuple[Placement, ...] = (),
    ) -> Decision:
        """Decide one tick. `now_ns` never goes back; each item names one of the site's WANs, items keep their order."""
        if self._only is not None:
            intents, transitions, faults = self._only.tick(now_ns, observations, readings, confirmations)
            return _new(Decision, (now_ns, intents, transitions, self._signals, faults, (), NO_CLASSES))
        intents, transitions, faults = NOTHING_DECIDED
        for name, wan in self.wans.items():
            wanted, moved, failed = wan.tick(
                now_ns,
                tuple(item for item in observations if item.wan == name),
                tuple(item for item in readings if item.wan == name),
                tuple(item for item in confirmations if item.wan == name),
            )
            if wanted or moved or failed:
                intents, transitions, faults = intents + wanted, transitions + moved, faults + failed
        if self.steering is None:
            return Decision(now_ns, intents, transitions, self._signals, faults)
        steered = self.steering.tick(now_ns, self._signals, placements)
        return self._with(now_ns, (intents, transitions, faults), self.steering, steered)

    def steer(self, now_ns: int, traffic_class: str, event: str, wan: str = "") -> Decision:
        """Deliver an operator's event to a traffic class of a site that has some; between two ticks."""
        assert self.steering is not None
        steered = self.steering.event(now_ns, traffic_class, event, wan)
        return self._with(now_ns, NOTHING_DECIDED, self.steering, steered)

    def _with(self, now_ns: int, ticked: Ticked, steering: Steering, steered: Steered) -> Decision:
        intents, transitions, faults = ticked
        return Decision(
            now_ns,
            intents,
            transitions + steered.transitions,
            self._signals,
            faults + steered.faults,
            steered.moves,
            steering.signals,
        )
