"""Driving the product's classic law and the transcription side by side, cycle by cycle."""

from dataclasses import dataclass, field, replace

from tests.classic.transcription import PROFILES, Law
from wanctl.classic import ClassicWan
from wanctl.config.profile import load_profile
from wanctl.control.action import ACTIONS
from wanctl.control.sample import Observation, Sample, Sent
from wanctl.engine import Program, compile_model, load
from wanctl.machines import read_machine
from wanctl.plan import WanPlan

MS_NS = 1_000_000


def program(profile: str) -> Program:
    params = load_profile(profile).classic_params()
    return compile_model(load(*read_machine("machines/classic.yaml"), actions=ACTIONS), params)


PROGRAMS = {name: program(name) for name in PROFILES}


def classic_wan(profile: str, start_bps: tuple[int, int] | None = None) -> ClassicWan:
    limits = load_profile(profile).classic_limits()
    assert limits is not None
    if start_bps is not None:
        limits = replace(limits[0], start_bps=start_bps[0]), replace(limits[1], start_bps=start_bps[1])
    plan = WanPlan("wan", "classic", *limits, params=load_profile(profile).classic_params())
    return ClassicWan(plan, PROGRAMS[profile])


@dataclass
class Cycle:
    """What happens in one cycle: the answers of the hosts, and perhaps a TCP connect time (ms)."""

    answers: tuple[float, ...] = ()
    tcp: float | None = None


@dataclass
class Driven:
    """The product's law with a router that does at once what it is told."""

    profile: str
    now_ms: int = 0
    start_bps: tuple[int, int] | None = None
    applied: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wan = classic_wan(self.profile, self.start_bps)

    def samples(self, rtt_ms: float) -> tuple[Observation, ...]:
        """One host's answer in the current cycle."""
        now_ns = self.now_ms * MS_NS
        return (Sample("wan", "r0", now_ns, now_ns + round(rtt_ms * MS_NS), "icmp"),)

    def cycle(self, cycle: Cycle) -> tuple[object, ...]:
        now_ns = self.now_ms * MS_NS
        observations: list[Observation] = []
        answers = [(rtt, "icmp", f"r{number}") for number, rtt in enumerate(cycle.answers)]
        for rtt, source, reflector in answers + ([(cycle.tcp, "tcp", "r0")] if cycle.tcp is not None else []):
            observations.append(Sent("wan", reflector, now_ns, source))
            observations.append(Sample("wan", reflector, now_ns, now_ns + round(rtt * MS_NS), source))
        intents, _, _ = self.wan.tick(now_ns, tuple(observations), (), ())
        for intent in intents:
            self.applied[intent.direction] = intent.rate_bps
        s = self.wan.signals
        return (
            s.load_rtt_ms, s.baseline_ms, s.delta_ms,
            s.download.state.split(".")[0], s.download.wanted_bps, s.upload.state.split(".")[0], s.upload.wanted_bps,
            self.applied.get("download"), self.applied.get("upload"),
        )  # fmt: skip


def assert_same(
    profile: str, cycles: list[Cycle], times_ms: list[int], start_bps: tuple[int, int] | None = None
) -> None:
    """Drive both through the cycles; every state, rate and write must be the same, delays to 1e-6 ms."""
    driven, law = Driven(profile, start_bps=start_bps), Law(PROFILES[profile])
    if start_bps is not None:
        law.dl_rate, law.ul_rate = start_bps
    for number, (cycle, at_ms) in enumerate(zip(cycles, times_ms, strict=True)):
        driven.now_ms = at_ms
        got = driven.cycle(cycle)
        _, *wanted = law.cycle(at_ms, list(cycle.answers), cycle.tcp)
        assert got[3:] == tuple(wanted[3:]), (number, cycle, got, wanted)
        for mine, its in zip(got[:3], wanted[:3], strict=True):
            assert abs(mine - its) < 1e-6, (number, cycle, got, wanted)
