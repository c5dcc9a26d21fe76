"""From echoes to one delay signal: how much longer the newest echoes took than they do on an idle link.

The signal is an order statistic over time, the smallest of the newest echoes in order of *sending*: a burst of noise
raises some answers, a queue raises all of them, and one low answer proves that there is none. Each reflector and each
kind of probe is compared with a baseline of its own, so that neither a far reflector nor a slow TCP handshake looks like
a queue.

An echo that is overdue is evidence too: with 500 ms of queue the answer is 500 ms late, its absence is known at once. It
counts as a lower bound of its delay, but only while the caller says that silence can mean a queue (something still
arrives, but less than before); otherwise silence is an outage or a filter, and the signal becomes unknown.
"""

from collections import deque
from collections.abc import Iterable
from math import exp
from typing import Literal

from wanctl.control.baseline import Floor
from wanctl.control.sample import Observation, Sample, Sent

LOST_NS = 2_000_000_000  # unanswered for this long counts as lost
LATE_NS = 5_000_000_000  # an answer later than this is a sign of life and nothing else
STALE_NS = 2_000_000_000  # nothing newer than this: the delay is unknown
ALIVE_NS = 3_000_000_000
JITTER_NS = 1_000_000_000
PERIOD_NS = 1_000_000_000
LOSS_PERIODS = 10

# Newest echoes that the minimum is taken of: all of the newest 45 ms, and at least three. At 40 echoes a second that is
# three, at 100 five: the same time. A wider window has fewer false alarms and sees a queue later; a false alarm is cheap
# (the cut goes to what is achieved anyway) and a late cut is not.
WINDOW_NS = 45_000_000
LEAST = 3
SLOPE_OVER = 6
MOST_OWED = 1_024  # unanswered probes that are remembered: the oldest ones matter


class Reflector:
    """One address as one kind of probe sees it."""

    __slots__ = ("answered_ns", "floor", "source", "tcp", "waiting")

    def __init__(self, source: str) -> None:
        self.source = source
        self.tcp = source == "tcp"
        self.floor = Floor()
        self.answered_ns = -ALIVE_NS
        self.waiting: set[int] = set()  # sent_ns of the echoes without an answer


class Kind:
    """Echoes, or TCP connects: who owes an answer, and since when."""

    __slots__ = ("_owed", "_probed", "answered_ns")

    def __init__(self) -> None:
        self.answered_ns: int | None = None  # when the newest answer came
        self._owed: deque[int] = deque()  # when the probes were sent that have no answer, nor has a newer one
        self._probed = False

    def send(self, sent_ns: int) -> None:
        """A probe left."""
        self._probed = True
        if len(self._owed) < MOST_OWED:
            self._owed.append(sent_ns)

    def answer(self, sent_ns: int, received_ns: int) -> None:
        """A probe was answered: whatever was sent before it owes nothing any more."""
        owed = self._owed
        while owed and owed[0] <= sent_ns:
            owed.popleft()
        if self.answered_ns is None or received_ns > self.answered_ns:
            self.answered_ns = received_ns

    def owed_ms(self, now_ns: int, due_ms: float) -> float | None:
        """How long an answer has been overdue, if one is due after `due_ms`; None if no probe was ever sent."""
        if not self._owed:
            return 0.0 if self._probed else None
        return max(0.0, (now_ns - self._owed[0]) / 1e6 - due_ms)


