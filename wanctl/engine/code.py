"""The codes of what can be wrong with YAML itself and with a machine file."""

from typing import NamedTuple


class Code(NamedTuple):
    """One code: what it means and what to do, with lines that raise it and lines that do not."""

    title: str
    explanation: str
    bad: str = ""
    good: str = ""


CODES: dict[str, Code] = {}
