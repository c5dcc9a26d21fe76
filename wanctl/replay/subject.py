"""What a trace is run through: the WANs of a site file, or one WAN made from a profile."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from wanctl.config.find import find_site
from wanctl.config.law import build_site, check_laws
from wanctl.config.model import START_OF_CEILING
from wanctl.config.profile import Profile, load_profile, profile_names
from wanctl.config.site import SiteFile, load_site
from wanctl.engine import Findings, did_you_mean
from wanctl.plan import DirectionPlan, SitePlan, WanPlan
from wanctl.replay.fault import refuse_file
from wanctl.replay.trace import Trace
from wanctl.site import Site

DEFAULT_PROFILE = "cable"


@dataclass(frozen=True, slots=True)
class Subject:
    """A site to replay: its plan, and where that came from, in words."""

    plan: SitePlan
    configuration: str

    @property
    def wans(self) -> tuple[str, ...]:
        """The names of its WANs."""
        return tuple(wan.name for wan in self.plan.wans)

    @property
    def law(self) -> str:
        """The law of its WANs; both names where they differ."""
        return " and ".join(sorted({wan.law for wan in self.plan.wans}))

    def wan_of(self, trace: Trace) -> str:
        """The WAN that a trace without a `wan` column is about; `TraceError` (WC709) where that cannot be told."""
        if trace.has_wans:
            return ""
        if len(self.wans) > 1:
            names = ", ".join(self.wans)
            refuse_file("WC709", f"the site has the WANs {names}", trace.name, "say which one it is about: --wan NAME")
        return self.wans[0]

    def build(self, now_ns: int) -> Site:
        """The site, its machines started at `now_ns`."""
        return build_site(self.plan, now_ns)


def from_site(site: str, law: str | None, wan: str | None) -> Subject:
    """The WANs of a site file, or one of them; `law` replaces what the site says. `FileError` as `load_site`."""
    file = load_site(find_site(site))
    if law is not None:
        file = _under(file, law)
    findings = Findings(sources=dict(file.warnings.sources))
    check_laws(file, findings)
    findings.raise_errors()
    plan = file.plan()
    if wan is not None:
        known = [item.name for item in plan.wans]
        if wan not in known:
            refuse_file("WC709", f"the site has no WAN '{wan}'", str(file.path), did_you_mean(wan, known))
        plan = replace(plan, wans=tuple(item for item in plan.wans if item.name == wan), classes=())
    return Subject(plan, f"site {file.path}")


def _under(file: SiteFile, law: str) -> SiteFile:
    """The site with another law for all its WANs."""
    wans = {name: wan.model_copy(update={"law": law}) for name, wan in file.site.wans.items()}
    if law == "classic":
        for name, wan in wans.items():
            if file.profile(wan).classic is None:
                hint = "use profile: cable or profile: dsl there; the classic law has no figures for others"
                refuse_file(
                    "WC709", f"the profile '{wan.profile}' of '{name}' has no classic law", str(file.path), hint
                )
    return replace(file, site=file.site.model_copy(update={"wans": wans}))


def from_profile(name: str, law: str) -> Subject:
    """One WAN, named after its profile, with the absolute rates of the profile's classic section."""
    if name not in profile_names():
        hint = did_you_mean(name, [known for known in profile_names() if load_profile(known).classic])
        refuse_file("WC709", f"there is no profile '{name}'", "--profile", hint)
    profile = load_profile(name)
    limits = profile.classic_limits()
    if limits is None:
        hint = "name a site with --site, or --profile cable or dsl"
        refuse_file("WC709", f"the profile '{name}' holds no absolute rates to replay with", "--profile", hint)
    params = _params(profile, law)
    if law != "classic":
        limits = _started(limits[0]), _started(limits[1])
    return Subject(SitePlan("replay", (WanPlan(name, law, *limits, params=params),)), f"profile {name}")


def _params(profile: Profile, law: str) -> Mapping[str, float]:
    return profile.classic_params() if law == "classic" else dict(profile.params)


def _started(limits: DirectionPlan) -> DirectionPlan:
    """The limits of a site that says no more than floor and ceiling."""
    start_bps = max(limits.floor_bps, round(limits.ceiling_bps * START_OF_CEILING))
    return DirectionPlan(limits.floor_bps, limits.ceiling_bps, start_bps)
