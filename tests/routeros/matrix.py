"""Runs the cells of `outcome.py` and prints the document: `python -m tests.routeros.matrix`."""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any

from tests.routeros import states
from tests.routeros.outcome import (
    DOWN,
    HASTY,
    LIST,
    MANGLE,
    NEW,
    OLD,
    OPERATIONS,
    SETTINGS,
    SIMPLE,
    STEER,
    STRIKING,
    TRANSPORTS,
    TREE,
    UP,
    Operation,
    expected,
    table,
)  # fmt: skip
from wanctl.routeros import Router, RouterError, TimedOut
from wanctl.routeros.failure import ConnectionLost
from wanctl.routeros.rest import RestRouter
from wanctl.routeros.ssh import SshRouter
from wanctl.routeros.survey import Surveyor
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.routeros.faultline import strike

PATIENT_NS, HASTY_NS = 5_000_000_000, 50_000_000


class House:
    """An emulator, and the way to it over one transport."""

    def __init__(self, emulator: RouterosEmulator, transport: str) -> None:
        self.emulator, self.transport = emulator, transport
        state = emulator.state
        state.add("/queue/simple", {"name": SIMPLE, "max-limit": "20M/100M"})
        state.add(MANGLE, {"chain": "prerouting", "action": "accept", "comment": STEER, "disabled": "yes"})
        state.add(LIST, {"list": "steer", "address": OLD, "timeout": "10m", "comment": STEER})
        self._before = state.dump()

    def router(self, timeout_ns: int) -> Surveyor:
        """A new adapter."""
        limits: dict[str, Any] = {"read_timeout_ns": timeout_ns, "connect_timeout_ns": 2_000_000_000}
        if self.transport == "rest":
            trust: dict[str, Any] = {"pin": self.emulator.pin, "now_ns": time.monotonic_ns}
            return RestRouter("127.0.0.1", "wanctl", "x", port=self.emulator.port, **trust, **limits)
        key = self.emulator.host_key_sha256
        return SshRouter("127.0.0.1", "wanctl", "x", port=self.emulator.ssh_port, host_key=key, **limits)

    def cell(self, fault: str, name: str) -> str:
        """Run one cell and put the router back to where it was; its outcome. AssertionError if an invariant breaks."""
        operation = OPERATIONS[name]
        router = self.router(HASTY_NS if fault in HASTY else PATIENT_NS)
        # Bytes are counters, which go on whatever is restored.
        received = int(
            next(one["rx-byte"] for one in self.emulator.state.records("/interface") if one["name"] == "ether1")
        )
        self.emulator.state.add_counter_bytes("ether1", 7 - received, 0)
        try:
            self._connect(router, operation)
            self._strike(router, fault)
            outcome = self._outcome(router, operation, late="TimedOut+" in expected(fault, name, self.transport))
            if fault == "safe_mode_lost":
                outcome += self._break_off(operation)
            self._recover(fault)
            self._nothing_else(fault, name)
            if operation.writes and fault != "rename":
                self._again(operation, name)
            return outcome
        finally:
            router.close()
            self._recover(fault)
            self.emulator.lose_safe_mode()
            self.emulator.state.restore(self._before)

    def _connect(self, router: Surveyor, operation: Operation) -> None:
        """Have a connection that stands when the fault strikes, and the ids that are remembered with it."""
        for _ in range(200):
            try:
                router.identity()
                if operation.writes:
                    router.read_tree(DOWN)
                    router.read_simple(SIMPLE)
                    router.set_rule_enabled("mangle", STEER, enabled=False)
            except RouterError:
                time.sleep(0.05)  # a hasty client, or a connection that was given up and is on its way out
            else:
                return
        raise AssertionError("the router does not come back")

    def _strike(self, router: Router, fault: str) -> None:
        if fault == "safe_mode_lost":
            strike(self.emulator, {"fault": "safe_mode"})  # and it breaks off after the operation
            return
        strike(self.emulator, {"fault": fault, **SETTINGS.get(fault, {})})
        if fault == "session_limit":
            self.emulator.drop_connections()  # who is in stays in
        if fault == "abort_damage":
            # Somebody has to give up a request first.
            strike(self.emulator, {"fault": "late_answer", "ms": 100})
            with contextlib.suppress(TimedOut):
                router.identity()
            strike(self.emulator, {"fault": "late_answer", "ms": 0})

    def _outcome(self, router: Surveyor, operation: Operation, *, late: bool) -> str:
        try:
            value = operation.run(router)
        except RouterError as error:
            kind = "Unreachable" if isinstance(error, ConnectionLost) else type(error).__name__
            return f"{kind}+" if self._was_done(operation, late=late) else kind
        self.emulator.faults.control_bytes = False  # they are in what is shown, not in what is held
        right = operation.is_right(value)
        if operation.is_done is not None:
            # The word "applied" is the router's.
            assert operation.is_done(self.emulator) == right, (value, "is not what the router holds")
        return "done" if right else "told"

    def _was_done(self, operation: Operation, *, late: bool) -> bool:
        """Whether the router has done what it said no to, or will have; `late` says that it is worth waiting for."""
        faults, is_done = self.emulator.faults, operation.is_done
        faults.control_bytes = False
        if is_done is None:
            return False
        for _ in range(500 if late else 1):
            if is_done(self.emulator):
                return True
            time.sleep((faults.delay_ns + faults.late_ns) / 1e9 + 0.01)
        return is_done(self.emulator)

    def _break_off(self, operation: Operation) -> str:
        """Whoever is in safe mode breaks off; what that did to the operation."""
        strike(self.emulator, {"fault": "safe_mode_lost"})
        return ", undone" if operation.is_done is not None and not operation.is_done(self.emulator) else ""

    def _recover(self, fault: str) -> None:
        while fault == "reboot" and self.emulator.faults.down:
            time.sleep(0.005)
        strike(self.emulator, {"fault": "clear"})

    def _nothing_else(self, fault: str, name: str) -> None:
        """Every object that the operation is not about is as it was, and there is none too many."""
        state = self.emulator.state
        limits = {one["name"]: one["max-limit"] for one in state.records(TREE)}
        renamed = "other" if fault == "rename" else DOWN
        assert limits.keys() == {renamed, UP}, name
        assert limits[UP] == "32000000", name
        assert limits[renamed] in (("800000000", "70000000") if name == "set_tree_limit" else ("800000000",)), name
        entries = [(one["list"], one["address"], one["comment"]) for one in state.records(LIST)]
        assert len(entries) == len(set(entries)), name
        assert set(entries) <= {("steer", NEW, STEER), ("steer", OLD, STEER)}, name
        rules = [one["disabled"] for one in state.records(MANGLE)]
        assert rules == ["true"] or (rules == ["false"] and name == "set_rule_enabled"), name
        assert len(state.records("/queue/simple")) == 1, name

    def _again(self, operation: Operation, name: str) -> None:
        """On a new connection, as after a rest, the same is done, or found done, and no second object is made."""
        again = self.router(PATIENT_NS)
        try:
            self._connect(again, operation)
            operation.run(again)
        finally:
            again.close()
        assert operation.is_done is not None
        assert operation.is_done(self.emulator), name
        self._nothing_else("", name)


@contextlib.contextmanager
def house(transport: str) -> Iterator[House]:
    """A house whose router stands while the cells run."""
    with RouterosEmulator(password="x", ssh_port=0) as emulator:
        yield House(emulator, transport)


def document() -> str:
    """docs/results/fault-matrix.md."""
    return f"{table()}\n{states.table()}"


def surprises(house: House, fault: str) -> list[str]:
    """The cells of one fault over one transport that end otherwise than they must."""
    found = []
    for name in OPERATIONS:
        outcome, allowed = house.cell(fault, name), expected(fault, name, house.transport)
        if outcome not in allowed:
            found.append(f"{fault}, {name} over {house.transport}: {outcome}, not {' or '.join(sorted(allowed))}")
    return found


def main() -> None:
    """Run everything and print the document; what is not as it must be goes to standard error (exit code 1)."""
    found = []
    for transport in TRANSPORTS:
        with house(transport) as one:
            for fault in STRIKING:
                found += surprises(one, fault)
    print("\n".join(found) or "all cells are as the table says", file=sys.stderr)
    print(document(), end="")
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
