"""RouterOS's way of writing values, read into integers and booleans.

REST gives strings of plain digits, the command line gives `870M`, `4m58s` and `205 164 277`; both are read here. A text
that is not such a value raises ValueError with a sentence. Source: RouterOS manual, and answers of CHR 7.22 to 7.24.
"""

import json
import re
from collections.abc import Mapping

_RATE = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<prefix>[kKMGT]?)(?:bps)?", re.ASCII)
_PREFIX = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}  # rates count in thousands

_SPAN = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|us|ns|w|d|h|m|s)", re.ASCII)
_SPANS = re.compile(rf"(?:{_SPAN.pattern.replace('?P<number>', '').replace('?P<unit>', '')})*", re.ASCII)
_CLOCK = re.compile(r"(?P<hours>\d+):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)(?:\.(?P<fraction>\d+))?", re.ASCII)
_UNIT_NS = {
    "w": 604_800 * 10**9,
    "d": 86_400 * 10**9,
    "h": 3_600 * 10**9,
    "m": 60 * 10**9,
    "s": 10**9,
    "ms": 10**6,
    "us": 10**3,
    "ns": 1,
}

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def rate_bps(text: str) -> int:
    """A rate in bit/s: `10M`, `1500k`, `87.5M`, `0bps`, `10000000`. 0 is RouterOS's "unlimited"."""
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not a rate")
    return _scaled(match["number"], _PREFIX[match["prefix"]])


def rate_pair_bps(text: str) -> tuple[int, int]:
    """The two rates of a simple queue, upload and download as its target sees them: `20M/100M`."""
    first, slash, second = text.partition("/")
    if not slash:
        raise ValueError(f"'{text}' is not a pair of rates")
    return rate_bps(first), rate_bps(second)


def count(text: str) -> int:
    """A counter, with or without the blanks that the command line puts between groups of digits."""
    digits = text.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"'{text}' is not a count")
    return int(digits)


def count_pair(text: str) -> tuple[int, int]:
    """The two counters of a simple queue, upload and download: `123/456`."""
    first, slash, second = text.partition("/")
    if not slash:
        raise ValueError(f"'{text}' is not a pair of counts")
    return count(first), count(second)


def duration_ns(text: str) -> int:
    """A span of time in ns: `1w2d3h4m5s`, `650us`, `1.5s`, `00:00:10`, `2d20:12:20`."""
    rest = text.strip()
    clock = re.search(rf"{_CLOCK.pattern}$", rest, re.ASCII)
    total = 0
    if clock:
        rest = rest[: clock.start()]
        total += int(clock["hours"]) * _UNIT_NS["h"] + int(clock["minutes"]) * _UNIT_NS["m"]
        total += _scaled(f"{clock['seconds']}.{clock['fraction'] or '0'}", _UNIT_NS["s"])
    if not _SPANS.fullmatch(rest) or (not rest and not clock):
        raise ValueError(f"'{text}' is not a span of time")
    for span in _SPAN.finditer(rest):
        total += _scaled(span["number"], _UNIT_NS[span["unit"]])
    return total


def boolean(text: str) -> bool:
    """A boolean: `true`, `yes`, `false`, `no`; the empty text of a flag that is merely present is true."""
    if text in ("true", "yes", ""):
        return True
    if text in ("false", "no"):
        return False
    raise ValueError(f"'{text}' is not a boolean")


def json_value(body: bytes) -> Json:
    """A REST body; an empty one is None.

    RouterOS copies comments and log texts as they are, so a string may hold raw control bytes and bytes that are no
    UTF-8: the former are kept, the latter become U+FFFD. Raises ValueError for a body that is no JSON at all.
    """
    if not body.strip():
        return None
    try:
        value: Json = json.loads(body.decode("utf-8", "replace"), strict=False)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    return value


def texts(record: Json) -> dict[str, str]:
    """The fields of one object. Raises ValueError if it is no object, or if a value is neither text nor number."""
    if not isinstance(record, Mapping):
        raise ValueError("the answer is not an object")  # noqa: TRY004
    fields: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, bool):
            fields[key] = "true" if value else "false"
        elif isinstance(value, str | int | float):
            fields[key] = str(value)
        else:
            raise ValueError(f"'{key}' is not a plain value")  # noqa: TRY004
    return fields


def _scaled(number: str, factor: int) -> int:
    """`number` times `factor` in integers; what a unit cannot hold is rounded down."""
    whole, _, fraction = number.partition(".")
    return int(whole) * factor + (int(fraction) * factor // 10 ** len(fraction) if fraction else 0)
