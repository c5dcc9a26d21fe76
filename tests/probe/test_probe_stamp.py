import struct

from wanctl.probe.stamp import SO_TIMESTAMPNS, ClockOffset, Sleep, arrival_ns

MS_NS = 1_000_000


class ScriptedClock:
    """Two clocks that run together; each reading takes 100 ns, and the next one may be held up."""

    def __init__(self) -> None:
        self.now_ns = 10_000 * MS_NS
        self.offset_ns = 1_700_000_000_000 * MS_NS
        self.slept_ns = 0
        self.held_up_ns: list[int] = []

    def _pass(self) -> None:
        self.now_ns += 100 + (self.held_up_ns.pop(0) if self.held_up_ns else 0)

    def monotonic_ns(self) -> int:
        self._pass()
        return self.now_ns

    def realtime_ns(self) -> int:
        self._pass()
        return self.now_ns + self.offset_ns

    def boottime_ns(self) -> int:
        self._pass()
        return self.now_ns + self.slept_ns


def test_the_offset_is_read_to_the_microsecond() -> None:
    clock = ScriptedClock()
    assert abs(ClockOffset(clock).ns - clock.offset_ns) < 1000


def test_a_clock_that_steps_has_jumped_once() -> None:
    clock = ScriptedClock()
    offset = ClockOffset(clock)
    clock.offset_ns -= 3600 * 1000 * MS_NS
    assert offset.jumped()
    assert not offset.jumped()
    assert abs(offset.ns - clock.offset_ns) < 1000


def test_a_small_correction_is_followed_without_an_alarm() -> None:
    clock = ScriptedClock()
    offset = ClockOffset(clock)
    clock.offset_ns += 400_000
    assert not offset.jumped()
    assert abs(offset.ns - clock.offset_ns) < 1000


def test_being_held_up_between_two_readings_is_no_jump() -> None:
    clock = ScriptedClock()
    offset = ClockOffset(clock)
    clock.held_up_ns = [0, 8 * MS_NS, 0, 0, 0, 5 * MS_NS]
    assert not offset.jumped()
    assert abs(offset.ns - clock.offset_ns) < 1000


def test_a_suspend_is_noticed_once() -> None:
    clock = ScriptedClock()
    sleep = Sleep(clock)
    assert not sleep.passed()
    clock.slept_ns += 3_600_000 * MS_NS
    assert sleep.passed()
    assert not sleep.passed()


def test_being_held_up_or_a_step_of_the_wall_clock_is_no_sleep() -> None:
    clock = ScriptedClock()
    sleep = Sleep(clock)
    clock.held_up_ns = [0, 900 * MS_NS, 900 * MS_NS, 0]
    clock.offset_ns += 3_600_000 * MS_NS
    assert [sleep.passed() for _ in range(3)] == [False, False, False]


def test_a_packet_without_a_kernel_stamp_has_no_arrival_time() -> None:
    assert arrival_ns([]) is None
    assert arrival_ns([(1, SO_TIMESTAMPNS, b"short")]) is None
    assert arrival_ns([(1, 2, b""), (1, SO_TIMESTAMPNS, struct.pack("@ll", 5, 7))]) == 5_000_000_007
