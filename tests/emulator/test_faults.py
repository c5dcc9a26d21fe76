"""Each fault has its effect, seen by a client over real connections."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wanctl.routeros import Denied, NotFound, Refused, Router, RouterError, TimedOut, Unreachable, Untrusted
from wanctl.routeros.rest import RestRouter
from wanctl.routeros.ssh import SshRouter
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.routeros.faultline import FAULTS, strike
from wanctl.testing.routeros.faultsocket import answer

DOWN, UP = "WAN-Download-Cable", "WAN-Upload-Cable"
LIST = "/ip/firewall/address-list"
Connect = Callable[..., Router]


@pytest.fixture
def emulator() -> Iterator[RouterosEmulator]:
    with RouterosEmulator(password="x", ssh_port=0) as emulator:
        yield emulator


@pytest.fixture(params=["rest", "ssh"])
def connect(request: pytest.FixtureRequest, emulator: RouterosEmulator) -> Iterator[Connect]:
    made: list[Router] = []

    def make(**changed: Any) -> Router:
        if request.param == "rest":
            right: dict[str, Any] = {"port": emulator.port, "ca_file": emulator.ca_file, "now_ns": time.monotonic_ns}
            made.append(RestRouter("127.0.0.1", "wanctl", "x", **{**right, **changed}))
        else:
            right = {"port": emulator.ssh_port, "host_key": emulator.host_key_sha256}
            made.append(SshRouter("127.0.0.1", "wanctl", "x", **{**right, **changed}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def rest(emulator: RouterosEmulator) -> Iterator[RestRouter]:
    right: dict[str, Any] = {"port": emulator.port, "ca_file": emulator.ca_file, "now_ns": lambda: 0}
    with RestRouter("127.0.0.1", "wanctl", "x", **right) as router:
        yield router


def test_latency_and_a_late_answer_make_a_client_wait(emulator: RouterosEmulator, connect: Connect) -> None:
    for request in ({"fault": "latency", "delay_ms": 400}, {"fault": "late_answer", "ms": 400}):
        strike(emulator, request)
        with pytest.raises(TimedOut):
            connect(read_timeout_ns=100_000_000).set_tree_limit(DOWN, 70_000_000)
        strike(emulator, {"fault": "clear"})


def test_what_is_answered_late_has_been_done(emulator: RouterosEmulator, connect: Connect) -> None:
    router = connect(read_timeout_ns=200_000_000)
    router.set_tree_limit(DOWN, 80_000_000)
    strike(emulator, {"fault": "late_answer", "ms": 1_000})
    with pytest.raises(TimedOut):
        router.set_tree_limit(DOWN, 70_000_000)
    assert emulator.max_limit(DOWN) == 70_000_000


def test_jitter_is_different_each_time(emulator: RouterosEmulator) -> None:
    strike(emulator, {"fault": "latency", "delay_ms": 1, "jitter_ms": 10})
    waits = [emulator.faults.wait_s() for _ in range(1_000)]
    assert min(waits) >= 0.001
    assert 0.009 < sum(waits) / len(waits) < 0.013
    assert len(set(waits)) > 900


def test_a_short_keepalive_costs_connections_and_no_writes(emulator: RouterosEmulator, connect: Connect) -> None:
    router = connect()
    strike(emulator, {"fault": "keepalive", "answers": 2})  # a REST write takes two, where the id is not known
    for rate in (70_000_000, 71_000_000, 72_000_000):
        assert router.set_tree_limit(DOWN, rate) == rate
        time.sleep(0.03)  # the router closes a little after its answer
    assert emulator.connections + emulator.ssh.connections > 1


def test_a_full_service_takes_nobody_else(emulator: RouterosEmulator, connect: Connect) -> None:
    first = connect()
    first.identity()
    strike(emulator, {"fault": "session_limit", "count": 1})
    with pytest.raises(Unreachable):
        connect().identity()
    assert first.identity() == "MikroTik"


@pytest.mark.parametrize("face", ["rest", "ssh"])
def test_one_face_may_be_down(emulator: RouterosEmulator, rest: RestRouter, face: str) -> None:
    key = emulator.host_key_sha256
    with SshRouter("127.0.0.1", "wanctl", "x", port=emulator.ssh_port, host_key=key) as ssh:
        down, up = (rest, ssh) if face == "rest" else (ssh, rest)
        strike(emulator, {"fault": "down", "faces": face})
        with pytest.raises(Unreachable):
            down.identity()
        assert up.identity() == "MikroTik"
        strike(emulator, {"fault": "down", "faces": ""})
        assert down.identity() == "MikroTik"


def test_an_abandoned_request_spoils_the_next(emulator: RouterosEmulator) -> None:
    strike(emulator, {"fault": "abort_damage"})
    right: dict[str, Any] = {"port": emulator.port, "ca_file": emulator.ca_file, "now_ns": lambda: 0}
    with RestRouter("127.0.0.1", "wanctl", "x", **right, read_timeout_ns=50_000_000) as hasty:
        strike(emulator, {"fault": "latency", "delay_ms": 200})
        with pytest.raises(TimedOut):
            hasty.identity()
    while not emulator.faults.stray_denials:
        time.sleep(0.01)
    strike(emulator, {"fault": "latency"})
    with RestRouter("127.0.0.1", "wanctl", "x", **right) as other:
        with pytest.raises(Denied):
            other.identity()
        assert other.identity() == "MikroTik"


def test_nobody_is_let_in(emulator: RouterosEmulator, connect: Connect) -> None:
    strike(emulator, {"fault": "denied"})
    with pytest.raises(Denied):
        connect().identity()


def test_nobody_may_do_anything(emulator: RouterosEmulator, connect: Connect) -> None:
    router = connect()
    strike(emulator, {"fault": "no_permission"})
    with pytest.raises(Denied, match=r"\(9\)"):
        router.set_tree_limit(DOWN, 70_000_000)
    strike(emulator, {"fault": "no_permission", "on": False})
    assert router.set_tree_limit(DOWN, 70_000_000) == 70_000_000


def test_bytes_that_no_text_should_have_do_no_harm(emulator: RouterosEmulator, connect: Connect) -> None:
    strike(emulator, {"fault": "control_bytes"})
    routes = connect().read_routes()
    assert routes[0].comment.startswith("cable\x07")
    assert connect().set_tree_limit(DOWN, 70_000_000) == 70_000_000


def test_a_refused_write_may_have_been_done(emulator: RouterosEmulator, connect: Connect) -> None:
    strike(emulator, {"fault": "refused_but_done"})
    with pytest.raises(Refused, match="action failed"):
        connect().set_tree_limit(DOWN, 70_000_000)
    assert emulator.max_limit(DOWN) == 70_000_000
    assert connect().set_tree_limit(DOWN, 71_000_000) == 71_000_000


def test_half_a_write_comes_back_as_it_is(emulator: RouterosEmulator, connect: Connect) -> None:
    emulator.state.add("/queue/simple", {"name": "lte", "max-limit": "20M/100M"})
    strike(emulator, {"fault": "half_writes", "count": 2})
    router = connect()
    assert router.set_tree_limit(DOWN, 70_000_000) == 800_000_000
    assert router.set_simple_limit("lte", 8_000_000, 40_000_000) == (8_000_000, 100_000_000)
    assert router.set_simple_limit("lte", 8_000_000, 40_000_000) == (8_000_000, 40_000_000)


def test_a_full_disk_stops_limits_and_not_steering(emulator: RouterosEmulator, connect: Connect) -> None:
    strike(emulator, {"fault": "disk_full"})
    router = connect()
    with pytest.raises(Refused, match="not enough space"):
        router.set_tree_limit(DOWN, 70_000_000)
    assert router.set_list_entry("steer", "192.0.2.1", 60 * 10**9, "mw").ttl_ns


def test_other_ids_and_another_name(emulator: RouterosEmulator, connect: Connect) -> None:
    router = connect()
    router.set_tree_limit(DOWN, 80_000_000)
    strike(emulator, {"fault": "new_ids", "menu": "/queue/tree"})
    assert router.set_tree_limit(DOWN, 70_000_000) == 70_000_000
    strike(emulator, {"fault": "rename", "name": DOWN, "to": "other"})
    with pytest.raises(RouterError):
        router.set_tree_limit(DOWN, 60_000_000)
    with pytest.raises(NotFound):
        router.set_tree_limit(DOWN, 60_000_000)
    assert router.set_tree_limit(UP, 30_000_000) == 30_000_000


def test_somebody_else_answers(emulator: RouterosEmulator, connect: Connect) -> None:
    router = connect()
    router.identity()
    strike(emulator, {"fault": "swap_certificate"})
    strike(emulator, {"fault": "swap_host_key"})
    with pytest.raises(Untrusted):
        router.identity()


def test_a_reboot_is_seen_by_its_uptime_and_ends_what_was_in_memory(
    emulator: RouterosEmulator, connect: Connect
) -> None:
    router = connect()
    before = router.resource().uptime_ns
    router.set_list_entry("steer", "192.0.2.1", 60 * 10**9, "mw")
    router.set_tree_limit(DOWN, 70_000_000)
    strike(emulator, {"fault": "reboot"})
    assert router.resource().uptime_ns < before
    assert router.read_list("steer") == ()
    assert router.set_tree_limit(DOWN, 60_000_000) == 60_000_000


def test_a_router_that_boots_is_away_for_a_while(emulator: RouterosEmulator, connect: Connect) -> None:
    router = connect()
    router.identity()
    strike(emulator, {"fault": "reboot", "down_ms": 300})
    with pytest.raises(Unreachable):
        router.identity()
    while emulator.faults.down:
        time.sleep(0.01)
    assert router.identity() == "MikroTik"


def test_what_was_written_in_somebodys_safe_mode_may_be_undone(emulator: RouterosEmulator, connect: Connect) -> None:
    strike(emulator, {"fault": "safe_mode"})
    emulator.state.count("/queue/tree", DOWN, bytes=9)
    connect().set_tree_limit(DOWN, 70_000_000)
    strike(emulator, {"fault": "safe_mode_lost"})
    queue = connect().read_tree(DOWN)
    assert queue.max_limit_bps == 800_000_000
    assert queue.bytes == 9  # a counter is no configuration


def test_clear_turns_every_knob_back(emulator: RouterosEmulator) -> None:
    fresh = repr(emulator.faults)
    for name, fault in FAULTS.items():
        if fault.settings and name not in ("rename", "down", "reboot"):
            strike(emulator, {"fault": name})
    assert repr(emulator.faults) != fresh
    strike(emulator, {"fault": "clear"})
    assert repr(emulator.faults) == fresh


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("{", "cannot be done"),
        ("[]", 'an object with a "fault"'),
        ('{"fault": 3}', 'an object with a "fault"'),
        ('{"fault": "down", "faces": "telnet"}', "rest, ssh, rest,ssh, or empty"),
        ('{"fault": "denied", "on": 1}', "must be true or false, not 1"),
        ('{"fault": "keepalive", "answers": -1}', "0 or more"),
        ('{"fault": "new_ids", "menu": "/nowhere"}', "no menu /nowhere"),
        ('{"fault": "rename", "name": "none"}', "/queue/tree has no 'none'"),
        ('{"fault": "drop", "all": true}', "it takes nothing"),
        ("[" * 5_000, "cannot be done"),
    ],
)
def test_a_wrong_request_is_answered_with_a_sentence(emulator: RouterosEmulator, request_: str, message: str) -> None:
    assert message in str(answer(emulator, request_.encode())["error"])


def test_faults_may_be_turned_while_clients_talk(emulator: RouterosEmulator, connect: Connect) -> None:
    stopped = threading.Event()

    def turn() -> None:
        while not stopped.is_set():
            answer(emulator, json.dumps({"fault": "drop"}).encode())
            time.sleep(0.02)

    thread = threading.Thread(target=turn)
    thread.start()
    done = 0
    for rate in range(70_000_000, 70_000_040):
        try:
            assert connect().set_tree_limit(DOWN, rate) == rate
            done += 1
        except Unreachable:
            continue
    stopped.set()
    thread.join()
    assert done
    assert connect().set_tree_limit(DOWN, 71_000_000) == 71_000_000
