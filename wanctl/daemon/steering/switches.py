"""What a router or a kernel offers to steer with: for each class and WAN one switch, on or off.

A class whose switches are all off goes home, by rules that stand on the router whether or not wanctl runs. A switch
that is on goes off by itself when nobody refreshes it: that is what makes a killed daemon harmless.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class Switch(NamedTuple):
    """One switch as it was read."""

    on: bool
    expires_in_ns: int | None = None  # None: it never goes off by itself, so somebody else has set it


class Switches(Protocol):
    """The switches of one site. Every method may wait for the router, and raises what its adapter raises."""

    def check(self) -> tuple[str, ...]:
        """What the prepared rules lack, in sentences; empty when steering can work."""
        ...

    def read(self) -> Mapping[tuple[str, str], Switch]:
        """All switches, by class and WAN; those that are off may be left out."""
        ...

    def turn_on(self, traffic_class: str, wan: str, ttl_ns: int) -> None:
        """Turn one on, or refresh it; returns when it was read back."""
        ...

    def turn_off(self, traffic_class: str, wan: str) -> None:
        """Turn one off; returns when it was read back, also when it was off already."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...
