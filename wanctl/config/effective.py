"""The whole configuration of a site, every default filled in, with where each value came from.

It is written as a site file again: what `check --effective` prints, `check` accepts, and it plans the same.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from wanctl.config.lookup import DIRECTIONS
from wanctl.config.model import (
    CEILING_OF_PLAN,
    FLOOR_OF_CEILING,
    START_OF_CEILING,
    Budget,
    Direction,
    Hurts,
    Router,
    Steered,
    Who,
)
from wanctl.config.reading import Path, key_place, node_at
from wanctl.config.site import SiteFile
from wanctl.engine.document import List, Node, Text
from wanctl.engine.expression import Symbol
from wanctl.engine.unit import UNITS
from wanctl.plan import DirectionPlan, WanPlan

Params = Mapping[str, Mapping[str, Symbol]]  # law -> the parameters its machine declares


class Setting(NamedTuple):
    """One value, where it stands in the merged configuration, and where it came from."""

    path: Path
    value: str
    origin: str  # "home.yaml:12", "profile cable", "default", "85 % of the plan", "machine wan"
    note: bool = False  # of the law, and without a key of its own in a site file


def effective(site: SiteFile, params: Params) -> tuple[Setting, ...]:
    """Every setting of a site, in the order of a site file."""
    return tuple(_settings(site, params))


def render(settings: tuple[Setting, ...], width: int = 46) -> str:
    """The settings as YAML, each with its origin in a comment at `width`."""
    lines: list[str] = []
    above: Path = ()
    for path, value, origin, note in settings:
        common = next((i for i, (a, b) in enumerate(zip(above, path, strict=False)) if a != b), len(above))
        lines += [f"{'  ' * depth}{path[depth]}:" for depth in range(common, len(path) - 1)]
        above, indent = path[:-1], "  " * (len(path) - 1)
        text = f"{indent}{'# ' if note else ''}{path[-1]}:"
        items = value[1:-1].split(", ") if value.startswith("[") and len(text) + len(value) >= width else []
        lines.append(f"{text if items else f'{text} {value}':<{width}}  # {origin}")
        lines += [f"{indent}  - {item}" for item in items]
    return "\n".join(lines)


def written_rate(rate_bps: float) -> str:
    """A rate as a site file has it, exact: `39.95Mbit`."""
    for unit in ("Gbit", "Mbit", "kbit"):
        factor = UNITS[unit][1]
        text = f"{rate_bps / factor:.9g}"
        if rate_bps >= factor and "e" not in text and round(float(text) * factor) == rate_bps:
            return f"{text}{unit}"
    return f"{rate_bps:.15g}bit"


def written_time(time_ms: float) -> str:
    """A time as a site file has it: `15ms`, `50s`."""
    return f"{time_ms / 1e3:.9g}s" if time_ms >= 10_000 else f"{time_ms:.9g}ms"


def _written(value: float, symbol: Symbol | None) -> str:
    match symbol.dimension if symbol else "":
        case "rate":
            return written_rate(value)
        case "time":
            return written_time(value)
        case "slope":
            return f"{value * 1e3:.9g}ms/s"
        case "size":
            return f"{value:.15g}B"
        case "ticks":
            return f"{value:.9g} ticks"
        case "frequency":
            return f"{value:.9g}Hz"
        case _:
            return f"{value:.9g}"


def _settings(site: SiteFile, params: Params) -> Iterator[Setting]:
    if site.site.router is not None:
        yield from _router(site, site.site.router)
    if site.site.linux is not None:
        yield Setting(("linux",), "{}", _origin(site, ("linux",)))
    for plan in site.plan().wans:
        yield from _wan(site, plan, params.get(plan.law, {}))
    yield from _classes(site)
    if site.site.http is not None:
        yield _written_setting(site, ("http",))
    if site.site.router is not None:
        budget = site.site.budget or Budget()
        for key, writes in (("minute", budget.minute), ("day", budget.day)):
            yield Setting(("budget", key), str(writes), _origin(site, ("budget", key)))


def _origin(site: SiteFile, path: Path, otherwise: str = "default") -> str:
    if node_at(site.root, path) is None:
        return otherwise
    return f"{site.path.name}:{key_place(site.root, path).line}"


def _text(node: Node | None) -> str:
    if isinstance(node, List):
        return f"[{', '.join(_text(item) for item in node)}]"
    return _quoted(node.value) if isinstance(node, Text) else "{}"


def _quoted(text: str) -> str:
    """A text that reads the same in YAML: names may begin or end with what YAML takes for its own."""
    safe = text and text == text.strip() and text[0] not in "-:?/.#" and ": " not in text and " #" not in text
    # A bracket ends a list, and "2001:db8::" is a key without a value.
    return text if safe and not text.endswith(":") and not set(text) & set("[]{},") else f'"{text}"'


def _written_setting(site: SiteFile, path: Path) -> Setting:
    return Setting(path, _text(node_at(site.root, path)), _origin(site, path))


def _router(site: SiteFile, router: Router) -> Iterator[Setting]:
    defaults = {"port": str(router.port), "ssh_port": str(router.ssh_port)}
    for key in Router.model_fields:
        if node_at(site.root, ("router", key)) is not None:
            yield _written_setting(site, ("router", key))
        elif key in defaults:
            yield Setting(("router", key), defaults[key], "default")


def _wan(site: SiteFile, plan: WanPlan, declared: Mapping[str, Symbol]) -> Iterator[Setting]:
    wan, path = site.site.wans[plan.name], ("wans", plan.name)
    yield Setting((*path, "profile"), wan.profile, _origin(site, (*path, "profile")))
    for key in ("interface", "gateway", "source", "device", "fwmark", "metered"):
        if node_at(site.root, (*path, key)) is not None:
            yield _written_setting(site, (*path, key))
    reflectors = ", ".join(_quoted(str(reflector)) for reflector in site.reflectors(wan))
    origin = _origin(site, (*path, "reflectors"), _origin(site, ("reflectors",)))
    yield Setting((*path, "reflectors"), f"[{reflectors}]", origin)
    yield Setting((*path, "law"), plan.law, _origin(site, (*path, "law"), _origin(site, ("law",))))
    yield from _params(site, plan, declared)
    for direction in DIRECTIONS:
        limits = plan.download if direction == "download" else plan.upload
        yield from _direction(site, (*path, direction), limits, plan)


def _params(site: SiteFile, plan: WanPlan, declared: Mapping[str, Symbol]) -> Iterator[Setting]:
    profile = site.profile(site.site.wans[plan.name])
    from_profile = profile.classic_params() if plan.law == "classic" else dict(profile.params)
    limits = {name for name in from_profile if plan.law == "classic" and ("_floor" in name or "_ceiling" in name)}
    for name in dict.fromkeys([*plan.params, *declared]):
        symbol = declared.get(name)
        if name in limits or (name not in plan.params and not (symbol and isinstance(symbol.default, float))):
            continue
        value = plan.params[name] if name in plan.params else float(str(symbol.default if symbol else 0))
        origin = f"profile {profile.name}" if name in from_profile else "law's default"
        origin = _origin(site, ("params", name), origin)
        origin = _origin(site, ("wans", plan.name, "params", name), origin)
        yield Setting(("wans", plan.name, "params", name), _written(value, symbol), origin)


def _direction(site: SiteFile, path: Path, limits: DirectionPlan, plan: WanPlan) -> Iterator[Setting]:
    for key in ("queue", "simple_queue", "device", "plan"):
        if node_at(site.root, (*path, key)) is not None:
            yield _written_setting(site, (*path, key))
    if plan.law == "classic":
        yield from _classic_limits(site, path, limits, plan)
        return
    for key, rate_bps, share, of in (
        ("ceiling", limits.ceiling_bps, CEILING_OF_PLAN, "plan"),
        ("floor", limits.floor_bps, FLOOR_OF_CEILING, "ceiling"),
        ("start", limits.start_bps, START_OF_CEILING, "ceiling"),
    ):
        default = f"{share * 100:.0f} % of the {of}"
        if key == "start" and limits.start_bps == limits.floor_bps:
            default = "the floor"
        yield Setting((*path, key), written_rate(rate_bps), _origin(site, (*path, key), default))


def _classic_limits(site: SiteFile, path: Path, limits: DirectionPlan, plan: WanPlan) -> Iterator[Setting]:
    profile = f"profile {site.site.wans[plan.name].profile}"
    yield Setting((*path, "ceiling"), written_rate(limits.ceiling_bps), _origin(site, (*path, "ceiling"), profile))
    if node_at(site.root, (*path, "floor")) is not None:
        yield Setting((*path, "floor"), written_rate(limits.floor_bps), _origin(site, (*path, "floor")))
    else:  # one floor for each state has no key in a site file
        floors = f"{path[-1]}_floor"
        for name in (name for name in plan.params if name.startswith(floors)):
            key = name.removeprefix(f"{path[-1]}_")
            yield Setting((*path, key), written_rate(plan.params[name]), profile, note=True)
    yield Setting((*path, "start"), written_rate(limits.start_bps), _origin(site, (*path, "start"), "the ceiling"))


def _classes(site: SiteFile) -> Iterator[Setting]:
    for name in site.site.classes:
        path: Path = ("classes", name)
        for section, keys in (("who", Who.model_fields), ("hurts", Hurts.model_fields)):
            for key in keys:
                if node_at(site.root, (*path, section, key)) is not None:
                    yield _written_setting(site, (*path, section, key))
            if section == "who":
                yield _written_setting(site, (*path, "prefer"))
        if node_at(site.root, (*path, "need")) is not None:
            yield _written_setting(site, (*path, "need"))
    if site.site.classes or site.site.steering is not None:
        steered = site.site.steering or Steered()
        for key, text in (("lan", _quoted(steered.lan)), ("ttl", written_time(steered.ttl))):
            yield Setting(("steering", key), text, _origin(site, ("steering", key)))


__all__ = ["Direction", "Setting", "effective", "render", "written_rate", "written_time"]
