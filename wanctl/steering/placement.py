"""What is wanted of the router for a traffic class, and what the router was seen to do: the two ends of a move.

New connections alone follow a move. A class that nothing is said of on the router goes home, by the router's own rules.
"""

from typing import NamedTuple


class SetClass(NamedTuple):
    """New connections of a traffic class shall leave by this WAN from now on."""

    traffic_class: str
    wan: str


class Placement(NamedTuple):
    """Where the router sends new connections of a class, as it was last read; the newest one counts."""

    traffic_class: str
    wan: str | None  # None: nobody knows, for the router does not answer or does something else
    at_ns: int
    state: str = ""  # active leaf of the class's placement machine, such as "SETTLED"
    trouble: str = ""  # why it is not where it is wanted, in a sentence; "" while all is well
