from collections.abc import Callable
from zlib import crc32

from wanctl.probe.fitness import Fitness

SECOND_NS = 1_000_000_000
TICK_NS = 50_000_000


class Asking:
    """Reflectors asked in turn, two a tick; `answers(seconds, reflector)` says who answers."""

    def __init__(self, count: int, answers: Callable[[float, int], bool]) -> None:
        self.fitness = Fitness(count)
        self.answers = answers
        self.count = count
        self.tick = 0
        self.turn = 0
        self.asked = [0] * count
        self.retried_s = [0.0] * count

    def until(self, seconds: float) -> list[bool]:
        while self.tick * TICK_NS < seconds * SECOND_NS:
            self.tick += 1
            now_s = self.tick * TICK_NS / SECOND_NS
            for _ in range(2):
                self.ask(self.turn % self.count, now_s)
                self.turn += 1
            self.fitness.look(self.tick * TICK_NS)
        return list(self.fitness.unfit)

    def ask(self, index: int, now_s: float) -> None:
        if self.fitness.unfit[index]:
            if now_s - self.retried_s[index] < 10:
                return
            self.retried_s[index] = now_s
        self.asked[index] += 1
        self.fitness.ask(index, self.tick * TICK_NS)
        if self.answers(now_s, index):
            self.fitness.hear(index, self.tick * TICK_NS)


def test_a_silent_reflector_loses_its_turns_within_three_seconds() -> None:
    asking = Asking(6, lambda _now_s, index: index != 2)
    assert asking.until(3.5) == [False, False, True, False, False, False]
    asking.until(60)
    assert asking.asked[2] < 30


def test_one_that_fell_silent_gets_its_turns_back_when_it_answers_again() -> None:
    asking = Asking(6, lambda now_s, index: index != 2 or not 10 < now_s < 20)
    assert asking.until(15)[2]
    assert asking.until(35)[2]
    assert not asking.until(70)[2]


def test_when_all_are_silent_nobody_is_unfit() -> None:
    asking = Asking(6, lambda now_s, _index: now_s < 5)
    assert asking.until(120) == [False] * 6


def test_one_that_loses_a_third_while_others_lose_nothing_loses_its_turns() -> None:
    asking = Asking(6, lambda now_s, index: index != 4 or round(now_s * 1_000) % 3 != 0)
    assert asking.until(25) == [False, False, False, False, True, False]


def test_a_lossy_link_makes_nobody_unfit() -> None:
    asking = Asking(6, lambda now_s, index: crc32(f"{now_s:.2f} {index}".encode()) % 3 != 0)
    assert asking.until(60) == [False] * 6


def test_two_always_stay_and_a_single_one_is_never_unfit() -> None:
    asking = Asking(4, lambda _now_s, index: index == 0)
    assert sum(not unfit for unfit in asking.until(60)) == 2
    assert Asking(1, lambda _now_s, _index: False).until(60) == [False]
    assert Asking(2, lambda _now_s, index: index == 0).until(60) == [False, True]
