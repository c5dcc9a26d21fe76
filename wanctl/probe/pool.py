"""The reflectors of one WAN that are probed in one way, by turns: who is asked, who rests, and how much was asked."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from wanctl.control.sample import Sample, Sent
from wanctl.probe.fitness import RETRY_NS, Fitness
from wanctl.probe.ledger import Ledger
from wanctl.probe.line import Line, Target
from wanctl.probe.rotation import Rotation

# A probe may leave so much before its time: ticks are a grid, and a probe that waits for the next one is a tick late.
_SLACK_NS = 10_000_000


class Usage(NamedTuple):
    """What one reflector has been asked."""

    reflector: str
    sent: int
    per_day: int  # packets, if things go on as in the last 24 hours
    resting: bool  # it does not answer while others do, and is asked seldom


class ReflectorPool:
    """Reflectors that take turns, each with the line that it is probed by."""

    def __init__(
        self, routes: Sequence[tuple[Line, Target]], gaps_ns: Sequence[int], per_tick: int, now_ns: int
    ) -> None:
        self.answered_ns: int | None = None  # when the newest answer came
        self._routes = tuple(routes)
        self._rotation = Rotation(gaps_ns, per_tick)
        self._fitness = Fitness(len(routes))
        self._ledgers = [Ledger(now_ns) for _ in routes]
        self._numbers = {target.name: number for number, (_, target) in enumerate(routes)}
        self._per_tick = per_tick
        self._sent_ns: int | None = None

    def send(self, now_ns: int, interval_ns: int, sent: list[Sent]) -> None:
        """Append the probes of this tick: a full turn, or one only each `interval_ns` if that is not 0."""
        most = self._per_tick
        if interval_ns:
            early = self._sent_ns is not None and now_ns - self._sent_ns < interval_ns - _SLACK_NS
            most = 0 if early else 1
        for number in self._rotation.choose(now_ns, most):
            line, target = self._routes[number]
            one = line.send(target, now_ns)
            if one is not None:
                sent.append(one)
                self._sent_ns = now_ns
                self._ledgers[number].note(now_ns)
                self._fitness.ask(number, now_ns)

    def hear(self, samples: Iterable[Sample], now_ns: int) -> None:
        """Take note of who has answered, and once a second of who has not."""
        for sample in samples:
            number = self._numbers.get(sample.reflector)
            if number is not None:
                self._fitness.hear(number, sample.received_ns)
                self.answered_ns = sample.received_ns
        for number in self._fitness.look(now_ns):
            self._rotation.rest(number, RETRY_NS if self._fitness.unfit[number] else 0)

    def usage(self, now_ns: int) -> list[Usage]:
        """What each reflector has been asked."""
        return [
            Usage(target.name, ledger.total, ledger.per_day(now_ns), resting)
            for (_, target), ledger, resting in zip(self._routes, self._ledgers, self._fitness.unfit, strict=True)
        ]
