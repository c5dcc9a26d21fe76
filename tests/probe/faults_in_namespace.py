"""A site whose WANs suffer one fault each, at once: real sockets, real devices, the default law; prints JSON.

Each WAN is well for 4 s, suffers for 6 s, and is well again. What a WAN went through is in its transitions.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.probe.network import ICMP, TCP, TICK_S, UDP, Packet, Weather, bring_up, forbid_nothing, ip, open_tun, serve
from wanctl.config.law import law_model
from wanctl.control.sample import Observation, Reading
from wanctl.daemon.clock import SystemClock
from wanctl.engine import Program, compile_model
from wanctl.plan import DirectionPlan, WanPlan
from wanctl.probe import Egress, WanProber, parse_address
from wanctl.wan import DefaultWan

CLOCK = SystemClock()
BEGIN_S, END_S, OVER_S = 4.0, 10.0, 22.5
REFLECTORS = [f"198.51.100.{host}" for host in range(1, 7)]
RESOLVERS = [f"dns://{address}" for address in REFLECTORS]
TIMES = [f"timestamp://{address}" for address in REFLECTORS]
HANDSHAKES = [f"tcp://203.0.113.{host}:443" for host in (11, 12)]
LIMITS = DirectionPlan(2_500_000, 50_000_000, 25_000_000)
RTT_MS = 20.0
LIAR = 3
QUEUE_MS = 60.0


def suffering(now_s: float) -> bool:
    return BEGIN_S <= now_s < END_S


def blocked(*protocols: int) -> Weather:
    return lambda now_s, packet, _random: () if suffering(now_s) and packet.protocol in protocols else (RTT_MS,)


def lying(answers: Weather) -> Weather:
    return lambda now_s, packet, random: (
        answers(now_s, packet, random) if packet.host == LIAR and suffering(now_s) else (RTT_MS,)
    )


def losing(share: float) -> Weather:
    # Losses are counted over ten seconds, so these end early, to be forgotten before all is over.
    return lambda now_s, _packet, random: () if BEGIN_S <= now_s < 8.0 and random.random() < share else (RTT_MS,)


def deaf(now_s: float, packet: Packet, _random: Random) -> tuple[float, ...]:
    """A queue that one reflector does not feel."""
    return (RTT_MS + QUEUE_MS,) if suffering(now_s) and packet.host != LIAR else (RTT_MS,)


def doubled(now_s: float, _packet: Packet, random: Random) -> tuple[float, ...]:
    return (RTT_MS, RTT_MS + 3.0) if suffering(now_s) else (RTT_MS,)


def shuffled(now_s: float, _packet: Packet, random: Random) -> tuple[float, ...]:
    return (RTT_MS + random.choice((0.0, 0.0, 0.0, 120.0)),) if suffering(now_s) else (RTT_MS,)


def well(_now_s: float, _packet: Packet, _random: Random) -> tuple[float, ...]:
    return (RTT_MS,)


@dataclass
class Fault:
    """What one WAN suffers."""

    weather: Weather = well
    stops_traffic: bool = False
    begin: Callable[[str, int], None] | None = None
    end: Callable[[str, int], None] | None = None
    reflectors: tuple[str, ...] = (*REFLECTORS, *HANDSHAKES)
    by_source: bool = False  # the WAN is found by its source address, else by its device


def route_by_source(name: str, number: int) -> None:
    """A table of its own for what leaves from this WAN's address, as a router with several WANs has it."""
    ip("route", "replace", "default", "dev", name, "table", str(100 + number))


def lose_route(name: str, number: int) -> None:
    ip("route", "del", "default", "dev", name, "table", str(100 + number))


FAULTS = {
    "icmp blocked": Fault(blocked(ICMP)),
    "tcp blocked": Fault(blocked(TCP)),
    "both blocked": Fault(blocked(ICMP, TCP)),
    "outage": Fault(blocked(ICMP, TCP), stops_traffic=True),
    "deaf": Fault(deaf),
    "low": Fault(lying(lambda _now_s, _packet, _random: (RTT_MS / 2,))),
    "high": Fault(lying(lambda _now_s, _packet, _random: (RTT_MS + 300.0,))),
    "silent": Fault(lying(lambda _now_s, _packet, _random: ())),
    "1 % lost": Fault(losing(0.01)),
    "5 % lost": Fault(losing(0.05)),
    "30 % lost": Fault(losing(0.30)),
    "duplicates": Fault(doubled),
    "reordering": Fault(shuffled),
    "no route": Fault(by_source=True, begin=lose_route, end=route_by_source),
    "resolvers, one silent": Fault(lying(lambda _now_s, _packet, _random: ()), reflectors=(*RESOLVERS,)),
    "resolvers, answers doubled": Fault(doubled, reflectors=(*RESOLVERS,)),
    "resolvers, answers shuffled": Fault(shuffled, reflectors=(*RESOLVERS,)),
    "resolvers, UDP blocked": Fault(blocked(UDP), reflectors=(*RESOLVERS, *HANDSHAKES)),
    "times, one silent": Fault(lying(lambda _now_s, _packet, _random: ()), reflectors=(*TIMES,)),
    "times, one late": Fault(lying(lambda _now_s, _packet, _random: (RTT_MS + 300.0,)), reflectors=(*TIMES,)),
    "interface down": Fault(
        stops_traffic=True, begin=lambda name, _number: ip("link", "set", name, "down"), end=bring_up
    ),
}


