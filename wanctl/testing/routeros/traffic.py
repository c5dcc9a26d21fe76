"""`monitor-traffic`: rates of an interface, which a command answers once, or again each second."""

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
