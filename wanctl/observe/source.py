"""Where what is shown comes from: a running site, looked at from another thread."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from wanctl.engine import Program
from wanctl.observe.history import Record
from wanctl.observe.view import SiteView
from wanctl.observe.why import Moment


class StuckError(RuntimeError):
    """The tick loop does not answer, and never has."""


class Scrape(NamedTuple):
    """A site with its past: what metrics and event streams are made from."""

    view: SiteView
    at_ns: int
    counts: Sequence[tuple[tuple[str, str, str], int]]  # transitions by WAN, source and target
    records: Sequence[Record]


class Site(NamedTuple):
    """What does not change while a site runs."""

    name: str
    file: str
    sha256: str  # of the file
    programs: dict[str, Program]  # by WAN


class Source(Protocol):
    """A running site. Each call may block for a moment, and raises `StuckError` when there is nothing to tell."""

    @property
    def site(self) -> Site:
        """What does not change."""
        ...

    def view(self) -> SiteView:
        """The site as it is, or as it was when its loop got stuck (`silent_s` tells)."""
        ...

    def scrape(self) -> Scrape:
        """The same with its past."""
        ...

    def moment(self) -> Moment:
        """What `wanctl why` is answered from."""
        ...
