"""The numbers in a trace: what is one, which can be, and what to say about one that cannot."""

from collections.abc import Callable, Iterable
from math import isfinite

from wanctl.replay.fault import Reason

MAX_RTT_MS = 600_000.0  # ten minutes: nothing waits longer for an answer, so a larger number has another unit
MAX_RTT_NS = round(MAX_RTT_MS * 1e6)
MAX_TIME_S = 1e11  # three thousand years
MAX_GAP_S = 86_400.0  # a jump by more than a day: a damaged number, or two traces in one file


def read_number(text: str) -> float:
    """A decimal number; `ValueError` for anything else. NaN and infinity pass: the bounds of the caller refuse them."""
    if "_" in text:  # Python reads 1_000 as a number, no other tool does
        raise ValueError(text)
    return float(text)


def number_reader(lines: Iterable[str]) -> Callable[[str], float]:
    """A function that reads the numbers of these lines as `read_number` does, only faster where that can be."""
    return read_number if "_" in "".join(lines) else float


def read_rtt(text: str) -> int | None:
    """A round-trip time in ns from its text in ms; None for an empty one; `ValueError` for one that cannot be."""
    if not text:
        return None
    rtt_ms = read_number(text)
    if 0.0 <= rtt_ms <= MAX_RTT_MS:
        return round(rtt_ms * 1e6)
    raise ValueError(text)


def doubt_rtt(column: str, text: str) -> Reason | None:
    """Why `text` is no round-trip time; None when it is one, or empty."""
    if not text:
        return None
    return _doubt(column, text, MAX_RTT_MS, "a round-trip time in ms is 0 or more, and empty when no answer came")


def doubt_rate(column: str, text: str, limit_mbit: float) -> Reason | None:
    """Why `text` is no rate; None when it is one, or empty."""
    if not text:
        return None
    return _doubt(column, text, limit_mbit, "a rate in Mbit/s is 0 or more, and empty when it was not measured")


def doubt_time(column: str, text: str, last: float, per_s: float) -> Reason:
    """Why `text` is no time that can follow `last`; `per_s` of its units make a second."""
    hint = "a time is a number of seconds" if per_s == 1.0 else "a time is a number of milliseconds"
    reason = _doubt(column, text, MAX_TIME_S * per_s, hint)
    if reason is not None:
        return reason
    time = read_number(text)
    if time < last:
        hint = "sort the rows by time, or cut the trace there"
        return Reason("WC707", f"{column} goes back from {last:.12g} to {text}", "going back in time", hint)
    hint = "cut the trace there: each part is a trace of its own"
    return Reason("WC707", f"{column} jumps by more than a day, from {last:.12g} to {text}", "too far ahead", hint)


def _doubt(column: str, text: str, limit: float, hint: str) -> Reason | None:
    try:
        value = read_number(text)
    except ValueError:
        what = "is empty" if not text else f"is not a number: {text[:40]!r}"
        return Reason("WC705", f"{column} {what}", "not a number", hint)
    if not isfinite(value):
        return Reason("WC706", f"{column} is {text.strip()}, which is no measurement", "not finite", hint)
    if value < 0.0:
        return Reason("WC706", f"{column} is negative: {text.strip()}", f"negative {column}", hint)
    if value > limit:
        hint = f"{hint}; is it in another unit?"
        return Reason("WC706", f"{column} is too large: {text.strip()}", f"{column} too large", hint)
    return None
