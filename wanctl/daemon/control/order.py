"""The verbs of the control socket that change something: reload, confirm, rollback, pin, unpin, record."""

from collections.abc import Callable
from typing import Any

from wanctl.daemon.clock import Clock
from wanctl.daemon.control.server import Handler, RefusedError, Request
from wanctl.daemon.loop import Loop
from wanctl.daemon.reload import Reloader
from wanctl.daemon.state.recorder import RecordError
from wanctl.engine.diagnostic import did_you_mean
from wanctl.observe.source import StuckError

PIN_SCHEMA, RECORD_SCHEMA = "wanctl.pin/1", "wanctl.record/1"
DAY_S = 86_400.0
PIN_S, MOST_PIN_S = 3_600.0, 7 * DAY_S
RECORD_S, MOST_RECORD_S = 3_600.0, DAY_S
LEAST_CONFIRM_S, MOST_CONFIRM_S = 5.0, 3_600.0

Told = dict[str, Any]


class Orders:
    """What may be asked of a running site. Everything belongs to the thread of the control socket."""

    def __init__(self, loop: Loop, reloader: Reloader, clock: Clock) -> None:
        self._loop, self._reloader, self._clock = loop, reloader, clock

    def verbs(self) -> dict[str, Handler]:
        """The handlers, by verb."""
        return {
            "reload": _answered(self._reload),
            "confirm": _answered(lambda _request: self._reloader.confirm()),
            "rollback": _answered(lambda _request: self._reloader.rollback()),
            "pin": _answered(self._pin),
            "unpin": _answered(self._unpin),
            "record": _answered(self._record),
        }

    def _reload(self, request: Request) -> Told:
        confirm_s = request.get("confirm_s")
        if confirm_s is None:
            return self._reloader.reload()
        within_s = _seconds(request, "confirm_s", 0.0, LEAST_CONFIRM_S, MOST_CONFIRM_S)
        return self._reloader.reload(confirm_ns=round(within_s * 1e9))

    def _pin(self, request: Request) -> Told:
        if self._is_class(request):
            return self._pin_class(request)
        wan, for_s = self._wan(request), _seconds(request, "for_s", PIN_S, 1.0, MOST_PIN_S)

        def hold(now_ns: int) -> bool:
            held = wan in self._loop.pins or self._loop.event(now_ns, wan, "operator.hold")
            if held:
                self._loop.pins.hold(wan, now_ns + round(for_s * 1e9))
            return held

        if not self._loop.errands.ask(hold):
            raise RefusedError(f"the law of '{wan}' cannot be held", "the default law can")
        return self._pinned(wan, for_s)

    def _is_class(self, request: Request) -> bool:
        steering = self._loop.site.steering
        return steering is not None and request.get("wan") in steering.classes

    def _pin_class(self, request: Request) -> Told:
        name, to = str(request["wan"]), str(request.get("to") or "")
        for_s = _seconds(request, "for_s", PIN_S, 1.0, MOST_PIN_S)

        def move(now_ns: int) -> str:
            steering = self._loop.site.steering
            assert steering is not None
            policy = steering.classes[name]
            if to and to not in policy.plan.prefer:
                raise RefusedError(f"the class '{name}' may not use '{to}'", did_you_mean(to, policy.plan.prefer))
            self._loop.steer(now_ns, name, "operator.pin", to or policy.wan)
            self._loop.pins.hold(name, now_ns + round(for_s * 1e9))
            return policy.wan

        return self._pinned_class(name, self._loop.errands.ask(move), for_s)

    def _pinned_class(self, name: str, wan: str, for_s: float) -> Told:
        site = self._loop.fitting.file.name
        return {"schema": PIN_SCHEMA, "site": site, "class": name, "wan": wan, "for_s": for_s}

    def _unpin_class(self, request: Request) -> Told:
        name = str(request["wan"])

        def release(now_ns: int) -> bool:
            there = self._loop.pins.release(name)
            if there:
                self._loop.steer(now_ns, name, "operator.unpin")
            return there

        steerer = self._loop.fitting.steerer
        left = steerer is not None and steerer.states[name].endswith("HANDS_OFF")
        if steerer is not None and left:
            steerer.give_back(name)
        if not self._loop.errands.ask(release) and not left:
            raise RefusedError(f"'{name}' is not pinned")
        steering = self._loop.site.steering
        assert steering is not None
        return self._pinned_class(name, steering.classes[name].wan, 0.0)

    def _unpin(self, request: Request) -> Told:
        if self._is_class(request):
            return self._unpin_class(request)
        wan = self._wan(request)

        def release(now_ns: int) -> bool:
            there = self._loop.pins.release(wan)
            if there:
                self._loop.event(now_ns, wan, "operator.release")
            return there

        if not self._loop.errands.ask(release):
            raise RefusedError(f"'{wan}' is not pinned")
        return self._pinned(wan, 0.0)

    def _pinned(self, wan: str, for_s: float) -> Told:
        signals = self._loop.site.wans[wan].signals
        return {
            "schema": PIN_SCHEMA,
            "site": self._loop.fitting.file.name,
            "wan": wan,
            "for_s": for_s,
            "wanted_bps": {"download": signals.download.wanted_bps, "upload": signals.upload.wanted_bps},
        }

    def _record(self, request: Request) -> Told:
        recorder, action = self._loop.recorder, request.get("action")
        if recorder is None:
            raise RefusedError("there is no state folder to record to", "set STATE_DIRECTORY or HOME")
        told = {"schema": RECORD_SCHEMA, "site": self._loop.fitting.file.name, "action": action}
        try:
            if action == "start":
                for_s = _seconds(request, "for_s", RECORD_S, 1.0, MOST_RECORD_S)
                wans = tuple(self._loop.site.wans)
                folder = recorder.start(wans, self._clock.monotonic_ns(), round(for_s * 1e9))
                return told | {"folder": str(folder), "wans": list(wans), "for_s": for_s}
            if action == "stop":
                return told | {"folder": str(recorder.stop()), "wans": list(self._loop.site.wans)}
        except RecordError as error:
            raise RefusedError(str(error)) from error
        raise RefusedError(f"record what? start or stop, not {action!r}")

    def _wan(self, request: Request) -> str:
        wan, known = str(request.get("wan", "")), self._loop.site.wans
        if request.get("to"):
            raise RefusedError("only a traffic class can be sent to a WAN", "leave out --to to hold the rates of a WAN")
        if wan not in known:
            name = self._loop.fitting.file.name
            raise RefusedError(f"the site '{name}' has no WAN '{wan}'", did_you_mean(wan, known))
        return wan


def _answered(order: Callable[[Request], Told]) -> Handler:
    def handler(request: Request) -> Told:
        try:
            return order(request)
        except StuckError as error:
            raise RefusedError(str(error), "it has just started, or it hangs: see its journal") from error

    return handler


def _seconds(request: Request, name: str, default: float, low: float, high: float) -> float:
    value = request.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RefusedError(f"a time of {low:g} to {high:g} seconds is wanted, not {value!r}")
    return float(value)
