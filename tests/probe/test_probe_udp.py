import socket
import statistics
import struct
import time
from collections.abc import Callable, Iterator

import pytest

from wanctl.control.sample import Gap, Sample, Sent, Unsent, Void
from wanctl.daemon.clock import SystemClock
from wanctl.probe import AddressError, Egress, ProbePermissionError, WanProber, parse_address
from wanctl.testing.reflector import Reflectors

MS_NS = 1_000_000
SECOND_NS = 1_000_000_000
CLOCK = SystemClock()


class SteppedClock(SystemClock):
    """The system's clocks, with a wall clock that an operator sets."""

    def __init__(self) -> None:
        self.step_ns = 0

    def realtime_ns(self) -> int:
        return time.time_ns() + self.step_ns


class Echo:
    """A reflector in the test's own hands: it answers when and as the test says."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.address = parse_address(f"udp://127.0.0.1:{self.socket.getsockname()[1]}")

    def receive(self) -> tuple[bytes, tuple[str, int]]:
        return self.socket.recvfrom(2048)

    def answer(self) -> None:
        packet, sender = self.receive()
        self.socket.sendto(packet, sender)


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.socket.close()


@pytest.fixture
def prober(echo: Echo) -> Iterator[WanProber]:
    prober = WanProber("cable", [echo.address], CLOCK)
    yield prober
    prober.close()


def now_ns() -> int:
    return CLOCK.monotonic_ns()


def drain_until(prober: WanProber, done: Callable[[list[Sample]], bool]) -> list[Sample]:
    """Drain until `done`, in real time: a packet on loopback is quick, but not at once."""
    samples: list[Sample] = []
    give_up_ns = now_ns() + 5 * SECOND_NS
    while not done(samples) and now_ns() < give_up_ns:
        samples += prober.drain(now_ns())
        time.sleep(0.001)
    assert done(samples), prober.counters
    return samples


def run(prober: WanProber, ticks: int, tick_s: float) -> tuple[list[Sent], list[Sample]]:
    sent: list[Sent] = []
    samples: list[Sample] = []
    for _ in range(ticks):
        samples += prober.drain(now_ns())
        sent += prober.send(now_ns())
        time.sleep(tick_s)
    time.sleep(0.1)
    return sent, samples + list(prober.drain(now_ns()))


def test_a_round_trip_is_measured_to_the_millisecond() -> None:
    with Reflectors([lambda _now_ns: 20.0] * 4) as reflectors:
        prober = WanProber("cable", [parse_address(text) for text in reflectors.addresses], CLOCK)
        sent, samples = run(prober, 50, 0.02)
        prober.close()
    truth_ns = {struct.unpack("!4sIQ", held.request)[2]: held.answered_ns - held.arrived_ns for held in reflectors.held}
    assert len(sent) == len(samples) == 100
    errors_ms = [abs(sample.received_ns - sample.sent_ns - truth_ns[sample.sent_ns]) / MS_NS for sample in samples]
    assert statistics.median(errors_ms) < 1.0
    assert min(sample.received_ns - sample.sent_ns for sample in samples) >= 20 * MS_NS


def test_every_sample_names_the_wan_the_reflector_and_the_probe_it_answers() -> None:
    with Reflectors([lambda _now_ns: 5.0] * 3) as reflectors:
        prober = WanProber("cable", [parse_address(text) for text in reflectors.addresses], CLOCK)
        sent, samples = run(prober, 6, 0.02)
        prober.close()
    assert {sample.wan for sample in samples} == {"cable"}
    assert {sample.source for sample in samples} == {"udp"}
    assert {sample.reflector for sample in samples} == set(reflectors.addresses)
    assert {(one.reflector, one.sent_ns) for one in sent} == {(one.reflector, one.sent_ns) for one in samples}
    assert [one.received_ns for one in samples] == sorted(one.received_ns for one in samples)


def test_a_lost_answer_is_a_probe_without_a_sample() -> None:
    with Reflectors([lambda _now_ns: 5.0, lambda _now_ns: None]) as reflectors:
        prober = WanProber("cable", [parse_address(text) for text in reflectors.addresses], CLOCK)
        sent, samples = run(prober, 10, 0.02)
        prober.drain(now_ns() + 6 * SECOND_NS)
        prober.close()
    answering, silent = reflectors.addresses
    assert [one.reflector for one in sent].count(silent) == 10
    assert {sample.reflector for sample in samples} == {answering}
    assert prober.counters.unanswered == 10
    assert prober.counters.local_failures == 0


def test_a_second_answer_is_counted_and_ignored(echo: Echo, prober: WanProber) -> None:
    prober.send(now_ns())
    packet, sender = echo.receive()
    echo.socket.sendto(packet, sender)
    echo.socket.sendto(packet, sender)
    samples = drain_until(prober, lambda _samples: prober.counters.duplicate == 1)
    assert len(samples) == 1
    assert prober.counters.answered == 1


@pytest.mark.parametrize(
    "forge",
    [
        lambda packet: b"",
        lambda packet: b"hello, is this a DNS server?",
        lambda packet: b"xxxx" + packet[4:],
        lambda packet: packet[:-1] + bytes([packet[-1] ^ 1]),
        lambda packet: packet[:4] + b"\x00\x00\x10\x00" + packet[8:],
        lambda packet: packet + b"tail",
        lambda packet: packet + bytes(1000),
    ],
    ids=["empty", "noise", "other magic", "other stamp", "other sequence", "a tail", "much longer"],
)
def test_a_strangers_packet_is_counted_and_ignored(
    forge: Callable[[bytes], bytes], echo: Echo, prober: WanProber
) -> None:
    prober.send(now_ns())
    packet, sender = echo.receive()
    echo.socket.sendto(forge(packet), sender)
    assert drain_until(prober, lambda _samples: prober.counters.foreign == 1) == []
    echo.socket.sendto(packet, sender)
    assert len(drain_until(prober, bool)) == 1


def test_an_answer_from_another_host_is_a_strangers(echo: Echo, prober: WanProber) -> None:
    prober.send(now_ns())
    packet, sender = echo.receive()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(packet, sender)
    assert drain_until(prober, lambda _samples: prober.counters.foreign == 1) == []
    echo.socket.sendto(packet, sender)
    assert len(drain_until(prober, bool)) == 1


def test_an_answer_after_the_deadline_is_late_and_the_probe_stays_lost(echo: Echo, prober: WanProber) -> None:
    prober.send(now_ns())
    prober.drain(now_ns() + 6 * SECOND_NS)
    assert prober.counters.unanswered == 1
    echo.answer()
    assert drain_until(prober, lambda _samples: prober.counters.late == 1) == []
    assert (prober.counters.answered, prober.counters.unanswered) == (0, 1)


def test_an_answer_that_waited_for_a_late_tick_is_no_loss(echo: Echo, prober: WanProber) -> None:
    prober.send(now_ns())
    echo.answer()
    time.sleep(0.05)
    assert len(prober.drain(now_ns() + 60 * SECOND_NS)) == 1
    assert prober.counters.unanswered == 0


def test_a_flood_of_strangers_packets_does_not_hold_up_a_tick(echo: Echo, prober: WanProber) -> None:
    prober.send(now_ns())
    _packet, sender = echo.receive()
    for _ in range(400):
        echo.socket.sendto(b"flood", sender)
    time.sleep(0.05)
    prober.drain(now_ns())
    assert prober.counters.foreign <= 256


@pytest.mark.parametrize("step_ns", [3600 * SECOND_NS, -3600 * SECOND_NS, 50 * MS_NS, -50 * MS_NS, 2 * MS_NS])
def test_a_step_of_the_wall_clock_drops_what_is_in_flight(step_ns: int, echo: Echo) -> None:
    clock = SteppedClock()
    prober = WanProber("cable", [echo.address], clock)
    sent = prober.send(now_ns()) + prober.send(now_ns())
    echo.answer()
    time.sleep(0.05)
    clock.step_ns = step_ns
    assert prober.drain(now_ns()) == ()
    assert sorted(prober.withdraw()) == sorted(Void(*one) for one in sent)
    clock.step_ns = 0
    assert prober.drain(now_ns()) == ()
    echo.answer()
    time.sleep(0.05)
    assert prober.drain(now_ns()) == ()
    counters = prober.counters
    assert counters.clock_jumps == 2
    assert counters.sent == counters.clock_dropped == 2
    assert (counters.answered, counters.unanswered, counters.foreign) == (0, 0, 0)

    prober.send(now_ns())
    echo.answer()
    (sample,) = drain_until(prober, bool)
    prober.close()
    assert 0 < sample.received_ns - sample.sent_ns < SECOND_NS


def test_a_wall_clock_that_is_merely_slewed_drops_nothing(echo: Echo) -> None:
    clock = SteppedClock()
    prober = WanProber("cable", [echo.address], clock)
    prober.send(now_ns())
    echo.answer()
    clock.step_ns = -20_000
    assert len(drain_until(prober, bool)) == 1
    prober.close()


def test_a_probe_that_cannot_leave_is_a_local_failure_and_no_loss() -> None:
    # Sending to a broadcast address without asking for it is refused by the kernel.
    prober = WanProber("cable", [parse_address("udp://127.255.255.255:9")], CLOCK)
    assert prober.send(now_ns()) == ()
    assert prober.drain(now_ns() + 60 * SECOND_NS) == ()
    assert prober.counters.local_failures == 1
    assert (prober.counters.sent, prober.counters.unanswered) == (0, 0)
    assert "cannot send to udp://127.255.255.255:9" in prober.problems[0]
    prober.close()


def test_a_socket_that_has_failed_for_a_second_is_opened_again() -> None:
    prober = WanProber("cable", [parse_address("udp://127.255.255.255:9")], CLOCK)
    start_ns = now_ns()
    for tick in range(25):
        prober.send(start_ns + tick * 50 * MS_NS)
    assert prober.counters.local_failures == 25
    assert prober.counters.reopened == 1
    prober.close()


def test_what_was_in_flight_when_a_socket_is_opened_again_is_no_loss(echo: Echo) -> None:
    # The second address refuses to be sent to, so that the socket which both share is given up.
    prober = WanProber("cable", [echo.address, parse_address("udp://127.255.255.255:9")], CLOCK)
    start_ns = now_ns()
    withdrawn: list[object] = []
    for tick in range(30):
        prober.send(start_ns + tick * 50 * MS_NS)
        withdrawn += prober.withdraw()
    assert {type(one) for one in withdrawn} <= {Unsent, Void}
    assert prober.counters.unanswered == 0
    prober.close()


class SleepingClock(SystemClock):
    """The clocks of a machine that a test puts to sleep."""

    def __init__(self) -> None:
        self.slept_ns = 0

    def boottime_ns(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) + self.slept_ns


def test_a_machine_that_slept_says_so_once(echo: Echo) -> None:
    clock = SleepingClock()
    prober = WanProber("cable", [echo.address], clock)
    prober.drain(now_ns())
    assert prober.withdraw() == ()
    clock.slept_ns = 6 * 3600 * SECOND_NS
    woke_ns = now_ns()
    prober.drain(woke_ns)
    assert prober.withdraw() == (Gap("cable", woke_ns),)
    prober.drain(now_ns())
    assert prober.withdraw() == ()
    prober.close()


def test_a_link_that_is_not_there_yet_is_waited_for() -> None:
    prober = WanProber("lte", [parse_address("udp://127.0.0.1:9")], CLOCK, egress=Egress(device="wwan77"))
    start_ns = now_ns()
    for tick in range(25):
        assert prober.send(start_ns + tick * 50 * MS_NS) == ()
        assert prober.drain(start_ns + tick * 50 * MS_NS) == ()
    assert prober.problems == ("cannot probe through device 'wwan77': No such device",)
    assert prober.counters.local_failures == 25
    prober.close()


def test_an_address_that_no_interface_has_is_a_problem_with_a_name() -> None:
    prober = WanProber("lte", [parse_address("udp://127.0.0.1:9")], CLOCK, egress=Egress(source="192.0.2.55"))
    assert prober.problems == ("cannot probe from source 192.0.2.55: no interface has it",)
    prober.close()


def test_probes_leave_from_the_source_and_the_device_that_were_named(echo: Echo) -> None:
    prober = WanProber("cable", [echo.address], CLOCK, egress=Egress(source="127.0.0.2", device="lo"))
    prober.send(now_ns())
    packet, sender = echo.receive()
    assert sender[0] == "127.0.0.2"
    echo.socket.sendto(packet, sender)
    assert len(drain_until(prober, bool)) == 1
    prober.close()


def test_a_firewall_mark_is_set_or_its_refusal_says_what_is_missing(echo: Echo) -> None:
    try:
        prober = WanProber("cable", [echo.address], CLOCK, egress=Egress(fwmark=0x11))
    except ProbePermissionError as error:
        assert "0x11" in str(error)  # noqa: PT017  which of the two depends on who runs the tests
        assert "CAP_NET_RAW" in str(error)  # noqa: PT017
        return
    prober.send(now_ns())
    echo.answer()
    assert len(drain_until(prober, bool)) == 1
    prober.close()


def test_a_source_of_the_other_ip_version_would_let_probes_stray_and_is_refused() -> None:
    with pytest.raises(AddressError, match="routing table"):
        WanProber("cable", [parse_address("udp://[::1]:9")], CLOCK, egress=Egress(source="127.0.0.2"))


def test_a_prober_without_reflectors_or_with_one_twice_is_refused() -> None:
    with pytest.raises(AddressError, match="no reflectors"):
        WanProber("cable", [], CLOCK)
    with pytest.raises(AddressError, match="twice"):
        WanProber("cable", [parse_address("udp://127.0.0.1:9")] * 2, CLOCK)


def test_closing_twice_is_harmless_and_a_closed_prober_sends_nothing(prober: WanProber) -> None:
    prober.close()
    prober.close()
    assert prober.drain(now_ns()) == ()
