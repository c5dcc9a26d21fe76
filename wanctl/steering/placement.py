"""What the router was seen to do with a traffic class: the other end of a move (`SetClass`)."""

from typing import NamedTuple


class Placement(NamedTuple):
    """Where the router sends new connections of a class, as it was last read; the newest one counts."""

    traffic_class: str
    wan: str | None  # None: nobody knows, for the router does not answer or does something else
    at_ns: int
    state: str = ""  # active leaf of the class's placement machine, such as "SETTLED"
    trouble: str = ""  # why it is not where it is wanted, in a sentence; "" while all is well
