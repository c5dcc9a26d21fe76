"""A site: each WAN gets its own, whatever law it runs, and a tick is a pure function of what came."""

from random import Random

import pytest

from wanctl.config.law import build_site
from wanctl.control.action import ACTIONS
from wanctl.control.sample import Confirmation, Reading, Sample, Sent
from wanctl.decision import Decision
from wanctl.engine import compile_model, load
from wanctl.machines import find_machine, templates_for
from wanctl.plan import DirectionPlan, SitePlan, WanPlan
from wanctl.site import Site
from wanctl.wan import DefaultWan

TICK_NS = 50_000_000


def make_wan(name: str, law: str = "default", down_mbit: int = 100, **params: float) -> WanPlan:
    down, up = down_mbit * 1_000_000, 20_000_000
    if law == "classic":
        params = {"download_ceiling": down, "upload_ceiling": up, "download_floor_green": down / 4} | params
    limits = [DirectionPlan(ceiling // 20, ceiling, ceiling // 2) for ceiling in (down, up)]
    return WanPlan(name, law, *limits, params)


class Feeder:
    """Observations and readings of several WANs at once."""

    def __init__(self, seed: int, *names: str) -> None:
        self._random, self._names = Random(seed), names
        self._bytes = dict.fromkeys(names, 0.0)
        self.tick = 0

    def feed(self, site: Site, base_ms: float, mbit: float, names: tuple[str, ...] | None = None) -> Decision:
        self.tick += 1
        now_ns = self.tick * TICK_NS
        observations, readings = [], []
        for name in names or self._names:
            rtt_ns = round((base_ms + self._random.random()) * 1e6)
            sent_ns = now_ns - rtt_ns
            observations += [Sent(name, "r", sent_ns, "icmp"), Sample(name, "r", sent_ns, now_ns, "icmp")]
            self._bytes[name] += mbit * 1e6 / 8 / 20
            readings.append(Reading(name, now_ns, int(self._bytes[name]), int(self._bytes[name] / 50)))
        return site.tick(now_ns, tuple(observations), tuple(readings), ())


def test_each_wan_acts_on_its_own_queue() -> None:
    site = build_site(SitePlan("home", (make_wan("cable"), make_wan("dsl"))), 0)
    feeder = Feeder(1, "cable", "dsl")
    for _ in range(100):
        feeder.feed(site, 20.0, 2.0)
    wanted = []
    for _ in range(40):
        feeder.tick += 1
        now_ns = feeder.tick * TICK_NS
        observations, readings = [], []
        for name, rtt_ms, mbit in (("cable", 90.0, 48.0), ("dsl", 20.5, 2.0)):
            sent_ns = now_ns - round(rtt_ms * 1e6)
            observations += [Sent(name, "r", sent_ns, "icmp"), Sample(name, "r", sent_ns, now_ns, "icmp")]
            feeder._bytes[name] += mbit * 1e6 / 8 / 20
            readings.append(Reading(name, now_ns, int(feeder._bytes[name]), int(feeder._bytes[name] / 50)))
        wanted += site.tick(now_ns, tuple(observations), tuple(readings), ()).intents
    assert {rate.wan for rate in wanted} == {"cable"}
    assert wanted[0].cut
    assert wanted[0].direction == "download"
    assert wanted[0].rate_bps < 48e6
    decision = site.tick((feeder.tick + 1) * TICK_NS)
    assert decision.signals["dsl"].download.state == "GREEN.CRUISE"
    assert decision.signals["cable"].download.state != "GREEN.CRUISE"


def test_two_laws_live_beside_each_other() -> None:
    site = build_site(SitePlan("home", (make_wan("cable"), make_wan("old", "classic", 940))), 0)
    feeder = Feeder(2, "cable", "old")
    for _ in range(100):
        decision = feeder.feed(site, 24.0, 1.0)
    assert set(decision.signals) == {"cable", "old"}
    assert decision.signals["old"].download.state.startswith("GREEN")
    assert decision.signals["cable"].states[0] == "connectivity.UP.ICMP"


def test_the_same_input_gives_the_same_decisions() -> None:
    """Purity: nothing but what is handed in decides."""

    def decisions() -> list[tuple]:
        site = build_site(SitePlan("home", (make_wan("cable"),)), 0)
        feeder, out = Feeder(3, "cable"), []
        for tick in range(600):
            decision = feeder.feed(site, 20.0 if tick % 200 < 120 else 70.0, 46.0)
            out.append((decision.at_ns, decision.intents, decision.transitions))
        return out

    first = decisions()
    assert first == decisions()
    assert any(intents for _, intents, _ in first)


@pytest.mark.parametrize("count", [1, 3])
def test_a_tick_without_anything_is_fine_from_the_start(count: int) -> None:
    site = build_site(SitePlan("home", tuple(make_wan(f"w{number}") for number in range(count))), 0)
    for tick in range(1, 400):
        decision = site.tick(tick * TICK_NS)
    assert all(signals.source == "none" for signals in decision.signals.values())
    assert all(signals.states[0] == "connectivity.OUTAGE" for signals in decision.signals.values())


def test_an_intent_is_made_when_a_rate_changes_and_never_otherwise() -> None:
    site = build_site(SitePlan("home", (make_wan("cable"),)), 0)
    feeder, last = Feeder(4, "cable"), {"download": 50_000_000, "upload": 10_000_000}
    for tick in range(1_200):
        for rate in feeder.feed(site, 20.0 if tick % 300 < 200 else 60.0, 45.0).intents:
            assert rate.rate_bps != last[rate.direction]
            assert rate.cut == (rate.rate_bps < last[rate.direction])
            assert isinstance(rate.rate_bps, int)
            last[rate.direction] = rate.rate_bps
    assert last["download"] != 50_000_000


def test_wanted_and_applied_are_both_shown() -> None:
    site = build_site(SitePlan("home", (make_wan("cable"),)), 0)
    feeder = Feeder(5, "cable")
    feeder.feed(site, 20.0, 1.0)
    confirmation = Confirmation("cable", "download", 47_000_000, feeder.tick * TICK_NS)
    refused = Confirmation("cable", "upload", None, feeder.tick * TICK_NS, "denied")
    decision = site.tick((feeder.tick + 1) * TICK_NS, (), (), (confirmation, refused))
    shown = decision.signals["cable"]
    assert (shown.download.wanted_bps, shown.download.applied_bps) == (50_000_000, 47_000_000)
    assert (shown.upload.wanted_bps, shown.upload.applied_bps) == (10_000_000, None)


def test_a_fault_of_a_machine_is_part_of_the_decision() -> None:
    path = find_machine("wan")
    text = path.read_text().replace(
        "        doc: nothing comes at all\n", "        doc: nothing comes at all\n        always: [{to: OUTAGE}]\n"
    )
    program = compile_model(load(text, "wan.yaml", actions=ACTIONS, read_template=templates_for(path)), {})
    for names in (("cable",), ("cable", "dsl")):
        site = Site({name: DefaultWan(make_wan(name), program, 0) for name in names})
        decision = site.tick(1_200 * TICK_NS)  # a minute of silence
        assert {fault.machine for fault in decision.faults} == {f"{name}/wan" for name in names}
