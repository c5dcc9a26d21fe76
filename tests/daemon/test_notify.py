"""What the service manager hears, over real sockets of its kind."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from wanctl.daemon.heartbeat import Heartbeat, status_line
from wanctl.daemon.notify import Notifier
from wanctl.decision import Decision, DirectionSignals, WanSignals

SECOND_NS = 1_000_000_000


class Ear:
    """The receiving end of a notify socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)

    def heard(self) -> list[str]:
        told = []
        while True:
            try:
                told.append(self.socket.recv(4_096).decode())
            except BlockingIOError:
                return told


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    ear = Ear(str(tmp_path / "notify"))
    yield ear
    ear.socket.close()


@pytest.fixture
def notifier(ear: Ear, tmp_path: Path) -> Iterator[Notifier]:
    notifier = Notifier(str(tmp_path / "notify"), 10 * SECOND_NS)
    yield notifier
    notifier.close()


class Well:
    remark = ""


class Safe:
    remark = "SAFE: the shaper has failed"


def tick(now_ns: int) -> Decision:
    down, up = DirectionSignals("GREEN.CRUISE", 870_000_000), DirectionSignals("YELLOW", 8_500_000)
    return Decision(now_ns, (), (), {"cable": WanSignals(rtt_ms=18.24, source="icmp", download=down, upload=up)})


def test_each_change_of_state_is_one_datagram(notifier: Notifier, ear: Ear) -> None:
    notifier.ready()
    notifier.reloading(1_234_567_890)
    notifier.ready()
    notifier.stopping()
    assert ear.heard() == ["READY=1", "RELOADING=1\nMONOTONIC_USEC=1234567", "READY=1", "STOPPING=1"]


def test_an_abstract_socket_is_reached() -> None:
    address = f"@wanctl-test-{os.getpid()}"
    ear, notifier = Ear(address), Notifier(address)
    notifier.ready()
    assert ear.heard() == ["READY=1"]
    notifier.close()
    ear.socket.close()


def test_without_a_service_manager_nothing_happens() -> None:
    notifier = Notifier.of({}, 1)
    notifier.ready()
    notifier.alive()
    assert notifier.watchdog_ns == 0


@pytest.mark.parametrize(
    ("environment", "period_ns"),
    [
        ({"WATCHDOG_USEC": "2000000"}, 2 * SECOND_NS),
        ({"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "77"}, 2 * SECOND_NS),
        ({"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "78"}, 0),
        ({"WATCHDOG_USEC": "soon"}, 0),
        ({}, 0),
    ],
)
def test_the_watchdog_is_fed_when_it_waits_for_this_process(environment: dict[str, str], period_ns: int) -> None:
    notifier = Notifier.of({"NOTIFY_SOCKET": "/nonexistent/notify", **environment}, 77)
    assert notifier.watchdog_ns == period_ns
    notifier.close()


def test_a_change_that_nobody_took_is_said_with_the_next_sign_of_life(tmp_path: Path) -> None:
    notifier = Notifier(str(tmp_path / "notify"))
    notifier.ready()
    ear = Ear(str(tmp_path / "notify"))
    notifier.alive()
    notifier.alive()
    assert ear.heard() == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
    notifier.close()
    ear.socket.close()


def test_a_manager_that_reads_nothing_holds_nobody_up(notifier: Notifier, ear: Ear) -> None:
    for _ in range(100_000):
        notifier.status("x" * 300)
    assert ear.heard() != []


def test_a_status_is_one_line(notifier: Notifier, ear: Ear) -> None:
    notifier.status("cable GREEN\nREADY=1")
    assert ear.heard() == ["STATUS=cable GREEN READY=1"]


def test_ticks_feed_the_watchdog_four_times_in_its_period(notifier: Notifier, ear: Ear) -> None:
    heartbeat = Heartbeat(notifier, Well())
    for number in range(200):
        heartbeat.decided(tick(number * SECOND_NS // 20))
    assert ear.heard().count("WATCHDOG=1") == 4


def test_without_ticks_nothing_is_said(notifier: Notifier, ear: Ear) -> None:
    Heartbeat(notifier, Well()).close()
    assert ear.heard() == []


def test_the_status_tells_states_delay_and_rates_every_five_seconds(notifier: Notifier, ear: Ear) -> None:
    heartbeat = Heartbeat(notifier, Well())
    for number in range(101):
        heartbeat.decided(tick(number * SECOND_NS // 20))
    statuses = [text for text in ear.heard() if text.startswith("STATUS=")]
    assert statuses == ["STATUS=cable GREEN/YELLOW 18.2ms 870/8.5M"] * 2


def test_what_is_wrong_stands_first_in_the_status() -> None:
    assert status_line(Safe.remark, tick(0).signals).startswith("SAFE: the shaper has failed · cable GREEN/YELLOW")


def test_a_silent_link_is_said_to_be_silent() -> None:
    assert status_line("", {"dsl": WanSignals()}) == "dsl -/- silent 0.0/0.0M"
