"""Is a site healthy? One list of what is not, for `wanctl status`, `/readyz` and whoever else asks."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from wanctl.observe.view import SCHEMA, ClassView, SiteView, WanView, values_of

STALLED_S = 1.0  # twenty ticks
BEHIND_S = 10.0  # longer than the patience of the actuator with a small change or a raise
TICK_LIMIT_MS = 40.0  # of a period of 50
LOST_MS = 5_000.0
MOST_FAILURES = 3  # in a row; one or two are a busy router
STARTING_S = 5.0  # until the first answers are there


class Problem(NamedTuple):
    """Something that is not as it should be."""

    what: str  # "router", "ticks", or the name of a WAN
    text: str


def problems(view: SiteView) -> tuple[Problem, ...]:
    """Everything that is wrong, the worst first; empty: all is well."""
    return tuple(_problems(view))


def report(view: SiteView) -> dict[str, Any]:
    """A view with what is wrong in it, as JSON values: schema `wanctl.status/1`."""
    return {"schema": SCHEMA, "problems": [problem._asdict() for problem in problems(view)], **values_of(view)}


class Check(NamedTuple):
    """One thing that a site needs to do its work."""

    what: str
    ok: bool
    detail: str


def readiness(view: SiteView) -> tuple[Check, ...]:
    """Whether the site does its work: its loop lives, it sees a WAN, and its router obeys."""
    seen = [wan.name for wan in view.wans if wan.age_ms is not None and wan.age_ms < LOST_MS]
    router = view.router
    known = any(side.applied_bps is not None for wan in view.wans for _, side in wan.directions)
    return (
        Check("ticks", view.silent_s < STALLED_S, f"last tick {view.silent_s:.1f} s ago"),
        Check("measured", bool(seen), f"answers by {', '.join(seen)}" if seen else "no WAN is measured"),
        Check(
            "router",
            known and router.failures < MOST_FAILURES and router.mode not in ("UNREACHABLE", "DENIED"),
            f"{router.mode} over {router.transport.upper()}, {router.failures} writes in a row have failed",
        ),
    )


def _problems(view: SiteView) -> Iterator[Problem]:
    if view.silent_s > STALLED_S:
        yield Problem("ticks", f"the tick loop has been silent for {view.silent_s:.1f} s")
    if view.work.p99_ms > TICK_LIMIT_MS:
        yield Problem("ticks", f"one tick of a hundred takes {view.work.p99_ms:.0f} ms or more, of a period of 50 ms")
    if view.faults:
        yield Problem("machines", f"{view.faults} faults of machines since the start; the journal has them")
    router = view.router
    for trouble in router.troubles:
        yield Problem("router", trouble)
    if router.failures and not router.troubles:
        yield Problem("router", f"{router.failures} writes in a row have failed")
    if router.day_left is not None and router.day_left <= 0:
        yield Problem("router", "the day's writes are used up: cuts alone go out, as tokens come in")
    for trouble in view.troubles:
        yield Problem("daemon", trouble)
    for one in view.classes:
        yield from _of_class(one)
    for wan in view.wans:
        yield from _of_wan(wan, starting=view.up_s < STARTING_S)


def _of_wan(wan: WanView, *, starting: bool) -> Iterator[Problem]:
    for problem in wan.probes.problems:
        yield Problem(wan.name, f"probes cannot leave: {problem}")
    connectivity = next((leaf for leaf in wan.states if leaf.region == "connectivity"), None)
    if connectivity is not None and not connectivity.state.startswith("UP"):
        yield Problem(wan.name, f"{connectivity.state} for {_duration(connectivity.for_s)}: {_meaning(wan)}")
    elif wan.age_ms is None and not starting:
        yield Problem(wan.name, "no probe was ever answered")
    elif wan.age_ms is not None and wan.age_ms > LOST_MS:
        yield Problem(wan.name, f"the last answer came {_duration(wan.age_ms / 1e3)} ago")
    for reflector in wan.deaf:
        yield Problem(
            wan.name, f"{reflector} does not feel a queue that all others feel, and is not believed: replace it"
        )
    for name in wan.unfelt:
        yield Problem(
            wan.name,
            f"{name}: traffic stands still below the shaped rate, probes are lost and none is delayed: something drops "
            "packets that probes do not wait behind, such as a policer; set a 'ceiling' below that rate",
        )
    for name, direction in wan.directions:
        if direction.applied_bps is None and not starting:
            yield Problem(wan.name, f"{name}: nobody knows which rate the router has")
        elif direction.behind_s > BEHIND_S:
            reason = f" ({direction.suppressed})" if direction.suppressed else ""
            behind = _duration(direction.behind_s)
            yield Problem(wan.name, f"{name}: the router has had another rate than wanted for {behind}{reason}")


def _of_class(one: ClassView) -> Iterator[Problem]:
    if one.trouble:
        yield Problem(one.name, one.trouble)
    elif one.behind_s > BEHIND_S:
        where = f"on {one.applied}" if one.applied else "nobody knows where"
        behind = _duration(one.behind_s)
        yield Problem(one.name, f"new connections are wanted on {one.wanted}, and have been {where} for {behind}")
    here = next((found for found in one.candidates if found.wan == one.wanted), None)
    if here is not None and here.refused.endswith("down"):
        yield Problem(one.name, f"{here.wan} is down, and there is no other WAN that it could use")


def _meaning(wan: WanView) -> str:
    match wan.state_of("connectivity"):
        case "OUTAGE":
            return "nothing answers and nothing comes in; the rates are held"
        case "BLIND":
            return "traffic flows, but no probe is answered; the rates are held"
        case _:
            return f"answers go missing ({(wan.loss or 0.0) * 100:.1f} % loss)"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"
