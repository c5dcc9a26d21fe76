"""The rates file beside a trace, as the byte counters that a controller would have read.

A row holds from its time to that of the next row, so a controller knows it at the next row and no sooner: then a
`Reading` is handed over whose counters have grown by the row's rates times its length. An empty field was not measured.
A row with no measured field gives no reading; where one of two fields is empty, that counter stands still.
"""

from collections.abc import Iterator
from pathlib import Path

from wanctl.control.sample import Reading
from wanctl.replay.fault import TORN, Reason, RowFaults, refuse, wrong_width
from wanctl.replay.header import RATES_FORM, rates_columns
from wanctl.replay.number import MAX_GAP_S, MAX_TIME_S, doubt_rate, doubt_time, read_number
from wanctl.replay.source import LineSource

MAX_RATE_MBIT = 1e6
_BYTES_PER_MBIT_NS = 1e6 / 8 / 1e9
_NEVER_NS = 1 << 62


class Rates:
    """The readings of one WAN from a rates file; `due_ns` is when the next one becomes known."""

    def __init__(self, path: str, wan: str, *, tolerant: bool = False) -> None:
        self._source = LineSource(path)
        self.name = self._source.name
        self.faults = RowFaults(self.name, tolerant=tolerant)
        self._readings = self._read(wan)
        self._next = next(self._readings, None)
        self.due_ns = _NEVER_NS if self._next is None else self._next.at_ns

    def take(self, now_ns: int) -> tuple[Reading, ...]:
        """The readings that became known since the last call, up to `now_ns`."""
        taken = []
        while self._next is not None and self._next.at_ns <= now_ns:
            taken.append(self._next)
            self._next = next(self._readings, None)
        self.due_ns = _NEVER_NS if self._next is None else self._next.at_ns
        return tuple(taken)

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def _read(self, wan: str) -> Iterator[Reading]:
        counters = [0, 0]
        open_row: tuple[int, tuple[float | None, float | None]] | None = None
        known_ns = -1  # up to here the counters have been told
        for at_ns, rates in self._rows():
            if open_row is not None and at_ns > open_row[0]:
                since_ns, (down, up) = open_row
                if down is not None or up is not None:
                    if known_ns != since_ns:
                        yield Reading(wan, since_ns, *counters)
                    span = (at_ns - since_ns) * _BYTES_PER_MBIT_NS
                    counters = [counters[0] + round((down or 0.0) * span), counters[1] + round((up or 0.0) * span)]
                    yield Reading(wan, at_ns, *counters)
                    known_ns = at_ns
            open_row = at_ns, rates

    def _rows(self) -> Iterator[tuple[int, tuple[float | None, float | None]]]:
        columns: dict[str, int] = {}
        last, rows = 0.0, 0
        for number, lines in self._source.blocks():
            for offset, line in enumerate(lines):
                if not columns:
                    columns = rates_columns(self.name, line)
                    continue
                fields = line.split(",")
                reason = _reason(columns, fields, last)
                if reason is not None:
                    self.faults.note(number + offset, line, reason)
                    continue
                last = read_number(fields[columns["t_s"]])
                rows += 1
                down, up = fields[columns["dl_rx_mbit"]], fields[columns["ul_tx_mbit"]]
                yield round(last * 1e9), (float(down) if down else None, float(up) if up else None)
        if self._source.torn and columns:
            self.faults.note(self._source.torn_number, self._source.torn, TORN)
        if not rows:
            refuse("WC702", "the rates file holds no row", self.name, 1, f"it begins with {RATES_FORM}")


def rates_beside(trace: str) -> str | None:
    """The rates file that belongs to a trace by its name: `NAME.rates.csv` beside `NAME.csv` or `NAME.rtt.csv`."""
    path = Path(trace)
    name = path.name.removesuffix(".gz")
    if trace == "-" or not name.endswith(".csv"):
        return None
    stem = name.removesuffix(".csv").removesuffix(".rtt")
    for suffix in (".rates.csv", ".rates.csv.gz"):
        candidate = path.with_name(stem + suffix)
        if candidate != path and candidate.is_file():
            return str(candidate)
    return None


def _reason(columns: dict[str, int], fields: list[str], last: float) -> Reason | None:
    """Why a row cannot be used; None when it can."""
    if len(fields) != len(columns):
        return wrong_width(len(fields), len(columns))
    for column in ("dl_rx_mbit", "ul_tx_mbit"):
        if reason := doubt_rate(column, fields[columns[column]], MAX_RATE_MBIT):
            return reason
    text = fields[columns["t_s"]]
    try:
        if last <= read_number(text) < min(MAX_TIME_S, last + (MAX_GAP_S if last else MAX_TIME_S)):
            return None
    except ValueError:
        pass  # `doubt_time` says what it is
    return doubt_time("t_s", text, last, 1.0)
