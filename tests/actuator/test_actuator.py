"""The way from a wanted rate to a write."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from wanctl.actuator import Actuator, Target, Write, ceilings
from wanctl.budget import DAY_NS, MINUTE_NS, WriteBudget

MS = 1_000_000
S = 1_000 * MS


def actuator(minute: int | None = 30, day: int | None = 10_000) -> Actuator:
    download = Target("cable", "download", "WAN-Download", 5_000_000, 100_000_000, applied_bps=100_000_000)
    upload = Target("cable", "upload", "WAN-Upload", 1_000_000, 20_000_000, applied_bps=20_000_000)
    return Actuator((download, upload), WriteBudget(minute, day))


def carry_out(one: Actuator, now_ns: int) -> Write | None:
    write = one.next_write(now_ns)
    if write is not None:
        one.sent(write, now_ns)
        one.has(write.target, write.rate_bps, now_ns)
        if write.partner is not None:
            one.has(write.partner, write.partner_bps, now_ns)
    return write


def test_a_cut_goes_out_at_once() -> None:
    one = actuator()
    one.want("cable", "download", 40_000_000, 0)
    write = one.next_write(0)
    assert write is not None
    assert (write.rate_bps, write.cut) == (40_000_000, True)


def test_the_newest_wish_replaces_the_one_before_it() -> None:
    one = actuator()
    one.want("cable", "download", 40_000_000, 0)
    one.want("cable", "download", 30_000_000, 50 * MS)
    write = carry_out(one, 50 * MS)
    assert write is not None
    assert write.rate_bps == 30_000_000
    assert carry_out(one, 50 * MS) is None


def test_a_cut_goes_before_a_raise_that_waits_longer() -> None:
    one = actuator()
    one.targets[1].applied_bps = 5_000_000
    one.want("cable", "upload", 15_000_000, 0)
    one.want("cable", "download", 40_000_000, 0)
    write = one.next_write(5 * S)
    assert write is not None
    assert write.target.direction == "download"


def test_raises_keep_a_second_between_them_and_the_last_one_arrives() -> None:
    one = actuator()
    one.targets[0].applied_bps = 10_000_000
    written = []
    for tick in range(100):
        now = tick * 50 * MS
        one.want("cable", "download", 10_000_000 + min(tick, 40) * 1_000_000, now)
        if (write := carry_out(one, now)) is not None:
            written.append((now, write.rate_bps))
    assert all(later[0] - earlier[0] >= S for earlier, later in pairwise(written))
    assert written[-1][1] == 50_000_000


def test_after_a_cut_the_rate_may_return_at_once() -> None:
    one = actuator()
    one.want("cable", "download", 20_000_000, 0)
    carry_out(one, 0)
    one.want("cable", "download", 38_000_000, 100 * MS)
    write = carry_out(one, 100 * MS)
    assert write is not None
    assert (write.rate_bps, write.cut) == (38_000_000, False)


def test_a_small_change_waits_until_it_has_been_still_for_two_seconds() -> None:
    one = actuator()
    one.want("cable", "download", 99_000_000, 0)
    assert one.next_write(1 * S) is None
    assert one.targets[0].suppressed == "settling"
    assert one.next_due_ns(1 * S) == 2 * S
    assert one.next_write(2 * S) is not None


def test_an_equal_value_is_never_written() -> None:
    one = actuator()
    one.want("cable", "download", 100_000_000, 0)
    assert one.next_write(3600 * S) is None
    assert one.next_due_ns(0) is None


def test_a_rate_is_never_zero_and_never_outside_its_limits() -> None:
    target = Target("cable", "download", "q", 5_000_000, 100_000_000)
    assert target.quantised(0) == 5_000_000
    assert target.quantised(10**12) == 100_000_000


def test_an_unlimited_queue_is_cut_to_any_rate() -> None:
    one = actuator()
    one.targets[0].applied_bps = 0
    one.want("cable", "download", 100_000_000, 0)
    write = one.next_write(0)
    assert write is not None
    assert write.cut


def test_a_queue_that_refuses_is_left_alone_ever_longer_and_holds_up_no_other() -> None:
    one = actuator()
    one.want("cable", "download", 40_000_000, 0)
    pauses = []
    now = 0
    for _ in range(8):
        write = one.next_write(now)
        assert write is not None
        one.sent(write, now)
        one.refused(write, now)
        assert one.next_write(now) is None
        assert one.targets[0].suppressed == "refused"
        due = one.next_due_ns(now)
        assert due is not None
        pauses.append(due - now)
        now = due
    assert pauses[0] == 10 * S
    assert pauses == sorted(pauses)
    assert pauses[-1] == 600 * S
    one.refused(Write(one.targets[0], 40_000_000, True), now)
    one.want("cable", "upload", 5_000_000, now)
    other = one.next_write(now)
    assert other is not None
    assert other.target.direction == "upload"


def test_a_queue_that_is_gone_waits_until_it_has_been_read_again() -> None:
    one = actuator()
    one.want("cable", "download", 40_000_000, 0)
    one.lost(one.targets[0])
    assert one.next_write(3600 * S) is None
    assert one.targets[0].suppressed == "missing"
    one.has(one.targets[0], 100_000_000, 3600 * S)
    assert one.next_write(3600 * S) is not None


def test_a_write_of_unknown_fate_is_asserted_again() -> None:
    one = actuator()
    one.targets[0].applied_bps = 40_000_000
    one.want("cable", "download", 40_000_000, 0)
    one.failed(Write(one.targets[0], 40_000_000, False), unknown=True)
    assert [target.applied_bps for target in one.targets] == [None, 20_000_000]
    assert one.next_write(1 * S) is not None


def simple_pair() -> Actuator:
    download = Target("lte", "download", "lte", 5_000_000, 100_000_000, simple=True, applied_bps=100_000_000)
    upload = Target("lte", "upload", "lte", 1_000_000, 20_000_000, simple=True, applied_bps=20_000_000)
    return Actuator((download, upload), WriteBudget(30, None))


def test_both_sides_of_a_simple_queue_go_out_in_one_write() -> None:
    one = simple_pair()
    one.want("lte", "download", 40_000_000, 0)
    one.want("lte", "upload", 8_000_000, 0)
    write = carry_out(one, 0)
    assert write is not None
    assert {target.direction for target in write.targets} == {"download", "upload"}
    assert [target.applied_bps for target in one.targets] == [40_000_000, 8_000_000]
    assert one.next_write(0) is None
    assert one.writes == 1
    assert one.budget.left(0) == (29, None)


def test_a_side_that_nobody_has_asked_for_yet_is_left_alone() -> None:
    one = simple_pair()
    one.want("lte", "download", 40_000_000, 0)
    write = one.next_write(0)
    assert write is not None
    assert write.partner is None


def test_the_ceilings_of_both_sides_are_one_write() -> None:
    (write,) = ceilings(simple_pair().targets)
    assert (write.rate_bps, write.partner_bps) == (100_000_000, 20_000_000)


def test_on_the_way_out_every_queue_gets_its_ceiling() -> None:
    assert [write.rate_bps for write in ceilings(actuator().targets)] == [100_000_000, 20_000_000]


def test_raises_leave_a_third_of_the_minute_to_cuts() -> None:
    budget = WriteBudget(30, None)
    spent = 0
    while budget.wait_ns(0, cut=False) == 0:
        budget.spend(0)
        spent += 1
    assert spent == 20
    while budget.wait_ns(0, cut=True) == 0:
        budget.spend(0)
        spent += 1
    assert spent == 30


def test_when_even_the_reserve_is_gone_a_cut_waits_two_seconds_at_most() -> None:
    budget = WriteBudget(30, 10_000)
    for _ in range(30):
        budget.spend(0)
    assert 0 < budget.wait_ns(0, cut=True) <= 2 * S
    assert budget.wait_ns(2 * S, cut=True) == 0


@given(st.lists(st.tuples(st.integers(0, 30 * S), st.booleans()), max_size=200))
def test_no_sequence_of_writes_exceeds_the_buckets(steps: list[tuple[int, bool]]) -> None:
    """A bucket of size n that refills n in a period passes at most n + n * t / period writes in any time t."""
    budget = WriteBudget(30, 200)
    now, written = 0, []
    for pause, cut in steps:
        now += pause
        if budget.wait_ns(now, cut=cut) == 0:
            budget.spend(now)
            written.append(now)
    for index, start in enumerate(written):
        for count, end in enumerate(written[index:], start=1):
            assert count <= 30 + 30 * (end - start) / MINUTE_NS + 1e-3
            assert count <= 200 + 200 * (end - start) / DAY_NS + 1e-3
