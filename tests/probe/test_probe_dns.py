"""Probes that are DNS queries: any answer to the very question is one, and nothing else."""

import socket
import struct
import time
from collections.abc import Callable, Iterator

import pytest

from wanctl.control.sample import Sample
from wanctl.daemon.clock import SystemClock
from wanctl.probe import WanProber, parse_address
from wanctl.testing.answer import refusal
from wanctl.testing.reflector import Reflectors

CLOCK = SystemClock()
QUESTION = b"\x00\x00\x01\x00\x01"  # the root, A, IN


class Resolver:
    """A DNS server in the test's own hands."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.prober = WanProber(
            "cable", [parse_address(f"dns://127.0.0.1:{self.socket.getsockname()[1]}")], CLOCK, full_rate=True
        )

    def query(self) -> tuple[bytes, tuple[str, int]]:
        assert len(self.prober.send(CLOCK.monotonic_ns())) == 1
        return self.socket.recvfrom(512)

    def hear(self) -> tuple[Sample, ...]:
        time.sleep(0.02)
        return self.prober.drain(CLOCK.monotonic_ns())


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    resolver = Resolver()
    yield resolver
    resolver.prober.close()
    resolver.socket.close()


def marked(query: bytes, flags: int, tail: bytes = b"") -> bytes:
    return query[:2] + struct.pack("!H", flags) + query[4:] + tail


def test_the_query_is_a_minimal_one_that_asks_nobody_else(resolver: Resolver) -> None:
    query, _sender = resolver.query()
    _number, flags, *counts = struct.unpack_from("!6H", query)
    assert (flags, counts) == (0, [1, 0, 0, 0])  # a standard query, recursion not desired, one question
    assert query[12:] == QUESTION
    assert len(query) == 17


@pytest.mark.parametrize(
    ("flags", "tail"),
    [(0x8000, b""), (0x8080, bytes(600)), (0x8005, b""), (0x8002, b""), (0x8400, b"x" * 40)],
    ids=["nothing found", "a long answer", "refused", "server failure", "authoritative"],
)
def test_whatever_a_resolver_answers_is_an_echo(flags: int, tail: bytes, resolver: Resolver) -> None:
    query, sender = resolver.query()
    resolver.socket.sendto(marked(query, flags, tail), sender)
    (sample,) = resolver.hear()
    assert (sample.source, sample.up_ms, sample.down_ms) == ("udp", None, None)
    assert resolver.prober.counters.answered == 1


def test_a_header_alone_answers_a_query_that_a_server_cannot_read(resolver: Resolver) -> None:
    query, sender = resolver.query()
    resolver.socket.sendto(query[:2] + struct.pack("!5H", 0x8001, 0, 0, 0, 0), sender)
    assert len(resolver.hear()) == 1


@pytest.mark.parametrize(
    "forge",
    [
        lambda query: query,
        lambda query: bytes([query[0], query[1] ^ 1]) + marked(query, 0x8000)[2:],
        lambda query: marked(query, 0x8000)[:12] + b"\x00\x00\x02\x00\x01",
        lambda query: marked(query, 0x8000)[:12] + b"\x03com\x00\x00\x01\x00\x01",
        lambda query: marked(query, 0xA800),
        lambda query: marked(query, 0x8000)[:11],
        lambda query: b"",
    ],
    ids=["the query itself", "other id", "other type", "other name", "other operation", "cut", "empty"],
)
def test_an_answer_to_another_question_is_a_strangers(forge: Callable[[bytes], bytes], resolver: Resolver) -> None:
    query, sender = resolver.query()
    resolver.socket.sendto(forge(query), sender)
    assert resolver.hear() == ()
    assert resolver.prober.counters.foreign == 1
    resolver.socket.sendto(marked(query, 0x8000), sender)
    assert len(resolver.hear()) == 1


def test_a_second_answer_and_answers_out_of_order_are_told_apart(resolver: Resolver) -> None:
    (first, sender), (second, _) = resolver.query(), resolver.query()
    for answer in (second, first, second):
        resolver.socket.sendto(marked(answer, 0x8000), sender)
    samples = resolver.hear()
    assert samples[0].sent_ns > samples[1].sent_ns
    assert (len(samples), resolver.prober.counters.duplicate) == (2, 1)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_resolver_that_refuses_is_timed_in_both_ip_versions(host: str) -> None:
    with Reflectors([lambda _now_ns: 15.0] * 3, host=host, answer=refusal, scheme="dns") as reflectors:
        prober = WanProber("cable", [parse_address(text) for text in reflectors.addresses], CLOCK)
        samples: list[Sample] = []
        for _ in range(8):
            prober.send(CLOCK.monotonic_ns())
            time.sleep(0.02)
            samples += prober.drain(CLOCK.monotonic_ns())
        time.sleep(0.1)
        samples += prober.drain(CLOCK.monotonic_ns())
        prober.close()
    assert len(samples) == prober.counters.sent == 16
    assert {one.reflector for one in samples} == set(reflectors.addresses)
    assert min(one.received_ns - one.sent_ns for one in samples) >= 15_000_000
