"""The decisions file: one row a tick (and WAN) with what was measured, what was decided and what was applied.

The first eleven columns are the same for both laws; the default law adds what it knows beyond them. Delays are ms with
twelve significant digits, rates whole bit/s; what is unknown is empty. States are the top-level ones: GREEN, not
GREEN.CRUISE. `rtt_ms` is empty in a tick without a sample, the other delays are then those of the tick before, or what
the silence tells. `applied_*` is what the router was told last, empty until the first write.

This is the hot path of `replay`: texts that did not change are not made again.
"""

from wanctl.decision import DirectionSignals, WanSignals

COLUMNS = (
    "t_ms,rtt_ms,load_rtt_ms,baseline_ms,delta_ms,download_state,download_bps,upload_state,upload_bps,"
    "applied_download_bps,applied_upload_bps"
)
MORE_COLUMNS = (
    "connectivity,baseline_state,loss,download_capacity_bps,upload_capacity_bps,download_achieved_bps,"
    "upload_achieved_bps"
)
_UNKNOWN = object()  # what no signal is


class RowWriter:
    """Makes the rows of one WAN; a `wan` that is not empty is the last column, `more` adds those of the default law."""

    __slots__ = (
        "_achieved",
        "_achieved_of",
        "_applied",
        "_delays",
        "_direction",
        "_last",
        "_more",
        "_slow",
        "_slow_of",
        "_states",
        "_suffix",
        "_tail",
        "_tail_of",
    )

    def __init__(self, *, more: bool, wan: str = "") -> None:
        self._more = more
        self._suffix = f",{wan}\n" if wan else "\n"
        self._applied = ","
        self._last: tuple[object, object, object] = (_UNKNOWN, _UNKNOWN, _UNKNOWN)
        self._delays = ""
        self._tail = ""
        self._tail_of: tuple[object, ...] = ()
        self._slow = ""  # what changes once a second, or more rarely
        self._slow_of: tuple[object, ...] = ()
        self._achieved = ""  # what changes with a reading of the counters
        self._achieved_of: tuple[object, ...] = ()
        self._direction: dict[str, str] = {}  # leaf -> top-level state
        self._states: dict[tuple[str, ...], str] = {}  # leaves -> the two columns about them

    def applied(self, download_bps: int | None, upload_bps: int | None) -> None:
        """What the router was told last, from this tick on."""
        self._applied = f"{'' if download_bps is None else download_bps},{'' if upload_bps is None else upload_bps}"
        self._tail_of = ()

    def row(self, label: str, signals: WanSignals, *, answered: bool) -> str:
        """The row of one tick, with its newline."""
        load, baseline, delta = last = signals.load_rtt_ms, signals.baseline_ms, signals.delta_ms
        seen = self._last
        if load is not seen[0] or baseline is not seen[1] or delta is not seen[2]:
            self._last = last
            if load is None or baseline is None or delta is None:
                self._delays = f"{_ms(load)},{_ms(baseline)},{_ms(delta)}"
            else:
                self._delays = "%.12g,%.12g,%.12g" % (load, baseline, delta)  # noqa: UP031  (a third faster than an f-string)
        down, up = signals.download, signals.upload
        tail_of = (down.state, down.wanted_bps, up.state, up.wanted_bps)
        if tail_of != self._tail_of:
            self._tail_of = tail_of
            self._tail = f"{self._top(down)},{down.wanted_bps},{self._top(up)},{up.wanted_bps},{self._applied}"
        rtt = _ms(signals.rtt_ms) if answered else ""
        if self._more:
            slow = signals.states, signals.loss, down.capacity_bps, up.capacity_bps
            if slow != self._slow_of:
                self._slow_of = slow
                self._slow = self._beyond(*slow)
            achieved = down.achieved_bps, up.achieved_bps
            if achieved != self._achieved_of:
                self._achieved_of = achieved
                self._achieved = f"{_bps(achieved[0])},{_bps(achieved[1])}"
            return f"{label},{rtt},{self._delays},{self._tail},{self._slow},{self._achieved}{self._suffix}"
        return f"{label},{rtt},{self._delays},{self._tail}{self._suffix}"

    def _top(self, direction: DirectionSignals) -> str:
        state = direction.state
        top = self._direction.get(state)
        if top is None:
            top = self._direction[state] = state.split(".", 1)[0]
        return top

    def _beyond(self, leaves: tuple[str, ...], loss: float | None, down_bps: float | None, up_bps: float | None) -> str:
        states = self._states.get(leaves)
        if states is None:
            states = self._states[leaves] = _region_states(leaves)
        return f"{states},{_ratio(loss)},{_bps(down_bps)},{_bps(up_bps)}"


def header(*, more: bool, several: bool) -> str:
    """The first line, with its newline."""
    return COLUMNS + (f",{MORE_COLUMNS}" if more else "") + (",wan" if several else "") + "\n"


def _region_states(leaves: tuple[str, ...]) -> str:
    found = {region: path for region, _, path in (leaf.partition(".") for leaf in leaves)}
    return f"{found.get('connectivity', '')},{found.get('baseline', '')}"


def _ms(value: float | None) -> str:
    return "" if value is None else "%.12g" % value  # noqa: UP031


def _ratio(value: float | None) -> str:
    return "" if value is None else "%.4g" % value  # noqa: UP031


def _bps(value: float | None) -> str:
    return "" if value is None else str(int(value))
