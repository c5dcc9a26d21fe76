"""Which operations there are, which faults, and how each cell must end; the document that says so.

A cell ends with a value or a typed error. A value is always the router's own: `done` if it is what was asked for,
`told` if the router holds something else and says so. An error's name has a `+` where the router did carry it out.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from wanctl.routeros import SimpleLimit, survey
from wanctl.routeros.survey import Surveyor
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.routeros.faultline import FAULTS

DOWN, UP, SIMPLE, STEER = "WAN-Download-Cable", "WAN-Upload-Cable", "lte", "mw:steer:lte"
TREE, MANGLE, LIST = "/queue/tree", "/ip/firewall/mangle", "/ip/firewall/address-list"
NEW, OLD = "192.0.2.7", "192.0.2.8"  # in the address list: the one that an operation adds, the one that is there
TRANSPORTS = ("rest", "ssh")


class Operation(NamedTuple):
    """An operation: what it does, whether its value is what was asked for, and whether the router has done it."""

    run: Callable[[Surveyor], object]
    is_right: Callable[[Any], bool]
    is_done: Callable[[RouterosEmulator], bool] | None = None  # of those that write

    @property
    def writes(self) -> bool:
        """Whether it changes the router."""
        return self.is_done is not None


def _has(menu: str, key: str, value: str, **wanted: str) -> Callable[[RouterosEmulator], bool]:
    """Whether exactly one object of a menu has that value, and what else is wanted as well."""

    def has(router: RouterosEmulator) -> bool:
        found = [one for one in router.state.records(menu) if one.get(key) == value]
        return len(found) == 1 and all(found[0].get(name.replace("_", "-")) == text for name, text in wanted.items())

    return has


OPERATIONS: Mapping[str, Operation] = {
    "set_tree_limit": Operation(
        lambda router: router.set_tree_limit(DOWN, 70_000_000),
        lambda value: value == 70_000_000,
        _has(TREE, "name", DOWN, max_limit="70000000"),
    ),
    "set_simple_limit": Operation(
        lambda router: router.set_simple_limit(SIMPLE, 8_000_000, 40_000_000),
        lambda value: value == SimpleLimit(8_000_000, 40_000_000),
        _has("/queue/simple", "name", SIMPLE, max_limit="8000000/40000000"),
    ),
    "set_list_entry (new)": Operation(
        lambda router: router.set_list_entry("steer", NEW, 60 * 10**9, STEER),
        lambda value: value.address == NEW and value.ttl_ns == 60 * 10**9,
        _has(LIST, "address", NEW, comment=STEER),
    ),
    "set_list_entry (refresh)": Operation(
        lambda router: router.set_list_entry("steer", OLD, 900 * 10**9, STEER),
        lambda value: value.address == OLD and value.ttl_ns == 900 * 10**9,
        lambda router: any(
            one["address"] == OLD and one["timeout"] in ("15m", "14m59s", "14m58s", "14m57s")
            for one in router.state.records(LIST)
        ),
    ),
    "remove_list_entry": Operation(
        lambda router: router.remove_list_entry("steer", OLD, STEER),
        lambda value: value is True,
        lambda router: all(one["address"] != OLD for one in router.state.records(LIST)),
    ),
    "set_rule_enabled": Operation(
        lambda router: router.set_rule_enabled("mangle", STEER, enabled=True),
        lambda value: value is True,
        lambda router: router.state.records(MANGLE)[0]["disabled"] == "false",
    ),
    "read_tree": Operation(lambda router: router.read_tree(DOWN), lambda value: value.max_limit_bps == 800_000_000),
    "read_simple": Operation(lambda router: router.read_simple(SIMPLE), lambda value: value.upload_bps == 20_000_000),
    "read_interface": Operation(lambda router: router.read_interface("ether1"), lambda value: value.rx_bytes == 7),
    "read_list": Operation(lambda router: router.read_list("steer"), lambda value: [e.address for e in value] == [OLD]),
    "read_rules": Operation(lambda router: router.read_rules("filter"), lambda value: len(value) == 2),
    "read_routes": Operation(lambda router: router.read_routes(), lambda value: value[0].table == "main"),
    "read_services": Operation(
        lambda router: router.read_services(), lambda value: "www-ssl" in [one.name for one in value]
    ),
    "policies": Operation(lambda router: router.policies(), lambda value: {"read", "write"} <= value),
    "resource": Operation(lambda router: router.resource(), lambda value: value.version.startswith("7.")),
    "identity": Operation(lambda router: router.identity(), lambda value: value == "MikroTik"),
    "tree_nodes": Operation(survey.tree_nodes, lambda value: {one.name for one in value} == {DOWN, UP}),
    "simple_nodes": Operation(survey.simple_nodes, lambda value: [one.name for one in value] == [SIMPLE]),
    "queue_types": Operation(survey.queue_types, lambda value: "cake" in [one.kind for one in value]),
    "interfaces": Operation(survey.interfaces, lambda value: "ether1" in [one.name for one in value]),
    "account": Operation(lambda router: survey.account(router, "wanctl"), lambda value: value.group == "wanctl"),
    "list_names": Operation(survey.list_names, lambda value: value == {"steer"}),
    "realtime_ns": Operation(survey.realtime_ns, lambda value: abs(value - time.time_ns()) < 600 * 10**9),
}
WRITES = tuple(name for name, operation in OPERATIONS.items() if operation.writes)

# Faults with settings that strike hard enough, and fast enough, for a cell.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "latency": {"delay_ms": 100},
    "late_answer": {"ms": 100},
    "session_limit": {"count": 0},
    "down": {"faces": "rest,ssh"},
    "rename": {"name": DOWN, "to": "other"},
    "half_writes": {"count": 3},
    "reboot": {"down_ms": 30},
}
HASTY = ("latency", "late_answer", "abort_damage")  # the client waits less than the answer takes
STRIKING = tuple(name for name in FAULTS if name != "clear")


def expected(fault: str, name: str, transport: str) -> frozenset[str]:
    """The outcomes that a cell may have; more than one only where a race decides."""
    writes, rest = OPERATIONS[name].writes, transport == "rest"
    for key in ((fault, transport), (fault, name), (fault, name, transport)):
        if key in _OUTCOMES:
            return _OUTCOMES[key]
    match fault:
        case "latency" | "late_answer":
            # A write that has left is carried out late. Over REST an entry that is there is looked up first.
            asked = rest and name in ("set_list_entry (refresh)", "remove_list_entry")
            return _one("TimedOut+" if writes and not asked else "TimedOut")
        case "denied" if not rest:
            # The connection breaks; what may be said twice is said again, and then the login is refused.
            return _one("Unreachable" if name in _ONCE else "Denied")
        case "reboot":
            return _one("Unreachable", "done")
        case "safe_mode_lost" if writes:
            return _one("done, undone")
        case "refused_but_done" if writes:
            return _one("Refused+")
        case "disk_full" if name in _KEPT:
            return _one("Refused")  # entries of lists live in memory
        case "half_writes" if name in (*_KEPT, "set_list_entry (refresh)"):
            return _one("told")
    return _one("done")


def _one(*outcomes: str) -> frozenset[str]:
    return frozenset(outcomes)


_KEPT = ("set_tree_limit", "set_simple_limit", "set_rule_enabled")  # in the router's flash
# Over SSH a line that sets a value is not repeated on its own: whether it was carried out is read back first.
_ONCE = (*_KEPT, "remove_list_entry")
_OUTCOMES: Mapping[tuple[str, ...], frozenset[str]] = {
    ("down", "rest"): _one("Unreachable"),
    ("down", "ssh"): _one("Unreachable"),
    ("session_limit", "rest"): _one("Unreachable"),
    ("session_limit", "ssh"): _one("Unreachable"),
    ("swap_certificate", "rest"): _one("Untrusted"),
    ("swap_host_key", "ssh"): _one("Untrusted"),
    ("denied", "rest"): _one("Denied"),
    ("stray_denials", "rest"): _one("Denied"),
    ("no_permission", "rest"): _one("Denied"),
    ("no_permission", "ssh"): _one("Denied"),
    ("abort_damage", "rest"): _one("Resting"),
    ("reboot", "remove_list_entry"): _one("Unreachable+", "done"),  # the entry lived in memory alone
    ("rename", "set_tree_limit", "rest"): _one("Refused"),  # the id was known: see the document
    ("rename", "set_tree_limit", "ssh"): _one("NotFound"),
    ("rename", "read_tree"): _one("NotFound"),
    ("rename", "tree_nodes"): _one("told"),
    ("clock", "realtime_ns"): _one("told"),
    ("control_bytes", "set_list_entry (refresh)"): _one("Refused"),  # a comment that is not ours
    ("control_bytes", "remove_list_entry"): _one("Refused"),
    ("control_bytes", "set_list_entry (new)", "ssh"): _one("Refused+"),
    ("control_bytes", "set_rule_enabled", "rest"): _one("Refused+"),  # the id was known
    ("control_bytes", "set_rule_enabled", "ssh"): _one("NotFound"),
}


HEAD = """\
# Every operation under every fault

