"""What the control socket can be asked, and what answers it; the HTTP side looks by the same window."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from wanctl.daemon.control.server import Handler, RefusedError, Request
from wanctl.daemon.control.window import Window
from wanctl.engine.diagnostic import did_you_mean
from wanctl.observe.health import report
from wanctl.observe.history import MOST_RECORDS
from wanctl.observe.source import Scrape, Site, StuckError
from wanctl.observe.view import SiteView
from wanctl.observe.why import Moment, why

FRESH_NS = 200_000_000  # asked more often, the loop is left alone


class WindowSource:
    """A running site, looked at by its window."""

    def __init__(self, site: Callable[[], Site], window: Window) -> None:
        self._site, self._window = site, window

    @property
    def site(self) -> Site:
        """What does not change before the next reload."""
        return self._site()

    def view(self) -> SiteView:
        """The site as it is, or as it was when its loop got stuck."""
        view, age_ns = self._window.look("view", fresh_ns=FRESH_NS)
        assert isinstance(view, SiteView)
        return replace(view, silent_s=age_ns / 1e9)

    def scrape(self) -> Scrape:
        """The same with its past."""
        scrape, age_ns = self._window.look("scrape", fresh_ns=FRESH_NS)
        assert isinstance(scrape, Scrape)
        return scrape._replace(view=replace(scrape.view, silent_s=age_ns / 1e9))

    def moment(self) -> Moment:
        """What `wanctl why` is answered from."""
        moment, _ = self._window.look("moment")
        assert isinstance(moment, Moment)
        return moment


def verbs(source: WindowSource) -> dict[str, Handler]:
    """The verbs that look at a running site."""
    return {
        "status": lambda _request: _told(lambda: report(source.view())),
        "why": lambda request: _told(lambda: _why(source, request)),
    }


def _told(answer: Any) -> dict[str, Any]:
    try:
        told: dict[str, Any] = answer()
    except StuckError as error:
        raise RefusedError(str(error), "it has just started, or it hangs: see its journal") from error
    return told


def _why(source: WindowSource, request: Request) -> dict[str, Any]:
    moment, wan, most = source.moment(), request.get("wan"), request.get("most", MOST_RECORDS)
    if wan is not None and wan not in moment.stills:
        raise RefusedError(f"the site '{moment.site}' has no WAN '{wan}'", did_you_mean(str(wan), moment.stills))
    if not isinstance(most, int) or not 0 <= most <= MOST_RECORDS:
        raise RefusedError(f"0 to {MOST_RECORDS} transitions are kept, not {most!r}")
    return why(moment, wan, most)
