"""How often to probe: at the full rate while anything may happen, at a quarter of it on a calm and idle link.

Decisions come twenty times a second in any case. What a rarer probe costs is how soon a queue is seen that builds up on
an idle link: at ten probes a second up to 100 ms later, and the first delayed answer, or the first sign of load, brings
the full rate back at once. Under load, in any state but calm, and where nobody counts bytes, nothing is saved.
"""

from wanctl.decision import WanSignals

FULL_NS = 0  # as many probes as the turns allow
HALF_NS = 50_000_000  # between two probes of a WAN
QUARTER_NS = 100_000_000
BLACKOUT_NS = 500_000_000

HALF_AFTER_NS = 10_000_000_000
QUARTER_AFTER_NS = 60_000_000_000
BLACKOUT_AFTER_NS = 60_000_000_000
IDLE = 0.3  # load up to which a direction counts as idle; well below what a machine calls loaded
LATE_MS = 180.0  # without an answer for so long even the rarer probes have lost one
_CALM = ("connectivity.UP.", "baseline.TRACKING", "download.GREEN", "upload.GREEN")


class Pace:
    """The least time between two probes of one WAN, as long as it is calm."""

    __slots__ = ("_calm_since_ns", "_quiet", "_states")

    def __init__(self) -> None:
        self._calm_since_ns: int | None = None
        self._states: tuple[str, ...] | None = None
        self._quiet = False  # the machine's states are all calm ones

    def heed(self, now_ns: int, signals: WanSignals) -> None:
        """Take note of how the WAN is after a tick."""
        if signals.states is not self._states:
            self._states = signals.states
            self._quiet = all(leaf.startswith(_CALM) for leaf in signals.states)
        if not (self._quiet and _is_calm(signals)):
            self._calm_since_ns = None
        elif self._calm_since_ns is None:
            self._calm_since_ns = now_ns

    def interval_ns(self, now_ns: int, answered_ns: int | None) -> int:
        """The time between two probes; 0 is the full rate. `answered_ns` is when the newest answer came, if ever."""
        if answered_ns is not None and now_ns - answered_ns > BLACKOUT_AFTER_NS:
            return BLACKOUT_NS
        if self._calm_since_ns is None or now_ns - self._calm_since_ns < HALF_AFTER_NS:
            return FULL_NS
        return HALF_NS if now_ns - self._calm_since_ns < QUARTER_AFTER_NS else QUARTER_NS


def _is_calm(signals: WanSignals) -> bool:
    down_load, up_load = signals.download.load, signals.upload.load
    newest_ms, limit_ms, age_ms = signals.newest_ms, signals.limit_ms, signals.age_ms
    if down_load is None or up_load is None or newest_ms is None or limit_ms is None or age_ms is None:
        return False
    return down_load < IDLE and up_load < IDLE and -limit_ms < newest_ms <= limit_ms and age_ms < LATE_MS
