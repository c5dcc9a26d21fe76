"""Capacities that were recorded on real links, as drivers of the bottleneck.

Two forms. A table has the columns `t_s,dl_mbit,ul_mbit`: what the link carried from a time on. A mahimahi trace has a
line for each packet of 1,504 bytes that could be sent, with its time in ms; one file a direction, and at its end it
begins again. Source: mahimahi's mm-link(1).
"""

import csv
from bisect import bisect_left
from itertools import pairwise
from pathlib import Path

from lab.scenario import Recorded

PACKET_BITS = 1_504 * 8
WINDOW_MS = 100
LEAST_BPS = 12_000.0  # about a packet a second: a token bucket has a rate
COLUMNS = ("t_s", "dl_mbit", "ul_mbit")


class TraceError(Exception):
    """A recording cannot be played; the message says why and where."""


def read_table(path: Path, plan_bps: tuple[float, float]) -> Recorded:
    """A table of capacities as shares of the plan. Raises `TraceError`."""
    lines = _lines(path)
    rows: list[tuple[float, float, float]] = []
    for number, row in enumerate(csv.DictReader(lines), start=2):
        try:
            at_s, down, up = (float(row[name]) for name in COLUMNS)
        except (KeyError, TypeError, ValueError):
            raise TraceError(f"{path}:{number}: wanted are {','.join(COLUMNS)}, numbers in each line") from None
        rows.append((at_s, _share(down * 1e6, plan_bps[0], path), _share(up * 1e6, plan_bps[1], path)))
    if len(rows) < 2 or rows[0][0] != 0.0 or any(later[0] <= earlier[0] for earlier, later in pairwise(rows)):
        raise TraceError(f"{path}: times begin at 0 and grow, two lines at least")
    return Recorded(tuple(rows), rows[-1][0] + rows[-1][0] - rows[-2][0])


def read_mahimahi(down: Path, up: Path, plan_bps: tuple[float, float]) -> Recorded:
    """Two mahimahi traces as shares of the plan, in steps of 100 ms; as long as the longer one. Raises `TraceError`."""
    times = [_opportunities(path) for path in (down, up)]
    length_ms = max(each[-1] for each in times)
    rows = []
    for at_ms in range(0, length_ms, WINDOW_MS):
        rates = [_count(each, at_ms) * PACKET_BITS * 1e3 / WINDOW_MS for each in times]
        shares = (_share(bps, plan, path) for bps, plan, path in zip(rates, plan_bps, (down, up), strict=True))
        rows.append((at_ms / 1e3, *shares))
    return Recorded(tuple((at_s, one, other) for at_s, one, other in rows), len(rows) * WINDOW_MS / 1e3)


def _opportunities(path: Path) -> list[int]:
    times: list[int] = []
    for number, line in enumerate(_lines(path), start=1):
        if not line.isdecimal() or (times and int(line) < times[-1]):
            raise TraceError(f"{path}:{number}: '{line}' is no time in ms that is not before the last one")
        times.append(int(line))
    if not times or times[-1] < WINDOW_MS:
        raise TraceError(f"{path}: shorter than {WINDOW_MS} ms")
    return times


def _count(times: list[int], at_ms: int) -> int:
    """How many packets could go within a window; after the end the trace begins again."""
    begin_ms = at_ms % times[-1]
    end_ms = begin_ms + WINDOW_MS
    count = bisect_left(times, end_ms) - bisect_left(times, begin_ms)
    return count + (bisect_left(times, end_ms - times[-1]) if end_ms > times[-1] else 0)


def _share(bps: float, plan_bps: float, path: Path) -> float:
    if bps > plan_bps * 1.001:
        raise TraceError(f"{path}: it carries {bps / 1e6:.1f} Mbit/s, more than the plan, {plan_bps / 1e6:g} Mbit/s")
    return max(bps, LEAST_BPS) / plan_bps


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"{path} cannot be read: {error}") from None
