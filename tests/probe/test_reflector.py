import socket
import statistics
import time

import pytest

from wanctl.testing.reflector import Delay, Reflectors


def constant(delay_ms: float) -> Delay:
    return lambda _now_ns: delay_ms


def ask(address: str, *requests: bytes, timeout_s: float = 2.0) -> list[tuple[bytes, float]]:
    """The answers in order of arrival, and how long each took in ms from the first request on."""
    host, port = address.removeprefix("udp://").rsplit(":", 1)
    family = socket.AF_INET6 if "[" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout_s)
        started = time.monotonic()
        for request in requests:
            sock.sendto(request, (host.strip("[]"), int(port)))
        return [(sock.recv(2048), (time.monotonic() - started) * 1_000) for _ in requests]


def test_an_answer_is_the_request_and_comes_after_its_delay() -> None:
    with Reflectors([lambda _now_ns: 30.0]) as reflectors:
        ((answer, took_ms),) = ask(reflectors.addresses[0], b"hello")
    assert answer == b"hello"
    assert took_ms >= 30.0


def test_delays_are_kept_to_the_millisecond_by_many_reflectors_in_one_thread() -> None:
    delays = [float(5 + 3 * index) for index in range(12)]
    with Reflectors([constant(delay) for delay in delays]) as reflectors:
        for _ in range(5):
            for address in reflectors.addresses:
                ask(address, b"x")
    held = reflectors.held
    errors_ms = [(one.answered_ns - one.arrived_ns) / 1e6 - delays[one.reflector] for one in held]
    assert len(held) == 60
    assert min(errors_ms) >= 0.0
    # Of five answers the best: a busy machine may wake anybody late, but a coarse timer is late always.
    best_ms = [min(errors_ms[reflector::12]) for reflector in range(12)]
    assert statistics.median(best_ms) < 1.0


def test_a_request_with_a_short_delay_overtakes_one_with_a_long_delay() -> None:
    delays = iter([60.0, 5.0])
    with Reflectors([lambda _now_ns: next(delays)]) as reflectors:
        answers = ask(reflectors.addresses[0], b"slow", b"fast")
    assert [answer for answer, _took_ms in answers] == [b"fast", b"slow"]


def test_no_delay_is_no_answer() -> None:
    with Reflectors([lambda _now_ns: None]) as reflectors:
        with pytest.raises(TimeoutError):
            ask(reflectors.addresses[0], b"x", timeout_s=0.1)
        assert reflectors.dropped == 1


def test_reflectors_also_live_on_ipv6() -> None:
    with Reflectors([lambda _now_ns: 1.0], host="::1") as reflectors:
        assert reflectors.addresses[0].startswith("udp://[::1]:")
        assert ask(reflectors.addresses[0], b"six")[0][0] == b"six"


def test_reflectors_that_were_never_started_can_be_closed() -> None:
    reflectors = Reflectors([lambda _now_ns: 1.0])
    reflectors.close()
