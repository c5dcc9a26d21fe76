"""Which way a new connection would take through the emulated router: its mangle rules and routes, evaluated.

The part of the packet flow that steering needs: `prerouting` with jumps, connection and routing marks, address lists;
then the route of the marked table and, where that has none, of `main`. Source: RouterOS manual, packet flow and policy
routing. A matcher that is not known here raises: a rule that is not understood proves nothing.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wanctl.testing.routeros.state import State

Record = Mapping[str, str]
_NO_MATCHERS = frozenset((
    ".id", "chain", "action", "comment", "disabled", "invalid", "dynamic", "bytes", "packets", "log", "log-prefix",
    "jump-target", "new-connection-mark", "new-routing-mark", "passthrough",
))  # fmt: skip


@dataclass(slots=True)
class Connection:
    """A new connection, by its first packet. `interface_lists` are the lists that hold the interface it comes in by."""

    source: str
    destination: str
    protocol: str = "tcp"
    port: int = 443  # destination
    dscp: int = 0
    interface: str = "bridge"
    interface_lists: tuple[str, ...] = ("LAN",)
    mark: str = "no-mark"  # once it has been through, the mark that it keeps
    routing_mark: str = field(default="main", init=False)


def gateway(state: State, connection: Connection) -> str | None:
    """The gateway by which a connection leaves, or None if there is no route; the connection gets its mark."""
    with state.lock:
        _chain(state, "prerouting", connection, depth=0)
        return _route(state, connection.routing_mark, connection) or _route(state, "main", connection)


def _chain(state: State, chain: str, connection: Connection, depth: int) -> bool:
    """Whether a rule has ended the way through the table."""
    assert depth < 16, "the chains go round in a circle"
    for rule in state.records("/ip/firewall/mangle"):
        if rule["chain"] != chain or rule.get("disabled") == "true" or not _matches(state, rule, connection):
            continue
        match rule["action"]:
            case "jump":
                if _chain(state, rule["jump-target"], connection, depth + 1):
                    return True
                continue
            case "return":
                return False
            case "accept":
                return True
            case "mark-connection":
                connection.mark = rule["new-connection-mark"]
            case "mark-routing":
                connection.routing_mark = rule["new-routing-mark"]
            case _:
                continue
        if rule.get("passthrough") == "false":
            return True
    return False


def _matches(state: State, rule: Record, connection: Connection) -> bool:
    for name, text in rule.items():
        if name in _NO_MATCHERS:
            continue
        wanted, negated = text.removeprefix("!"), text.startswith("!")
        if _holds(state, name, wanted, connection) == negated:
            return False
    return True


def _holds(state: State, name: str, wanted: str, connection: Connection) -> bool:
    match name:
        case "connection-state":
            return "new" in wanted.split(",")
        case "connection-mark":
            return connection.mark == wanted
        case "in-interface":
            return connection.interface == wanted
        case "in-interface-list":
            return wanted in connection.interface_lists
        case "dscp":
            return connection.dscp == int(wanted)
        case "protocol":
            return connection.protocol == wanted
        case "dst-port":
            return any(_in_range(connection.port, one) for one in wanted.split(","))
        case "src-address":
            return _inside(connection.source, wanted)
        case "dst-address":
            return _inside(connection.destination, wanted)
        case "src-address-list":
            return _listed(state, wanted, connection.source)
        case "dst-address-list":
            return _listed(state, wanted, connection.destination)
        case "dst-address-type":
            own = [ipaddress.ip_interface(one["address"]).ip for one in state.records("/ip/address")]
            return wanted == "local" and ipaddress.ip_address(connection.destination) in own
    raise NotImplementedError(f"a rule with '{name}'")


def _in_range(port: int, text: str) -> bool:
    first, _, last = text.partition("-")
    return int(first) <= port <= int(last or first)


def _inside(address: str, prefix: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(prefix, strict=False)


def _listed(state: State, name: str, address: str) -> bool:
    entries: Sequence[Record] = state.records("/ip/firewall/address-list")
    return any(
        one["list"] == name and one.get("disabled") != "true" and _inside(address, one["address"]) for one in entries
    )


def _route(state: State, table: str, connection: Connection) -> str | None:
    active = [
        one
        for one in state.records("/ip/route")
        if one.get("active") == "true"
        and one.get("routing-table") == table
        and _inside(connection.destination, one["dst-address"])
    ]
    longest = max(active, key=lambda one: ipaddress.ip_network(one["dst-address"]).prefixlen, default=None)
    return None if longest is None else longest.get("gateway")
