"""What a replay adds up to: time by state, transitions, rates, excursions. A calm tick adds nothing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from wanctl.decision import DirectionSignals, SetRate, WanSignals
from wanctl.engine import Transition

CALM = "GREEN"


@dataclass(frozen=True, slots=True)
class Excursion:
    """A time out of GREEN of one direction."""

    began_ns: int
    lasted_ns: int


class DirectionSummary:
    """One shaped direction: `add_until` closes the interval that began at the last change."""

    def __init__(self) -> None:
        self.rate_bps = 0
        self.lowest_bps: int | None = None
        self.highest_bps = 0
        self.applied_bps: int | None = None
        self.lowest_applied_bps: int | None = None
        self.writes = 0
        self.cuts = 0
        self.excursions = 0
        self.longest: Excursion | None = None
        self._weighted = 0  # bit/s times ns
        self._rate_since_ns = 0
        self._out_since_ns: int | None = None

    def begin(self, signals: DirectionSignals, now_ns: int) -> None:
        """The first tick."""
        self._rate_since_ns = now_ns
        self.rate_bps = signals.wanted_bps
        self._note_rate()
        self.state(signals.state, now_ns)

    def rate(self, rate_bps: int, now_ns: int) -> None:
        """The wanted rate is another from now on."""
        self._weighted += self.rate_bps * (now_ns - self._rate_since_ns)
        self._rate_since_ns = now_ns
        self.rate_bps = rate_bps
        self._note_rate()

    def _note_rate(self) -> None:
        rate = self.rate_bps
        if self.lowest_bps is None or rate < self.lowest_bps:
            self.lowest_bps = rate
        self.highest_bps = max(self.highest_bps, rate)

    def write(self, intent: SetRate) -> None:
        """A rate went out to the router."""
        self.writes += 1
        self.cuts += intent.cut
        self.applied_bps = rate = intent.rate_bps
        if self.lowest_applied_bps is None or rate < self.lowest_applied_bps:
            self.lowest_applied_bps = rate

    def state(self, state: str, now_ns: int) -> None:
        """The state below the region, whenever it may have changed."""
        calm = state.startswith(CALM)
        if calm and self._out_since_ns is not None:
            self._close(now_ns)
        elif not calm and self._out_since_ns is None:
            self._out_since_ns = now_ns
            self.excursions += 1

    def _close(self, now_ns: int) -> None:
        assert self._out_since_ns is not None
        lasted_ns = now_ns - self._out_since_ns
        if self.longest is None or lasted_ns > self.longest.lasted_ns:
            self.longest = Excursion(self._out_since_ns, lasted_ns)
        self._out_since_ns = None

    def end(self, end_ns: int) -> None:
        """The replay is over; what is open ends here."""
        self.rate(self.rate_bps, end_ns)
        if self._out_since_ns is not None:
            self._close(end_ns)

    def mean_bps(self, total_ns: int) -> float:
        """Of the wanted rate, over time."""
        return self._weighted / total_ns if total_ns else float(self.rate_bps)


@dataclass(slots=True)
class WanSummary:
    """One WAN."""

    download: DirectionSummary = field(default_factory=DirectionSummary)
    upload: DirectionSummary = field(default_factory=DirectionSummary)
    leaf_ns: dict[str, int] = field(default_factory=dict)  # leaf -> time in it
    rows: Counter[str] = field(default_factory=Counter)  # row id -> how often it fired
    transitions: int = 0
    _leaves: tuple[str, ...] = ()
    _since_ns: int = 0

    def begin(self, signals: WanSignals, now_ns: int) -> None:
        """The first tick."""
        self._leaves, self._since_ns = signals.states, now_ns
        self.download.begin(signals.download, now_ns)
        self.upload.begin(signals.upload, now_ns)

    def moved(self, transitions: Iterable[Transition], signals: WanSignals, now_ns: int) -> None:
        """Rows of this WAN's machine fired in this tick."""
        for transition in transitions:
            self.transitions += 1
            self.rows[transition.row] += 1
        if signals.states != self._leaves:
            self._add_until(now_ns)
            self._leaves = signals.states
            self.download.state(signals.download.state, now_ns)
            self.upload.state(signals.upload.state, now_ns)

    def _add_until(self, now_ns: int) -> None:
        lasted_ns = now_ns - self._since_ns
        for leaf in self._leaves:
            self.leaf_ns[leaf] = self.leaf_ns.get(leaf, 0) + lasted_ns
        self._since_ns = now_ns

    def end(self, end_ns: int) -> None:
        """The replay is over."""
        self._add_until(end_ns)
        self.download.end(end_ns)
        self.upload.end(end_ns)
