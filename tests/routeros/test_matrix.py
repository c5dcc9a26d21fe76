"""Every operation under every fault over both transports: a value, or an error with a name; never a wrong object.

One emulator serves all cells of a transport; it goes back to where it was after each of them.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from wanctl.routeros import Router, RouterError
from wanctl.routeros.rest import RestRouter
from wanctl.routeros.ssh import SshRouter
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.routeros.faultline import FAULTS, strike

DOWN, UP, SIMPLE, STEER = "WAN-Download-Cable", "WAN-Upload-Cable", "lte", "mw:steer:lte"
MANGLE, LIST = "/ip/firewall/mangle", "/ip/firewall/address-list"
WRITES: Mapping[str, Callable[[Router], object]] = {
    "set_tree_limit": lambda router: router.set_tree_limit(DOWN, 70_000_000),
    "set_simple_limit": lambda router: router.set_simple_limit(SIMPLE, 8_000_000, 40_000_000),
    "set_list_entry": lambda router: router.set_list_entry("steer", "192.0.2.7", 60 * 10**9, STEER),
    "remove_list_entry": lambda router: router.remove_list_entry("steer", "192.0.2.8", STEER),
    "set_rule_enabled": lambda router: router.set_rule_enabled("mangle", STEER, enabled=True),
}
READS: Mapping[str, Callable[[Router], object]] = {
    "read_tree": lambda router: router.read_tree(DOWN),
    "read_simple": lambda router: router.read_simple(SIMPLE),
    "read_interface": lambda router: router.read_interface("ether1"),
    "read_list": lambda router: router.read_list("steer"),
    "read_rules": lambda router: router.read_rules("filter"),
    "read_routes": lambda router: router.read_routes(),
    "read_services": lambda router: router.read_services(),
    "policies": lambda router: router.policies(),
    "resource": lambda router: router.resource(),
    "identity": lambda router: router.identity(),
}
OPERATIONS = {**WRITES, **READS}
# Faults with settings that strike hard enough, and fast enough, for a test.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "latency": {"delay_ms": 100},
    "late_answer": {"ms": 100},
    "session_limit": {"count": 0},
    "down": {"faces": "rest,ssh"},
    "rename": {"name": DOWN, "to": "other"},
    "half_writes": {"count": 3},
    "reboot": {"down_ms": 50},
}
STRIKING = [name for name in FAULTS if name != "clear"]
# Those that cost time; of the operations that read, these have one of each kind.
SLOW = {"latency", "late_answer", "reboot"}
ONE_OF_A_KIND = {"read_tree", "read_rules", "policies", "identity"}
# Those that leave something behind which only a person mends.
LASTING = {"rename", "swap_certificate", "swap_host_key"}


class House:
    """An emulator, and the way to it over one transport."""

    def __init__(self, emulator: RouterosEmulator, transport: str) -> None:
        self.emulator = emulator
        self.transport = transport
        state = emulator.state
        state.add("/queue/simple", {"name": SIMPLE, "max-limit": "20M/100M"})
        state.add(MANGLE, {"chain": "prerouting", "action": "accept", "comment": STEER, "disabled": "yes"})
        state.add(LIST, {"list": "steer", "address": "192.0.2.8", "timeout": "10m", "comment": STEER})
        self._before = state.dump()

    def router(self, timeout_ns: int) -> Router:
        limits = {"read_timeout_ns": timeout_ns, "connect_timeout_ns": 2_000_000_000}
        if self.transport == "rest":
            trust: dict[str, Any] = {"pin": self.emulator.pin, "now_ns": time.monotonic_ns}
            return RestRouter("127.0.0.1", "wanctl", "x", port=self.emulator.port, **trust, **limits)
        key = self.emulator.host_key_sha256
        return SshRouter("127.0.0.1", "wanctl", "x", port=self.emulator.ssh_port, host_key=key, **limits)

    def recover(self) -> None:
        while self.emulator.faults.down == {"rest", "ssh"} and self.booting:
            time.sleep(0.005)
        strike(self.emulator, {"fault": "clear"})

    booting = False

    def restore(self) -> None:
        self.emulator.lose_safe_mode()
        self.emulator.state.restore(self._before)

    def limit(self, queue: str) -> str:
        return next(one["max-limit"] for one in self.emulator.state.records("/queue/tree") if one["name"] == queue)


@pytest.fixture(scope="module", params=["rest", "ssh"])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with RouterosEmulator(password="x", ssh_port=0) as emulator:
        yield House(emulator, request.param)


@pytest.mark.parametrize("fault", STRIKING)
def test_each_operation_ends_well_or_with_a_name(house: House, fault: str) -> None:
    for name, operation in OPERATIONS.items():
        if fault in SLOW and name not in {*WRITES, *ONE_OF_A_KIND}:
            continue
        router = house.router(timeout_ns=50_000_000 if fault in SLOW - {"reboot"} else 5_000_000_000)
        try:
            outcome: object
            try:
                router.identity()  # the connection stands when the fault strikes
                house.booting = fault == "reboot"
                strike(house.emulator, {"fault": fault, **SETTINGS.get(fault, {})})
                outcome = operation(router)
            except RouterError as error:
                outcome = error
            assert str(outcome), name
            house.recover()
            _nothing_else_has_changed(house, fault, name)
            if fault not in LASTING and name in WRITES:
                _it_works_again(house, name, operation)
        finally:
            router.close()
            house.recover()
            house.restore()


def _nothing_else_has_changed(house: House, fault: str, name: str) -> None:
    state = house.emulator.state
    assert house.limit(UP) == "32000000", name
    queue = "other" if fault == "rename" else DOWN
    assert house.limit(queue) in ("800000000", "70000000"), name
    entries = [(entry["list"], entry["address"]) for entry in state.records(LIST)]
    assert len(entries) == len(set(entries)), name
    assert set(entries) <= {("steer", "192.0.2.7"), ("steer", "192.0.2.8")}, name
    assert len(state.records(MANGLE)) == 1
    assert len(state.records("/queue/tree")) == 2


def _it_works_again(house: House, name: str, operation: Callable[[Router], object]) -> None:
    """On a new connection, as after a rest: the same again is done and is true."""
    again = house.router(timeout_ns=5_000_000_000)
    try:
        operation(again)
    finally:
        again.close()
    if name == "set_tree_limit":
        assert house.limit(DOWN) == "70000000"
    if name == "set_list_entry":
        found = [entry for entry in house.emulator.state.records(LIST) if entry["address"] == "192.0.2.7"]
        assert [entry["comment"] for entry in found] == [STEER]
    if name == "set_rule_enabled":
        assert house.emulator.state.records(MANGLE)[0]["disabled"] == "false"
