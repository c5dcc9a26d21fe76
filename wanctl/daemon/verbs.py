"""What the control socket can be asked, and what answers it."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from wanctl.daemon.control import Handler, RefusedError, Request
from wanctl.daemon.window import StuckError, Window
from wanctl.engine.diagnostic import did_you_mean
from wanctl.observe.health import problems
from wanctl.observe.history import MOST_RECORDS
from wanctl.observe.view import SCHEMA, SiteView
from wanctl.observe.why import Moment, why

FRESH_NS = 200_000_000  # asked more often, the loop is left alone


def verbs(window: Window) -> Mapping[str, Handler]:
    """The verbs of a running site."""
    return {
        "status": lambda _request: status(look_at(window)),
        "why": lambda request: _why(window, request),
    }


def look_at(window: Window) -> SiteView:
    """The site as it is, or as it was when its loop got stuck; `RefusedError` when there is nothing to see."""
    try:
        view, age_ns = window.look("view", fresh_ns=FRESH_NS)
    except StuckError as error:
        raise RefusedError(str(error), "it has just started, or it hangs: see its journal") from error
    assert isinstance(view, SiteView)
    return replace(view, silent_s=age_ns / 1e9)


def status(view: SiteView) -> dict[str, Any]:
    """A view with what is wrong in it, as JSON values."""
    return {"schema": SCHEMA, "problems": [problem._asdict() for problem in problems(view)], **asdict(view)}


def _why(window: Window, request: Request) -> dict[str, Any]:
    try:
        moment, _ = window.look("moment")
    except StuckError as error:
        raise RefusedError(str(error), "see the site's journal") from error
    assert isinstance(moment, Moment)
    wan, most = request.get("wan"), request.get("most", MOST_RECORDS)
    if wan is not None and wan not in moment.stills:
        raise RefusedError(f"the site '{moment.site}' has no WAN '{wan}'", did_you_mean(str(wan), moment.stills))
    if not isinstance(most, int) or not 0 <= most <= MOST_RECORDS:
        raise RefusedError(f"0 to {MOST_RECORDS} transitions are kept, not {most!r}")
    return why(moment, wan, most)
