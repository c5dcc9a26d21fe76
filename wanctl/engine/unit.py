"""Quantities with units: `15ms`, `95Mbit`, `85%`.

A number with a unit is turned into its dimension's canonical unit once, when a file is read; at run time there are
plain floats. Canonical units: ms for time, bit/s for rates, bytes for sizes, a ratio (1.0 = 100 %) for shares, ticks
for counts of observations. `""` is the dimension of a plain number.
"""

import re
from dataclasses import dataclass

# unit -> (dimension, factor to the canonical unit of the dimension)
UNITS: dict[str, tuple[str, float]] = {
    "": ("", 1.0),
    "ns": ("time", 1e-6),
    "us": ("time", 1e-3),
    "ms": ("time", 1.0),
    "s": ("time", 1e3),
    "min": ("time", 60e3),
    "h": ("time", 3_600e3),
    "d": ("time", 86_400e3),
    "bit": ("rate", 1.0),
    "kbit": ("rate", 1e3),
    "Mbit": ("rate", 1e6),
    "Gbit": ("rate", 1e9),
    "bit/s": ("rate", 1.0),
    "kbit/s": ("rate", 1e3),
    "Mbit/s": ("rate", 1e6),
    "Gbit/s": ("rate", 1e9),
    "B": ("size", 1.0),
    "kB": ("size", 1e3),
    "MB": ("size", 1e6),
    "GB": ("size", 1e9),
    "TB": ("size", 1e12),
    "%": ("ratio", 1e-2),
    "ratio": ("ratio", 1.0),
    "ms/s": ("slope", 1e-3),
    "s/s": ("slope", 1.0),
    "tick": ("ticks", 1.0),
    "ticks": ("ticks", 1.0),
    "Hz": ("frequency", 1.0),
}

CANONICAL = {
    "": "",
    "time": "ms",
    "rate": "bit/s",
    "size": "B",
    "ratio": "ratio",
    "slope": "s/s",
    "ticks": "ticks",
    "frequency": "Hz",
}

LONGEST_MS = 3e12  # a hundred years: no machine waits longer

NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_ALTERNATIVES = "|".join(sorted((re.escape(unit) for unit in UNITS if unit), key=len, reverse=True))
# A number that a unit follows at once or after blanks; the unit must end there: `5msx` is no quantity.
QUANTITY = re.compile(rf"(?P<number>{NUMBER})\s*(?P<unit>{_ALTERNATIVES})(?![A-Za-z0-9_%/])")
_WHOLE = re.compile(rf"\s*(?P<number>[+-]?{NUMBER})\s*(?P<unit>[A-Za-z%/]*)\s*")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in the canonical unit of its dimension."""

    value: float
    dimension: str

    def __str__(self) -> str:
        return format_quantity(self.value, self.dimension)


class UnitError(ValueError):
    """A text that is no quantity, or one of the wrong dimension."""


def parse_quantity(text: str) -> Quantity:
    """Read `15ms`, `-3`, `0.5 Mbit`; `UnitError` says what is wrong with anything else."""
    match = _WHOLE.fullmatch(text)
    if not match:
        raise UnitError(f"'{text}' is not a number with a unit")
    unit = match["unit"]
    if unit not in UNITS:
        raise UnitError(f"unknown unit '{unit}' in '{text}'")
    dimension, factor = UNITS[unit]
    return Quantity(scale(match["number"], factor), dimension)


def scale(number: str, factor: float) -> float:
    """`number` times `factor`, rounded once: 0.1 ms in ns and 38 Mbit in bit/s come out whole."""
    value = float(number)
    if factor >= 1.0:
        return value * factor
    return value / round(1.0 / factor)


def time_ns(quantity: Quantity) -> int:
    """A time as whole nanoseconds."""
    assert quantity.dimension == "time"
    return round(quantity.value * 1e6)


def format_quantity(value: float, dimension: str) -> str:
    """A canonical value as people write it: 0.25 of ratio as `25 %`, 412000000 of rate as `412 Mbit/s`."""
    match dimension:
        case "time":
            return _stepped(value, (("ms", 1.0), ("s", 1e3), ("min", 60e3), ("h", 3_600e3), ("d", 86_400e3)))
        case "rate":
            return _stepped(value, (("bit/s", 1.0), ("kbit/s", 1e3), ("Mbit/s", 1e6), ("Gbit/s", 1e9)))
        case "size":
            return _stepped(value, (("B", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)))
        case "ratio":
            return f"{value * 100:.4g} %"
        case _:
            unit = CANONICAL[dimension]
            return f"{value:.6g} {unit}".rstrip()


def _stepped(value: float, steps: tuple[tuple[str, float], ...]) -> str:
    unit, factor = steps[0]
    for name, size in steps[1:]:
        if abs(value) >= size * (10 if name == "s" else 1):  # below 10 s people think in ms
            unit, factor = name, size
    return f"{value / factor:.4g} {unit}"
