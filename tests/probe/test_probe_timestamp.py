"""ICMP timestamps, with the kernel's own answers on loopback and forged ones."""

import socket
import struct
import time

import pytest

from wanctl.daemon.clock import SystemClock
from wanctl.probe import ProbePermissionError, WanProber, parse_address
from wanctl.probe.egress import Egress
from wanctl.probe.line import Target
from wanctl.probe.timestamp import IcmpTimestamp

CLOCK = SystemClock()
TARGET = Target(parse_address("timestamp://127.0.0.1"))
IP_HEADER = b"\x45" + bytes(19)


@pytest.fixture
def wire() -> IcmpTimestamp:
    wire = IcmpTimestamp()
    try:
        wire.open(Egress()).close()
    except ProbePermissionError as error:
        pytest.skip(f"this user may not open raw sockets: {error}")
    return wire


def reply(request: bytes, receive_ms: int, transmit_ms: int) -> bytes:
    """What a host makes of a request; it keeps identifier, number and originate."""
    return IP_HEADER + bytes((14, 0, 0, 0)) + request[4:12] + struct.pack("!II", receive_ms, transmit_ms)


def test_a_request_has_a_good_checksum_and_owns_that_its_time_is_not_since_midnight(wire: IcmpTimestamp) -> None:
    request = bytes(wire.request(TARGET, 3, 123_456_789))
    assert request[:2] == bytes((13, 0))
    total = sum(struct.unpack("!10H", request))
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF
    assert struct.unpack("!III", request[8:]) == (0x8000_0000 | 123_456, 0, 0)


def test_an_answer_tells_when_it_arrived_and_left(wire: IcmpTimestamp) -> None:
    request = bytes(wire.request(TARGET, 70_000, 5_000))
    answer = wire.read(reply(request, 1_000, 1_002), ("127.0.0.1", 0))
    assert answer == (70_000, 5_000, 1_000_000_000, 1_002_000_000, True)


def test_a_host_whose_time_is_not_since_midnight_is_an_echo_and_no_more(wire: IcmpTimestamp) -> None:
    request = bytes(wire.request(TARGET, 0, 5_000))
    answer = wire.read(reply(request, 0x8000_0001, 1_002), ("127.0.0.1", 0))
    assert answer == (0, 5_000, None, None, True)


def test_what_answers_no_probe_of_ours_is_a_strangers(wire: IcmpTimestamp) -> None:
    request = bytes(wire.request(TARGET, 0, 5_000))
    good = reply(request, 1, 1)
    for at in (20, 21, 24, 26, 31):  # type, code, identifier, number, originate
        assert wire.read(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :], ("127.0.0.1", 0)) is None
    assert wire.read(good[:-1], ("127.0.0.1", 0)) is None
    assert wire.read(b"", ("127.0.0.1", 0)) is None


@pytest.mark.usefixtures("wire")
def test_the_kernel_answers_on_loopback_and_both_ways_are_short() -> None:
    prober = WanProber("cable", [parse_address("timestamp://127.0.0.1")], CLOCK, full_rate=True)
    for _ in range(20):
        prober.send(CLOCK.monotonic_ns())
        time.sleep(0.005)
    samples = prober.drain(CLOCK.monotonic_ns())
    prober.close()
    assert len(samples) == prober.counters.sent == 20
    assert {one.source for one in samples} == {"icmp"}
    ways = [(one.up_ms, one.down_ms) for one in samples if one.up_ms is not None and one.down_ms is not None]
    assert len(ways) == 20
    assert min(up + down for up, down in ways) < 2.0  # the stamps are whole milliseconds


def test_without_the_right_to_raw_sockets_it_says_what_is_missing() -> None:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except PermissionError:
        with pytest.raises(ProbePermissionError, match="CAP_NET_RAW"):
            WanProber("cable", [parse_address("timestamp://127.0.0.1")], CLOCK)
    else:
        pytest.skip("this user may open raw sockets")
