"""Metrics, made from a view when somebody scrapes: a tick pays nothing for them."""

from collections.abc import Callable, Iterable, Iterator
from math import inf, nan

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    StateSetMetricFamily,
)
from prometheus_client.core import (
    Metric as Family,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from wanctl.engine import Model
from wanctl.observe.health import problems
from wanctl.observe.metric import BY_NAME, CLASS_MODES, DAEMON_MODES, REASONS, REGIONS, ROUTER_MODES, TRANSPORTS
from wanctl.observe.source import Site, Source
from wanctl.observe.view import DirectionView, DurationsView, SiteView, WanView

Series = tuple[tuple[str, ...], float]


class Metrics:
    """The metrics of one site."""

    def __init__(self, source: Source) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(SiteCollector(source))

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """All of them in the format that a scraper accepts, and the content type of it."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class SiteCollector(Collector):
    """One site as metric families."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._sha256 = ""
        self._know(source.site)

    def _know(self, site: Site) -> None:
        """Learn which states and rows there are; a reload may change them."""
        if site.sha256 == self._sha256:
            return
        models = {name: program.model for name, program in site.programs.items()}
        self._modes = {(wan, region): _modes(model, region) for wan, model in models.items() for region in REGIONS}
        self._zeros = {(wan, source, target): 0 for wan, model in models.items() for source, target in _rows(model)}
        self._sha256 = site.sha256

    def describe(self) -> Iterator[Family]:
        """Nothing: the names are known from the table, and no scrape is made to learn them."""
        return iter(())

    def collect(self) -> Iterator[Family]:
        """Every family of the table, each with all its series."""
        scrape, site = self._source.scrape(), self._source.site
        self._know(site)
        view = scrape.view
        yield _info("wanctl_build", version=view.version)
        yield _info("wanctl_config", site=site.name, file=site.file, sha256=site.sha256)
        yield from _loop(view)
        yield from _daemon(view)
        yield from self._states(view)
        counts = {**self._zeros, **dict(scrape.counts)}
        yield counter("wanctl_transitions", (_transition(*key, count) for key, count in counts.items()))
        for family, of in _WAN_GAUGES:
            yield gauge(family, (((wan.name,), of(wan, view)) for wan in view.wans))
        for family, counted in _WAN_COUNTERS:
            yield counter(family, (((wan.name,), counted(wan)) for wan in view.wans))
        yield from _reflectors(view)
        yield from _shaping(view)
        yield from _router(view)
        yield from _steering(view)

    def _states(self, view: SiteView) -> Iterator[Family]:
        for region in REGIONS:
            name = f"wanctl_{region}_state"
            family = StateSetMetricFamily(name, BY_NAME[name].help, labels=BY_NAME[name].labels)
            for wan in view.wans:
                active = wan.state_of(region).partition(".")[0]
                modes = self._modes.get((wan.name, region), ())  # a reload may fall between two looks
                if modes:  # the classic law has two of the regions
                    family.add_metric([wan.name], {mode: mode == active for mode in modes})
            yield family


def gauge(name: str, series: Iterable[Series]) -> Family:
    """A gauge of the table."""
    family = GaugeMetricFamily(name, BY_NAME[name].help, labels=BY_NAME[name].labels)
    for labels, value in series:
        family.add_metric(labels, value)
    return family


def counter(name: str, series: Iterable[Series]) -> Family:
    """A counter of the table."""
    family = CounterMetricFamily(name, BY_NAME[name].help, labels=BY_NAME[name].labels)
    for labels, value in series:
        family.add_metric(labels, value)
    return family


def histogram(name: str, durations: DurationsView) -> Family:
    """A histogram of the table."""
    family = HistogramMetricFamily(name, BY_NAME[name].help)
    buckets = [(str(bound_s), float(count)) for bound_s, count in durations.buckets]
    family.add_metric([], [*buckets, ("+Inf", float(durations.count))], durations.sum_s)
    return family


def _info(name: str, **labels: str) -> Family:
    assert tuple(labels) == BY_NAME[name].labels
    return InfoMetricFamily(name, BY_NAME[name].help, value=labels)


def _one_of(name: str, active: str, known: tuple[str, ...]) -> Family:
    family = StateSetMetricFamily(name, BY_NAME[name].help, labels=())
    family.add_metric([], {mode: mode == active for mode in known})
    return family


def _daemon(view: SiteView) -> Iterator[Family]:
    daemon = view.daemon
    yield _one_of("wanctl_daemon_state", daemon.mode, DAEMON_MODES)
    yield counter("wanctl_part_failures", [((), daemon.part_failures)])
    yield counter("wanctl_state_recoveries", [((), daemon.recoveries)])
    yield counter("wanctl_config_reloads", [((), daemon.reloads)])
    yield counter("wanctl_config_reloads_refused", [((), daemon.reloads_refused)])
    yield gauge("wanctl_config_last_reload_successful", [((), 0 if daemon.last_reload_refused else 1)])


def _loop(view: SiteView) -> Iterator[Family]:
    none: tuple[str, ...] = ()
    yield gauge("wanctl_start_timestamp_seconds", [(none, view.at_s - view.up_s)])
    yield gauge("wanctl_problems", [(none, len(problems(view)))])
    yield counter("wanctl_ticks", [(none, view.ticks)])
    yield counter("wanctl_tick_overruns", [(none, view.overruns)])
    yield histogram("wanctl_tick_duration_seconds", view.work)
    yield histogram("wanctl_tick_lateness_seconds", view.lateness)
    yield gauge("wanctl_last_tick_timestamp_seconds", [(none, view.at_s)])
    yield counter("wanctl_machine_faults", [(none, view.faults)])


def _transition(wan: str, source: str, target: str, count: int) -> Series:
    region, _, below = source.partition(".")
    return (wan, region, below, target.removeprefix(f"{region}.")), count


def _modes(model: Model, region: str) -> list[str]:
    """The states right below a region, in document order."""
    parent = next((state for state in model.states if state.path == region), None)
    below = [] if parent is None else [model.states[child] for child in parent.children]
    return [state.name for state in below if state.kind != "history"]


def _rows(model: Model) -> Iterator[tuple[str, str]]:
    for row in model.rows:
        for target in row.targets:
            yield model.states[row.state].path, model.states[target].path
        if not row.targets:
            yield model.states[row.state].path, ""


def _seconds(value_ms: float | None) -> float:
    return nan if value_ms is None else value_ms / 1e3


_WAN_GAUGES: tuple[tuple[str, Callable[[WanView, SiteView], float]], ...] = (
    ("wanctl_rtt_seconds", lambda wan, _view: _seconds(wan.rtt_ms)),
    ("wanctl_rtt_baseline_seconds", lambda wan, _view: _seconds(wan.baseline_ms)),
    ("wanctl_rtt_delta_seconds", lambda wan, _view: _seconds(wan.delta_ms)),
    ("wanctl_rtt_jitter_seconds", lambda wan, _view: _seconds(wan.jitter_ms)),
    ("wanctl_rtt_limit_seconds", lambda wan, _view: _seconds(wan.limit_ms)),
    ("wanctl_reflectors_moved_ratio", lambda wan, _view: nan if wan.moved is None else wan.moved),
    ("wanctl_probe_loss_ratio", lambda wan, _view: nan if wan.loss is None else wan.loss),
    ("wanctl_last_answer_timestamp_seconds", lambda wan, view: view.at_s - _seconds(wan.age_ms)),
    ("wanctl_reflectors_alive", lambda wan, _view: wan.reflectors_alive),
)

_WAN_COUNTERS: tuple[tuple[str, Callable[[WanView], int]], ...] = (
    ("wanctl_probes_sent", lambda wan: wan.probes.sent),
    ("wanctl_probes_answered", lambda wan: wan.probes.answered),
    ("wanctl_probes_lost", lambda wan: wan.probes.unanswered),
    ("wanctl_probes_late", lambda wan: wan.probes.late),
    ("wanctl_probes_duplicate", lambda wan: wan.probes.duplicate),
    ("wanctl_probe_local_failures", lambda wan: wan.probes.local_failures),
    ("wanctl_probes_foreign", lambda wan: wan.probes.foreign),
    ("wanctl_probes_unusable", lambda wan: wan.probes.unusable),
    ("wanctl_probes_clock_dropped", lambda wan: wan.probes.clock_dropped),
    ("wanctl_probe_clock_jumps", lambda wan: wan.probes.clock_jumps),
    ("wanctl_probe_sockets_reopened", lambda wan: wan.probes.reopened),
)


_SIDE_GAUGES: tuple[tuple[str, Callable[[DirectionView], float]], ...] = (
    ("wanctl_shaper_wanted_bytes_per_second", lambda side: _bytes(side.wanted_bps)),
    # 0 is RouterOS's word for "no limit".
    ("wanctl_shaper_applied_bytes_per_second", lambda side: inf if side.applied_bps == 0 else _bytes(side.applied_bps)),
    ("wanctl_shaper_floor_bytes_per_second", lambda side: _bytes(side.floor_bps)),
    ("wanctl_shaper_ceiling_bytes_per_second", lambda side: _bytes(side.ceiling_bps)),
    ("wanctl_achieved_bytes_per_second", lambda side: _bytes(side.achieved_bps)),
    ("wanctl_capacity_bytes_per_second", lambda side: _bytes(side.capacity_bps)),
    ("wanctl_load_ratio", lambda side: nan if side.load is None else side.load),
)


def _reflectors(view: SiteView) -> Iterator[Family]:
    asked = [((wan.name, one.address), one) for wan in view.wans for one in wan.probes.reflectors]
    yield gauge("wanctl_reflector_packets_per_day", ((labels, one.per_day) for labels, one in asked))
    yield gauge("wanctl_reflector_resting", ((labels, float(one.resting)) for labels, one in asked))
    deaf = {(wan.name, name) for wan in view.wans for name in wan.deaf}
    yield gauge("wanctl_reflector_deaf", ((labels, float(labels in deaf)) for labels, _ in asked))
    unfelt = (((wan.name, name), float(name in wan.unfelt)) for wan in view.wans for name, _ in wan.directions)
    yield gauge("wanctl_unfelt_queue", unfelt)


def _shaping(view: SiteView) -> Iterator[Family]:
    sides = [((wan.name, name), direction) for wan in view.wans for name, direction in wan.directions]
    for family, of in _SIDE_GAUGES:
        yield gauge(family, ((labels, of(side)) for labels, side in sides))
    waiting = (((*labels, reason), float(side.suppressed == reason)) for labels, side in sides for reason in REASONS)
    yield gauge("wanctl_shaper_suppressed", waiting)
    yield gauge("wanctl_shaper_in_flight", ((labels, float(side.in_flight)) for labels, side in sides))
    said = ((labels, nan if side.confirmed_s is None else view.at_s - side.confirmed_s) for labels, side in sides)
    yield gauge("wanctl_shaper_confirmed_timestamp_seconds", said)


def _steering(view: SiteView) -> Iterator[Family]:
    name = "wanctl_steering_state"
    states = StateSetMetricFamily(name, BY_NAME[name].help, labels=BY_NAME[name].labels)
    for one in view.classes:
        mode = one.state.partition(".")[0]
        states.add_metric([one.name], {known: known == mode for known in CLASS_MODES})
    yield states
    sights = [(one, found) for one in view.classes for found in one.candidates]
    in_use = (((one.name, found.wan), float(found.wan == one.applied)) for one, found in sights)
    yield gauge("wanctl_steering_active", in_use)
    yield gauge("wanctl_steering_cost_seconds", (((one.name, it.wan), _seconds(it.cost_ms)) for one, it in sights))
    yield gauge("wanctl_steering_desired_mismatch", (((one.name,), float(one.behind_s > 0)) for one in view.classes))


def _bytes(rate_bps: float | None) -> float:
    return nan if rate_bps is None else rate_bps / 8


def _router(view: SiteView) -> Iterator[Family]:
    router = view.router
    yield _one_of("wanctl_router_state", router.mode, ROUTER_MODES)
    yield _one_of("wanctl_router_transport", router.transport, TRANSPORTS)
    yield counter("wanctl_router_writes", [((), router.writes)])
    yield gauge("wanctl_router_failures", [((), router.failures)])
    yield gauge("wanctl_router_troubles", [((), len(router.troubles))])
    left = (("minute", router.minute_left), ("day", router.day_left))
    yield gauge("wanctl_write_budget_remaining", (((window,), inf if n is None else n) for window, n in left))
