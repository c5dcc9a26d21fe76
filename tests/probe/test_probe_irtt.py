"""Probes to irtt servers: connections that open and reopen, and which way the delay lies."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from wanctl.control.sample import Sample
from wanctl.daemon.clock import SystemClock
from wanctl.probe import WanProber, parse_address
from wanctl.probe.egress import Egress
from wanctl.probe.irtt import OPEN_REQUEST, IrttEcho
from wanctl.probe.line import Target
from wanctl.testing.answer import IrttServer
from wanctl.testing.reflector import Reflectors

CLOCK = SystemClock()
SECOND_NS = 1_000_000_000
TARGET = Target(parse_address("irtt://127.0.0.1:2112"))
SERVER = TARGET.sockaddr


@pytest.fixture
def wire() -> Iterator[IrttEcho]:
    wire = IrttEcho(socket.AF_INET)
    sock = wire.open(Egress())
    yield wire
    sock.close()


def run(prober: WanProber, ticks: int) -> list[Sample]:
    samples: list[Sample] = []
    for _ in range(ticks):
        samples += prober.drain(CLOCK.monotonic_ns())
        prober.send(CLOCK.monotonic_ns())
        time.sleep(0.02)
    time.sleep(0.08)
    return samples + list(prober.drain(CLOCK.monotonic_ns()))


def test_the_open_request_has_the_documented_layout() -> None:
    assert OPEN_REQUEST[:4] == bytes((0x14, 0xA7, 0x5B, 0x01))
    values: dict[int, int] = {}
    rest = OPEN_REQUEST[4:]
    numbers = []
    while rest:  # seven bits a byte, lowest first
        length = next(index for index, byte in enumerate(rest) if byte < 0x80) + 1
        numbers.append(sum((byte & 0x7F) << 7 * index for index, byte in enumerate(rest[:length])))
        rest = rest[length:]
    for key, doubled in zip(numbers[::2], numbers[1::2], strict=True):
        values[key] = doubled // 2
    assert values.pop(2) > 86_400 * SECOND_NS  # duration
    # protocol 1; 50 ms; length of a packet; stamps of arrival and departure; of the monotonic clock
    assert values == {1: 1, 3: 50_000_000, 4: 32, 6: 3, 7: 2}


def test_an_echo_carries_the_token_and_its_number_little_endian(wire: IrttEcho) -> None:
    assert wire.request(TARGET, 0, 1) == OPEN_REQUEST
    assert wire.read(b"\x14\xa7\x5b\x03" + bytes(range(1, 9)) + OPEN_REQUEST[4:], SERVER) == (0, 1, None, None, True)
    assert bytes(wire.request(TARGET, 0x01020304, 2) or b"") == (
        b"\x14\xa7\x5b\x00" + bytes(range(1, 9)) + b"\x04\x03\x02\x01" + bytes(16)
    )


def test_a_reply_that_may_be_to_an_earlier_request_opens_and_is_not_timed(wire: IrttEcho) -> None:
    wire.request(TARGET, 0, 0)
    assert wire.request(TARGET, 1, SECOND_NS // 2) is None
    assert wire.request(TARGET, 1, SECOND_NS) == OPEN_REQUEST
    answer = wire.read(b"\x14\xa7\x5b\x03" + bytes(range(1, 9)), SERVER)
    assert answer is not None
    assert (answer.sequence, answer.timed) == (1, False)


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x14\xa7\x5b\x03",
        b"\x14\xa7\x5c\x03" + bytes(range(1, 9)),
        b"\x14\xa7\x5b\x01" + bytes(range(1, 9)),
        b"\x14\xa7\x5b\x03" + bytes(8),
        b"\x14\xa7\x5b\x07" + bytes(range(1, 9)),
        b"\x14\xa7\x5b\x02" + bytes(range(1, 9)) + bytes(20),
    ],
    ids=["empty", "cut", "other magic", "no reply", "token 0", "refused", "an echo of no connection"],
)
def test_what_opens_no_connection_is_a_strangers(packet: bytes, wire: IrttEcho) -> None:
    wire.request(TARGET, 0, 1)
    assert wire.read(packet, SERVER) is None
    assert wire.read(b"\x14\xa7\x5b\x03" + bytes(range(1, 9)), ("127.0.0.2", 2112)) is None
    assert wire.request(TARGET, 1, 2) is None


def test_a_server_that_ends_the_connection_is_asked_for_another(wire: IrttEcho) -> None:
    wire.request(TARGET, 0, 1)
    wire.read(b"\x14\xa7\x5b\x03" + bytes(range(1, 9)), SERVER)
    wire.request(TARGET, 1, 2)
    assert wire.read(b"\x14\xa7\x5b\x06" + bytes(range(1, 9)) + b"\x01\x00\x00\x00", SERVER) == (1, 2, None, None, True)
    assert wire.request(TARGET, 2, 3) == OPEN_REQUEST


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_every_probe_is_answered_and_its_way_told(host: str) -> None:
    server = IrttServer(ahead_ns=-12_345 * SECOND_NS)
    with Reflectors([lambda _now_ns: 10.0] * 2, host=host, answer=server, scheme="irtt") as reflectors:
        prober = WanProber("cable", [parse_address(text) for text in reflectors.addresses], CLOCK)
        samples = run(prober, 20)
        prober.close()
        time.sleep(0.1)
    assert len(samples) == prober.counters.sent
    assert server.opened == 2
    assert server.tokens == set()  # it was told goodbye
    told = [one for one in samples if one.up_ms is not None]
    assert len(told) == len(samples) - 2  # but for the two that opened connections
    assert all(one.up_ms is not None and one.up_ms >= 0.0 and (one.down_ms or 0.0) >= 0.0 for one in told)


def test_a_server_that_forgot_its_connections_is_asked_anew_and_the_silence_is_loss(wire: IrttEcho) -> None:
    wire.request(TARGET, 0, 1)
    wire.read(b"\x14\xa7\x5b\x03" + bytes(range(1, 9)), SERVER)
    requests = [wire.request(TARGET, tick, tick * SECOND_NS // 4) for tick in range(1, 20)]
    assert requests.index(OPEN_REQUEST) == 8  # two seconds later
    assert None not in requests[:8]


IRTT = os.environ.get("WANCTL_IRTT") or shutil.which("irtt")


@pytest.mark.skipif(IRTT is None, reason="irtt(1) is not installed")
def test_the_real_server_answers_and_is_told_goodbye() -> None:
    assert IRTT is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([IRTT, "server", "-b", f"127.0.0.1:{port}"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        while "starting IPv4 listener" not in server.stdout.readline():
            pass
        prober = WanProber("cable", [parse_address(f"irtt://127.0.0.1:{port}")], CLOCK)
        samples = run(prober, 100)
        prober.close()
        time.sleep(0.1)
        server.terminate()
        said = server.stdout.read()
    assert len([one for one in samples if one.up_ms is not None]) >= 50
    assert prober.counters.foreign == 0
    assert said.count("NewConn") == said.count("CloseConn") == 1
