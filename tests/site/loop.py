"""A closed loop in memory: the shipped machine and law on one side, the fluid link on the other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from wanctl.config.law import build_site
from wanctl.control.sample import Confirmation, Observation, Reading, Sample, Sent
from wanctl.decision import Decision
from wanctl.engine import Transition
from wanctl.plan import DirectionPlan, SitePlan, WanPlan
from wanctl.sim.link import Bottleneck, Link, Noise
from wanctl.sim.schedule import Schedule, Steps
from wanctl.site import Site

SECOND_NS = 1_000_000_000
TICK_NS = 50_000_000
GREEDY = float("inf")
REFLECTORS = (("192.0.2.1", 0.0), ("192.0.2.2", 1.0), ("192.0.2.3", 2.0), ("192.0.2.4", 4.0), ("192.0.2.5", 6.0))
WAN = "cable"


def steps(*points: tuple[float, float]) -> Steps:
    """`steps((0, 40), (10, 16))`: 40 Mbit/s, from 10 s on 16."""
    return Steps(*((round(at_s * SECOND_NS), mbit * 1e6) for at_s, mbit in points))


def make_plan(**params: float) -> WanPlan:
    """A line of nominally 40/10 Mbit/s; the ceilings are beyond what it carries."""

    def limits(nominal_bps: int) -> DirectionPlan:
        return DirectionPlan(nominal_bps * 4 // 100, nominal_bps * 120 // 100, nominal_bps // 2)

    return WanPlan(WAN, "default", limits(40_000_000), limits(10_000_000), params)


def make_link(
    down: Schedule,
    up: Schedule,
    *,
    down_load: Schedule | None = None,
    up_load: Schedule | None = None,
    noise: Noise | None = None,
    seed: int = 1,
) -> Link:
    """A line with 20 ms of idle RTT and buffers of 300 ms; light traffic unless a load is given."""
    light = steps((0, 0.3))
    download = Bottleneck(down, 1_500_000, flows=4, offered=down_load or light)
    upload = Bottleneck(up, 375_000, flows=4, offered=up_load or light)
    return Link(download, upload, Random(seed), base_rtt_ms=20.0, noise=noise or Noise(jitter_ms=0.5))


@dataclass(slots=True)
class Row:
    """One tick: what really was, and what the site made of it. Times in s, rates in Mbit/s, delays in ms."""

    at_s: float
    queue_ms: float
    down_mbit: float
    up_mbit: float
    capacity_mbit: float
    baseline_ms: float | None
    delta_ms: float | None
    states: tuple[str, ...]


@dataclass(slots=True)
class Run:
    """A whole run."""

    rows: list[Row] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    down_bytes: float = 0.0
    up_bytes: float = 0.0

    def between(self, begin_s: float, end_s: float) -> list[Row]:
        return [row for row in self.rows if begin_s <= row.at_s < end_s]

    def queue_ms(self, share: float, begin_s: float, end_s: float = 1e9) -> float:
        ordered = sorted(row.queue_ms for row in self.between(begin_s, end_s))
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def states(self, region: str, begin_s: float = 0.0, end_s: float = 1e9) -> set[str]:
        """The leaves that a region was in, below its name."""
        found = set()
        for row in self.between(begin_s, end_s):
            found.update(leaf.partition(".")[2] for leaf in row.states if leaf.startswith(region + "."))
        return found

    def cut_after_s(self, fall_s: float) -> float:
        """From a fall of the capacity to the first rate that is lower than the one before."""
        before = self.between(fall_s - 0.1, fall_s)[-1].down_mbit
        return next(row.at_s for row in self.between(fall_s, fall_s + 30) if row.down_mbit < 0.95 * before) - fall_s

    def gone_after_s(self, fall_s: float) -> float:
        """From a fall until the queue stays below 12 ms for 0.3 s."""
        rows = self.between(fall_s + 0.05, fall_s + 30)
        calm = 0
        for row in rows:
            calm = calm + 1 if row.queue_ms < 12.0 else 0
            if calm == 6:
                return row.at_s - 0.3 - fall_s
        return 30.0


def run_loop(
    link: Link,
    seconds: float,
    *,
    site: Site | None = None,
    far_ms: Callable[[float], float] = lambda _: 0.0,
    answered: Callable[[float, str], bool] = lambda *_: True,
    sources: tuple[str, ...] = ("icmp", "icmp"),
    read_every: int = 1,
    obeyed_after_ns: int = 0,
) -> Run:
    """Drive a site over a link at 20 Hz.

    Each tick sends one probe for each of `sources`; `far_ms` lengthens the path, `answered` filters. Counters are read
    each `read_every` ticks, and a wanted rate takes effect `obeyed_after_ns` later.
    """
    site = site or build_site(SitePlan("home", (make_plan(),)), 0)
    signals = site.tick(0).signals[WAN]
    shaped = {"download": signals.download.wanted_bps, "upload": signals.upload.wanted_bps}
    run, under_way, wanted, sent = Run(), [], [], 0
    confirmed: tuple[Confirmation, ...] = ()
    for tick in range(1, round(seconds * SECOND_NS / TICK_NS) + 1):
        now_ns = tick * TICK_NS
        link.advance(now_ns, shaped["download"], shaped["upload"])
        came: list[Observation] = []
        while under_way and under_way[0][0] <= now_ns:
            came.append(heappop(under_way)[2])
        for source in sources:
            name, further_ms = REFLECTORS[sent % len(REFLECTORS)]
            sent += 1
            came.append(Sent(WAN, name, now_ns, source))
            rtt_ms = link.rtt_ms()
            if rtt_ms is not None and answered(now_ns / SECOND_NS, source):
                handshake_ms = 7.0 if source == "tcp" else 0.0
                received_ns = now_ns + round((rtt_ms + further_ms + handshake_ms + far_ms(now_ns / SECOND_NS)) * 1e6)
                heappush(under_way, (received_ns, sent, Sample(WAN, name, now_ns, received_ns, source)))
        counters = (Reading(WAN, now_ns, link.rx_bytes, link.tx_bytes),) if tick % read_every == 0 else ()
        decision = site.tick(now_ns, tuple(came), counters, confirmed)
        wanted += [(now_ns + obeyed_after_ns, rate) for rate in decision.intents]
        confirmed = ()
        while wanted and wanted[0][0] <= now_ns:
            _, rate = wanted.pop(0)
            shaped[rate.direction] = rate.rate_bps
            confirmed += (Confirmation(WAN, rate.direction, rate.rate_bps, now_ns),)
        run.rows.append(_row(now_ns, link, decision))
        run.transitions += decision.transitions
    run.down_bytes = link.ledger("download").delivered_bytes
    run.up_bytes = link.ledger("upload").delivered_bytes
    return run


def _row(now_ns: int, link: Link, decision: Decision) -> Row:
    signals = decision.signals[WAN]
    return Row(
        now_ns / SECOND_NS,
        link.queue_ms("download") + link.queue_ms("upload"),
        signals.download.wanted_bps / 1e6,
        signals.upload.wanted_bps / 1e6,
        link.capacity_bps("download") / 1e6,
        signals.baseline_ms,
        signals.delta_ms,
        signals.states,
    )
