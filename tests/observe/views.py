"""A site with two WANs as it might be on a good day."""

from wanctl.observe.view import (
    CandidateView,
    ClassView,
    DirectionView,
    DurationsView,
    ProbeView,
    ReflectorView,
    RouterView,
    SiteView,
    StateView,
    WanView,
)

WORK = DurationsView(((0.001, 230_000), (0.01, 230_399), (0.1, 230_400)), 230_400, 92.16, 0.4, 0.9, 11.0)


def direction(state: str, wanted_bps: int, applied_bps: int | None, ceiling_bps: int) -> DirectionView:
    achieved_bps, capacity_bps, floor_bps = wanted_bps * 0.5, wanted_bps * 1.02, ceiling_bps // 20
    return DirectionView(
        state, wanted_bps, applied_bps, 2.5, False, achieved_bps, capacity_bps, 0.5, floor_bps, ceiling_bps, "", 0.0
    )


CABLE = WanView(
    name="cable",
    states=(
        StateView("connectivity.UP.ICMP", 11_520.0),
        StateView("baseline.TRACKING", 61.5),
        StateView("download.GREEN.CRUISE", 12.25),
        StateView("upload.YELLOW.SETTLE", 0.35),
    ),
    source="icmp",
    rtt_ms=20.41,
    baseline_ms=19.2,
    delta_ms=1.21,
    jitter_ms=0.3,
    loss=0.0,
    age_ms=12.0,
    reflectors_alive=6,
    probes=ProbeView(
        460_800,
        460_700,
        80,
        3,
        1,
        0,
        (),
        reflectors=(ReflectorView("1.1.1.1", 76_800, 288_000, False), ReflectorView("9.9.9.9", 12, 8_640, True)),
    ),
    download=direction("GREEN.CRUISE", 412_000_000, 412_000_000, 799_000_000),
    upload=direction("YELLOW.SETTLE", 30_100_000, 32_300_000, 32_300_000),
)

LTE = WanView(
    name="lte",
    states=(
        StateView("connectivity.UP.TCP_FALLBACK", 300.0),
        StateView("baseline.FROZEN", 4.1),
        StateView("download.GREEN.PROBE", 1.0),
        StateView("upload.HOLD.PINNED", 600.0),
    ),
    source="tcp",
    rtt_ms=48.0,
    baseline_ms=48.3,
    delta_ms=-0.3,
    jitter_ms=None,
    loss=None,
    age_ms=40.0,
    reflectors_alive=2,
    probes=ProbeView(1_000, 990, 4, 0, 0, 2, ()),
    download=direction("GREEN.PROBE", 51_000_000, 51_000_000, 51_000_000),
    upload=direction("HOLD.PINNED", 17_000_000, 17_000_000, 17_000_000),
)

REALTIME = ClassView(
    name="realtime",
    states=(StateView("place.STEERED.FREE", 12.0), StateView("damping.CALM.ONCE", 22.0)),
    home="cable",
    wanted="lte",
    applied="lte",
    placement="SETTLED",
    trouble="",
    behind_s=0.0,
    candidates=(CandidateView("cable", 82.0, "delay 82 ms > 40 ms", ""), CandidateView("lte", 35.0, "", "")),
)
VIEW = SiteView(
    site="home",
    version="0.1.0",
    pid=4711,
    at_s=1_790_000_000.5,
    up_s=11_520.0,
    silent_s=0.0,
    ticks=230_400,
    overruns=3,
    transitions=812,
    faults=0,
    work=WORK,
    lateness=WORK,
    troubles=(),
    router=RouterView(
        transport="rest",
        states=(
            StateView("transport.REST", 11_520.0),
            StateView("router.ONLINE.IN_SYNC", 3.5),
            StateView("objects.COMPLETE", 11_520.0),
        ),
        writes=1_204,
        failures=0,
        minute_left=27,
        day_left=8_796,
        troubles=(),
    ),
    wans=(CABLE, LTE),
    classes=(REALTIME,),
)
