"""Queues that are not there, that refuse, that take half of a write, and those with two sides."""

import time
from collections.abc import Iterator

import pytest

from tests.actuator.running import DOWN, SIMPLE, UP, eventually, router, shaping, simple_targets, tree_targets
from wanctl.actuator import Target
from wanctl.decision import SetRate
from wanctl.testing.routeros import RouterosEmulator

MBIT = 1_000_000


@pytest.fixture
def emulator() -> Iterator[RouterosEmulator]:
    with router() as one:
        yield one


def simple_limit(emulator: RouterosEmulator) -> str:
    (record,) = emulator.state.records("/queue/simple")
    return record["max-limit"]


def test_a_queue_that_is_renamed_is_told_and_the_other_is_shaped(emulator: RouterosEmulator) -> None:
    with shaping(emulator) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        id_ = emulator.state.id_of("/queue/tree", DOWN)
        assert id_ is not None
        emulator.state.set("/queue/tree", id_, {"name": "renamed"})
        eventually(lambda: "objects.MISSING" in running.leaves)
        running.want("download", 30 * MBIT)
        assert any(DOWN in trouble for trouble in running.shaper.troubles)
        running.want("upload", 8 * MBIT)
        eventually(lambda: running.limit(UP) == 8 * MBIT)
        assert running.limit("renamed") == 40 * MBIT
        writes = running.shaper.actuator.writes
        time.sleep(0.7)  # two audits: a missing queue costs reads alone
        assert running.shaper.actuator.writes == writes
        emulator.state.set("/queue/tree", id_, {"name": DOWN})
        eventually(lambda: running.limit() == 30 * MBIT)
        eventually(lambda: "objects.COMPLETE" in running.leaves and running.shaper.troubles == ())


def test_two_queues_of_one_name_are_both_left_alone(emulator: RouterosEmulator) -> None:
    with shaping(emulator) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        emulator.state.place("/queue/tree", {"name": DOWN, "parent": "bridge", "max-limit": "50M"})
        eventually(lambda: "objects.MISSING" in running.leaves)
        running.want("download", 30 * MBIT)
        time.sleep(0.3)
        assert {one["max-limit"] for one in emulator.state.records("/queue/tree") if one["name"] == DOWN} == {
            "40000000",
            "50000000",
        }


@pytest.mark.parametrize("transport", ["rest", "ssh"])
def test_a_write_that_was_refused_and_done_is_read_back(emulator: RouterosEmulator, transport: str) -> None:
    with shaping(emulator, ("ssh",) if transport == "ssh" else ("rest",)) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        emulator.faults.refused_but_done = 1
        running.want("download", 30 * MBIT)
        eventually(lambda: running.target("download").applied_bps == 30 * MBIT)
        assert running.limit() == 30 * MBIT
        assert running.shaper.mode.is_online


def test_half_a_write_is_completed(emulator: RouterosEmulator) -> None:
    with shaping(emulator, targets=simple_targets()) as running:
        running.want("download", 30 * MBIT, "lte")
        running.want("upload", 10 * MBIT, "lte")
        eventually(lambda: simple_limit(emulator) == "10000000/30000000")
        emulator.faults.half_writes = 1
        running.want("download", 18 * MBIT, "lte")
        running.want("upload", 5 * MBIT, "lte")
        eventually(lambda: simple_limit(emulator) == "5000000/18000000")


@pytest.mark.parametrize("transport", ["rest", "ssh"])
def test_a_disk_that_is_full_costs_few_attempts_and_never_the_connection(
    emulator: RouterosEmulator, transport: str
) -> None:
    with shaping(emulator, ("ssh",) if transport == "ssh" else ("rest",)) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        emulator.faults.disk_full = True
        running.want("download", 30 * MBIT)
        eventually(lambda: running.target("download").suppressed == "refused")
        writes = running.shaper.actuator.writes
        time.sleep(0.5)
        assert running.shaper.actuator.writes == writes
        assert running.shaper.mode.is_online


@pytest.mark.parametrize("transport", ["rest", "ssh"])
def test_both_sides_of_a_simple_queue_are_one_write(emulator: RouterosEmulator, transport: str) -> None:
    with shaping(emulator, ("ssh",) if transport == "ssh" else ("rest",), simple_targets()) as running:
        eventually(lambda: running.target("download", "lte").applied_bps == 100 * MBIT)
        sides = (("download", 30 * MBIT), ("upload", 10 * MBIT))  # in one turn, as a tick hands them over
        running.shaper.want([SetRate("lte", direction, rate_bps, cut=True) for direction, rate_bps in sides])
        eventually(lambda: simple_limit(emulator) == "10000000/30000000")
        eventually(lambda: running.target("upload", "lte").applied_bps == 10 * MBIT)
        assert running.shaper.actuator.writes == 1
    assert simple_limit(emulator) == "20000000/60000000"


def test_a_direction_in_the_tree_goes_with_one_side_of_a_simple_queue(emulator: RouterosEmulator) -> None:
    pair = (tree_targets()[0], Target("cable", "upload", SIMPLE, 1 * MBIT, 20 * MBIT, simple=True))
    with shaping(emulator, targets=pair) as running:
        running.want("download", 40 * MBIT)
        running.want("upload", 10 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        eventually(lambda: simple_limit(emulator) == "10000000/100000000")  # the other side stays as it was
        eventually(lambda: bool(running.shaper.take()[0]))  # and the bytes of both are counted
    assert (running.limit(), simple_limit(emulator)) == (100 * MBIT, "20000000/100000000")


def test_a_side_that_is_unlimited_and_not_ours_stays_so(emulator: RouterosEmulator) -> None:
    id_ = emulator.state.id_of("/queue/simple", SIMPLE)
    assert id_ is not None
    emulator.state.set("/queue/simple", id_, {"max-limit": "0/0"})
    pair = (tree_targets()[0], Target("cable", "upload", SIMPLE, 1 * MBIT, 20 * MBIT, simple=True))
    with shaping(emulator, targets=pair) as running:
        running.want("upload", 10 * MBIT)
        eventually(lambda: simple_limit(emulator) == "10000000/0")


def test_an_answer_that_makes_no_sense_takes_no_write(emulator: RouterosEmulator) -> None:
    with shaping(emulator, ("rest",)) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        emulator.faults.control_bytes = True
        running.want("download", 30 * MBIT)
        eventually(lambda: running.limit() == 30 * MBIT)


def test_a_router_that_takes_seconds_is_waited_for(emulator: RouterosEmulator) -> None:
    with shaping(emulator, ("rest",)) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        emulator.faults.delay_ns = 300_000_000
        running.want("download", 30 * MBIT)
        eventually(lambda: running.limit() == 30 * MBIT)
        assert running.shaper.mode.is_online
        emulator.faults.delay_ns = 0


def test_a_router_that_does_not_answer_at_all_is_left_for_the_other_way(emulator: RouterosEmulator) -> None:
    with shaping(emulator, read_timeout_ns=150_000_000) as running:
        running.want("download", 40 * MBIT)
        eventually(lambda: running.limit() == 40 * MBIT)
        emulator.faults.delay_ns = 400_000_000
        eventually(lambda: running.uses("ssh"))
        emulator.faults.delay_ns = 0
        running.want("download", 30 * MBIT)
        eventually(lambda: running.limit() == 30 * MBIT)
