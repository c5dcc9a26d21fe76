"""The rates file beside a trace, as the byte counters that a controller would have read.

A row holds from its time to that of the next row, so a controller knows it at the next row and no sooner: then a
`Reading` is handed over whose counters have grown by the row's rates times its length.

An empty field was not measured, and must not look like an outage. Where one of two fields is empty, that direction is
taken to carry the acknowledgements of the other. Rows with no measured field give no reading; after less than a second
of them the counters have grown as if the first measured rate had held all the time, after more they begin at zero, as
after a reboot.
"""

from collections.abc import Iterator
from pathlib import Path

from wanctl.control.sample import Reading
from wanctl.replay.fault import TORN, Reason, RowFaults, refuse, wrong_width
from wanctl.replay.header import RATES_COLUMNS, RATES_FORM, rates_columns
from wanctl.replay.number import MAX_GAP_S, MAX_TIME_S, doubt_rate, doubt_time, number_reader
from wanctl.replay.source import LineSource

MAX_RATE_MBIT = 1e6
_BYTES_PER_MBIT_NS = 1e6 / 8 / 1e9
_NEVER_NS = 1 << 62
_BRIDGED_NS = 1_000_000_000
_ACKNOWLEDGED = 0.02  # of a TCP stream: 64 bytes for two packets of 1,514


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
        taken: tuple[Reading, ...] = ()
        while self.due_ns <= now_ns:
            assert self._next is not None
            taken = (*taken, self._next)
            self._next = following = next(self._readings, None)
            self.due_ns = _NEVER_NS if following is None else following.at_ns
        return taken

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def _read(self, wan: str) -> Iterator[Reading]:
        down_bytes = up_bytes = 0
        since_ns = -1  # the row that is open, with its rates
        down: float | None = None
        up: float | None = None
        known_ns = -_BRIDGED_NS  # up to here the counters have been told
        for at_ns, next_down, next_up in self._rows():
            if (down is not None or up is not None) and at_ns > since_ns:
                down_mbit = (up or 0.0) * _ACKNOWLEDGED if down is None else down
                up_mbit = (down or 0.0) * _ACKNOWLEDGED if up is None else up
                begin_ns = known_ns
                if known_ns != since_ns and not since_ns - known_ns < _BRIDGED_NS:
                    down_bytes, up_bytes, begin_ns = 0, 0, since_ns
                    yield Reading(wan, since_ns, 0, 0)
                span = (at_ns - begin_ns) * _BYTES_PER_MBIT_NS
                down_bytes += round(down_mbit * span)
                up_bytes += round(up_mbit * span)
                yield tuple.__new__(Reading, (wan, at_ns, down_bytes, up_bytes))  # in half the time
                known_ns = at_ns
            since_ns, down, up = at_ns, next_down, next_up

    def _rows(self) -> Iterator[tuple[int, float | None, float | None]]:
        """Time (ns) and the two rates (Mbit/s, None: not measured)."""
        width, time_at, down_at, up_at = 0, 0, 0, 0
        last, end, rows = 0.0, MAX_TIME_S, 0
        for number, lines in self._source.blocks():
            to_float = number_reader(lines)
            for offset, line in enumerate(lines):
                fields = line.split(",")
                if not width:
                    columns = rates_columns(self.name, line)
                    width, (time_at, down_at, up_at) = len(fields), (columns[name] for name in RATES_COLUMNS)
                    continue
                try:
                    if len(fields) == width:
                        down, up = fields[down_at], fields[up_at]
                        t_s = to_float(fields[time_at])
                        down_mbit, up_mbit = (to_float(down) if down else 0.0), (to_float(up) if up else 0.0)
                        if last <= t_s < end and 0.0 <= down_mbit <= MAX_RATE_MBIT and 0.0 <= up_mbit <= MAX_RATE_MBIT:
                            last = t_s
                            end, rows = last + MAX_GAP_S, rows + 1
                            yield round(last * 1e9), down_mbit if down else None, up_mbit if up else None
                            continue
                except ValueError:
                    pass  # `_reason` finds out which field it was
                self.faults.note(number + offset, line, _reason(fields, width, (time_at, down_at, up_at), last))
        if self._source.torn and width:
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


def _reason(fields: list[str], width: int, places: tuple[int, int, int], last: float) -> Reason:
    """Why a row cannot be used."""
    if len(fields) != width:
        return wrong_width(len(fields), width)
    time, *rates = (fields[place] for place in places)
    for column, text in zip(RATES_COLUMNS[1:], rates, strict=True):
        if reason := doubt_rate(column, text, MAX_RATE_MBIT):
            return reason
    return doubt_time(RATES_COLUMNS[0], time, last, 1.0)