Printed by `python -m tests.routeros.matrix`, which first runs each cell over real TLS and SSH against the emulated
router (some 40 s on two cores); `tests/routeros/test_matrix.py` does the same in CI. `wanctl emulator --help` says
what the faults are.

| outcome | |
|---|---|
| done | carried out, and the value is the router's own word |
| told | the router holds something else than was asked, and its word is what the operation returns |
| done, undone | carried out, and undone later by somebody else's safe mode: the daemon's audit sees it |
| an error | its type; nothing was changed |
| an error with + | the router carried it out although it said no, or said nothing: to be read back |

After each cell every other object is as it was, and the same operation on a new connection does its work and leaves
exactly one object. Where two outcomes are named a race decides: the connection that breaks had, or had not, taken the
request. One cell changes what it should not: a queue that somebody renames while its id is known is written once more
over REST (the answer shows the other name, the operation is `Refused`, and the id is forgotten).
"""


def table() -> str:
    """The document, from the outcomes that the cells must have. Reads that agree share a column."""
    groups = [*((name,) for name in WRITES), tuple(name for name in OPERATIONS if name not in WRITES)]
    names = [*WRITES, "reads"]
    count = len(STRIKING) * len(OPERATIONS) * len(TRANSPORTS)
    told = f"{len(STRIKING)} faults, {len(OPERATIONS)} operations, {len(TRANSPORTS)} transports: {count:,} cells.\n"
    lines = [HEAD, told]
    for transport in TRANSPORTS:
        lines.append(f"## {transport.upper()}\n| fault | {' | '.join(names)} |\n|---|{'---|' * len(names)}")
        for fault in STRIKING:
            cells = [_shared({name: " or ".join(sorted(expected(fault, name, transport))) for name in group})
                     for group in groups]  # fmt: skip
            lines.append(f"| `{fault}` | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _shared(outcomes: Mapping[str, str]) -> str:
    """One text for operations that mostly agree; those that do not are named."""
    values = list(outcomes.values())
    common = max(set(values), key=values.count)
    return "; ".join([common, *(f"{name}: {one}" for name, one in outcomes.items() if one != common)])
