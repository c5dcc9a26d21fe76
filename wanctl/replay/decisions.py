"""The decisions file: one row a tick (and WAN) with what was measured, what was decided and what was applied.

The first eleven columns are the same for both laws; the default law adds what it knows beyond them. Delays are ms with
twelve significant digits, rates whole bit/s; what is unknown is empty. States are the top-level ones: GREEN, not
GREEN.CRUISE. `rtt_ms` is empty in a tick without a sample, the other delays are then those of the tick before, or what
the silence tells. `applied_*` is what the router was told last, empty until the first write.

This is the hot path of `replay`: texts that did not change are not made again.
"""

from wanctl.decision import WanSignals

COLUMNS = (
    "t_ms,rtt_ms,load_rtt_ms,baseline_ms,delta_ms,download_state,download_bps,upload_state,upload_bps,"
    "applied_download_bps,applied_upload_bps"
)
MORE_COLUMNS = (
    "connectivity,baseline_state,loss,download_capacity_bps,upload_capacity_bps,download_achieved_bps,"
    "upload_achieved_bps"
)
_UNKNOWN = object()  # what no signal is

Decided = tuple[str, int, str, int]  # state below its region and wanted rate (bit/s), download and upload


class RowWriter:
    """Makes the rows of one WAN; a `wan` that is not empty is the last column, `more` adds those of the default law."""

    __slots__ = (
        "_achieved",
        "_achieved_of",
        "_baseline",
        "_baseline_of",
        "_decided",
        "_delays",
        "_delta_of",
        "_more",
        "_slow",
        "_slow_of",
        "_suffix",
    )

    def __init__(self, *, more: bool, wan: str = "") -> None:
        self._more = more
        self._suffix = f",{wan}\n" if wan else "\n"
        self._decided = ""  # what the last call of `decide` said
        self._baseline = ""
        self._baseline_of: object = _UNKNOWN
        self._delays = ""
        self._delta_of: object = _UNKNOWN
        self._achieved = ""  # what changes with a reading of the counters
        self._achieved_of: tuple[object, ...] = ()
        self._slow = ""  # what changes once a second, or more rarely
        self._slow_of: tuple[object, ...] = ()

    def decide(
        self,
        download: str,
        download_bps: int,
        upload: str,
        upload_bps: int,
        applied_download_bps: int | None,
        applied_upload_bps: int | None,
    ) -> None:
        """What is decided and applied from the next row on."""
        self._decided = (
            f"{download.partition('.')[0]},{download_bps},{upload.partition('.')[0]},{upload_bps},"
            f"{'' if applied_download_bps is None else applied_download_bps},"
            f"{'' if applied_upload_bps is None else applied_upload_bps}"
        )

    def row(self, label: str, signals: WanSignals, rtt: str | None) -> str:
        """The row of one tick, with its newline; `rtt` is the text of its sample, "" without one, None to make it."""
        baseline, delta = signals.baseline_ms, signals.delta_ms
        if baseline is not self._baseline_of:
            self._baseline_of, self._baseline = baseline, _ms(baseline)
            self._delta_of = _UNKNOWN
        if delta is not self._delta_of:  # the load RTT is their sum, so it moved as well
            load = signals.load_rtt_ms
            self._delta_of = delta
            if load is None or delta is None:
                self._delays = f"{_ms(load)},{self._baseline},{_ms(delta)}"
            else:
                self._delays = "%.12g,%s,%.12g" % (load, self._baseline, delta)  # noqa: UP031  (faster than an f-string)
        if rtt is None:
            rtt = _ms(signals.rtt_ms)
        if not self._more:
            return f"{label},{rtt},{self._delays},{self._decided}{self._suffix}"
        down, up = signals.download, signals.upload
        slow = signals.states, signals.loss, down.capacity_bps, up.capacity_bps
        if slow != self._slow_of:
            self._slow_of = slow
            self._slow = f"{_region_states(slow[0])},{_ratio(slow[1])},{_bps(slow[2])},{_bps(slow[3])}"
        achieved = down.achieved_bps, up.achieved_bps
        if achieved != self._achieved_of:
            self._achieved_of = achieved
            self._achieved = f"{_bps(achieved[0])},{_bps(achieved[1])}"
        return f"{label},{rtt},{self._delays},{self._decided},{self._slow},{self._achieved}{self._suffix}"


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
    return "" if value is None else "%d" % value  # noqa: UP031  (faster than int and str)
