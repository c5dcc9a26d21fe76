from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from wanctl.probe.rotation import PUBLIC_GAP_NS, Rotation

TICK_NS = 50_000_000
SECOND_NS = 1_000_000_000


def ticks(rotation: Rotation, count: int) -> list[list[int]]:
    return [rotation.choose(number * TICK_NS) for number in range(count)]


def test_six_public_reflectors_get_two_probes_a_tick_in_turn() -> None:
    chosen = ticks(Rotation([PUBLIC_GAP_NS] * 6, 2), 300)
    assert chosen[:4] == [[0], [1, 2], [3, 4], [5, 0]]
    assert all(len(tick) == 2 for tick in chosen[1:])


def test_three_public_reflectors_get_one_probe_a_tick_and_no_clusters() -> None:
    chosen = ticks(Rotation([PUBLIC_GAP_NS] * 3, 2), 300)
    assert [tick for tick in chosen if len(tick) != 1] == []


def test_one_public_reflector_is_asked_less_than_seven_times_a_second() -> None:
    assert 6 <= sum(map(len, ticks(Rotation([PUBLIC_GAP_NS], 2), 200))) / 10 <= 7


def test_one_reflector_of_ones_own_is_asked_every_tick() -> None:
    assert ticks(Rotation([0], 2), 200) == [[0]] * 200


def test_two_reflectors_of_ones_own_are_both_asked_every_tick() -> None:
    assert [sorted(tick) for tick in ticks(Rotation([0, 0], 2), 200)] == [[0, 1]] * 200


def test_a_public_reflector_is_not_starved_by_ones_own() -> None:
    asked = Counter(index for tick in ticks(Rotation([0, PUBLIC_GAP_NS, PUBLIC_GAP_NS], 2), 200) for index in tick)
    assert asked[0] == 200
    assert asked[1] >= 50
    assert asked[2] >= 50


@given(
    st.lists(st.sampled_from([0, PUBLIC_GAP_NS]), min_size=1, max_size=12),
    st.integers(1, 6),
    st.lists(st.integers(0, 400_000_000), min_size=1, max_size=200),
)
def test_whatever_the_ticks_no_public_reflector_is_asked_before_its_gap(
    gaps: list[int], per_tick: int, waits: list[int]
) -> None:
    rotation = Rotation(gaps, per_tick)
    now_ns = 0
    asked: dict[int, list[int]] = {index: [] for index in range(len(gaps))}
    for wait in waits:
        now_ns += wait
        chosen = rotation.choose(now_ns)
        assert len(chosen) == len(set(chosen)) <= per_tick
        for index in chosen:
            asked[index].append(now_ns)
    for index, times in asked.items():
        assert all(later - earlier >= gaps[index] for earlier, later in pairwise(times))


@given(st.integers(1, 12), st.integers(1, 4))
def test_equal_reflectors_get_equal_turns(count: int, per_tick: int) -> None:
    asked = Counter(index for tick in ticks(Rotation([PUBLIC_GAP_NS] * count, per_tick), 400) for index in tick)
    assert len(asked) == count
    assert max(asked.values()) - min(asked.values()) <= 1
