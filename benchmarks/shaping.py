"""From a decision to the rate on the router, and what a slow router costs a tick of four WANs.

    python -m benchmarks.shaping [--cuts N] [--seconds S]

The site is the real one at 20 Hz, with answers from six reflectors for each WAN; the shaper is the real one, with all
counters read five times a second; the emulator is a process of its own. A cut is wanted now and then, right after a
tick, and is applied when the router's answer to its write is there.
"""

import argparse
import gc
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.router import connect, fault, start_emulator
from wanctl.actuator import Actuator, Target
from wanctl.budget import WriteBudget
from wanctl.cli.run import SWITCH_S
from wanctl.config.law import build_site
from wanctl.control.sample import Confirmation, Observation, Sample, Sent
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.histogram import Histogram
from wanctl.daemon.shaping.request import Meter
from wanctl.daemon.shaping.shaper import Shaper
from wanctl.decision import SetRate
from wanctl.plan import DirectionPlan, SitePlan, WanPlan
from wanctl.routeros.way import Transport, Ways
from wanctl.testing.routeros import home_router

WANS = ("one", "two", "three", "four")
CEILING_BPS, FLOOR_BPS, STEP = 100_000_000, 2_000_000, 0.95
TICK_NS = 50_000_000
WANTED_MS = 25.0
WARM_S = 4.0  # the machines have made the functions of their calm by then
IDLE_PCT = 0.2


def state() -> dict[str, list[dict[str, str]]]:
    """The home router with two queues for each WAN."""
    seed = {menu: list(objects) for menu, objects in home_router().items()}
    seed["/queue/tree"] = [
        {"name": f"{wan}-{way}", "parent": "bridge", "max-limit": str(CEILING_BPS)}
        for wan in WANS
        for way in ("down", "up")
    ]
    return seed


