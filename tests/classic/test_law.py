"""The classic law against its transcription: states, whole rates and writes equal, delays to 1e-6 ms."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.classic.driving import Cycle, Driven, assert_same
from tests.classic.transcription import PROFILES

profiles = pytest.mark.parametrize("profile", sorted(PROFILES))


def grid(count: int) -> list[int]:
    return list(range(0, count * 50, 50))


def walk(seed: int, length: int, profile: str) -> list[Cycle]:
    """A long trace: idle noise, queues that build and drain, outliers, losses, outages, a route change, TCP cycles."""
    rng = random.Random(seed)
    base = PROFILES[profile]["baseline_rtt_initial"]
    cycles: list[Cycle] = []
    queue = 0.0
    while len(cycles) < length:
        kind = rng.choice(["idle", "idle", "queue", "drain", "outage", "spikes", "route", "edge", "tcp", "hosts"])
        for _ in range(rng.randint(1, 120)):
            rtt = max(0.0, base + queue + rng.gauss(0, 0.8))
            answers: tuple[float, ...] = (round(rtt, rng.choice([1, 2, 3])),)
            tcp = None
            if kind == "queue":
                queue = min(queue + rng.uniform(0, 9), 1_500.0)
            elif kind in ("drain", "idle"):
                queue *= rng.uniform(0.6, 1.0)
            elif kind == "outage" or rng.random() < 0.01:
                answers = ()
            elif kind == "spikes" and rng.random() < 0.2:
                answers = (answers[0] + rng.choice([3.0, 12.0, 45.0, 80.0, 400.0]),)
            elif kind == "route":
                base = max(2.0, base + rng.choice([-0.5, 0.0, 0.5]))
            elif kind == "edge":
                targets = [PROFILES[profile][limit] for limit in ("target", "warn", "hard")]
                answers = (round(base + rng.choice(targets) + rng.choice([-0.1, 0.0, 0.1]), 1),)
            elif kind == "tcp":
                answers, tcp = (answers if rng.random() < 0.5 else ()), round(rtt + 7.0, 2)
            elif kind == "hosts":
                count = rng.randint(0, 3)
                answers = tuple(round(rtt + rng.uniform(0, 40), 2) for _ in range(count))
            cycles.append(Cycle(answers, tcp))
    return cycles[:length]


@profiles
@pytest.mark.parametrize("seed", range(4))
def test_a_long_walk_is_followed_tick_for_tick(profile: str, seed: int) -> None:
    cycles = walk(seed, 12_000, profile)
    assert_same(profile, cycles, grid(len(cycles)))


rtts = st.one_of(
    st.floats(0.0, 200.0).map(lambda ms: round(ms, 3)),
    st.sampled_from([24.0, 31.0, 34.0, 36.0, 41.0, 69.0, 104.0, 111.0, 2_000.0]),
)
cycle = st.one_of(
    st.builds(lambda ms: Cycle((ms,)), rtts),
    st.just(Cycle()),
    st.builds(lambda answers, tcp: Cycle(tuple(answers), tcp), st.lists(rtts, max_size=3), st.none() | rtts),
)
bursts = st.lists(st.tuples(cycle, st.integers(1, 12)), max_size=40)


@profiles
@settings(max_examples=60, deadline=None)
@given(parts=bursts, steps=st.lists(st.sampled_from([50, 50, 50, 49, 51, 700, 60_000]), min_size=1, max_size=8))
def test_any_trace_is_followed_tick_for_tick(profile: str, parts: list[tuple[Cycle, int]], steps: list[int]) -> None:
    cycles = [one for one, count in parts for _ in range(count)]
    times, now = [], 0
    for number in range(len(cycles)):
        times.append(now)
        now += steps[number % len(steps)]
    assert_same(profile, cycles, times)


@profiles
def test_the_count_of_green_cycles_begins_at_the_start_also_where_it_shows(profile: str) -> None:
    start = {"cable": (600_000_000, 10_000_000), "dsl": (30_000_000, 7_000_000)}[profile]
    cycles = [Cycle((PROFILES[profile]["baseline_rtt_initial"],))] * 8
    assert_same(profile, cycles, grid(8), start)
    assert_same(profile, [Cycle()] * 3 + cycles, grid(11), start)


def test_the_fifth_green_cycle_in_a_row_is_the_first_that_climbs() -> None:
    law = Driven("cable")
    rates = []
    for rtt in [200.0, 200.0, *[24.0] * 14]:
        row = law.cycle(Cycle((rtt,)))
        rates.append((row[3], row[4]))
        law.now_ms += 50
    first_green = next(number for number, (state, _) in enumerate(rates) if number > 1 and state == "GREEN")
    held = [rate for _, rate in rates[first_green : first_green + 4]]
    assert len(set(held)) == 1
    assert rates[first_green + 4][1] == held[0] + 10_000_000


def test_a_lost_cycle_neither_counts_nor_breaks_the_count_of_green_cycles() -> None:
    law = Driven("cable")
    row = law.cycle(Cycle((200.0,)))
    while row[3] != "GREEN":
        law.now_ms += 50
        row = law.cycle(Cycle((24.0,)))
    assert law.cycle(Cycle()) == row
    climbs = []
    for answers in [(24.0,), (), (24.0,), (), (24.0,), (24.0,)]:
        law.now_ms += 50
        climbs.append(law.cycle(Cycle(answers))[4] > row[4])
    assert climbs == [False, False, False, False, False, True]


def test_a_slot_of_the_write_limit_is_free_only_when_it_is_older_than_a_minute() -> None:
    law = Driven("cable")
    for _ in range(10):
        law.cycle(Cycle((60.0,)))
        law.now_ms += 50
    law.now_ms = 60_000
    starved = law.cycle(Cycle((60.0,)))
    assert starved[7] != starved[4]
    law.now_ms = 60_001
    written = law.cycle(Cycle((60.0,)))
    assert written[7] == written[4]
