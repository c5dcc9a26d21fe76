"""The arithmetic of the classic four-state law: baseline and load RTT, rates in whole bit/s, the limit on writes.

The modes are in `machines/classic.yaml`; here is what each cycle computes. It is the law of the field's RouterOS
controller of January 2026, kept for people who migrate and as a yardstick, to the last bit: alphas per cycle, order of
operations and truncation included. Its known faults are part of it, and each is shown by a test in `tests/classic`:

1. the write limit starves cuts: ten writes are gone in half a second, and for the rest of the minute the router keeps
   a rate far above the wanted one;
2. SOFT_RED holds while the milder YELLOW cuts;
3. floors by state raise the rate on the way back to GREEN;
4. a frozen baseline has no way out;
5. a TCP connect time is judged by the ICMP baseline;
6. a jump of the load RTT never makes RED;
7. a single outlier makes YELLOW and costs a cut;
8. its watchdog counted failed cycles, so that an outage restarted the daemon (not reproduced: that was the daemon);
9. alphas belong to a cycle, not to time: another interval is another behaviour;
10. rates restored as "last applied" are trusted, and a needed write is not made.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wanctl.control.memory import Memory, number

CYCLE_S = 0.05  # the interval that the alphas belong to
WRITES = 10
WRITES_WITHIN_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Weights:
    """How much one sample moves the load RTT and the baseline, and within what the baseline may move (ms)."""

    load: float
    baseline: float
    initial_ms: float
    update_below_ms: float
    bound_min_ms: float
    bound_max_ms: float


def weights(params: Mapping[str, float]) -> Weights:
    """The weights that the params of `classic.yaml` ask for: an alpha as given, else one cycle over a time constant."""
    return Weights(
        load=params["load_alpha"] or CYCLE_S / (params["load_time_constant"] / 1_000.0),
        baseline=params["baseline_alpha"] or CYCLE_S / (params["baseline_time_constant"] / 1_000.0),
        initial_ms=params["baseline_rtt_initial"],
        update_below_ms=params["baseline_update_threshold"],
        bound_min_ms=params["baseline_bound_min"],
        bound_max_ms=params["baseline_bound_max"],
    )


class Delay:
    """Baseline and load RTT of one WAN, in ms; `observe` is one cycle with a sample."""

    __slots__ = ("_weights", "baseline_ms", "delta_ms", "load_ms", "rise_ms")

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.baseline_ms = self.load_ms = weights.initial_ms
        self.delta_ms = 0.0
        self.rise_ms = 0.0  # of the load RTT since the cycle before

    def memory(self) -> dict[str, Any]:
        """Both delays, in ms."""
        return {"baseline_ms": self.baseline_ms, "load_ms": self.load_ms}

    def recall(self, memory: Memory) -> None:
        """Go on with the baseline, where the bounds of today allow it; `RecallError` when it is none."""
        baseline_ms, load_ms = number(memory, "baseline_ms"), number(memory, "load_ms")
        if self._weights.bound_min_ms <= baseline_ms <= self._weights.bound_max_ms:
            self.baseline_ms, self.load_ms = baseline_ms, load_ms
            self.delta_ms = load_ms - baseline_ms

    def observe(self, rtt_ms: float) -> None:
        """Take the sample of one cycle. The order of operations is part of the law: do not simplify it."""
        w = self._weights
        before = self.load_ms
        load = self.load_ms = (1 - w.load) * before + w.load * rtt_ms
        delta = load - self.baseline_ms
        if delta < w.update_below_ms:  # idle, also when negative; otherwise the baseline is frozen, for ever if need be
            baseline = (1 - w.baseline) * self.baseline_ms + w.baseline * rtt_ms
            if w.bound_min_ms <= baseline <= w.bound_max_ms:
                self.baseline_ms = baseline
                delta = load - baseline
        self.rise_ms = load - before
        self.delta_ms = delta


def fuse(rtts_ms: Sequence[float]) -> float:
    """The sample of a cycle with several answers: their median, the mean of the middle two for an even count."""
    count = len(rtts_ms)
    assert count > 0
    if count == 1:
        return rtts_ms[0]
    ordered = sorted(rtts_ms)
    if count % 2:
        return ordered[count // 2]
    return (ordered[count // 2 - 1] + ordered[count // 2]) / 2


def next_rate(rate_bps: int, action: str, values: Mapping[str, float], ceiling_bps: int) -> int:
    """What one `rate.*` action makes of a rate: scaled, stepped or kept, then clamped, in whole bit/s."""
    rate: float
    match action:
        case "rate.keep":
            rate = rate_bps
        case "rate.step":
            rate = rate_bps + values["step"]
        case "rate.scale":
            rate = int(rate_bps * values["factor"])
        case _:
            raise AssertionError(f"the classic law has no action {action}")
    return int(min(max(rate, values["floor"]), ceiling_bps))


class WriteLimit:
    """At most ten writes within a minute; a slot is free again when its age is *more* than the minute."""

    __slots__ = ("_written_ns",)

    def __init__(self) -> None:
        self._written_ns: deque[int] = deque(maxlen=WRITES)

    def grant(self, now_ns: int) -> bool:
        """Whether a write may go out now; if so it is counted."""
        written = self._written_ns
        if len(written) == WRITES and now_ns - written[0] <= WRITES_WITHIN_NS:
            return False
        written.append(now_ns)  # the oldest of ten falls out
        return True