class Ticks:
    """A site of four WANs that ticks at 20 Hz with made-up answers, and hands its shaper a cut when it is told to."""

    def __init__(self, shaper: Shaper) -> None:
        limits = DirectionPlan(FLOOR_BPS, CEILING_BPS, CEILING_BPS // 2)
        self._site = build_site(SitePlan("bench", tuple(WanPlan(wan, "default", limits, limits) for wan in WANS)), 0)
        self._shaper, self._random, self._clock = shaper, Random(1), SystemClock()
        self.work, self.lateness = Histogram(), Histogram()
        self.wish: SetRate | None = None
        self.wanted: dict[tuple[str, str], tuple[int, int]] = {}  # rate and when it was wanted
        self.applied_ms: list[float] = []

    def run(self, until: Callable[[], bool]) -> None:
        """Tick until told."""
        gc.collect()
        gc.freeze()  # as the daemon's loop does
        due_ns, number = self._clock.monotonic_ns(), 0
        waiting: list[Observation] = []
        while not until():
            self._clock.sleep_until(due_ns)
            now_ns = self._clock.monotonic_ns()
            self.lateness.add(max(0, now_ns - due_ns))
            readings, confirmations = self._shaper.take()
            came, waiting = waiting, []
            self._site.tick(now_ns, tuple(came), readings, confirmations)
            if self.wish is not None:
                wish, self.wish = self.wish, None
                self.wanted[wish.wan, wish.direction] = wish.rate_bps, self._clock.monotonic_ns()
                self._shaper.want([wish])
            self.work.add(self._clock.monotonic_ns() - now_ns)
            for confirmation in confirmations:
                self._note(confirmation)
            number += 1
            for wan in WANS:
                name, rtt_ns = f"192.0.2.{number % 6 + 1}", round((20 + self._random.expovariate(2)) * 1e6)
                waiting += [Sent(wan, name, now_ns, "icmp"), Sample(wan, name, now_ns, now_ns + rtt_ns, "icmp")]
            due_ns = max(due_ns + TICK_NS, now_ns)

    def _note(self, confirmation: Confirmation) -> None:
        rate_bps, wanted_ns = self.wanted.get((confirmation.wan, confirmation.direction), (None, 0))
        if confirmation.applied_bps == rate_bps:
            self.applied_ms.append((confirmation.at_ns - wanted_ns) / 1e6)
            del self.wanted[confirmation.wan, confirmation.direction]


@contextmanager
def shaping(ready: dict[str, Any], transport: Transport, *, metered: bool = True) -> Iterator[Shaper]:
    """A shaper of eight queues without a budget."""
    targets = tuple(
        Target(wan, way, f"{wan}-{short}", FLOOR_BPS, CEILING_BPS)
        for wan in WANS
        for way, short in (("download", "down"), ("upload", "up"))
    )
    meters = [Meter(wan, "ether1", targets[0], targets[1]) for wan in WANS if metered]
    routers = connect(ready)
    shaper = Shaper(
        Ways((transport,), lambda name: routers[name]),
        Actuator(targets, WriteBudget(None, None)),
        meters,
        SystemClock(),
        print,
    )
    shaper.start()
    try:
        yield shaper
    finally:
        shaper.stop()


def applied(ready: dict[str, Any], transport: Transport, cuts: int) -> tuple[list[float], Histogram]:
    """From decision to applied, in ms, for each of `cuts` cuts; and how late ticks began: the noise of the machine."""
    with shaping(ready, transport) as shaper:
        ticks, rates = Ticks(shaper), dict.fromkeys(shaper.actuator.targets, CEILING_BPS)
        thread = threading.Thread(target=ticks.run, args=(lambda: len(ticks.applied_ms) >= cuts,))
        thread.start()
        random = Random(2)
        while thread.is_alive():
            time.sleep(random.uniform(0.06, 0.1))
            target = random.choice(shaper.actuator.targets)
            if ticks.wish is None and (target.wan, target.direction) not in ticks.wanted and target.is_in_sync:
                lower = target.quantised(int(rates[target] * STEP))
                if lower <= FLOOR_BPS:
                    target.applied_bps = rates[target] = CEILING_BPS  # a cut again, without the wait of a raise
                    continue
                rates[target] = lower
                ticks.wish = SetRate(target.wan, target.direction, lower, cut=True)
    return ticks.applied_ms, ticks.lateness


def tick_work(ready: dict[str, Any], faults: Path, delay_ms: int, seconds: float) -> Histogram:
    """The work of a tick while the router answers after `delay_ms`."""
    fault(faults, "latency", delay_ms=delay_ms)
    with shaping(ready, "rest") as shaper:
        ticks, until = Ticks(shaper), time.monotonic() + WARM_S
        ticks.run(lambda: time.monotonic() >= until)
        ticks.work, until = Histogram(), time.monotonic() + seconds
        ticks.run(lambda: time.monotonic() >= until)
        fault(faults, "latency", delay_ms=0)
    return ticks.work


def idle_pct(ready: dict[str, Any], seconds: float, *, metered: bool) -> float:
    """CPU of the shaper's thread while nothing is wanted, in percent of a core."""
    with shaping(ready, "rest", metered=metered) as shaper:
        time.sleep(2.0)  # connected, read, at rest
        ident = shaper.thread_ident
        assert ident is not None
        clock = time.pthread_getcpuclockid(ident)
        before = time.clock_gettime_ns(clock)
        time.sleep(seconds)
        return (time.clock_gettime_ns(clock) - before) / seconds / 1e7


def measure(cuts: int, seconds: float) -> dict[str, Any]:
    """Everything on one emulator."""
    sys.setswitchinterval(SWITCH_S)  # as the daemon does
    with tempfile.TemporaryDirectory(prefix="wanctl-bench-") as name:
        folder = Path(name)
        (folder / "state.json").write_text(json.dumps(state()))
        emulator, ready = start_emulator(folder, "--state", str(folder / "state.json"))
        try:
            rows, late = {}, {}
            for way in ("rest", "ssh"):
                taken, late[way] = applied(ready, way, cuts)  # type: ignore[arg-type]
                rows[way] = sorted(taken)
            fast, slow = Histogram(), Histogram()
            p99s = []
            for _ in range(3):  # interleaved, so that a busy machine is busy for both
                fast = tick_work(ready, folder / "faults", 0, seconds)
                slow = tick_work(ready, folder / "faults", 2_000, seconds)
                p99s.append((fast.quantile_ns(0.99) / 1e6, slow.quantile_ns(0.99) / 1e6))
            alone, metered = (idle_pct(ready, 2 * seconds, metered=with_meters) for with_meters in (False, True))
        finally:
            emulator.terminate()
            emulator.wait()
    fast_ms, slow_ms = (sorted(one[index] for one in p99s)[1] for index in (0, 1))
    return {
        "applied": {
            way: {
                "p50_ms": round(row[len(row) // 2], 2),
                "p99_ms": round(row[len(row) * 99 // 100], 2),
                "late_p99_ms": round(late[way].quantile_ns(0.99) / 1e6, 2),
                "n": len(row),
            }
            for way, row in rows.items()
        },
        "applied_ok": all(row[len(row) * 99 // 100] <= WANTED_MS for row in rows.values()),
        "tick_p99_ms": {"router answers at once": round(fast_ms, 3), "router answers after 2 s": round(slow_ms, 3)},
        "idle_pct": {"actuator": round(alone, 3), "with the counters of four WANs": round(metered, 3)},
        "idle_ok": alone <= IDLE_PCT,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="From a decision to the rate on the router.")
    parser.add_argument("--cuts", type=int, default=300, metavar="N")
    parser.add_argument("--seconds", type=float, default=8.0, metavar="S")
    given = parser.parse_args()
    print(json.dumps(measure(given.cuts, given.seconds), indent=2))


if __name__ == "__main__":
    main()
