"""Scenarios: a link, what happens to its capacity, and who loads it. One YAML file each; README.md lists the keys.

A file may be `like` another one and then gives only what differs. A scenario that contradicts itself is refused, with
the place: a measurement of something else than its author meant is worse than none.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from lab.reader import Reader, Span
from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.document import Map, Node, parse

FOLDER = Path(__file__).resolve().parent / "scenarios"
DIRECTIONS = ("down", "up")
NONE = Span(0.0, 0.0)
CONGESTION_CONTROLS = ("cubic", "bbr")
CAPACITIES = ("steps", "wander", "blocks")
LOADS = ("bulk", "onoff", "paced")


@dataclass(frozen=True, slots=True)
class Steps:
    """Both directions have a share of the plan from a time on; times move by up to a second with the seed."""

    steps: tuple[tuple[float, float], ...]  # (s, share)


@dataclass(frozen=True, slots=True)
class Wander:
    """A random walk of log(rate) that returns to its mean, each direction for itself; the mean jumps now and then."""

    mean: float
    least: float
    most: float
    within_s: float
    spread: float
    jump_every_s: Span
    jump_to: Span


@dataclass(frozen=True, slots=True)
class Blocks:
    """A new share, log-uniform, for each block of time; both directions have the same."""

    least: float
    most: float
    hold_s: Span


@dataclass(frozen=True, slots=True)
class Noise:
    """Delay of the reflectors' answers in ms: one part that all share, with bursts, and one of their own."""

    common_ms: float = 0.2
    each_ms: float = 0.2
    burst_every_s: float = 0.0  # 0: no bursts
    burst_ms: Span = NONE


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic of one kind: `bulk` and `onoff` are TCP, `paced` is UDP at a constant rate."""

    kind: str
    direction: str
    flows: int
    congestion_control: str
    rate_bps: float
    size_bytes: Span
    pause_s: float
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """All of it. Rates in bit/s; `limits` are floor, start and ceiling of a controller as shares of the plan."""

    name: str
    about: str
    time_s: float
    score_from_s: float
    rtt_ms: float
    down_bps: float
    up_bps: float
    buffer_ms: float
    limits: tuple[float, float, float]
    capacity: Steps | Wander | Blocks
    noise: Noise = field(default_factory=Noise)
    load: tuple[Flow, ...] = ()

    @property
    def filled(self) -> tuple[str, ...]:
        """The directions whose capacity somebody tries to use in full."""
        greedy = {flow.direction for flow in self.load if flow.kind != "paced"}
        return tuple(name for name in DIRECTIONS if name in greedy)


def load_scenario(path: Path) -> Scenario:
    """Read and check one scenario; `FileError` with every fault at its place."""
    findings = Findings()
    if not path.is_file():
        known = [one.stem for one in sorted(path.parent.glob("*.yaml"))]
        hint = did_you_mean(path.stem, known) or f"there are {', '.join(known)}"
        findings.error("LAB3", f"there is no scenario '{path.stem}'", Place(str(path)), hint)
    findings.raise_errors()
    root = _merged(path, findings, ())
    findings.raise_errors()
    assert isinstance(root, Map)
    scenario = _scenario(path.stem, Reader(root, findings))
    findings.raise_errors()
    return scenario


def _merged(path: Path, findings: Findings, seen: tuple[Path, ...]) -> Node | None:
    root = parse(path.read_text("utf-8"), str(path), findings)
    if root is None or not isinstance(root, Map):
        return root if root is not None else None
    like = root.get("like")
    if like is None:
        return root
    name = Reader(root, findings).text("like", "")
    base_path = path.parent / f"{name}.yaml"
    if base_path in (*seen, path) or not base_path.is_file():
        why = "leads back to itself" if base_path in (*seen, path) else "is no scenario here"
        findings.error("LAB1", f"'like: {name}' {why}", root.keys["like"])
        return None
    base = _merged(base_path, findings, (*seen, path))
    if not isinstance(base, Map):
        return None
    items = {**base.items, **{key: root[key] for key in root if key != "like"}}
    return Map(items, {**base.keys, **root.keys}, root.place)


def _scenario(name: str, reader: Reader) -> Scenario:
    time_s = reader.seconds("time", 90.0)
    plan = reader.inner("plan")
    scenario = Scenario(
        name=name,
        about=reader.text("about", ""),
        time_s=time_s,
        score_from_s=reader.seconds("score_from", 8.0),
        rtt_ms=reader.milliseconds("rtt", 20.0),
        down_bps=plan.rate("down", 40e6),
        up_bps=plan.rate("up", 10e6),
        buffer_ms=reader.milliseconds("buffer", 300.0),
        limits=_limits(reader.inner("limits")),
        capacity=_capacity(reader.inner("capacity"), time_s),
        noise=_noise(reader.inner("noise")),
        load=tuple(_flow(item, time_s) for item in reader.each("load")),
    )
    plan.done()
    reader.done()
    if scenario.score_from_s >= time_s:
        reader.fault("score_from", "the score begins when all is over")
    return scenario


def _limits(reader: Reader) -> tuple[float, float, float]:
    limits = (reader.share("floor", 0.04), reader.share("start", 0.5), reader.share("ceiling", 1.2))
    if not 0 < limits[0] <= limits[1] <= limits[2]:
        reader.fault("", "floor <= start <= ceiling does not hold")
    reader.done()
    return limits


def _capacity(reader: Reader, time_s: float) -> Steps | Wander | Blocks:
    kind = reader.one_of(CAPACITIES, "steps")
    if kind == "wander":
        inner = reader.inner("wander")
        wander = Wander(
            mean=inner.share("mean", 0.6),
            least=inner.share("min", 0.15),
            most=inner.share("max", 1.0),
            within_s=inner.seconds("within", 2.0),
            spread=inner.share("spread", 0.25),
            jump_every_s=inner.span("jump_every", "time", Span(4.0, 12.0), 1e-3),
            jump_to=inner.span("jump_to", "ratio", Span(0.3, 0.9)),
        )
        if not 0 < wander.least <= wander.mean <= wander.most or wander.within_s <= 0:
            inner.fault("", "0 < min <= mean <= max and within > 0 do not hold")
        inner.done()
        return wander
    if kind == "blocks":
        inner = reader.inner("blocks")
        blocks = Blocks(
            inner.share("min", 0.06), inner.share("max", 1.0), inner.span("hold", "time", Span(2.0, 12.0), 1e-3)
        )
        if not 0 < blocks.least <= blocks.most or blocks.hold_s.least <= 0:
            inner.fault("", "0 < min <= max and hold > 0 do not hold")
        inner.done()
        return blocks
    return Steps(_steps(reader.inner("steps"), time_s))


def _steps(reader: Reader, time_s: float) -> tuple[tuple[float, float], ...]:
    steps = reader.pairs() or ((0.0, 1.0),)
    times = [at_s for at_s, _ in steps]
    if times[0] != 0.0:
        reader.fault("", "the first step is at 0s: what is the capacity before it?")
    if any(later - earlier <= 2.0 for earlier, later in pairwise(times)):
        reader.fault("", "steps are at least 2s apart, in order: each moves by up to a second with the seed")
    if times[-1] >= time_s:
        reader.fault("", f"a step at {times[-1]:g}s is after the end at {time_s:g}s")
    if any(share <= 0 for _, share in steps):
        reader.fault("", "a capacity is above 0 %")
    return steps


def _noise(reader: Reader) -> Noise:
    noise = Noise(
        reader.milliseconds("common", 0.2),
        reader.milliseconds("each", 0.2),
        reader.seconds("burst_every", 0.0),
        reader.span("burst", "time", Span(0.0, 0.0)),
    )
    reader.done()
    return noise


def _flow(reader: Reader, time_s: float) -> Flow:
    kind = reader.one_of(LOADS, "bulk")
    flow = Flow(
        kind=kind,
        direction=reader.choice(kind, DIRECTIONS, "down"),
        flows=reader.count("flows", 1),
        congestion_control=reader.choice("tcp", CONGESTION_CONTROLS, "cubic"),
        rate_bps=reader.rate("rate", 0.0),
        size_bytes=reader.span("size", "size", Span(1e6, 4e6)),
        pause_s=reader.seconds("pause", 1.0),
        start_s=reader.seconds("start", 3.0),
        stop_s=reader.seconds("stop", time_s),
    )
    if flow.stop_s <= flow.start_s or flow.stop_s > time_s:
        reader.fault("stop", f"from {flow.start_s:g}s to {flow.stop_s:g}s is nothing within {time_s:g}s")
    if (kind == "paced") != (flow.rate_bps > 0):
        reader.fault("rate", "a paced flow has a rate, TCP finds its own")
    reader.done()
    return flow


def scenarios(names: list[str] | None = None, folder: Path = FOLDER) -> list[Path]:
    """The files of the named scenarios, or of all."""
    if names is None:
        return sorted(folder.glob("*.yaml"))
    return [folder / f"{name}.yaml" for name in names]
