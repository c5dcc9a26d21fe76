"""Where each fault leaves the machine of the router while a shaper works; `HEAD` has the rules."""

from collections.abc import Mapping, Sequence
from functools import partial

from tests.actuator.running import DOWN, SIMPLE, UP, Running, eventually, router, shaping, simple_targets, tree_targets
from tests.routeros.outcome import SETTINGS, STRIKING
from wanctl.routeros.way import Transport
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.routeros.faultline import strike

Names = Sequence[Transport]
COLUMNS: Mapping[str, Names] = {"REST alone": ("rest",), "SSH alone": ("ssh",), "both": ("rest", "ssh")}
PATIENT_NS, HASTY_NS = 5_000_000_000, 300_000_000
SLOW: Mapping[str, Mapping[str, int]] = {"latency": {"delay_ms": 700}, "late_answer": {"ms": 700}}
BEFORE, AFTER = 12_000_000, 9_000_000  # bit/s, of every direction: whole quanta of each
_SECOND_BLOW = ("safe_mode_lost", "abort_damage")
LASTING = ("swap_certificate", "swap_host_key")  # what only a person mends


def expected(fault: str, column: str) -> str:
    """Where a cell ends while its fault lasts."""
    rest, ssh = (transport in COLUMNS[column] for transport in ("rest", "ssh"))
    match fault:
        case "latency" | "late_answer" | "session_limit" | "down":
            return "BACKOFF"
        case "denied" | "no_permission":
            return "DENIED"
        case "swap_certificate" if not ssh:
            return "DENIED"
        case "swap_host_key" if not rest:
            return "DENIED"
        case "rename":
            return "MISSING"
        case "disk_full":
            return "ONLINE"
    return "IN_SYNC"


def where(running: Running) -> str:
    """Where the shaper is: IN_SYNC if the router has what is wanted now, ONLINE if it answers and has not."""
    leaves = running.leaves
    if "objects.MISSING" in leaves:
        return "MISSING"
    if "router.DENIED" in leaves:
        return "DENIED"
    if not any(leaf.startswith("router.ONLINE") for leaf in leaves):
        return "BACKOFF"  # or, when that lasts, UNREACHABLE
    done = all(target.applied_bps == target.wanted_bps == AFTER for target in running.shaper.actuator.targets)
    return "IN_SYNC" if done and "router.ONLINE.IN_SYNC" in leaves else "ONLINE"


def run(fault: str, column: str) -> None:
    """Run one cell. AssertionError if it does not end where it must, or if an invariant breaks."""
    targets = (*tree_targets(), *simple_targets())
    read_timeout_ns = HASTY_NS if fault in (*SLOW, "abort_damage") else PATIENT_NS
    with router() as emulator:
        objects = {menu: len(found) for menu, found in emulator.state.dump().items() if menu.startswith("/queue")}
        with shaping(emulator, COLUMNS[column], targets, read_timeout_ns) as running:
            _want(running, BEFORE)
            eventually(lambda: set(_limits(emulator)) == {BEFORE})
            _strike(emulator, fault)
            _want(running, AFTER)
            if fault in _SECOND_BLOW:
                _strike_again(running, fault)
            eventually(lambda: _has_heard(running) and where(running) == expected(fault, column))
            _believes_what_is_so(running, fault)
            _mend(emulator, fault)
            if fault not in LASTING or expected(fault, column) == "IN_SYNC":
                eventually(lambda: where(running) == "IN_SYNC" and set(_limits(emulator)) == {AFTER})
            assert running.shaper.failure is None
        after = emulator.state.dump()
        assert {menu: len(after[menu]) for menu in objects} == objects


def _strike(emulator: RouterosEmulator, fault: str) -> None:
    if fault == "safe_mode_lost":
        strike(emulator, {"fault": "safe_mode"})
        return
    strike(emulator, {"fault": fault, **SETTINGS.get(fault, {}), **SLOW.get(fault, {})})
    if fault == "session_limit":
        emulator.drop_connections()  # who is in stays in
    if fault == "abort_damage":
        strike(emulator, {"fault": "latency", **SLOW["latency"]})  # a client gives up, and the next one pays


def _strike_again(running: Running, fault: str) -> None:
    """The second half of a fault that needs something to have happened since the first."""
    if fault == "safe_mode_lost":
        eventually(lambda: set(_limits(running.router)) == {AFTER})
        strike(running.router, {"fault": "safe_mode_lost"})
        assert set(_limits(running.router)) == {BEFORE}
        eventually(lambda: set(_limits(running.router)) == {AFTER})  # the audit has seen it
    else:
        eventually(lambda: where(running) == "BACKOFF")
        strike(running.router, {"fault": "latency"})


def _has_heard(running: Running) -> bool:
    return all(target.wanted_bps == AFTER for target in running.shaper.actuator.targets)


def _believes_what_is_so(running: Running, fault: str) -> None:
    """What is said to be applied is what the router holds, unless it is said to be unknown."""
    for queue, direction in ((DOWN, "download"), (UP, "upload")):
        if not (fault == "rename" and queue == DOWN):
            eventually(partial(_is_so, running, queue, direction))  # while a write is under way it is neither


def _is_so(running: Running, queue: str, direction: str) -> bool:
    return running.target(direction).applied_bps in (None, running.limit(queue))


def _mend(emulator: RouterosEmulator, fault: str) -> None:
    if fault == "rename":
        id_ = emulator.state.id_of("/queue/tree", "other")
        assert id_ is not None
        emulator.state.set("/queue/tree", id_, {"name": DOWN})
    strike(emulator, {"fault": "clear"})


def _want(running: Running, rate_bps: int) -> None:
    for wan in ("cable", "lte"):
        for direction in ("download", "upload"):
            running.want(direction, rate_bps, wan)


def _limits(emulator: RouterosEmulator) -> list[int]:
    (simple,) = (one for one in emulator.state.records("/queue/simple") if one["name"] == SIMPLE)
    tree = [int(one["max-limit"]) for one in emulator.state.records("/queue/tree")]
    return [*tree, *map(int, simple["max-limit"].split("/"))]


HEAD = """\
## Where the machine of the router ends

The same faults under a shaper that writes four directions (two entries of the tree, both sides of a simple queue), with
the times of `machines/actuator.yaml` made short: `tests/routeros/test_states.py` runs each cell. The state is the one
that is held while the fault lasts: IN_SYNC, the router has what is wanted; ONLINE, it answers and refuses each write;
BACKOFF, it does not answer, and after a while it is UNREACHABLE; DENIED, somebody has to mend it; MISSING, one queue is
not there and the others are shaped. In each cell what is told as applied is what the router holds, or it is told as
unknown. When the fault is over the router has what is wanted, and not one object more.
"""


def table() -> str:
    """The part of the document about states."""
    lines = [HEAD, f"| fault | {' | '.join(COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}"]
    lines += [f"| `{fault}` | {' | '.join(expected(fault, column) for column in COLUMNS)} |" for fault in STRIKING]
    return "\n".join(lines) + "\n"
