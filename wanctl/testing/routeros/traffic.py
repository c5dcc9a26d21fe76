"""`monitor-traffic`: rates of an interface, which a command answers once, or again each second."""

from collections.abc import Mapping
from typing import NamedTuple

from wanctl.testing.routeros.kind import Time
from wanctl.testing.routeros.state import State
from wanctl.testing.routeros.trap import NoSuchItem, Trap

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
    if state.id_of("/interface", name) is None:
        raise NoSuchItem
    row = {"name": name, **state.rates(name)}
    if arguments.get("once") in ("", "yes", "true"):
        return Watch(0.0, [row])
    if "duration" in arguments:
        wait_s = Time().nanoseconds(Time().keep(arguments["duration"], "duration", state)) / 1e9
        return Watch(wait_s, [{".section": str(number), **row} for number in range(int(wait_s))])
    return Watch(LONGEST_S, [])
