"""The faults by name: what the fault socket of `wanctl emulator` takes, and what its help lists.

A request is an object such as `{"fault": "latency", "delay_ms": 20}`; what is not given has its default. A knob stays
as it was turned until it is turned again or `clear` turns them all back; the other faults happen once, at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import NamedTuple

from wanctl.engine.diagnostic import did_you_mean
from wanctl.testing.routeros.emulator import RouterosEmulator
from wanctl.testing.routeros.fault import Faults

Setting = bool | int | str
_MS = 10**6
_FACES = {"rest", "ssh"}


class FaultError(ValueError):
    """A request that names no fault, or gives it what it cannot take."""


class Fault(NamedTuple):
    """One fault: its settings with their defaults, and what it does to a router."""

    summary: str
    settings: Mapping[str, Setting]
    strike: Callable[[RouterosEmulator, Mapping[str, Setting]], None]


def strike(router: RouterosEmulator, request: object) -> None:
    """Do what a request says. Raises `FaultError`."""
    if not isinstance(request, dict) or not isinstance(request.get("fault"), str):
        raise FaultError('a request is an object with a "fault", such as {"fault": "reboot"}')
    name = request["fault"]
    if name not in FAULTS:
        raise FaultError(f"there is no fault '{name}'; {did_you_mean(name, list(FAULTS)) or f'known: {_known()}'}")
    fault = FAULTS[name]
    given = {key: value for key, value in request.items() if key != "fault"}
    for key, value in given.items():
        if key not in fault.settings:
            settings = ", ".join(fault.settings) or "nothing"
            raise FaultError(f"'{name}' has no setting '{key}'; it takes {settings}")
        default = fault.settings[key]
        if type(value) is not type(default) or (isinstance(value, int) and value < 0):
            raise FaultError(f"'{key}' of '{name}' must be {_KINDS[type(default)]}, not {value!r}")
    fault.strike(router, {**fault.settings, **given})


def described() -> list[tuple[str, str]]:
    """Each fault as it is written, with its defaults, and what it does."""
    rows = []
    for name, fault in FAULTS.items():
        settings = " ".join(f"{key}={_written(value)}" for key, value in fault.settings.items())
        rows.append((f"{name} {settings}".strip(), fault.summary))
    return rows


def _knob(name: str, factor: int = 1) -> Callable[[RouterosEmulator, Mapping[str, Setting]], None]:
    """Turns the knob `name` to the one setting that the fault has."""

    def turn(router: RouterosEmulator, given: Mapping[str, Setting]) -> None:
        (value,) = given.values()
        setattr(router.faults, name, value * factor if type(value) is int else value)

    return turn


def _latency(router: RouterosEmulator, given: Mapping[str, Setting]) -> None:
    router.faults.delay_ns, router.faults.jitter_ns = (int(given[key]) * _MS for key in ("delay_ms", "jitter_ms"))


def _down(router: RouterosEmulator, given: Mapping[str, Setting]) -> None:
    faces = {word for word in str(given["faces"]).split(",") if word}
    if not faces <= _FACES:
        raise FaultError("'faces' of 'down' is rest, ssh, rest,ssh, or empty")
    router.faults.down = faces
    router.drop_connections(faces)


def _menu(router: RouterosEmulator, given: Mapping[str, Setting]) -> str:
    menu = str(given["menu"])
    try:
        router.state.records(menu)
    except KeyError:
        raise FaultError(f"the emulator has no menu {menu}") from None
    return menu


def _rename(router: RouterosEmulator, given: Mapping[str, Setting]) -> None:
    menu = _menu(router, given)
    id_ = router.state.id_of(menu, str(given["name"]))
    if id_ is None:
        raise FaultError(f"{menu} has no '{given['name']}'")
    router.state.set(menu, id_, {"name": str(given["to"])})


def _clear(router: RouterosEmulator, _: Mapping[str, Setting]) -> None:
    fresh = Faults()
    for field in fields(Faults):
        setattr(router.faults, field.name, getattr(fresh, field.name))


FAULTS: Mapping[str, Fault] = {
    "latency": Fault(
        "each request waits: delay_ms, and jitter_ms more on average", {"delay_ms": 0, "jitter_ms": 0}, _latency
    ),
    "late_answer": Fault(
        "each answer comes so much after the request was carried out", {"ms": 2_000}, _knob("late_ns", _MS)
    ),
    "drop": Fault("all connections are closed", {}, lambda router, _: router.drop_connections()),
    "keepalive": Fault(
        "a connection is closed after so many answers (0: never)", {"answers": 1}, _knob("answers_per_connection")
    ),
    "session_limit": Fault("a service takes so many connections", {"count": 1}, _knob("session_limit")),
    "down": Fault("rest, ssh or both hang up on whoever connects", {"faces": "rest"}, _down),
    "abort_damage": Fault("a request that its client gave up spoils the next", {"on": True}, _knob("abort_damage")),
    "stray_denials": Fault("so many requests get somebody else's 401", {"count": 1}, _knob("stray_denials")),
    "denied": Fault("nobody is let in (401)", {"on": True}, _knob("denied")),
    "no_permission": Fault("everybody is let in and may do nothing (500, 9)", {"on": True}, _knob("no_permission")),
    "control_bytes": Fault(
        "each comment has bytes in it that no text should have", {"on": True}, _knob("control_bytes")
    ),
    "humanised_get": Fault("`get` over SSH gives 87M in place of 87000000", {"on": True}, _knob("humanised_get")),
    "no_patch": Fault("PATCH and DELETE are refused, POST is not", {"on": True}, _knob("no_patch")),
    "refused_but_done": Fault("so many writes are carried out, and refused", {"count": 1}, _knob("refused_but_done")),
    "half_writes": Fault("so many writes are carried out by half", {"count": 1}, _knob("half_writes")),
    "disk_full": Fault("nothing that needs flash is written any more", {"on": True}, _knob("disk_full")),
    "clock": Fault("the router's clock is so many seconds ahead", {"ahead_s": 3_600}, _knob("clock_off_s")),
    "new_ids": Fault(
        "the objects of a menu have other ids",
        {"menu": "/queue/tree"},
        lambda router, given: router.state.renumber(_menu(router, given)),
    ),
    "rename": Fault("an object has another name", {"menu": "/queue/tree", "name": "", "to": "renamed"}, _rename),
    "swap_certificate": Fault(
        "another TLS key, from another authority", {}, lambda router, _: router.swap_certificate()
    ),
    "swap_host_key": Fault("another SSH host key", {}, lambda router, _: router.ssh.swap_host_key()),
    "reboot": Fault(
        "counters and uptime at 0, other ids, timed entries gone; down for so long",
        {"down_ms": 0},
        lambda router, given: router.reboot(int(given["down_ms"]) * _MS),
    ),
    "safe_mode": Fault("somebody enters safe mode at the router", {}, lambda router, _: router.enter_safe_mode()),
    "safe_mode_lost": Fault(
        "and breaks off: all changes since are undone", {}, lambda router, _: router.lose_safe_mode()
    ),
    "clear": Fault("no fault any more; what has happened stays", {}, _clear),
}

_KINDS: Mapping[type, str] = {bool: "true or false", int: "a whole number, 0 or more", str: "a text"}


def _known() -> str:
    return ", ".join(FAULTS)


def _written(value: Setting) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