class Suffering:
    """One WAN with its prober, and what it went through."""

    def __init__(self, fault: Fault, name: str, number: int, machine: Program) -> None:
        plan = WanPlan(name, "default", LIMITS, LIMITS)
        self.fault, self.name, self.number = fault, name, number
        addresses = [parse_address(text) for text in fault.reflectors]
        egress = Egress(source=f"10.0.{number}.2") if fault.by_source else Egress(device=name)
        self.prober = WanProber(name, addresses, CLOCK, egress=egress)
        self.wan = DefaultWan(plan, machine, CLOCK.monotonic_ns())
        self.moves: list[tuple[float, str, str]] = []
        self.rates: dict[str, set[int]] = {"before": set(), "during": set(), "after": set()}
        self.deltas: list[tuple[float, float | None]] = []
        self.deaf: tuple[str, ...] = ()
        self.rx_bytes = 0
        self.done: set[str] = set()

    def tick(self, now_s: float) -> None:
        self._act(now_s)
        now_ns = CLOCK.monotonic_ns()
        observations: list[Observation] = [*self.prober.drain(now_ns), *self.prober.send(now_ns)]
        observations += self.prober.withdraw()
        if not (self.fault.stops_traffic and suffering(now_s)):
            self.rx_bytes += 5_000
        readings = (Reading(self.name, now_ns, self.rx_bytes, self.rx_bytes // 10),)
        _rates, transitions, _faults = self.wan.tick(now_ns, tuple(observations), readings, ())
        self.prober.heed(now_ns, self.wan.signals)
        self.moves += [
            (round(now_s, 2), one.source, one.targets[0] if one.targets else "")
            for one in transitions
            if one.source.startswith("connectivity") and now_s >= BEGIN_S
        ]
        self.deaf = self.deaf or self.wan.signals.deaf
        phase = "before" if now_s < BEGIN_S else "during" if now_s < END_S else "after"
        self.rates[phase].add(self.wan.signals.download.wanted_bps)
        self.deltas.append((round(now_s, 2), self.wan.signals.delta_ms))

    def _act(self, now_s: float) -> None:
        for word, at_s, act in (("begin", BEGIN_S, self.fault.begin), ("end", END_S, self.fault.end)):
            if act is not None and now_s >= at_s and word not in self.done:
                self.done.add(word)
                act(self.name, self.number)

    def report(self) -> dict[str, object]:
        counters = self.prober.counters
        signals = self.wan.signals
        suffered = [delta for now_s, delta in self.deltas if BEGIN_S + 1 < now_s < END_S]
        return {
            "moves": self.moves,
            "states": signals.states,
            "rates": {phase: sorted(rates) for phase, rates in self.rates.items()},
            "counters": {name: getattr(counters, name) for name in counters.__slots__},
            "resting": [one.reflector for one in self.prober.usage(CLOCK.monotonic_ns()) if one.resting],
            "problems": self.prober.problems,
            "felt": sum((delta or 0.0) > QUEUE_MS / 2 for delta in suffered) / max(1, len(suffered)),
            "deaf": self.deaf,
            "seen": max((delta for delta in suffered if delta is not None), default=None),
            "unknown": sum(delta is None for delta in suffered) / max(1, len(suffered)),
            "source": signals.source,
        }


def main(names: list[str]) -> None:
    """Let each fault happen to a WAN of its own."""
    forbid_nothing()
    faults = {name: FAULTS[name] for name in names} if names else FAULTS
    weathers: dict[int, Weather] = {}
    for number, fault in enumerate(faults.values()):
        weathers[open_tun(f"wan{number}")] = fault.weather
        bring_up(f"wan{number}", number)
        if fault.by_source:
            table = str(100 + number)
            ip("rule", "add", "from", f"10.0.{number}.2", "table", table)
            ip("route", "add", "unreachable", "default", "metric", "9999", "table", table)
            route_by_source(f"wan{number}", number)
    machine = compile_model(law_model("default"), WanPlan("any", "default", LIMITS, LIMITS).params)
    suffering_wans = {name: Suffering(fault, f"wan{n}", n, machine) for n, (name, fault) in enumerate(faults.items())}
    # All that takes time is done: the far side's faults and this side's ticks go by one clock.
    start_s = time.monotonic() + 0.2
    far_side = os.fork()
    if far_side == 0:
        serve(weathers, start_s, start_s + OVER_S)
        os._exit(0)
    tick = 0
    while (now_s := tick * TICK_S) < OVER_S:
        time.sleep(max(0.0, start_s + now_s - time.monotonic()))
        for wan in suffering_wans.values():
            wan.tick(now_s)
        tick += 1
    report = {name: wan.report() for name, wan in suffering_wans.items()}
    for wan in suffering_wans.values():
        wan.prober.close()
    os.waitpid(far_side, 0)
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1:])
