"""Carries out what a WAN's machine asks for: `rate.*` by the law of the direction, the rest by the estimators."""

from collections.abc import Iterable, Mapping
from typing import Any

from wanctl.control.direction import MS_NS, Direction
from wanctl.control.limit import Limit
from wanctl.control.rtt import DelayTracker
from wanctl.engine import Intent


def carry_out(
    now_ns: int, intents: Iterable[Intent], down: Direction, up: Direction, delay: DelayTracker, limit: Limit
) -> None:
    """Carry out intents in order; an action that no signature in `action.py` names is a broken promise."""
    for action, values, state in intents:
        if action.startswith("rate."):
            _move(now_ns, down if state.startswith("download") else up, action, values, delay, limit)
        else:
            _measure(now_ns, action, values, delay, limit)


def _measure(now_ns: int, action: str, values: Mapping[str, Any], delay: DelayTracker, limit: Limit) -> None:
    match action:
        case "baseline.follow":
            delay.move_baselines("follow")
        case "baseline.sink":
            delay.move_baselines("sink")
        case "baseline.freeze":
            delay.move_baselines("freeze")
        case "baseline.restart":
            delay.restart()
            limit.restart()
        case "loss.forget":
            delay.forget_losses(now_ns)
        case "source.use":
            delay.use(tcp=values["name"] == "tcp")
        case _:
            raise AssertionError(action)


def _move(
    now_ns: int, direction: Direction, action: str, values: Mapping[str, Any], delay: DelayTracker, limit: Limit
) -> None:
    law, rtt_ms = direction.law, delay.round_trip_ms()
    match action:
        case "rate.raise":
            if direction.achieved_bps is not None:
                law.climb(
                    now_ns,
                    rtt_ms,
                    direction.achieved_bps,
                    first=values["first"],
                    step=values["step"],
                    leap=values["leap"],
                    beyond=values["beyond"],
                )
        case "rate.cut":
            _cut(now_ns, direction, values, delay, limit)
        case "rate.refine":
            law.refine(now_ns, _capacity_bps(now_ns, direction, delay), delay.queue_ms())
        case "rate.drain":
            law.drain(now_ns, _capacity_bps(now_ns, direction, delay), delay.queue_ms(), limit.ms, rtt_ms)
        case "rate.settle":
            shows = delay.queue_ms() > limit.ms
            seen_bps = direction.seen_bps(now_ns, round(rtt_ms * MS_NS)) if shows else None
            law.settle(now_ns, rtt_ms, seen_bps, share=values["share"], wait_ms=values["wait"])
        case "rate.creep":
            law.creep(step=values["step"])
        case "rate.rest":
            law.rest(now_ns)
        case _:
            raise AssertionError(action)


def _cut(now_ns: int, direction: Direction, values: Mapping[str, Any], delay: DelayTracker, limit: Limit) -> None:
    law, queue_ms = direction.law, delay.queue_ms()
    capacity_bps = _capacity_bps(now_ns, direction, delay)
    if capacity_bps is not None:
        if law.confirms(now_ns, capacity_bps):
            limit.note_false_alarm()
        queue_ms = max(queue_ms, direction.standing_ms(now_ns, capacity_bps, delay.idle_ms()))
    elif direction.achieved_bps is not None:
        return  # bytes are counted, and too few came to tell a rate
    law.cut(
        now_ns,
        capacity_bps,
        queue_ms,
        least=values["least"],
        most=values["most"],
        pace_ms=values["pace"],
        blind=values["blind"],
    )


def _capacity_bps(now_ns: int, direction: Direction, delay: DelayTracker) -> float | None:
    return direction.capacity_bps(now_ns, delay.slope() if direction.upload else 0.0)
