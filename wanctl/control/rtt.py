"""From echoes to one delay signal: how much longer the newest echoes took than they do on an idle link.

The signal is an order statistic over time, the smallest of the newest echoes in order of *sending*: a burst of noise
raises some answers, a queue raises all of them, and one low answer proves that there is none. Each reflector and each
kind of probe is compared with a baseline of its own, so that neither a far reflector nor a slow TCP handshake looks
like a queue.

An echo that is overdue is evidence too: with 500 ms of queue the answer is 500 ms late, its absence is known at once.
It counts as a lower bound of its delay, but only while the caller says that silence can mean a queue (something still
arrives, but less than before); otherwise silence is an outage or a filter, and the signal becomes unknown.
"""

from collections import deque
from collections.abc import Iterable
from math import exp
from typing import Any

from wanctl.control.baseline import Floor, Moves
from wanctl.control.deaf import DEAF_NS, SECONDS, deaf_one
from wanctl.control.evidence import share_moved
from wanctl.control.memory import Memory, RecallError, entries
from wanctl.control.outstanding import Outstanding, Reflector
from wanctl.control.sample import Gap, Observation, Sample, Sent, Void
from wanctl.control.spread import Spread

UNKNOWN_RTT_MS = 50.0
LATE_NS = 5_000_000_000  # an answer later than this is a sign of life and nothing else
STALE_NS = 2_000_000_000  # nothing newer than this: the delay is unknown
GRACE_NS = 100_000_000  # an answer may be this much later than two probes ago before it is missed
ALIVE_NS = 3_000_000_000
JITTER_NS = 1_000_000_000
MOST_REMEMBERED = 256
RECENT_NS = 1_000_000_000  # answers that a restart of the baselines begins with
PERIOD_NS = 1_000_000_000

# Newest echoes that the minimum is taken of: all of the newest 45 ms, and at least three. At 40 echoes a second that is
# three, at 100 five: the same time. A wider window has fewer false alarms and sees a queue later; a false alarm is
# cheap (the cut goes to what is achieved anyway) and a late cut is not.
WINDOW_NS = 45_000_000
LEAST = 3
SLOPE_OVER = 6
_NONE_MS = float("inf")