class DelayTracker:
    """The delay signal of one WAN and what goes with it; None is unknown. Feed `observe`, then ask `update` once a tick."""

    __slots__ = (
        "_answers",
        "_decided",
        "_due_ns",
        "_jitter_ns",
        "_losses",
        "_lost",
        "_moves",
        "_newest_sent_ns",
        "_news",
        "_order",
        "_reflectors",
        "_source",
        "_spread",
        "_tcp",
        "alive",
        "baseline_ms",
        "connect",
        "delta_ms",
        "echo",
        "jitter_ms",
        "loss",
        "proven",
        "received_ns",
        "rtt_ms",
        "sent_ns",
        "spread_ms",
    )

    def __init__(self, now_ns: int) -> None:
        self.rtt_ms: float | None = None  # of the newest answer
        self.delta_ms: float | None = None
        self.baseline_ms: float | None = None  # of the nearest reflector
        self.jitter_ms: float | None = None
        self.loss: float | None = None
        self.spread_ms: float | None = None  # of the delay signal over the last one to two seconds
        self.alive = 0
        self.proven = False  # an answer is among the evidence, not only silence
        self.received_ns: int | None = None  # when the newest answer came
        self.sent_ns: int | None = None  # when the newest answered echo was sent
        self.echo, self.connect = Kind(), Kind()
        self._tcp = False
        self._source = "none"  # of the newest answer
        self._moves: Literal["follow", "sink", "freeze"] = "sink"
        self._reflectors: dict[tuple[str, str], Reflector] = {}
        self._order: deque[tuple[int, Reflector]] = deque()  # echoes that are not decided yet, in order of sending
        self._answers: deque[tuple[int, float, Reflector]] = deque(maxlen=24)  # sent_ns, rtt_ms; in order of sending
        self._newest_sent_ns = 0
        self._news = False
        self._jitter_ns = 0
        self._decided = self._lost = 0
        self._losses: deque[tuple[int, int]] = deque(maxlen=LOSS_PERIODS)
        self._due_ns = now_ns + PERIOD_NS
        self._spread = [float("inf"), float("-inf"), float("inf"), float("-inf")]  # low, high; of the period before

    # -- what the machine's intents change -----------------------------------------------------------------------------
    def move_baselines(self, moves: Literal["follow", "sink", "freeze"]) -> None:
        """How answers move the baselines from now on: both ways, downwards only, or not at all."""
        self._moves = moves

    def restart(self) -> None:
        """Begin all baselines of the kind in use again from the newest answers."""
        for reflector in self._reflectors.values():
            if reflector.tcp == self._tcp:
                reflector.floor.restart()
        self._publish_baseline()
        self._spread = [float("inf"), float("-inf"), float("inf"), float("-inf")]
        self._news = True

    def use(self, *, tcp: bool) -> None:
        """Take the delay from TCP connects, or from ICMP and UDP echoes."""
        if tcp != self._tcp:
            self._tcp = tcp
            self._answers.clear()
            self.delta_ms = None
            self._publish_baseline()

    @property
    def tcp(self) -> bool:
        """Whether TCP connects tell the delay."""
        return self._tcp

    def source(self, now_ns: int) -> str:
        """What tells the delay now: "icmp", "udp" or "tcp"; "none" while nothing answers."""
        silent = self.received_ns is None or now_ns - self.received_ns > STALE_NS
        return "none" if silent else self._source

    # -- what is measured ----------------------------------------------------------------------------------------------
    def observe(self, observations: Iterable[Observation]) -> None:
        """Take in echoes sent and answered."""
        for item in observations:
            reflector = self._reflectors.get((item.reflector, item.source))
            if reflector is None:
                reflector = self._reflectors[item.reflector, item.source] = Reflector(item.source)
            if type(item) is Sent:
                if item.sent_ns not in reflector.waiting:
                    reflector.waiting.add(item.sent_ns)
                    self._order.append((item.sent_ns, reflector))
                    (self.connect if reflector.tcp else self.echo).send(item.sent_ns)
            else:
                assert isinstance(item, Sample)
                self._answer(reflector, item.sent_ns, item.received_ns)

    def _answer(self, reflector: Reflector, sent_ns: int, received_ns: int) -> None:
        reflector.waiting.discard(sent_ns)
        reflector.answered_ns = received_ns
        if self.received_ns is None or received_ns > self.received_ns:
            self.received_ns = received_ns
        (self.connect if reflector.tcp else self.echo).answer(sent_ns, received_ns)
        if received_ns - sent_ns > LATE_NS:
            return
        rtt_ms = (received_ns - sent_ns) / 1e6
        floor = reflector.floor
        floor.see(rtt_ms, received_ns)
        if self._moves == "follow":
            moved = floor.feed(rtt_ms, received_ns)
        elif self._moves == "sink":
            moved = floor.sink(rtt_ms)
        else:
            moved = floor.guess(rtt_ms - max(self.delta_ms or 0.0, 0.0))
        if moved:
            self._publish_baseline()
        if reflector.tcp is not self._tcp:
            return
        answers = self._answers
        if sent_ns > self._newest_sent_ns or not answers:
            self._newest_sent_ns = self.sent_ns = sent_ns
            if answers and floor.baseline_ms is not None:
                self._note_jitter(rtt_ms - floor.baseline_ms, received_ns)
            self.rtt_ms, self._source = rtt_ms, reflector.source
            answers.append((sent_ns, rtt_ms, reflector))
        else:
            self._insert(sent_ns, rtt_ms, reflector)
        self._news = True

    def _insert(self, sent_ns: int, rtt_ms: float, reflector: Reflector) -> None:
        """An answer that was overtaken takes its place in order of sending; it is no fresh one."""
        ordered = sorted((*self._answers, (sent_ns, rtt_ms, reflector)), key=lambda answer: answer[0])
        self._answers.clear()
        self._answers.extend(ordered)

    def _note_jitter(self, delay_ms: float, at_ns: int) -> None:
        _, last_rtt_ms, last = self._answers[-1]
        if last.floor.baseline_ms is None:
            return
        step_ms = abs(delay_ms - (last_rtt_ms - last.floor.baseline_ms))
        if self.jitter_ms is None:
            self.jitter_ms = step_ms
        else:
            self.jitter_ms += (1.0 - exp((self._jitter_ns - at_ns) / JITTER_NS)) * (step_ms - self.jitter_ms)
        self._jitter_ns = at_ns

    # -- once a tick ---------------------------------------------------------------------------------------------------
    def update(self, now_ns: int, limit_ms: float, *, silence_counts: bool) -> None:
        """Bring the signals up to `now_ns`; `limit_ms` is the delay from which an unanswered echo is overdue."""
        order = self._order
        while order and order[0][0] <= now_ns - LOST_NS:
            sent_ns, reflector = order.popleft()
            if reflector.tcp is self._tcp:
                self._decided += 1
                if sent_ns in reflector.waiting:
                    self._lost += 1
            reflector.waiting.discard(sent_ns)
        if now_ns >= self._due_ns:
            self._second(now_ns)
        if silence_counts or self._news or self.received_ns is None or now_ns - self.received_ns > STALE_NS:
            self._news = silence_counts  # a bound grows by itself
            self._signal(now_ns, limit_ms, silence_counts)

    def _signal(self, now_ns: int, limit_ms: float, silence_counts: bool) -> None:
        low_ms, count, newest_ns, self.proven = float("inf"), 0, 0, False
        if silence_counts:
            low_ms, count, newest_ns = self._overdue(now_ns, limit_ms)
        if self.received_ns is not None and now_ns - self.received_ns <= STALE_NS:
            for sent_ns, rtt_ms, reflector in reversed(self._answers):
                if count >= LEAST and newest_ns - sent_ns > WINDOW_NS:
                    break
                baseline_ms = reflector.floor.baseline_ms
                if baseline_ms is None:
                    continue
                if not count:
                    newest_ns = sent_ns
                count += 1
                self.proven = True
                if rtt_ms - baseline_ms < low_ms:
                    low_ms = rtt_ms - baseline_ms
        if count < LEAST:
            self.delta_ms = None
            return
        self.delta_ms = low_ms
        spread = self._spread
        if low_ms < spread[0]:
            spread[0] = low_ms
        if low_ms > spread[1]:
            spread[1] = low_ms
        low, high = min(spread[0], spread[2]), max(spread[1], spread[3])
        self.spread_ms = high - low if spread[3] >= spread[2] else None

    def _overdue(self, now_ns: int, limit_ms: float) -> tuple[float, int, int]:
        """Lower bound, how many, and when the newest was sent, of the echoes newer than any answer and overdue."""
        low_ms, count, newest_ns = float("inf"), 0, 0
        for sent_ns, reflector in reversed(self._order):
            if sent_ns <= self._newest_sent_ns or (count >= LEAST and newest_ns - sent_ns > WINDOW_NS):
                break
            baseline_ms = reflector.floor.baseline_ms
            if baseline_ms is None or reflector.tcp is not self._tcp or now_ns - reflector.answered_ns > ALIVE_NS:
                continue
            bound_ms = (now_ns - sent_ns) / 1e6 - baseline_ms
            if bound_ms >= limit_ms and sent_ns in reflector.waiting:
                if not count:
                    newest_ns = sent_ns
                count += 1
                low_ms = min(low_ms, bound_ms)
        return low_ms, count, newest_ns

    def slope(self) -> float:
        """Seconds of delay that are added a second: least squares over the newest echoes, by time of sending."""
        points = [
            (sent_ns / 1e9, (rtt_ms - reflector.floor.baseline_ms) / 1e3)
            for sent_ns, rtt_ms, reflector in list(self._answers)[-SLOPE_OVER:]
            if reflector.floor.baseline_ms is not None
        ]
        if len(points) < LEAST:
            return 0.0
        mean_x = sum(x for x, _ in points) / len(points)
        mean_y = sum(y for _, y in points) / len(points)
        width = sum((x - mean_x) ** 2 for x, _ in points)
        return sum((x - mean_x) * (y - mean_y) for x, y in points) / width if width > 0.0 else 0.0

    def _second(self, now_ns: int) -> None:
        """What is worth a look once a second: losses, living reflectors, the spread's period."""
        self._due_ns = now_ns + PERIOD_NS
        self._losses.append((self._decided, self._lost))
        self._decided = self._lost = 0
        decided = sum(count for count, _ in self._losses)
        self.loss = sum(lost for _, lost in self._losses) / decided if decided else None
        self.alive = sum(
            reflector.tcp is self._tcp and now_ns - reflector.answered_ns <= ALIVE_NS
            for reflector in self._reflectors.values()
        )
        low, high = self._spread[0], self._spread[1]
        self._spread = [float("inf"), float("-inf"), low, high]

    def _publish_baseline(self) -> None:
        known = [
            reflector.floor.baseline_ms
            for reflector in self._reflectors.values()
            if reflector.tcp is self._tcp and reflector.floor.baseline_ms is not None
        ]
        self.baseline_ms = min(known) if known else None
