"""The rows of a trace, checked one by one.

Three kinds, told apart by their header (columns in any order):

| columns | a row is |
|---|---|
| `t_s,reflector,rtt_ms` | a probe, at the time it was *sent*; empty `rtt_ms`: never answered |
| `t_s,wan,reflector,rtt_ms` | the same for several WANs at once |
| `t_ms,rtt_ms[,tcp_rtt_ms][,gateway_ok]` | the sample of one tick; `tcp_rtt_ms` counts where `rtt_ms` is empty |

`gateway_ok` is accepted and ignored. Time must not go back; rows of one moment may share it.
"""

import re
from collections.abc import Collection, Iterator

from wanctl.replay.fault import TORN, Reason, RowFaults, refuse, wrong_width
from wanctl.replay.header import TRACE_FORMS, trace_columns
from wanctl.replay.number import MAX_GAP_S, MAX_RTT_NS, MAX_TIME_S, doubt_rtt, doubt_time, number_reader, read_rtt
from wanctl.replay.source import Block, LineSource

MAX_NAMES = 1_024  # of reflectors in one trace

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/\[\]-]{0,79}")


# Plain tuples, because a trace has millions of rows and a named one takes three times as long to make.
# One row of a `t_s` trace: time of sending (ns), WAN ("" in a trace of one), reflector, RTT (ns, None: never answered).
Probe = tuple[int, str, str, int | None]
# One row of a `t_ms` trace: its time as written and in ns, RTT as written and in ns (None: lost), "icmp" or "tcp".
TickRow = tuple[str, int, str, int | None, str]


