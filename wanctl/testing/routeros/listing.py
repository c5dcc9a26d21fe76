"""How `print` lays out objects on the command line. Samples: networktocode/ntc-templates, the MikroTik manual."""

from collections.abc import Mapping, Sequence

from wanctl.testing.routeros.humane import humane
from wanctl.testing.routeros.menu import Menu

# The property, its letter, its meaning. Flags of one column exclude each other; columns are parted by ";".
Flag = tuple[str, str, str]
_DISABLED, _INVALID = ("disabled", "X", "disabled"), ("invalid", "I", "invalid")
_DYNAMIC = ("dynamic", "D", "dynamic")
_COLUMNS: Mapping[str, tuple[tuple[Flag, ...], ...]] = {
    "/interface": (
        (_DYNAMIC,), (_DISABLED, ("running", "R", "running")), (("slave", "S", "slave"),),
        (("passthrough", "P", "passthrough"),),
    ),
    "/ip/route": (
        (_DYNAMIC,), (_DISABLED, ("inactive", "I", "inactive"), ("active", "A", "active")),
        (("static", "s", "static"),),
    ),
}  # fmt: skip
_USUAL: tuple[tuple[Flag, ...], ...] = ((_DISABLED, _INVALID), (_DYNAMIC,))
_STATS = ("rate", "packet-rate", "queued-bytes", "queued-packets", "bytes", "packets", "dropped")
_MOMENTS = ("time", "creation-time", "build-time", "last-link-up-time", "last-link-down-time", "last-logged-in")
_QUOTED = ("message", "name", "comment", "default-name", "type")


def listing(menu: Menu, records: Sequence[dict[str, str]], style: str) -> str:
    """The text of `print`; `style` is "detail", "terse", "stats" or "value-list"."""
    if menu.singleton or style == "value-list":
        return "".join(_column(menu, record) for record in records)
    columns = _columns(menu)
    legend = "; ".join(", ".join(f"{letter} - {meaning}" for _, letter, meaning in column) for column in columns)
    head = f"Flags: {legend} \r\n" if legend and style != "terse" else ""
    rows = "".join(_row(menu, columns, number, record, style) for number, record in enumerate(records))
    return head + rows


def _columns(menu: Menu) -> list[tuple[Flag, ...]]:
    """The columns of flags that a menu has."""
    if menu.path in _COLUMNS:
        return list(_COLUMNS[menu.path])
    known = [tuple(flag for flag in column if flag[0] in menu.by_name) for column in _USUAL]
    return [column for column in known if column]


def _row(menu: Menu, columns: list[tuple[Flag, ...]], number: int, record: dict[str, str], style: str) -> str:
    if menu.path == "/log":  # its lines have no numbers
        pairs = [_pair(menu, name, record[name]) for name in ("time", "topics", "message") if name in record]
        return f" {' '.join(pairs)} \r\n\r\n"
    letters = "".join(
        next((letter for name, letter, _ in column if record.get(name) == "true"), " ") for column in columns
    )
    shown = [name for name in _order(menu, style) if name in record]
    ahead = f"{number:>2} {letters} "
    if style == "terse":
        shown.sort(key=lambda name: name != "comment")
        pairs = [f"{name}={humane(menu.by_name[name], record[name])}" for name in shown]
        return f"{ahead}{' '.join(pairs)} \r\n"
    comment = f";;; {record['comment']}\r\n{' ' * len(ahead)}" if "comment" in record else ""
    pairs = [_pair(menu, name, record[name]) for name in shown if name != "comment"]
    return f"{ahead}{comment}{' '.join(pairs)} \r\n\r\n"


def _order(menu: Menu, style: str) -> list[str]:
    flags = {name for column in _columns(menu) for name, _, _ in column}
    fields = [field.name for field in menu.fields if field.name not in flags]
    counters = [name for name in fields if menu.by_name[name].counter]
    if style == "stats":
        counters = [name for name in _STATS if name in counters] + [name for name in counters if name not in _STATS]
        return ["name", "parent", "chain", "action", "packet-mark", *counters]
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
