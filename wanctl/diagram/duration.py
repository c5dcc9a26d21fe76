"""Times in ns as people read them, and the round steps of an axis."""

MS_NS, S_NS, MIN_NS, H_NS = 1_000_000, 1_000_000_000, 60_000_000_000, 3_600_000_000_000
_STEPS_NS = (
    *(step * MS_NS for step in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *(step * S_NS for step in (1, 2, 5, 10, 15, 30)),
    *(step * MIN_NS for step in (1, 2, 5, 10, 15, 30)),
    *(step * H_NS for step in (1, 2, 3, 6, 12, 24, 48, 120, 240)),
)
MOST_TICKS = 9  # of an axis


def span(lasted_ns: int) -> str:
    """A time for people: `0.35 s`, `51.3 s`, `4 min 12 s`, `3 h 5 min`."""
    seconds = lasted_ns / 1e9
    if seconds < 10.0:
        return f"{seconds:.2f} s"
    if seconds < 120.0:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def step(length_ns: int) -> int:
    """The least round step with which the axis has no more than so many marks."""
    return next((size for size in _STEPS_NS if length_ns / size <= MOST_TICKS), length_ns // MOST_TICKS)


def offset(offset_ns: int) -> str:
    """A time after the beginning: `+50 ms`, `+2.5 s`, `+5:30 min`, `+1:03:53 h`."""
    if not offset_ns:
        return "0"
    seconds = abs(offset_ns) / 1e9
    sign = "+" if offset_ns > 0 else "−"
    if seconds < 1.0:
        return f"{sign}{seconds * 1e3:.6g} ms"
    if seconds < 60.0:
        return f"{sign}{seconds:.6g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{sign}{minutes}:{rest:02} min"
    return f"{sign}{minutes // 60}:{minutes % 60:02}:{rest:02} h"
