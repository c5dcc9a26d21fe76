"""The form of a scenario's file: each key with its unit and what it is when left out, and what cannot go together."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path as FilePath

from lab.reader import Reader, Span
from lab.recorded import TraceError, read_mahimahi, read_table
from lab.scenario import (
    DIRECTIONS,
    NONE,
    Blocks,
    Change,
    Flow,
    Lie,
    Noise,
    Path,
    Recorded,
    Scenario,
    Steps,
    Wander,
)
from wanctl.engine.diagnostic import Findings, Place, did_you_mean
from wanctl.engine.document import Map, Node, parse

FOLDER = FilePath(__file__).resolve().parent / "scenarios"
CONGESTION_CONTROLS = ("cubic", "bbr")
CAPACITIES = ("steps", "wander", "blocks", "recorded", "mahimahi")
LOADS = ("bulk", "onoff", "paced", "call")
LIES = ("low", "high", "silent")
REFLECTORS = 6
CALL_BPS = 80_000.0  # 200 bytes each 20 ms: a telephone's usual voice


def scenarios(names: list[str] | None = None, folder: FilePath = FOLDER) -> list[FilePath]:
    """The files of the named scenarios, or of all."""
    if names is None:
        return sorted(folder.glob("*.yaml"))
    return [folder / f"{name}.yaml" for name in names]


def load_scenario(path: FilePath) -> Scenario:
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
    scenario = _scenario(path, Reader(root, findings))
    findings.raise_errors()
    return scenario


def _merged(path: FilePath, findings: Findings, seen: tuple[FilePath, ...]) -> Node | None:
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


def _scenario(path: FilePath, reader: Reader) -> Scenario:
    time_s = reader.seconds("time", 90.0)
    plan = reader.inner("plan")
    down_bps, up_bps = plan.rate("down", 40e6), plan.rate("up", 10e6)
    scenario = Scenario(
        name=path.stem,
        about=reader.text("about", ""),
        time_s=time_s,
        score_from_s=reader.seconds("score_from", 8.0),
        down_bps=down_bps,
        up_bps=up_bps,
        limits=_limits(reader.inner("limits")),
        capacity=_capacity(reader.inner("capacity"), time_s, path.parent, (down_bps, up_bps)),
        path=_path(reader, time_s),
        noise=_noise(reader.inner("noise")),
        load=tuple(_flow(item, time_s) for item in reader.each("load")),
        kill_s=reader.seconds("kill", 0.0),
    )
    plan.done()
    reader.done()
    if min(down_bps, up_bps) <= 0:
        reader.fault("plan", "a plan carries something in both directions")
    if scenario.score_from_s >= time_s:
        reader.fault("score_from", "the score begins when all is over")
    if scenario.kill_s >= time_s:
        reader.fault("kill", f"at {scenario.kill_s:g}s nobody is left to kill, it is over at {time_s:g}s")
    for direction in scenario.filled:
        if all(end_s <= scenario.score_from_s for _, end_s in scenario.greedy(direction)):
            reader.fault("load", f"the load {direction} is over before the score begins")
    return scenario


def _limits(reader: Reader) -> tuple[float, float, float]:
    limits = (reader.share("floor", 0.04), reader.share("start", 0.5), reader.share("ceiling", 1.2))
    if not 0 < limits[0] <= limits[1] <= limits[2]:
        reader.fault("", "floor <= start <= ceiling does not hold")
    reader.done()
    return limits


def _capacity(
    reader: Reader, time_s: float, folder: FilePath, plan_bps: tuple[float, float]
) -> Steps | Wander | Blocks | Recorded:
    kind = reader.one_of(CAPACITIES, "steps")
    reader.done()
    match kind:
        case "wander":
            return _wander(reader.inner("wander"))
        case "blocks":
            return _blocks(reader.inner("blocks"))
        case "recorded" | "mahimahi":
            return _recorded(reader, kind, folder, plan_bps)
        case _:
            return Steps(_steps(reader.inner("steps"), time_s))


def _wander(reader: Reader) -> Wander:
    wander = Wander(
        mean=reader.share("mean", 0.6),
        least=reader.share("min", 0.15),
        most=reader.share("max", 1.0),
        within_s=reader.seconds("within", 2.0),
        spread=reader.share("spread", 0.25),
        jump_every_s=reader.span("jump_every", "time", Span(4.0, 12.0), 1e-3),
        jump_to=reader.span("jump_to", "ratio", Span(0.3, 0.9)),
    )
    if not 0 < wander.least <= wander.mean <= wander.most or wander.within_s <= 0:
        reader.fault("", "0 < min <= mean <= max and within > 0 do not hold")
    reader.done()
    return wander


def _blocks(reader: Reader) -> Blocks:
    blocks = Blocks(
        reader.share("min", 0.06), reader.share("max", 1.0), reader.span("hold", "time", Span(2.0, 12.0), 1e-3)
    )
    if not 0 < blocks.least <= blocks.most or blocks.hold_s.least <= 0:
        reader.fault("", "0 < min <= max and hold > 0 do not hold")
    reader.done()
    return blocks


def _recorded(reader: Reader, kind: str, folder: FilePath, plan_bps: tuple[float, float]) -> Recorded:
    inner = reader.inner(kind)
    keys = ("down", "up") if kind == "mahimahi" else ("table",)
    names = [inner.text(key, "") for key in keys]
    inner.done()
    nothing = Recorded(((0.0, 1.0, 1.0),), 1.0)
    if "" in names:
        reader.fault(kind, f"'{kind}' names a file: {', '.join(keys)}")
        return nothing
    files = [folder / name for name in names]
    try:
        if kind == "mahimahi":
            return read_mahimahi(files[0], files[1], plan_bps)
        return read_table(files[0], plan_bps)
    except TraceError as error:
        reader.fault(kind, str(error))
        return nothing


def _steps(reader: Reader, time_s: float) -> tuple[tuple[float, float], ...]:
    steps = reader.pairs("ratio") or ((0.0, 1.0),)
    times = [at_s for at_s, _ in steps]
    if times[0] != 0.0:
        reader.fault("", "the first step is at 0s: what is the capacity before it?")
    if any(later - earlier <= 2.0 for earlier, later in pairwise(times)):
        reader.fault("", "steps are at least 2s apart, in order: each moves by up to a second with the seed")
    if times[-1] >= time_s:
        reader.fault("", f"a step at {times[-1]:g}s is after the end at {time_s:g}s")
    if any(share <= 0 for _, share in steps):
        reader.fault("", "a capacity is above 0 % (what lasts and carries nothing is an outage: `outages: {30s: 8s}`)")
    return steps


def _path(reader: Reader, time_s: float) -> Path:
    if "policer" in reader and "buffer" in reader:
        reader.fault("policer", "'policer' and 'buffer' contradict each other: a policer lets nothing wait")
    if "policer" in reader and "grants" in reader:
        reader.fault("grants", "'policer' and 'grants' contradict each other: nothing waits for a grant there")
    pings = reader.choice("pings", ("queue", "first"), "queue")
    path = Path(
        rtt_ms=reader.milliseconds("rtt", 20.0),
        buffer_ms=reader.milliseconds("buffer", 300.0),
        policer_ms=reader.milliseconds("policer", 0.0),
        grants_ms=reader.span("grants", "time", NONE),
        pings_first=pings == "first",
        outages=_outages(reader.inner("outages"), time_s),
        changes=_changes(reader.inner("route"), time_s),
        lies=_lies(reader.each("lies"), time_s),
    )
    if path.buffer_ms <= 0:
        reader.fault("buffer", "a buffer holds something")
    if path.pings_first and any(lie.kind == "low" for lie in path.lies):
        reader.fault("lies", "where all pings pass first, one more that does is no lie")
    lying = [lie.reflector for lie in path.lies]
    if len(set(lying)) < len(lying):
        reader.fault("lies", "a reflector tells one lie at the most")
    return path


def _outages(reader: Reader, time_s: float) -> tuple[tuple[float, float], ...]:
    spans = tuple((at_s, at_s + lasts_ms / 1e3) for at_s, lasts_ms in reader.pairs("time"))
    ends_s = [0.0, *(until_s for _, until_s in spans)]
    if any(begin_s < before_s for (begin_s, _), before_s in zip(spans, ends_s, strict=False)):
        reader.fault("", "one outage begins before the one before it ends")
    if any(until_s <= at_s for at_s, until_s in spans):
        reader.fault("", "an outage lasts")
    if ends_s[-1] >= time_s:
        reader.fault("", f"an outage until {ends_s[-1]:g}s is not over at the end, {time_s:g}s")
    return spans


def _changes(reader: Reader, time_s: float) -> tuple[Change, ...]:
    changes = tuple(Change(at_s, extra_ms) for at_s, extra_ms in reader.pairs("time"))
    times = [change.at_s for change in changes]
    if sorted(set(times)) != times or (times and times[-1] >= time_s):
        reader.fault("", f"changes of the route are in order and before the end at {time_s:g}s")
    return changes


def _lies(items: Iterable[Reader], time_s: float) -> tuple[Lie, ...]:
    found = []
    for reader in items:
        kind = reader.one_of(LIES, "low")
        lie = Lie(
            kind,
            reader.count(kind, 1),
            reader.milliseconds("by", 0.0),
            reader.seconds("start", 0.0),
            reader.seconds("stop", time_s),
        )
        if lie.reflector > REFLECTORS:
            reader.fault(kind, f"there are {REFLECTORS} reflectors")
        if (kind == "high") != (lie.by_ms > 0):
            reader.fault("by", "one that answers late does so by some time, the others do not")
        _check_span(reader, lie.start_s, lie.stop_s, time_s)
        reader.done()
        found.append(lie)
    return tuple(found)


def _noise(reader: Reader) -> Noise:
    noise = Noise(
        reader.milliseconds("common", 0.2),
        reader.milliseconds("each", 0.2),
        reader.seconds("burst_every", 0.0),
        reader.span("burst", "time", NONE),
    )
    reader.done()
    return noise


def _flow(reader: Reader, time_s: float) -> Flow:
    kind = reader.one_of(LOADS, "bulk")
    ways: Sequence[str] = ("both",) if kind == "call" else DIRECTIONS
    flow = Flow(
        kind=kind,
        direction=reader.choice(kind, ways, ways[0]),
        flows=reader.count("flows", 1),
        congestion_control=reader.choice("tcp", CONGESTION_CONTROLS, "cubic"),
        rate_bps=reader.rate("rate", CALL_BPS if kind == "call" else 0.0),
        size_bytes=reader.span("size", "size", Span(1e6, 4e6)),
        pause_s=reader.seconds("pause", 1.0),
        start_s=reader.seconds("start", 3.0),
        stop_s=reader.seconds("stop", time_s),
    )
    _check_span(reader, flow.start_s, flow.stop_s, time_s)
    if kind == "call" and flow.flows != 1:
        reader.fault("flows", "one call is measured")
    if (kind in ("paced", "call")) != (flow.rate_bps > 0):
        reader.fault("rate", "a paced flow has a rate, TCP finds its own")
    reader.done()
    return flow


def _check_span(reader: Reader, start_s: float, stop_s: float, time_s: float) -> None:
    if stop_s <= start_s or stop_s > time_s:
        reader.fault("stop", f"from {start_s:g}s to {stop_s:g}s is nothing within {time_s:g}s")
