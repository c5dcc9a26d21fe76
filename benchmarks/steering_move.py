"""How long it takes from the wish to move a traffic class to the router's confirmation, on the emulator over REST.

    python -m benchmarks.steering_move [--rounds N] [--json] [--write [FILE]]

Eight classes over five WANs; all are moved at the same moment, as after an outage of their home, and then again. A
time runs from the call of `want` to the placement that says that the class is settled. The emulator has a process of
its own; router and steerer share this machine.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.command import options, tell
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.steering.router import RouterSwitches
from wanctl.daemon.steering.steerer import Steerer
from wanctl.decision import SetClass
from wanctl.routeros.prepare import Installer, carry_out, steps
from wanctl.routeros.rest import RestRouter
from wanctl.routeros.steering import Link, SteeredClass, SteeringPlan, Traffic
from wanctl.routeros.way import Transport

RESULTS = "docs/results/steering-move.md"
CLASSES, WANS, WANTED_P99_MS = 8, 5, 60.0
PASSWORD = "bench"
_PATIENCE_S = 20.0


def plan() -> SteeringPlan:
    """Eight classes, each with another of the five WANs as its home."""
    names = [f"wan{number}" for number in range(1, WANS + 1)]
    links = tuple(Link(name, f"ether{number}", f"ether{number}") for number, name in enumerate(names, 1))
    classes = tuple(
        SteeredClass(f"class{at}", Traffic(dscp=(at,)), (*names[at % WANS :], *names[: at % WANS]))
        for at in range(CLASSES)
    )
    return SteeringPlan("bench", links, classes)


def measure(rounds: int) -> dict[str, Any]:
    """The times of `rounds` moves of all classes, in ms."""
    with (
        tempfile.TemporaryDirectory(prefix="wanctl-bench-") as name,
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.steering_move", "--serve", name], stdout=subprocess.PIPE, text=True
        ) as served,
    ):
        assert served.stdout is not None
        port = int(served.stdout.readline())
        try:
            times = _moves(rounds, port, Path(name) / "ca.pem")
        finally:
            served.terminate()
    ordered = sorted(times)
    return {
        "benchmark": "steering_move",
        "moves": len(ordered),
        "p50_ms": round(ordered[len(ordered) // 2], 2),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)], 2),
        "max_ms": round(ordered[-1], 2),
        "wanted_p99_ms": WANTED_P99_MS,
        "load": round(os.getloadavg()[0], 2),
    }


def _moves(rounds: int, port: int, ca_file: Path) -> list[float]:
    clock, wanted = SystemClock(), plan()

    def connect(_way: Transport) -> Installer:
        return RestRouter("127.0.0.1", "wanctl", PASSWORD, port=port, ca_file=ca_file, now_ns=clock.monotonic_ns)

    router = connect("rest")
    for _ in range(2):
        carry_out(steps(wanted, router), router)
    router.close()
    switches = RouterSwitches(wanted, connect, lambda: "rest")
    classes = {one.name: one.prefer for one in wanted.classes}
    steerer = Steerer(switches, classes, clock, print, uptime=switches.uptime_ns)
    steerer.start()
    random, times = Random(1), []
    at = {name: prefer[0] for name, prefer in classes.items()}
    _wait(steerer, at)
    for _ in range(rounds):
        at = {name: random.choice([wan for wan in prefer if wan != at[name]]) for name, prefer in classes.items()}
        began = time.perf_counter()
        steerer.want(SetClass(name, wan) for name, wan in at.items())
        times += [(done - began) * 1_000 for done in _wait(steerer, at)]
    steerer.stop()
    return times


def _wait(steerer: Steerer, at: dict[str, str]) -> list[float]:
    """When each class was settled where it was wanted."""
    left, deadline = dict(at), time.perf_counter() + _PATIENCE_S
    done = []
    while left:
        assert time.perf_counter() < deadline, (left, steerer.states, steerer.troubles)
        for one in steerer.take():
            if one.state == "SETTLED" and left.get(one.traffic_class) == one.wan:
                done.append(time.perf_counter())
                del left[one.traffic_class]
        time.sleep(0.0005)
    return done


def serve(folder: Path) -> None:
    """Be the router until somebody ends it."""
    from wanctl.testing.routeros import RouterosEmulator

    with RouterosEmulator(user="wanctl", password=PASSWORD) as emulator:
        (folder / "ca.pem").write_bytes(emulator.ca_file.read_bytes())
        print(emulator.port, flush=True)
        while True:
            time.sleep(60)


def page(result: dict[str, Any]) -> str:
    """The figures as a page."""
    return f"""# From the wish to the confirmed move
`python -m benchmarks.steering_move`: {CLASSES} classes over {WANS} WANs on the emulator over REST, all moved at once.

| | ms | wanted |
|---|---|---|
| p50 | {result["p50_ms"]} | |
| p99 | {result["p99_ms"]} | {WANTED_P99_MS:g} |
| longest | {result["max_ms"]} | |

{result["moves"]} moves, each made, read back, and the old one broken and read back; load average at the end
{result["load"]}. Emulator, steerer and whatever else ran shared two cores.
"""


def main() -> None:
    """The command."""
    parser = options(__doc__, RESULTS)
    parser.add_argument("--rounds", type=int, default=50, metavar="N")
    parser.add_argument("--serve", metavar="FOLDER", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(Path(given.serve))
    else:
        tell(measure(given.rounds), page, given)


if __name__ == "__main__":
    main()
