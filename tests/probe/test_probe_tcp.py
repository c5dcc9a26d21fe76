import socket
import time
from collections.abc import Callable, Iterator

import pytest

from wanctl.control.sample import Sample, Sent, Unsent
from wanctl.daemon.clock import SystemClock
from wanctl.probe import Egress, WanProber, parse_address

SECOND_NS = 1_000_000_000
CLOCK = SystemClock()


class SteppedClock(SystemClock):
    """The system's clocks, with a wall clock that an operator sets."""

    def __init__(self) -> None:
        self.step_ns = 0

    def realtime_ns(self) -> int:
        return time.time_ns() + self.step_ns


def listener(family: socket.AddressFamily = socket.AF_INET, backlog: int = 128) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
    sock.listen(backlog)
    return sock


def address_of(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with listener() as sock:
        yield sock


def drain_until(prober: WanProber, done: Callable[[list[Sample]], bool]) -> list[Sample]:
    samples: list[Sample] = []
    give_up_ns = CLOCK.monotonic_ns() + 5 * SECOND_NS
    while not done(samples) and CLOCK.monotonic_ns() < give_up_ns:
        samples += prober.drain(CLOCK.monotonic_ns())
        time.sleep(0.001)
    assert done(samples), prober.counters
    return samples


def test_a_handshake_is_timed_by_the_kernel_however_late_it_is_seen(server: socket.socket) -> None:
    prober = WanProber("cable", [parse_address(address_of(server))], CLOCK)
    (sent,) = prober.send(CLOCK.monotonic_ns())
    time.sleep(0.25)
    (sample,) = prober.drain(CLOCK.monotonic_ns())
    prober.close()
    assert sample == Sample("cable", address_of(server), sent.sent_ns, sample.received_ns, "tcp")
    assert 0 < sample.received_ns - sent.sent_ns < 100_000_000
    assert (prober.counters.sent, prober.counters.answered, prober.problems) == (1, 1, ())


def test_a_handshake_over_ipv6_is_timed_as_well() -> None:
    try:
        sock = listener(socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"this kernel has no IPv6: {error}")
    with sock:
        prober = WanProber("cable", [parse_address(address_of(sock))], CLOCK)
        prober.send(CLOCK.monotonic_ns())
        (sample,) = drain_until(prober, bool)
        prober.close()
    assert sample.source == "tcp"


def test_a_connection_is_aborted_as_soon_as_it_stands_and_no_byte_is_sent(server: socket.socket) -> None:
    prober = WanProber("cable", [parse_address(address_of(server))], CLOCK)
    prober.send(CLOCK.monotonic_ns())
    drain_until(prober, bool)
    server.settimeout(5)
    connection, _peer = server.accept()
    with connection, pytest.raises(ConnectionResetError):
        connection.recv(1)
    prober.close()


def test_a_closed_port_is_no_measurement_and_says_so_until_it_is_open(server: socket.socket) -> None:
    address = address_of(server)
    port = server.getsockname()[1]
    server.close()
    prober = WanProber("cable", [parse_address(address)], CLOCK)
    prober.send(CLOCK.monotonic_ns())
    assert drain_until(prober, lambda _samples: prober.counters.unusable == 1) == []
    assert list(prober.problems) == [f"{address} refuses connections, which tells no delay: name a port that listens"]
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
        again.listen()
        prober.send(CLOCK.monotonic_ns() + SECOND_NS)
        assert len(drain_until(prober, bool)) == 1
    assert list(prober.problems) == []
    assert prober.counters.unanswered == 0
    prober.close()


def test_a_handshake_that_nobody_answers_is_lost_at_the_deadline() -> None:
    with listener(backlog=0) as server:
        # A full queue of connections makes the kernel drop a SYN, as a filter would.
        full = [socket.socket() for _ in range(3)]
        for sock in full:
            sock.setblocking(False)
            sock.connect_ex(server.getsockname())
        prober = WanProber("cable", [parse_address(address_of(server))], CLOCK)
        prober.send(CLOCK.monotonic_ns())
        time.sleep(0.05)
        assert prober.drain(CLOCK.monotonic_ns()) == ()
        assert prober.counters.unanswered == 0
        assert prober.drain(CLOCK.monotonic_ns() + 6 * SECOND_NS) == ()
        assert prober.counters.unanswered == 1
        prober.close()
        for sock in full:
            sock.close()


def test_a_step_of_the_wall_clock_does_not_touch_a_handshake(server: socket.socket) -> None:
    clock = SteppedClock()
    prober = WanProber("cable", [parse_address(address_of(server))], clock)
    prober.send(CLOCK.monotonic_ns())
    clock.step_ns = 3_600 * SECOND_NS
    (sample,) = drain_until(prober, bool)
    assert 0 < sample.received_ns - sample.sent_ns < SECOND_NS
    assert prober.counters.clock_jumps == 1
    assert prober.counters.clock_dropped == 0
    assert prober.withdraw() == ()
    prober.close()


def test_a_handshake_leaves_from_the_source_and_device_that_were_named(server: socket.socket) -> None:
    egress = Egress(source="127.0.0.9", device="lo")
    prober = WanProber("cable", [parse_address(address_of(server))], CLOCK, egress=egress)
    prober.send(CLOCK.monotonic_ns())
    drain_until(prober, bool)
    server.settimeout(5)
    connection, peer = server.accept()
    connection.close()
    assert peer[0] == "127.0.0.9"
    prober.close()


def test_a_handshake_that_cannot_leave_is_a_local_failure_and_no_loss() -> None:
    prober = WanProber("lte", [parse_address("tcp://127.0.0.1:9")], CLOCK, egress=Egress(device="wwan77"))
    now_ns = CLOCK.monotonic_ns()
    assert prober.send(now_ns) == ()
    assert prober.withdraw() == (Unsent("lte", "tcp://127.0.0.1:9", now_ns, "tcp"),)
    assert prober.withdraw() == ()
    assert prober.problems == ("cannot probe through device 'wwan77': No such device",)
    assert (prober.counters.local_failures, prober.counters.sent) == (1, 0)
    prober.close()


def sources(prober: WanProber, ticks: int, answer: Callable[[], None]) -> list[Sent]:
    sent: list[Sent] = []
    start_ns = CLOCK.monotonic_ns()
    for tick in range(ticks):
        now_ns = start_ns + tick * 50_000_000
        prober.drain(now_ns)
        sent += prober.send(now_ns)
        answer()
    prober.close()
    return sent


def test_while_echoes_are_answered_one_handshake_a_second_keeps_watch(server: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as echo:
        echo.bind(("127.0.0.1", 0))
        echo.settimeout(5)

        def answer() -> None:
            packet, sender = echo.recvfrom(2048)
            echo.sendto(packet, sender)
            time.sleep(0.05)

        addresses = [parse_address(f"udp://127.0.0.1:{echo.getsockname()[1]}"), parse_address(address_of(server))]
        sent = sources(WanProber("cable", addresses, CLOCK), 41, answer)
    assert [one.source for one in sent].count("udp") == 41
    assert [one.source for one in sent].count("tcp") == 3


def test_when_echoes_are_not_answered_handshakes_take_over(server: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        addresses = [parse_address(f"udp://127.0.0.1:{mute.getsockname()[1]}"), parse_address(address_of(server))]
        sent = sources(WanProber("cable", addresses, CLOCK), 61, lambda: None)
    handshakes = [one.sent_ns for one in sent if one.source == "tcp"]
    assert 14 <= len(handshakes) <= 21


def test_without_echo_reflectors_handshakes_are_all_there_is(server: socket.socket) -> None:
    sent = sources(WanProber("cable", [parse_address(address_of(server))], CLOCK), 41, lambda: None)
    assert 12 <= len(sent) <= 15
    assert {one.source for one in sent} == {"tcp"}
