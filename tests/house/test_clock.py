"""Time is handed in. A clock is read in few places, and none of them decides anything."""

import ast
from collections.abc import Iterator

from tests.house.repository import Source, allowed, sources

CLOCKS = {
    "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "clock_gettime",
    "clock_gettime_ns", "localtime", "gmtime", "strftime", "ctime", "asctime",
}  # fmt: skip
CALENDARS = {"now", "utcnow", "today"}

# Where a clock may be read, and why.
DOORS = {
    "wanctl/daemon/clock.py": "the one clock of the running daemon",
    "wanctl/probe/": "the time of sending, and the kernel's time of receiving",
    "wanctl/testing/": "stand-ins for the world outside, which has a clock",
    "wanctl/cli/": "progress and elapsed time for a person",
}


def clock_reads(source: Source) -> Iterator[str]:
    """Each read of a clock, as "path:line name"."""
    modules, names = set[str](), dict[str, str]()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name == "time"}
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            names |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in CLOCKS}
    for node in ast.walk(source.tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules and name in CLOCKS:
                yield f"{source.path}:{node.lineno} time.{name}"
            case ast.Name(id=name, ctx=ast.Load()) if name in names:
                yield f"{source.path}:{node.lineno} time.{names[name]}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name)) if (
                owner in {"datetime", "date"} and name in CALENDARS
            ):
                yield f"{source.path}:{node.lineno} {owner}.{name}"


def test_no_module_reads_a_clock_except_the_named_ones() -> None:
    doors = tuple(DOORS)
    assert [
        read for source in sources("wanctl/") if not allowed(source.path, doors) for read in clock_reads(source)
    ] == []


def test_every_way_to_read_a_clock_is_seen() -> None:
    text = "\n".join(
        [
            "import time, time as t, datetime",
            "from time import monotonic_ns as tick",
            "time.time(); t.perf_counter(); tick(); datetime.datetime.now(); sorted([], key=time.monotonic)",
            "time.sleep(1); self.clock.now(); date.today()",
        ]
    )
    seen = {read.split()[1] for read in clock_reads(Source("x.py", text, ast.parse(text)))}
    assert seen == {
        "time.time", "time.perf_counter", "time.monotonic_ns", "datetime.now", "time.monotonic", "date.today",
    }  # fmt: skip
