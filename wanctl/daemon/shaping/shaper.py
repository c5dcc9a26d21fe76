"""The thread that carries writes out and reads byte counters: everything that waits for a router waits here.

The tick hands over what it wants and takes what came back, and never waits for either. A router that is slow, gone or
wrong is data: a confirmation that says so. Only the newest wish of each queue is kept, and the queues of readings and
confirmations are bounded, so nothing grows when nobody takes it.

A turn of the thread takes the wishes, asks the machine of the router (`mode.py`) what may be done, and does it
(`requests.py`). It decides nothing itself.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from wanctl.actuator import Actuator, Target, ceilings
from wanctl.control.sample import Confirmation, Reading
from wanctl.daemon.clock import Clock
from wanctl.daemon.shaping.allowance import Allowance
from wanctl.daemon.shaping.mode import RouterMode
from wanctl.daemon.shaping.request import MOST_KEPT, READ_PERIOD_NS, Meter, Requests
from wanctl.decision import SetRate
from wanctl.engine import Outcome, Transition
from wanctl.routeros.way import Ways

TURN_NS = 200_000_000  # the longest pause between two turns while the router does what we ask
TURN_IN_TROUBLE_NS = 100_000_000  # while it does not: the machine's pauses are rounded up to it
STOP_TIMEOUT_NS = 8_000_000_000  # longer than one read time-out of the router's adapter
_SILENT = ("router.ONLINE.", "transport.START")  # rows that an operator need not hear of

Note = Callable[[str], None]
Item = TypeVar("Item")

__all__ = ["Meter", "Note", "Shaper"]


class Shaper:
    """Owns the router and the actuator. `note` is told what an operator should know, each thing once."""

    def __init__(
        self,
        ways: Ways,
        actuator: Actuator,
        meters: Iterable[Meter],
        clock: Clock,
        note: Note,
        *,
        allowance: Allowance | None = None,
        mode: RouterMode | None = None,
        read_period_ns: int = READ_PERIOD_NS,
    ) -> None:
        self.actuator, self.ways, self._clock, self._note = actuator, ways, clock, note
        self.mode = mode or RouterMode(ways.names, clock.monotonic_ns())
        self._allowance = allowance or Allowance(actuator, None, clock)
        self._changed = threading.Condition()
        self._wishes: dict[tuple[str, str], int] = {}
        self._stopping = False
        self._moved: deque[Transition] = deque(maxlen=MOST_KEPT)
        self._opened: tuple[Target, ...] = ()  # what gets its ceiling at the end
        self.requests = Requests(ways, actuator, self.mode, self._allowance, tuple(meters), clock, note, read_period_ns)
        self._thread = threading.Thread(target=self._run, name="shaper", daemon=True)
        self.failure: BaseException | None = None  # an error of ours that ended the thread

    # -- the tick's side -------------------------------------------------------------------------------------------
    def want(self, intents: Iterable[SetRate]) -> None:
        """Take new wishes; never waits."""
        with self._changed:
            for intent in intents:
                self._wishes[intent.wan, intent.direction] = intent.rate_bps
            self._changed.notify()

    def take(self) -> tuple[tuple[Reading, ...], tuple[Confirmation, ...]]:
        """What came back since the last call; never waits."""
        return _emptied(self.requests.readings), _emptied(self.requests.confirmations)

    def take_moved(self) -> tuple[Transition, ...]:
        """Where the machine of the router went since the last call, apart from its daily round; never waits."""
        return _emptied(self._moved)

    @property
    def troubles(self) -> tuple[str, ...]:
        """What does not work at present, in sentences; any thread may ask."""
        return self.requests.troubles

    @property
    def thread_ident(self) -> int | None:
        """The thread's identifier, for its CPU clock; None before it has started."""
        return self._thread.ident

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> bool:
        """Leave every queue at its ceiling and end; False when the router did not answer in time."""
        self._end(self.actuator.targets)
        return not self._thread.is_alive() and all(target.is_in_sync for target in self.actuator.targets)

    def release(self, kept: Collection[str]) -> None:
        """End and leave the queues that are `kept`, by name, as they are: somebody else shapes them from now on."""
        self._end(tuple(target for target in self.actuator.targets if target.queue not in kept))

    def _end(self, opened: tuple[Target, ...]) -> None:
        with self._changed:
            self._opened, self._stopping = opened, True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(STOP_TIMEOUT_NS / 1e9)

    # -- the thread --------------------------------------------------------------------------------------------------
    def _run(self) -> None:
        try:
            while not self._stopping:
                self._turn()
            self._leave()
        except BaseException as error:  # noqa: BLE001  (kept for the loop, which says so: never a silent dead thread)
            self.failure = error
        finally:
            self.ways.close()
            self._allowance.close(self.requests.tell)

    def _turn(self) -> None:
        now_ns = self._clock.monotonic_ns()
        with self._changed:
            wishes, self._wishes = self._wishes, {}
        for (wan, direction), rate_bps in wishes.items():
            self.actuator.want(wan, direction, rate_bps, now_ns)
        outcome = self.mode.turn(
            now_ns,
            due=self.actuator.next_write(now_ns) is not None,
            missing=any(target.missing for target in self.actuator.targets),
            probed=self.ways.probed,
        )
        self._tell(outcome)
        worked = [self.requests.carry_out(intent) for intent in outcome.intents]
        if not any(worked) and not outcome.transitions:
            self._allowance.quiet(now_ns, self.requests.tell)
            self._wait(now_ns)

    def _wait(self, now_ns: int) -> None:
        if self.mode.is_online:
            dues = (now_ns + TURN_NS, self.requests.read_due_ns, self.actuator.next_due_ns(now_ns))
            due_ns = min(due for due in dues if due is not None)
        else:
            due_ns = now_ns + TURN_IN_TROUBLE_NS
        with self._changed:
            if not self._wishes and not self._stopping:
                self._changed.wait(max(0, due_ns - now_ns) / 1e9)

    def _tell(self, outcome: Outcome) -> None:
        """Say where the machine went, apart from what it does all day."""
        for transition in outcome.transitions:
            moved = transition.targets and transition.exited != transition.entered
            silent = _SILENT if len(self.ways.names) > 1 else (*_SILENT, "transport.")
            inside = all(path.startswith(silent) for path in (transition.source, *transition.entered))
            if moved and not inside:
                region, _, state = transition.entered[-1].partition(".")
                self._note(f"router {region} → {state}: {transition.why}")
                self._moved.append(transition)
        for fault in outcome.faults:
            self._note(f"router: {fault.reason}")

    def _leave(self) -> None:
        """Put the queues that nobody shapes any more to their ceilings: over the way in use, else over the other."""
        writes = ceilings(self._opened)
        for write in writes:
            write.target.wanted_bps = write.rate_bps
            if write.partner is not None:
                write.partner.wanted_bps = write.partner_bps
        for name in (self.ways.used, *(name for name in self.ways.names if name != self.ways.used)):
            self.ways.use(name)
            for write in writes:
                if not all(target.is_in_sync for target in write.targets) and not self.requests.write(write):
                    break  # it does not answer: the other queues would have to wait as long


def _emptied(queue: "deque[Item]") -> "tuple[Item, ...]":
    # popleft and append of a deque are atomic: no lock, so a tick can never wait for this thread.
    return tuple(queue.popleft() for _ in range(len(queue))) if queue else ()
