"""What speaks for a new path, and what for a queue that probes do not feel. Evidence for people; the machine decides.

A route change moves the round trips of all reflectors at once, and no load comes with it. A queue that probes do not
feel drops packets instead of delaying them (a policer), or stands where probes do not wait (another class of service):
the traffic stands still below the shaped rate, probes are lost, and no delay is seen. Then no law that looks at delays
can find the limit, and a person has to set the ceiling.
"""

from collections import deque
from collections.abc import Iterable

from wanctl.control.outstanding import Reflector

HALF = 0.5  # of the limit: from there on a reflector has moved
ANSWERS = 2  # of each, at least

PERIOD_NS = 1_000_000_000
PERIODS = 8  # seconds that a standstill lasts, at least
BUSY, BELOW = 0.5, 0.9  # load between which traffic is plenty and still below the shaped rate
STILL = 0.1  # how far it strays, at the most
LOSSES = 0.02


def share_moved(answers: Iterable[tuple[int, float, float, Reflector]], limit_ms: float) -> float | None:
    """The share of reflectors whose round trips have all moved one way by half the limit; None when too few answer."""
    delays: dict[Reflector, list[float]] = {}
    for _sent_ns, delay_ms, _rtt_ms, reflector in answers:
        delays.setdefault(reflector, []).append(delay_ms)
    seen = [told for told in delays.values() if len(told) >= ANSWERS]
    if not seen:
        return None
    step_ms = HALF * limit_ms
    risen = sum(min(told) > step_ms for told in seen)
    fallen = sum(max(told) < -step_ms for told in seen)
    return max(risen, fallen) / len(seen)


class Unfelt:
    """Watches one direction: does its traffic stand still below the shaped rate, with losses and without a delay?"""

    __slots__ = ("_due_ns", "_loads", "seen")

    def __init__(self) -> None:
        self.seen = False
        self._due_ns = 0
        self._loads: deque[float] = deque(maxlen=PERIODS)

    def look(
        self, now_ns: int, load: float | None, loss: float | None, delta_ms: float | None, limit_ms: float
    ) -> bool:
        """Look once a second; whether it has been so for eight of them."""
        if now_ns < self._due_ns:
            return self.seen
        self._due_ns = now_ns + PERIOD_NS
        undelayed = delta_ms is not None and delta_ms <= HALF * limit_ms
        if load is None or not BUSY < load < BELOW or not undelayed or loss is None or loss < LOSSES:
            self._loads.clear()
        else:
            self._loads.append(load)
        loads = self._loads
        self.seen = len(loads) == PERIODS and max(loads) - min(loads) <= STILL * max(loads)
        return self.seen
