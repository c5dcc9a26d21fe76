"""Values as the command line writes them for people: `870M`, `1500k`, `40.2MiB`, `205 164 277`, `00:01:30`.

Samples: networktocode/ntc-templates, the MikroTik manual, and captures in public posts.
"""

from wanctl.testing.routeros.kind import Boolean, Kind, Pair, Rate, Time
from wanctl.testing.routeros.menu import Field

_SIZES = {"free-memory", "total-memory", "free-hdd-space", "total-hdd-space"}
_GROUPED = {"rx-byte", "tx-byte", "rx-packet", "tx-packet", "fp-rx-byte", "fp-tx-byte", "fp-rx-packet", "fp-tx-packet"}
_UNITS = {"cpu-load": "%", "bad-blocks": "%", "cpu-frequency": "MHz"}


def humane(field: Field, text: str) -> str:
    """What REST shows as `text`, for a person."""
    if field.name in _SIZES:
        return _size(int(text))
    if field.name in _GROUPED:
        return f"{int(text):,}".replace(",", " ")
    if field.name in _UNITS:
        return text + _UNITS[field.name]
    return _of_kind(field.kind, text)


def _of_kind(kind: Kind, text: str) -> str:
    if isinstance(kind, Pair):
        return "/".join(_of_kind(kind.kind, part) for part in text.split("/"))
    if isinstance(kind, Rate):
        return rate(int(text))
    if isinstance(kind, Boolean):
        return "yes" if text == "true" else "no"
    return text


def rate(bps: int) -> str:
    """A rate in the largest unit that needs no fraction."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if bps and bps % size == 0:
            return f"{bps // size}{unit}"
    return str(bps)


def clock(text: str) -> str:
    """A span as a script sees it: `00:01:30`, `1d00:00:05`."""
    nanoseconds = Time().nanoseconds(text)
    seconds, rest = divmod(nanoseconds, 10**9)
    days, seconds = divmod(seconds, 86_400)
    weeks, days = divmod(days, 7)
    ahead = (f"{weeks}w" if weeks else "") + (f"{days}d" if days else "")
    behind = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{ahead}{seconds // 3_600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{behind}"


def _size(size_bytes: int) -> str:
    for size, unit in ((2**20, "MiB"), (2**10, "KiB")):
        if size_bytes >= size:
            return f"{size_bytes / size:.1f}{unit}"
    return str(size_bytes)
