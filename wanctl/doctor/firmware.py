"""RouterOS itself: its version with the quirks that are known of it, and its clock.

Sources: MikroTik's changelogs and manual; what public projects measured (tikoci/quickchr on 7.21.5, FreeSDN on 7.21.3).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from wanctl.doctor.finding import ROUTER, Finding, Mark, on_router
from wanctl.routeros import Resource

Version = tuple[int, int, int]

_VERSION = re.compile(r"(?P<major>\d+)\.(?P<minor>\d+)(?:\.(?P<patch>\d+))?(?P<early>alpha|beta|rc)?", re.ASCII)
_UPGRADE = on_router("/system/package/update/check-for-updates", "/system/package/update/install")
CLOCK_OFF_NS = 5_000_000_000  # logs of both sides are still told apart below this


class Quirk(NamedTuple):
    """Something that routers from `since` on and before `below` do, and which transport it concerns (empty: both)."""

    since: Version
    below: Version
    transport: str
    mark: Mark
    what: str
    why: str


QUIRKS = (
    Quirk(
        (0, 0, 0),
        (7, 1, 0),
        "",
        "fail",
        "it has neither REST nor CAKE",
        "both came with RouterOS 7.1; wanctl does not know older command lines",
    ),
    Quirk(
        (7, 1, 0),
        (7, 16, 0),
        "ssh",
        "warn",
        "over SSH, lists of rules and routes cannot be read",
        "they are asked for as JSON (:serialize), which this version may not have; single queues work",
    ),
    Quirk(
        (7, 21, 0),
        (7, 22, 0),
        "rest",
        "warn",
        "REST may refuse PATCH and DELETE, and a request that is given up may spoil the next",
        "seen on 7.21.3 and 7.21.5: wanctl falls back to POST, and leaves the router alone for 2 s after a time-out",
    ),
    Quirk((7, 1, 0), (7, 23, 4), "ssh", "warn", "its SSH server lacks later hardening", "see the changelog of 7.23.4"),
    Quirk((7, 24, 0), (7, 24, 2), "ssh", "warn", "its SSH server lacks later hardening", "see the changelog of 7.24.2"),
)


def firmware(resource: Resource, transports: tuple[str, ...]) -> Iterator[Finding]:
    """The version, and what is known of it."""
    told = f"RouterOS {resource.version}" + (f" on {resource.board}" if resource.board else "")
    match = _VERSION.match(resource.version)
    if match is None:
        why = "known quirks go by version"
        yield Finding(ROUTER, "router.version", "warn", f"the router calls its version '{resource.version}'", why)
        return
    version = (int(match["major"]), int(match["minor"]), int(match["patch"] or 0))
    found = [
        quirk
        for quirk in QUIRKS
        if quirk.since <= version < quirk.below and (not quirk.transport or quirk.transport in transports)
    ]
    for quirk in found:
        yield Finding(ROUTER, "router.version", quirk.mark, f"{told}: {quirk.what}", quirk.why, _UPGRADE)
    if match["early"]:
        why = "a router that shapes a household should run a released version"
        yield Finding(ROUTER, "router.version", "warn", f"{told} is a test version", why, _UPGRADE)
    elif not found:
        yield Finding(ROUTER, "router.version", "ok", f"{told}: no known quirk matters here")


def clock(router_ns: int, host_ns: int) -> Finding:
    """The router's clock beside this host's, both in ns since 1970; the router tells whole seconds."""
    off_ns = router_ns - host_ns
    if abs(off_ns) <= CLOCK_OFF_NS:
        return Finding(ROUTER, "router.clock", "ok", "its clock agrees with this host's")
    side = "ahead of" if off_ns > 0 else "behind"
    return Finding(
        ROUTER,
        "router.clock",
        "warn",
        f"its clock is {span(abs(off_ns))} {side} this host's",
        "one of them is wrong: log lines cannot be matched, and a certificate may seem expired or not valid yet",
        on_router("/system/clock/print", "/system/ntp/client/set enabled=yes servers=pool.ntp.org"),
    )


def span(duration_ns: int) -> str:
    """A time as people say it: `12 s`, `4 min`, `3 h`, `5 days`."""
    seconds = duration_ns // 10**9
    for size, unit in ((172_800, "days"), (7_200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds // {'days': 86_400, 'h': 3_600, 'min': 60}[unit]} {unit}"
    return f"{seconds} s"
