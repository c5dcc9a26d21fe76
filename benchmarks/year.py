"""How many writes a router gets in a year of a busy link: one WAN's law in closed loop, and the write budget behind it.

    python -m benchmarks.year [--days N]

The worst case: one busy hour is driven at 20 Hz over a simulated line whose capacity wanders and whose load comes and
goes; what the law wants in it is kept. Then the pure actuator gets this hour over and over, `--days` times 24 of them
without a pause: no link is that busy at night, so that a real year has fewer writes.
"""

import argparse
import json
import time
from random import Random
from typing import Any

from wanctl.actuator import Actuator, Target
from wanctl.budget import WriteBudget
from wanctl.config.law import build_site
from wanctl.control.sample import Confirmation, Observation, Reading, Sample, Sent
from wanctl.plan import DirectionPlan, SitePlan, WanPlan
from wanctl.sim.link import Bottleneck, Link, Noise
from wanctl.sim.schedule import Steps

SECOND_NS, TICK_NS, HOUR_NS, DAY_NS = 10**9, 50_000_000, 3_600 * 10**9, 86_400 * 10**9
DAY_BUDGET = 10_000
WAN = "cable"
LIMITS = {"download": (2_000_000, 48_000_000, 20_000_000), "upload": (400_000, 12_000_000, 5_000_000)}

Wish = tuple[int, str, int]  # ns into the hour, direction, bit/s


def targets() -> tuple[Target, ...]:
    """Both directions of the line."""
    return tuple(Target(WAN, way, way, floor, ceiling) for way, (floor, ceiling, _start) in LIMITS.items())


def busy_hour(seed: int = 7) -> list[Wish]:
    """What the law wants in one busy hour, with the actuator in the loop."""
    random = Random(seed)
    link = _link(random)
    limits = {way: DirectionPlan(*numbers) for way, numbers in LIMITS.items()}
    site = build_site(SitePlan("year", (WanPlan(WAN, "default", limits["download"], limits["upload"]),)), 0)
    actuator = Actuator(targets(), WriteBudget())
    shaped = {way: limits[way].start_bps for way in limits}
    wishes: list[Wish] = []
    under_way: list[Sample] = []
    confirmed: tuple[Confirmation, ...] = ()
    for tick in range(1, HOUR_NS // TICK_NS):
        now_ns = tick * TICK_NS
        link.advance(now_ns, shaped["download"], shaped["upload"])
        came: list[Observation] = [one for one in under_way if one.received_ns <= now_ns]
        under_way = [one for one in under_way if one.received_ns > now_ns]
        name = f"192.0.2.{tick % 6 + 1}"
        came.append(Sent(WAN, name, now_ns, "icmp"))
        rtt_ms = link.rtt_ms()
        if rtt_ms is not None:
            under_way.append(Sample(WAN, name, now_ns, now_ns + round(rtt_ms * 1e6), "icmp"))
        readings = (Reading(WAN, now_ns, link.rx_bytes, link.tx_bytes),) if tick % 4 == 0 else ()
        decision = site.tick(now_ns, tuple(came), readings, confirmed)
        for intent in decision.intents:
            wishes.append((now_ns, intent.direction, intent.rate_bps))
            actuator.want(WAN, intent.direction, intent.rate_bps, now_ns)
        confirmed = ()
        while (write := actuator.next_write(now_ns)) is not None:
            actuator.sent(write, now_ns)
            actuator.has(write.target, write.rate_bps, now_ns)
            shaped[write.target.direction] = write.rate_bps
            confirmed += (Confirmation(WAN, write.target.direction, write.rate_bps, now_ns),)
    return wishes


def _link(random: Random) -> Link:
    """40/10 Mbit/s whose capacity wanders every few seconds, under downloads and uploads that come and go."""
    fading, load, sent = [(0, 40e6)], [(0, 0.3e6)], [(0, 0.3e6)]
    at_ns = 0
    while at_ns < HOUR_NS:
        at_ns += round(random.uniform(2, 20) * SECOND_NS)
        fading.append((at_ns, 40e6 * random.uniform(0.4, 1.0)))
    for series in (load, sent):
        at_ns = 0
        while at_ns < HOUR_NS:
            at_ns += round(random.expovariate(1 / 20) * SECOND_NS) + SECOND_NS
            series.append((at_ns, random.choice((0.3e6, 3e6, float("inf"), float("inf")))))
    download = Bottleneck(Steps(*fading), 1_500_000, flows=4, offered=Steps(*load))
    upload = Bottleneck(Steps((0, 10e6)), 375_000, flows=4, offered=Steps(*sent))
    return Link(download, upload, random, base_rtt_ms=20.0, noise=Noise(jitter_ms=0.5))


def writes_a_day(wishes: list[Wish], days: int) -> list[int]:
    """The writes of each day that consists of nothing but the busy hour, the budget carried over."""
    actuator = Actuator(targets(), WriteBudget())
    counts = []
    for day in range(days):
        before = actuator.writes
        for hour in range(24):
            begin_ns = day * DAY_NS + hour * HOUR_NS
            for at_ns, direction, rate_bps in wishes:
                now_ns = begin_ns + at_ns
                _carry_out(actuator, now_ns)
                actuator.want(WAN, direction, rate_bps, now_ns)
                _carry_out(actuator, now_ns)
            _carry_out(actuator, begin_ns + HOUR_NS)
        counts.append(actuator.writes - before)
    return counts


def _carry_out(actuator: Actuator, now_ns: int) -> None:
    """The writes that are due. Between two wishes one that waits goes out with the next: some 100 ms late at most."""
    while (write := actuator.next_write(now_ns)) is not None:
        actuator.sent(write, now_ns)
        actuator.has(write.target, write.rate_bps, now_ns)


def measure(days: int) -> dict[str, Any]:
    """The year, scaled from `days`."""
    begun_s = time.perf_counter()
    wishes = busy_hour()
    counts = writes_a_day(wishes, days)
    steady = counts[1:] or counts  # the first day begins with full buckets
    return {
        "days": days,
        "wishes_an_hour": len(wishes),
        "most_a_day": max(counts),
        "writes_a_day": round(sum(steady) / len(steady)),
        "writes_a_year": counts[0] + round(sum(steady) / len(steady) * 364),
        "day_budget": DAY_BUDGET,
        "ok": max(steady) <= DAY_BUDGET,
        "seconds": round(time.perf_counter() - begun_s, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How many writes a router gets in a year of a busy link.")
    parser.add_argument("--days", type=int, default=3, metavar="N")
    print(json.dumps(measure(parser.parse_args().days), indent=2))


if __name__ == "__main__":
    main()
