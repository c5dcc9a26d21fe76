"""`monitor-traffic`: rates of an interface, which a command answers once, or again each second."""

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple

from wanctl.testing.routeros.kind import Time
from wanctl.testing.routeros.state import State
from wanctl.testing.routeros.trap import Trap

# How long REST lets a command run. Measured: 60 s, then 400 "Session closed".
LONGEST_S = 60.0


class Watch(NamedTuple):
    """How long a command is watched, and what it shows then; an empty list is for ever."""

    wait_s: float
    rows: list[dict[str, str]]


def monitor(state: State, arguments: Mapping[str, str]) -> Watch:
    """What `monitor-traffic` does with its arguments. Raises `Trap`."""
    name = arguments.get("interface")
    if name is None:
        raise Trap("missing =interface=")
    rows = []
    for one in name.split(","):
        if state.id_of("/interface", one) is None:
            raise Trap("input does not match any value of interface")
        rates = state.rates(one)
        # No packet is fast-tracked or lost here.
        fast = {f"fp-{key}": "0" for key in rates}
        rows.append({"name": one, **rates, **fast, "tx-queue-drops-per-second": "0"})
    if arguments.get("once") in ("", "yes", "true"):
        return Watch(0.0, rows)
    if "duration" in arguments:
        wait_s = Time().nanoseconds(Time().keep(arguments["duration"], "duration", state)) / 1e9
        return Watch(wait_s, [{".section": str(number), **row} for number in range(int(wait_s)) for row in rows])
    return Watch(LONGEST_S, [])


def ping(state: State, arguments: Mapping[str, str]) -> Watch:
    """What `ping` does: a row for each echo, answered where a route leads. Without a count it has no end."""
    if "address" not in arguments:
        raise Trap("missing =address=")
    try:
        address = ipaddress.ip_address(arguments["address"])
    except ValueError:
        raise Trap("invalid value for argument address") from None
    count, interval = arguments.get("count", ""), arguments.get("interval", "1s")
    if not count:
        return Watch(LONGEST_S, [])
    if not count.isdigit():
        raise Trap("invalid value for argument count")
    wait_s = Time().nanoseconds(Time().keep(interval, "interval", state)) / 1e9 * max(0, int(count) - 1)
    answered = address.is_loopback or any(
        one.get("active") == "true" and address in ipaddress.ip_network(one["dst-address"])
        for one in state.records("/ip/route")
    )
    rows = [_echo(str(address), seq, arguments.get("size", "56"), answered=answered) for seq in range(int(count))]
    return Watch(wait_s, rows)


def _echo(host: str, seq: int, size: str, *, answered: bool) -> dict[str, str]:
    sent, took = str(seq + 1), "453us"  # as in the manual's example
    row = {"seq": str(seq), "host": host, "sent": sent, "received": sent if answered else "0"}
    if not answered:
        return {**row, "status": "timeout", "packet-loss": "100"}
    times = dict.fromkeys(("time", "min-rtt", "avg-rtt", "max-rtt"), took)
    return {**row, "size": size, "ttl": "64", "packet-loss": "0", **times}
