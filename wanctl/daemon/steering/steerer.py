"""The thread that moves traffic classes between WANs: whatever waits for the switches of a site waits here.

The tick hands over where a class shall go and takes what came back, and never waits for either. Only the newest wish of
each class is kept, and what comes back is bounded. A move is made before it is broken, each step confirmed; what is on
is refreshed long before it runs out, so that a daemon which dies leaves nothing behind for longer than that.

A turn of the thread takes the wishes, asks the machine of each class (`mode.py`) what may be done, and does it
(`move.py`): what is to be made for all classes before anything is broken. It decides nothing itself.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from wanctl.daemon.clock import Clock
from wanctl.daemon.steering.mode import ClassMode
from wanctl.daemon.steering.move import TTL_NS, Moves, Note
from wanctl.daemon.steering.switches import Switches
from wanctl.decision import SetClass
from wanctl.engine import Outcome, Transition
from wanctl.steering.placement import Placement

TURN_NS = 200_000_000  # the longest pause between two turns
STOP_TIMEOUT_NS = 8_000_000_000  # longer than one read time-out of the router's adapter
MOST_MOVED = 1_024
MOST_LAST_TURNS = 20
_TOLD = ("UNREACHABLE", "UNPREPARED", "DIFFERENT", "HANDS_OFF")  # states that an operator should hear of

Item = TypeVar("Item")

__all__ = ["Steerer"]


class Steerer:
    """Owns the switches of a site. `note` is told what an operator should know, each thing once.

    `classes` gives the WANs that each class may use, home first; `params` replaces times of the machine, in tests.
    """

    def __init__(
        self,
        switches: Switches,
        classes: Mapping[str, tuple[str, ...]],
        clock: Clock,
        note: Note,
        *,
        ttl_ns: int = TTL_NS,
        uptime: Callable[[], int] | None = None,
        params: Mapping[str, str | float] | None = None,
    ) -> None:
        self._switches, self._clock, self._note = switches, clock, note
        times = {"refresh_below": f"{ttl_ns * 2 // 3 // 1_000_000}ms", **(params or {})}
        now_ns = clock.monotonic_ns()
        self.modes = {name: ClassMode(name, prefer, now_ns, times) for name, prefer in classes.items()}
        self.moves = Moves(switches, self.modes, clock, note, ttl_ns, uptime)
        self._changed = threading.Condition()
        self._wishes: dict[str, str] = {}
        self._given_back: set[str] = set()
        self._stopping = False
        self._moved: deque[Transition] = deque(maxlen=MOST_MOVED)
        self._thread = threading.Thread(target=self._run, name="steerer", daemon=True)
        self.failure: BaseException | None = None  # an error of ours that ended the thread

    # -- the tick's side -------------------------------------------------------------------------------------------
    def want(self, moves: Iterable[SetClass]) -> None:
        """Take new wishes; never waits."""
        with self._changed:
            for move in moves:
                self._wishes[move.traffic_class] = move.wan
            self._changed.notify()

    def take(self) -> tuple[Placement, ...]:
        """What was seen of the router since the last call; never waits."""
        return _emptied(self.moves.placements)

    def take_moved(self) -> tuple[Transition, ...]:
        """Where the machines of the classes went since the last call; never waits."""
        return _emptied(self._moved)

    def give_back(self, traffic_class: str) -> None:
        """The operator wants wanctl to steer a class again that was left to somebody else; never waits."""
        with self._changed:
            self._given_back.add(traffic_class)
            self._changed.notify()

    @property
    def states(self) -> dict[str, str]:
        """The state of each class's machine; any thread may ask."""
        return {name: mode.state for name, mode in self.modes.items()}

    @property
    def troubles(self) -> tuple[str, ...]:
        """What does not work at present, in sentences; any thread may ask."""
        return self.moves.troubles

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> bool:
        """End; False when the router did not answer in time.

        A move that is wanted is still made. What is on then stays on until it runs out: home may be the bad link, and
        whoever starts next adopts it.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(STOP_TIMEOUT_NS / 1e9)
        return not self._thread.is_alive()

    # -- the thread --------------------------------------------------------------------------------------------------
    def _run(self) -> None:
        try:
            while not self._stopping:
                if not self._turn():
                    self._wait()
            for _ in range(MOST_LAST_TURNS):  # a move that has begun is finished, if the router answers
                if not self._turn():
                    break
        except BaseException as error:  # noqa: BLE001  (kept for the loop, which says so: never a silent dead thread)
            self.failure = error
        finally:
            self._switches.close()

    def _turn(self) -> bool:
        """Do what is to be done now; whether anything was."""
        with self._changed:
            wishes, self._wishes = self._wishes, {}
            given_back, self._given_back = self._given_back, set()
        for name, wan in wishes.items():
            if name not in self.modes or not self.modes[name].want(wan):
                self._note(f"steering: {name} cannot go to {wan}: the site has no such class, or it does not prefer it")
        for name in given_back & self.modes.keys():
            self._tell(self.modes[name], self.modes[name].take(self._clock.monotonic_ns()))
        self.moves.begin_turn()
        worked = False
        for mode in self.modes.values():
            outcome = mode.turn(self._clock.monotonic_ns())
            self._tell(mode, outcome)
            for intent in outcome.intents:
                self.moves.carry_out(mode, intent)
            worked |= bool(outcome.intents or outcome.transitions)
        for mode in self.modes.values():
            self.moves.publish(mode)
        return worked

    def _wait(self) -> None:
        with self._changed:
            if not (self._wishes or self._given_back or self._stopping):
                self._changed.wait(TURN_NS / 1e9)

    def _tell(self, mode: ClassMode, outcome: Outcome) -> None:
        for transition in outcome.transitions:
            if transition.targets and transition.exited != transition.entered:
                self._moved.append(transition)
                state = transition.entered[-1].partition(".")[2]
                if state.startswith(_TOLD):
                    why = mode.trouble or transition.why
                    self._note(f"steering of {mode.name} → {state}: {why}")
                elif state == "SETTLED" and not transition.source.startswith("placement.READING"):
                    self._note(f"steering of {mode.name}: new connections go over {mode.wanted}")
        for fault in outcome.faults:
            self._note(f"steering of {mode.name}: {fault.reason}")


def _emptied(queue: "deque[Item]") -> "tuple[Item, ...]":
    # popleft and append of a deque are atomic: no lock, so a tick can never wait for this thread.
    return tuple(queue.popleft() for _ in range(len(queue))) if queue else ()
