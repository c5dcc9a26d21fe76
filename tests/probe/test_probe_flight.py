from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from wanctl.probe.flight import Fate, Flight

SIZE = 8


@dataclass
class Model:
    """All probes ever launched, without a ring."""

    stamps: list[int] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)

    def in_flight(self) -> list[int]:
        return [number for number, fate in enumerate(self.fates) if fate is Fate.IN_FLIGHT]


class RingAgainstModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.flight: Flight[str] = Flight(SIZE)
        self.model = Model()
        self.now = 0

    @rule(wait=st.integers(1, 5))
    def launch(self, wait: int) -> None:
        self.now += wait
        number = self.flight.next_sequence
        assert number == len(self.model.stamps)
        displaced = number - SIZE
        evicted = self.flight.launch(f"to {number}", self.now)
        assert evicted == (displaced >= 0 and self.model.fates[displaced] is Fate.IN_FLIGHT)
        if evicted:
            self.model.fates[displaced] = Fate.UNANSWERED
        self.model.stamps.append(self.now)
        self.model.fates.append(Fate.IN_FLIGHT)

    @rule(back=st.integers(1, 2 * SIZE))
    def answer(self, back: int) -> None:
        number = len(self.model.stamps) - back
        if number < 0:
            return
        target = self.flight.target(number, self.model.stamps[number])
        assert target == (f"to {number}" if back <= SIZE else None)
        if target is not None:
            assert self.flight.land(number) is self.model.fates[number]
            if self.model.fates[number] is Fate.IN_FLIGHT:
                self.model.fates[number] = Fate.ANSWERED

    @rule(ago=st.integers(0, 30))
    def expire(self, ago: int) -> None:
        gone = [number for number in self.model.in_flight() if self.model.stamps[number] < self.now - ago]
        assert self.flight.expire(self.now - ago) == len(gone)
        for number in gone:
            self.model.fates[number] = Fate.UNANSWERED

    @rule()
    def drop(self) -> None:
        gone = self.model.in_flight()
        assert self.flight.drop() == [(f"to {number}", self.model.stamps[number]) for number in gone]
        for number in gone:
            self.model.fates[number] = Fate.DROPPED

    @invariant()
    def a_wrong_stamp_finds_nothing(self) -> None:
        if self.model.stamps:
            number = len(self.model.stamps) - 1
            assert self.flight.target(number, self.model.stamps[number] + 1) is None
        assert self.flight.target(len(self.model.stamps), self.now) is None


TestRingAgainstModel = RingAgainstModel.TestCase


@given(st.integers(1, 3 * SIZE))
def test_sequence_numbers_wrap_without_losing_a_probe(launched: int) -> None:
    flight: Flight[int] = Flight(SIZE)
    flight.next_sequence = flight._oldest = 2**32 - 5
    numbers = []
    for stamp in range(launched):
        numbers.append(flight.next_sequence)
        flight.launch(stamp, stamp)
    for stamp, number in list(enumerate(numbers))[-SIZE:]:
        assert flight.target(number, stamp) == stamp
    assert len(flight.drop()) == min(launched, SIZE)
