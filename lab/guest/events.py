"""What happens to the link during a run, in order of time: its rates, its outages, its way, and what reflectors say.

The oracle is here as well, for it acts in the very instant in which a capacity changes.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from lab.guest.network import FARTHER_MS, REFLECTORS, Lines, bottleneck, lie_low, outage, path_delay

ORACLE_SHARE = 0.95  # of the true capacity

Act = Callable[[], None]


class Events:
    """Plays the events of a job. `controller` is the process group of the contender, 0 for one that is no program."""

    def __init__(self, job: Mapping[str, Any], controller: int) -> None:
        self._job, self._controller = job, controller
        self._isp, self._internet, self._router = Lines("tc", "isp"), Lines("tc", "internet"), Lines("tc", "router")
        self._routes = Lines("ip", "isp")
        self._common_ms = self._route_ms = 0.0
        self._late_ms = [0.0] * len(REFLECTORS)  # of each reflector that lies
        self._silent = [False] * len(REFLECTORS)
        self._out = False

    def play(self, begin_s: float) -> None:
        """Do each at its time, counted from `begin_s` of the monotonic clock."""
        for at_s, act in sorted(self._all(), key=lambda event: event[0]):
            time.sleep(max(0.0, begin_s + at_s - time.monotonic()))
            act()

    def _all(self) -> Iterator[tuple[float, Act]]:
        for row in self._job["capacity"][1:]:
            yield row[0], partial(self._carry, row)
        for at_s, common_ms in self._job["noise"]:
            yield at_s, partial(self._sway, common_ms)
        for at_s, extra_ms in self._job["route"]:
            yield at_s, partial(self._reroute, extra_ms)
        for lie in self._job["lies"]:
            yield lie["start_s"], partial(self._lie, lie, begins=True)
            yield lie["stop_s"], partial(self._lie, lie, begins=False)
        if self._job["kill_s"] and self._controller:
            yield self._job["kill_s"], partial(os.killpg, self._controller, signal.SIGKILL)

    def _carry(self, row: list[float]) -> None:
        """Another capacity; none at all is an outage."""
        if (row[1] == 0) != self._out:
            self._out = not self._out
            self._routes([outage(self._out)])
        if self._out:
            return
        self._isp(bottleneck(self._job, row, "change"))
        if self._job["kind"] == "oracle":
            rates = zip(("ifb-wan", "wan"), row[1:], strict=True)
            self._router(
                [f"qdisc change dev {name} root cake bandwidth {bps * ORACLE_SHARE:.0f}bit" for name, bps in rates]
            )

    def _sway(self, common_ms: float) -> None:
        self._common_ms = common_ms
        self._answer()

    def _reroute(self, extra_ms: float) -> None:
        self._route_ms = extra_ms
        self._internet([path_delay("change", 1, self._job["rtt_ms"] + extra_ms)])
        self._answer()

    def _lie(self, lie: Mapping[str, Any], *, begins: bool) -> None:
        place = lie["reflector"] - 1
        match lie["kind"]:
            case "low":
                self._isp(lie_low(REFLECTORS[place], "add" if begins else "delete"))
            case "high":
                self._late_ms[place] = lie["by_ms"] if begins else 0.0
            case _:
                self._silent[place] = begins
        self._answer()

    def _answer(self) -> None:
        """Set how late each reflector answers."""
        path_ms = self._job["rtt_ms"] + self._route_ms + self._common_ms
        self._internet(
            [
                path_delay(
                    "change", band, path_ms + farther_ms + late_ms, self._job["each_ms"] + late_ms / 2, silent=silent
                )
                for band, (farther_ms, late_ms, silent) in enumerate(
                    zip(FARTHER_MS, self._late_ms, self._silent, strict=True), start=2
                )
            ]
        )
