"""The classic law in a site: the profile's figures, and what the site writes over them.

A site's `ceiling`, `floor` (for every state) and `start` replace the profile's, which are absolute rates of one link.
Without a `ceiling` the profile's holds, and a plan below it is an error: a guessed one would be a third law.
"""

from wanctl.config.lookup import DIRECTIONS, law_of, rate_of, shown, text_of
from wanctl.config.model import Wan
from wanctl.config.profile import Profile, load_profile
from wanctl.config.reading import key_place, place_of
from wanctl.config.value import BadValueError
from wanctl.engine.diagnostic import Findings
from wanctl.engine.document import Map
from wanctl.plan import DirectionPlan, WanPlan


def classic_plan(name: str, wan: Wan, profile: Profile, own: dict[str, float]) -> WanPlan:
    """One WAN under the classic law; `own` are the `params` that the site writes."""
    params = profile.classic_params() | own
    plans = []
    for direction, limits in (("download", wan.download), ("upload", wan.upload)):
        if limits.ceiling:
            params[f"{direction}_ceiling"] = float(limits.ceiling)
        if limits.floor:
            params |= dict.fromkeys(_floors(params, direction), float(limits.floor))
        ceiling = round(params[f"{direction}_ceiling"])
        floor = round(min(_floors(params, direction).values()))
        plans.append(DirectionPlan(floor, ceiling, limits.start or ceiling))
    return WanPlan(name, "classic", plans[0], plans[1], params)


def check_classic(root: Map, wan: str, findings: Findings) -> None:
    """The classic law needs a profile with its figures, and limits that go together with what the site writes."""
    wans = root["wans"]
    assert isinstance(wans, Map)
    node = wans[wan]
    if law_of(root, wan) != "classic" or not isinstance(node, Map) or (profile := _profile(node)) is None:
        return
    if profile.classic is None:
        place = place_of(root, ("wans", wan, "law") if "law" in node else ("law",))
        hint = "use profile: cable or profile: dsl; the classic law has no figures for others"
        findings.error("WC131", f"the profile '{profile.name}' of '{wan}' has no classic law", place, hint)
        return
    for direction in DIRECTIONS:
        limits = node.get(direction)
        if isinstance(limits, Map):
            _check_limits(root, ("wans", wan, direction), limits, profile, findings)


def _check_limits(root: Map, path: tuple[str, str, str], limits: Map, profile: Profile, findings: Findings) -> None:
    params, direction = profile.classic_params(), path[-1]
    plan = rate_of(limits.get("plan"))
    ceiling = rate_of(limits.get("ceiling")) or round(params[f"{direction}_ceiling"])
    if "ceiling" not in limits and plan and ceiling > plan:
        message = f"the classic ceiling of profile '{profile.name}', {shown(ceiling)}, is above the plan"
        findings.error("WC134", message, limits["plan"].place, "write ceiling, and floor, for this link")
        return
    own, floors = rate_of(limits.get("floor")), _floors(params, direction).values()
    highest, lowest = own or round(max(floors)), own or round(min(floors))
    if highest > ceiling:
        place = limits["floor"].place if "floor" in limits else key_place(root, path)
        hint = "" if "floor" in limits else "write floor, for this link"
        findings.error("WC123", f"the floor {shown(highest)} is above the ceiling {shown(ceiling)}", place, hint)
    start = rate_of(limits.get("start"))
    if start and not lowest <= start <= ceiling:
        message = f"the start is not between the floor {shown(lowest)} and the ceiling {shown(ceiling)}"
        findings.error("WC123", message, limits["start"].place)


def _floors(params: dict[str, float], direction: str) -> dict[str, float]:
    return {name: rate for name, rate in params.items() if name.startswith(f"{direction}_floor")}


def _profile(node: Map) -> Profile | None:
    try:
        return load_profile(text_of(node.get("profile")) or "default")
    except BadValueError:
        return None
