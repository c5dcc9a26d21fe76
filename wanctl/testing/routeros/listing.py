"""How `print` lays out objects on the command line. Samples: networktocode/ntc-templates, the MikroTik manual."""

from collections.abc import Sequence

from wanctl.testing.routeros.humane import humane
from wanctl.testing.routeros.menu import Menu

# In the order in which the router names them: the property, its letter, its meaning.
_FLAGS = (
    ("disabled", "X", "disabled"),
    ("invalid", "I", "invalid"),
    ("dynamic", "D", "dynamic"),
    ("active", "A", "active"),
    ("inactive", "I", "inactive"),
    ("static", "S", "static"),
    ("running", "R", "running"),
    ("slave", "S", "slave"),
)
_STATS = ("rate", "packet-rate", "queued-bytes", "queued-packets", "bytes", "packets", "dropped")
_MOMENTS = ("time", "creation-time", "build-time", "last-link-up-time", "last-link-down-time", "last-logged-in")
_QUOTED = ("message", "name", "comment", "default-name", "type")


def listing(menu: Menu, records: Sequence[dict[str, str]], style: str) -> str:
    """The text of `print`; `style` is "detail", "terse", "stats" or "value-list"."""
    if menu.singleton or style == "value-list":
        return "".join(_column(menu, record) for record in records)
    flags = [flag for flag in _FLAGS if flag[0] in menu.by_name]
    head = f"Flags: {', '.join(f'{letter} - {meaning}' for _, letter, meaning in flags)} \r\n" if flags else ""
    rows = "".join(_row(menu, flags, number, record, style) for number, record in enumerate(records))
    return (head if style != "terse" else "") + rows


def _row(menu: Menu, flags: list[tuple[str, str, str]], number: int, record: dict[str, str], style: str) -> str:
    if menu.path == "/log":  # its lines have no numbers
        pairs = [_pair(menu, name, record[name]) for name in ("time", "topics", "message") if name in record]
        return f" {' '.join(pairs)} \r\n\r\n"
    letters = "".join(letter if record.get(name) == "true" else "" for name, letter, _ in flags)
    shown = [name for name in _order(menu, record, style) if name in record]
    if style == "terse":
        pairs = [f"{name}={humane(menu.by_name[name], record[name])}" for name in shown]
        return f"{number:>2} {letters:<3} {' '.join(pairs)} \r\n"
    comment = f";;; {record['comment']}\r\n       " if "comment" in record else ""
    pairs = [_pair(menu, name, record[name]) for name in shown if name != "comment"]
    return f"{number:>2} {letters:<3} {comment}{' '.join(pairs)} \r\n\r\n"


def _order(menu: Menu, record: dict[str, str], style: str) -> list[str]:
    flags = {name for name, _, _ in _FLAGS}
    fields = [field.name for field in menu.fields if field.name not in flags]
    counters = [name for name in fields if menu.by_name[name].counter]
    if style == "stats":
        counters = [name for name in _STATS if name in counters] + [name for name in counters if name not in _STATS]
        return [name for name in ("name", "chain", "action", "packet-mark", *counters) if name in record]
    return [name for name in fields if name not in counters]


def _pair(menu: Menu, name: str, text: str) -> str:
    value = humane(menu.by_name[name], text)
    plain = value.replace(" ", "").isdigit() or name in _MOMENTS
    quoted = name in _QUOTED or not value or (" " in value and not plain)
    return f'{name}="{value}"' if quoted else f"{name}={value}"


def _column(menu: Menu, record: dict[str, str]) -> str:
    shown = [field.name for field in menu.fields if field.name in record]
    width = max((len(name) for name in shown), default=0) + 2
    return "".join(f"{name:>{width}}: {humane(menu.by_name[name], record[name])}\r\n" for name in shown)