class DelayTracker:
    """The delay signal of one WAN and what goes with it; None is unknown. `observe` what came, `update` once a tick."""

    __slots__ = (
        "_alpha",
        "_alpha_ns",
        "_answers",
        "_due_ns",
        "_kind",
        "_moves",
        "_news",
        "_reflectors",
        "_remembered",
        "alive",
        "baseline_ms",
        "changes",
        "connect",
        "deaf",
        "delta_ms",
        "echo",
        "interrupted_ns",
        "jitter_ms",
        "loss",
        "moved",
        "newest_ms",
        "overdue",
        "received_ns",
        "rtt_ms",
        "sent_ns",
        "source",
        "spread",
    )

    def __init__(self, now_ns: int) -> None:
        self.rtt_ms: float | None = None  # of the newest answer
        self.delta_ms: float | None = None
        self.newest_ms: float | None = None  # delay of the newest answer alone
        self.interrupted_ns: int | None = None  # when the machine woke from a sleep last
        self.baseline_ms: float | None = None  # of the nearest reflector
        self.jitter_ms = 0.0
        self.loss: float | None = None
        self.spread = Spread()
        self.alive = 0
        self.received_ns: int | None = None  # when the newest answer came
        self.sent_ns: int | None = None  # when the newest answered probe was sent
        self.echo, self.connect = Outstanding(), Outstanding()
        self._kind = self.echo  # what tells the delay
        self.source = "none"  # of the newest answer: "icmp", "udp" or "tcp"
        self._moves: Moves = "sink"
        self._reflectors: dict[str, dict[str, Reflector]] = {}  # by source, by name
        self._remembered: dict[tuple[str, str], Floor] = {}  # of reflectors that were not asked yet
        # sent_ns, delay_ms, rtt_ms, in order of sending
        self._answers: deque[tuple[int, float, float, Reflector]] = deque(maxlen=24)
        self.deaf: tuple[str, ...] = ()  # reflectors that do not feel the queue
        self.moved: float | None = None  # share of the reflectors whose round trips have moved, all one way
        self.overdue = False
        self.changes = 0  # of what changes seldom: baseline, losses, living reflectors, low, spread
        self._news = False
        self._alpha, self._alpha_ns = 0.0, 0
        self._due_ns = now_ns + PERIOD_NS

    # -- what the machine's intents change -----------------------------------------------------------------------------
    def move_baselines(self, moves: Moves) -> None:
        """How answers move the baselines from now on: both ways, downwards only, or not at all."""
        self._moves = moves
        for reflector in self._all():
            reflector.floor.forget_heed()

    def restart(self) -> None:
        """Begin all baselines of the kind in use again from the newest answers."""
        lows: dict[Reflector, float] = {}
        for sent_ns, _, rtt_ms, reflector in self._answers:
            if self.sent_ns is not None and sent_ns >= self.sent_ns - RECENT_NS:
                lows[reflector] = min(rtt_ms, lows.get(reflector, rtt_ms))
        for reflector in self._in_use():
            reflector.floor.restart(lows.get(reflector))
        self._rebase()
        self.spread.restart()

    def use(self, *, tcp: bool) -> None:
        """Take the delay from TCP connects, or from ICMP and UDP echoes."""
        kind = self.connect if tcp else self.echo
        if kind is not self._kind:
            self._kind = kind
            self._answers.clear()
            self.delta_ms = self.rtt_ms = self.newest_ms = None
            self._rebase()

    def forget_losses(self, now_ns: int) -> None:
        """Count losses anew from `now_ns` on."""
        self.loss = None
        for kind in (self.echo, self.connect):
            kind.forget_losses(now_ns, [reflector for reflector in self._all() if reflector.kind is kind])

    def memory(self) -> dict[str, Any]:
        """The baseline of each reflector, by source and name."""
        known = {(source, name): r.floor for source, all_ in self._reflectors.items() for name, r in all_.items()}
        floors = [[*which, floor.memory()] for which, floor in (self._remembered | known).items()]
        return {"floors": floors, "tcp": self._kind is self.connect, "moves": self._moves}

    def recall(self, memory: Memory, *, modes: bool) -> None:
        """Know the baselines again; with `modes` also how they move, and what kind of probe tells the delay.

        A reflector counts from its first probe on: one that is not asked any more is forgotten. `RecallError` when it
        is no memory of delays.
        """
        for item in entries(memory, "floors", MOST_REMEMBERED):
            match item:
                case [str() as source, str() as name, dict() as kept]:
                    self._remembered[source, name] = floor = Floor()
                    floor.recall(kept)
                case _:
                    raise RecallError(f"'floors' holds {item!r}")
        if modes:
            moves = memory.get("moves")
            if moves not in ("follow", "sink", "freeze"):
                raise RecallError(f"'moves' is {moves!r}")
            self.move_baselines(moves)
            self.use(tcp=memory.get("tcp") is True)

    # -- what is measured ----------------------------------------------------------------------------------------------
    def observe(self, observations: Iterable[Observation]) -> None:
        """Take in probes sent and answered."""
        reflectors = self._reflectors
        for item in observations:
            if isinstance(item, Gap):
                self._interrupt(item.at_ns)
                continue
            try:
                reflector = reflectors[item.source][item.reflector]
            except KeyError:
                reflector = self._new_reflector(item.source, item.reflector)
            if isinstance(item, Sent):
                kind = reflector.kind
                kind.sent += 1
                kind.owed.append((item.sent_ns, reflector))
            elif isinstance(item, Sample):
                self._answer(reflector, item.sent_ns, item.received_ns)
            elif isinstance(item, Void):
                reflector.kind.forgive(item.sent_ns, reflector)
            else:
                reflector.kind.unsent_ns = item.at_ns

    def _new_reflector(self, source: str, name: str) -> Reflector:
        reflector = Reflector(source, name, self.connect if source == "tcp" else self.echo)
        self._reflectors.setdefault(source, {})[name] = reflector
        remembered = self._remembered.pop((source, name), None)
        if remembered is not None:
            reflector.floor = remembered
            self._find_nearest()
        return reflector

    def _interrupt(self, now_ns: int) -> None:
        """The machine slept: delays, their spread and losses from before say nothing about now. Baselines stay."""
        self.interrupted_ns = now_ns
        self._answers.clear()
        self.delta_ms = self.newest_ms = None
        self.spread.restart()
        for kind in (self.echo, self.connect):
            kind.owed.clear()
        self.forget_losses(now_ns)
        self.changes += 1

    def _answer(self, reflector: Reflector, sent_ns: int, received_ns: int) -> None:
        kind, floor = reflector.kind, reflector.floor
        if kind.owed and kind.owed[0] == (sent_ns, reflector):
            kind.owed.popleft()
        else:
            kind.settle(sent_ns, reflector)
        reflector.answered_ns = kind.answered_ns = self.received_ns = received_ns
        if received_ns - sent_ns > LATE_NS:
            return
        rtt_ms = (received_ns - sent_ns) / 1e6
        if rtt_ms < floor.heed_below_ms or received_ns >= floor.heed_from_ns:
            self._note(floor, rtt_ms, received_ns)
        if kind is not self._kind or received_ns < reflector.deaf_until_ns:
            return
        self._news = True
        delay_ms = rtt_ms - floor.baseline_ms  # type: ignore[operator]  # `note` gave it one
        answers = self._answers
        if answers:
            before_ns, before_ms, _, _ = answers[-1]
            if sent_ns < before_ns:
                self._insert(sent_ns, rtt_ms, reflector)
                return
            if sent_ns - before_ns != self._alpha_ns:  # probes leave at regular times, so this is rare
                self._alpha_ns = sent_ns - before_ns
                self._alpha = 1.0 - exp(-self._alpha_ns / JITTER_NS)
            self.jitter_ms += self._alpha * (abs(delay_ms - before_ms) - self.jitter_ms)
        self.sent_ns, self.rtt_ms, self.newest_ms, self.source = sent_ns, rtt_ms, delay_ms, reflector.source
        answers.append((sent_ns, delay_ms, rtt_ms, reflector))

    def _note(self, floor: Floor, rtt_ms: float, received_ns: int) -> None:
        known = floor.baseline_ms is not None
        moved = floor.note(rtt_ms, received_ns, self._moves, max(self.delta_ms or 0.0, 0.0))
        # A baseline that follows moves by little, and the answers measured from it are gone in half a second.
        if moved and (self._moves != "follow" or not known):
            self._rebase()

    def _insert(self, sent_ns: int, rtt_ms: float, reflector: Reflector) -> None:
        """An answer that was overtaken takes its place in order of sending; it is no fresh one."""
        ordered = sorted((*self._answers, (sent_ns, 0.0, rtt_ms, reflector)), key=lambda answer: answer[0])
        self._answers.clear()
        self._answers.extend(ordered)
        self._rebase()

    def _rebase(self) -> None:
        """A baseline moved: so did the delays that were measured from it."""
        self._find_nearest()
        based = [answer for answer in self._answers if answer[3].floor.baseline_ms is not None]
        self._answers.clear()
        self._answers.extend((at, rtt - r.floor.baseline_ms, rtt, r) for at, _, rtt, r in based)  # type: ignore[operator]
        self._news = True

    def _find_nearest(self) -> None:
        known = [r.floor.baseline_ms for r in self._in_use() if r.floor.baseline_ms is not None]
        self.baseline_ms = min(known) if known else None
        self.changes += 1

    # -- once a tick ---------------------------------------------------------------------------------------------------
    def update(self, now_ns: int, limit_ms: float) -> bool:
        """Bring the signals up to `now_ns`; True when there was a new answer.

        `overdue` says whether the oldest unanswered probe has been waiting for longer than `limit_ms` on top of its
        baseline: then the caller decides whether to `count_silence`. `changes` counts what changes seldom.
        """
        if now_ns >= self._due_ns:
            self._second(now_ns, limit_ms)
        owed = self._kind.owed
        self.overdue = bool(owed) and now_ns - owed[0][0] > ((self.baseline_ms or 0.0) + limit_ms) * 1e6
        if self._news:
            self._news = False
            self._look(now_ns)
            return True
        answered_ns = self._kind.answered_ns
        if answered_ns is None or now_ns - answered_ns > STALE_NS:
            self.delta_ms = None
        return False

    def stale(self, now_ns: int) -> bool:
        """Whether the newest answer is older than it should be: the delay may be another one by now."""
        kind = self._kind
        return kind.answered_ns is None or now_ns - kind.answered_ns > 2 * kind.gap_ns + GRACE_NS

    def count_silence(self, now_ns: int, limit_ms: float) -> None:
        """Look again, with the overdue probes as evidence: each has been delayed by at least what it is late."""
        self._news = True  # the bounds grow by themselves, and may not count any more at the next tick
        low_ms, count, newest_ns = self._late(now_ns, limit_ms)
        for sent_ns, delay_ms, _, _ in reversed(self._answers):
            if count >= LEAST and newest_ns - sent_ns > WINDOW_NS:
                break
            newest_ns = newest_ns or sent_ns
            count += 1
            low_ms = min(low_ms, delay_ms)
        if count >= LEAST:
            self._show(low_ms)

    def _look(self, now_ns: int) -> None:
        """The smallest of the newest answers: of three, and of more when more fit the window."""
        answers = self._answers
        answered_ns = self._kind.answered_ns
        if len(answers) <= LEAST or answered_ns is None or now_ns - answered_ns > STALE_NS:
            self._look_at_few(now_ns)
            return
        newest_ns, low_ms, _, _ = answers[-1]
        second_ms, third_ms = answers[-2][1], answers[-3][1]
        # `min` would be twice as slow, and this runs 100,000 times a second in a replay.
        if second_ms < low_ms:  # noqa: PLR1730
            low_ms = second_ms
        if third_ms < low_ms:  # noqa: PLR1730
            low_ms = third_ms
        number = LEAST + 1
        while number <= len(answers) and newest_ns - answers[-number][0] <= WINDOW_NS:
            low_ms = min(low_ms, answers[-number][1])
            number += 1
        self.delta_ms = low_ms
        spread = self.spread
        if low_ms < spread.least_ms or low_ms > spread.most_ms:
            spread.note(low_ms)
            self.changes += 1

    def _look_at_few(self, now_ns: int) -> None:
        """Too few answers for a delay, or just enough, or none that is fresh."""
        answered_ns = self._kind.answered_ns
        fresh = answered_ns is not None and now_ns - answered_ns <= STALE_NS
        if fresh and len(self._answers) == LEAST:
            self._show(min(delay_ms for _, delay_ms, _, _ in self._answers))
        else:
            self.delta_ms = None

    def _show(self, low_ms: float) -> None:
        self.delta_ms = low_ms
        self.spread.note(low_ms)
        self.changes += 1

    def _late(self, now_ns: int, limit_ms: float) -> tuple[float, int, int]:
        """The least that overdue probes have been delayed by, how many they are, and when the newest was sent."""
        low_ms, count, newest_ns = _NONE_MS, 0, 0
        for sent_ns, reflector in reversed(self._kind.owed):
            if count >= LEAST and newest_ns - sent_ns > WINDOW_NS:
                break
            baseline_ms, answered_ns = reflector.floor.baseline_ms, reflector.answered_ns
            if baseline_ms is None or answered_ns is None or now_ns - answered_ns > ALIVE_NS:
                continue
            bound_ms = (now_ns - sent_ns) / 1e6 - baseline_ms
            if bound_ms >= limit_ms:
                newest_ns = newest_ns or sent_ns
                count += 1
                low_ms = min(low_ms, bound_ms)
        return low_ms, count, newest_ns

    def queue_ms(self) -> float:
        """How long the queue is by now: the middle one of the newest three answers.

        The delay signal is the smallest of them: it says *that* a queue stands, and of a growing one too little.
        """
        newest = sorted(delay_ms for _, delay_ms, _, _ in list(self._answers)[-LEAST:])
        return max(newest[len(newest) // 2] if newest else 0.0, self.delta_ms or 0.0, 0.0)

    def idle_ms(self) -> float:
        """A round trip without a queue; a guess until an answer came."""
        return UNKNOWN_RTT_MS if self.baseline_ms is None else self.baseline_ms

    def round_trip_ms(self) -> float:
        """A round trip with the queue that stands."""
        return self.idle_ms() + max(self.delta_ms or 0.0, 0.0)

    def slope(self) -> float:
        """Seconds of delay that are added a second: least squares over the newest echoes, by time of sending."""
        points = [(sent_ns / 1e9, delay_ms / 1e3) for sent_ns, delay_ms, _, _ in list(self._answers)[-SLOPE_OVER:]]
        if len(points) < LEAST:
            return 0.0
        mean_x = sum(x for x, _ in points) / len(points)
        mean_y = sum(y for _, y in points) / len(points)
        width = sum((x - mean_x) ** 2 for x, _ in points)
        return sum((x - mean_x) * (y - mean_y) for x, y in points) / width if width > 0.0 else 0.0

    def _doubt(self, now_ns: int, used: list[Reflector], limit_ms: float) -> None:
        """Leave out a reflector that does not feel what all the others feel."""
        fresh = [one for one in self._answers if now_ns - one[0] - one[2] * 1e6 <= PERIOD_NS]
        self.moved = share_moved(fresh, limit_ms)
        suspect = deaf_one(fresh, limit_ms)
        for reflector in used:
            reflector.suspected = reflector.suspected + 1 if reflector is suspect else 0
        if suspect is not None and suspect.suspected >= SECONDS:
            suspect.deaf_until_ns = now_ns + DEAF_NS
            suspect.suspected = 0
            heard = [answer for answer in self._answers if answer[3] is not suspect]
            self._answers.clear()
            self._answers.extend(heard)
            self._news = True
        if not any(self._lives(r, now_ns) and now_ns >= r.deaf_until_ns for r in used):
            for reflector in used:  # better one that may lie than none
                reflector.deaf_until_ns = 0
        self.deaf = tuple(r.name for r in used if now_ns < r.deaf_until_ns)

    @staticmethod
    def _lives(reflector: Reflector, now_ns: int) -> bool:
        return reflector.answered_ns is not None and now_ns - reflector.answered_ns <= ALIVE_NS

    def _second(self, now_ns: int, limit_ms: float) -> None:
        """What is worth a look once a second: losses, living reflectors, the period of the spread."""
        self._due_ns = now_ns + PERIOD_NS
        used = self._in_use()
        self._find_nearest()
        self.loss = self._kind.count(now_ns, used)
        self._doubt(now_ns, used, limit_ms)
        self.alive = sum(self._lives(r, now_ns) for r in used)
        self.spread.roll()

    def _in_use(self) -> list[Reflector]:
        return [reflector for reflector in self._all() if reflector.kind is self._kind]

    def _all(self) -> list[Reflector]:
        return [reflector for by_name in self._reflectors.values() for reflector in by_name.values()]