class Trace:
    """One trace file: its kind is known at once, its rows are read once, by `ticks` or `probes`."""

    def __init__(self, path: str, *, tolerant: bool = False, wans: Collection[str] | None = None) -> None:
        self.source = LineSource(path)
        self.name = self.source.name
        self.faults = RowFaults(self.name, tolerant=tolerant)
        self._rest = self.source.blocks()
        _, self._first_lines = next(self._rest, (1, []))
        if not self._first_lines:
            if self.source.torn:  # one line without an end: say what is wrong with it, if anything
                trace_columns(self.name, self.source.torn)
            refuse("WC702", "the trace is empty", self.name, 1, f"a trace begins with its columns: {TRACE_FORMS}")
        self.columns = trace_columns(self.name, self._first_lines.pop(0))
        self.is_ticks = "t_ms" in self.columns
        self.has_wans = "wan" in self.columns
        self._reflectors: dict[str, str] = {}
        self._wans: dict[str, str] = {}
        self._known_wans = wans

    def ticks(self) -> Iterator[TickRow]:
        """The rows of a `t_ms` trace."""
        assert self.is_ticks
        width = len(self.columns)
        time_at, rtt_at, tcp_at = self.columns["t_ms"], self.columns["rtt_ms"], self.columns.get("tcp_rtt_ms")
        last, end = 0.0, MAX_TIME_S * 1e3
        for number, lines in self._blocks():
            to_float = number_reader(lines)
            for offset, line in enumerate(lines):
                fields = line.split(",")
                try:
                    if len(fields) == width:
                        text = fields[time_at]
                        t_ms = to_float(text)
                        rtt_text, source = fields[rtt_at], "icmp"
                        rtt_ns = round(to_float(rtt_text) * 1e6) if rtt_text else None
                        if tcp_at is not None:
                            tcp_ns = read_rtt(fields[tcp_at])
                            if rtt_ns is None:
                                rtt_text, rtt_ns, source = fields[tcp_at], tcp_ns, "tcp"
                        if last <= t_ms < end and (rtt_ns is None or 0 <= rtt_ns <= MAX_RTT_NS):
                            last, end = t_ms, t_ms + MAX_GAP_S * 1e3
                            yield text, round(t_ms * 1e6), rtt_text, rtt_ns, source
                            continue
                except (ValueError, OverflowError):
                    pass  # `_fault` finds out which field it was
                self._fault(number + offset, line, last)
        self._end()

    def probes(self) -> Iterator[Probe]:
        """The rows of a `t_s` trace."""
        assert not self.is_ticks
        width = len(self.columns)
        time_at, rtt_at, reflector_at = (self.columns[name] for name in ("t_s", "rtt_ms", "reflector"))
        wan_at = self.columns.get("wan")
        reflectors, wans = self._reflectors, self._wans
        last, end = 0.0, MAX_TIME_S
        for number, lines in self._blocks():
            to_float = number_reader(lines)
            for offset, line in enumerate(lines):
                fields = line.split(",")
                try:
                    if len(fields) == width:
                        t_s = to_float(fields[time_at])
                        rtt_text = fields[rtt_at]
                        rtt_ns = round(to_float(rtt_text) * 1e6) if rtt_text else None
                        reflector = reflectors.get(fields[reflector_at]) or self._reflector(fields[reflector_at])
                        wan = "" if wan_at is None else wans.get(fields[wan_at]) or self._wan(fields[wan_at])
                        if last <= t_s < end and (rtt_ns is None or 0 <= rtt_ns <= MAX_RTT_NS):
                            last, end = t_s, t_s + MAX_GAP_S
                            yield round(t_s * 1e9), wan, reflector, rtt_ns
                            continue
                except (ValueError, OverflowError):
                    pass  # `_fault` finds out which field it was
                self._fault(number + offset, line, last)
        self._end()

    def _blocks(self) -> Iterator[Block]:
        yield 2, self._first_lines
        yield from self._rest

    def _reflector(self, text: str) -> str:
        """A reflector that was not seen before; `ValueError` when that is no name, or one too many."""
        if not _NAME.fullmatch(text) or len(self._reflectors) >= MAX_NAMES:
            raise ValueError(text)
        return self._reflectors.setdefault(text, text)

    def _wan(self, text: str) -> str:
        """A WAN that was not seen before; `ValueError` when that is no name, or none of the site's WANs."""
        if not _NAME.fullmatch(text) or (self._known_wans is not None and text not in self._known_wans):
            raise ValueError(text)
        return self._wans.setdefault(text, text)

    def _end(self) -> None:
        if self.source.torn:
            self.faults.note(self.source.torn_number, self.source.torn, TORN)

    def _fault(self, number: int, line: str, last: float) -> None:
        self.faults.note(number, line, self._reason(line.split(","), last))

    def _reason(self, fields: list[str], last: float) -> Reason:
        """Why a row cannot be used."""
        columns = self.columns
        if len(fields) != len(columns):
            return wrong_width(len(fields), len(columns))
        for column in ("rtt_ms", "tcp_rtt_ms"):
            if column in columns and (reason := doubt_rtt(column, fields[columns[column]])):
                return reason
        if "reflector" in columns and fields[columns["reflector"]] not in self._reflectors:
            return self._bad_name("reflector", fields[columns["reflector"]])
        if "wan" in columns and fields[columns["wan"]] not in self._wans:
            return self._bad_name("WAN", fields[columns["wan"]])
        column, per_s = ("t_ms", 1e3) if self.is_ticks else ("t_s", 1.0)
        return doubt_time(column, fields[columns[column]], last, per_s)

    def _bad_name(self, kind: str, text: str) -> Reason:
        if not _NAME.fullmatch(text):
            hint = "a name has letters, digits and . : - _ / [ ], and begins with a letter or a digit"
            return Reason("WC708", f"{text[:40]!r} is no name of a {kind}", f"no {kind}", hint)
        if kind == "WAN":
            known = ", ".join(self._known_wans or ())
            hint = f"its WANs are {known}; name a site that has those of the trace with --site"
            return Reason("WC708", f"the site has no WAN '{text}'", "unknown WAN", hint)
        message = f"more than {MAX_NAMES} names of reflectors"
        return Reason("WC708", message, "too many names", "is this a trace of probes?")
