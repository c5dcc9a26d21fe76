"""Whether a site file can be run here and now: everything that is looked at before anything is changed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wanctl.config import SiteFile, load_site
from wanctl.config.law import check_laws
from wanctl.daemon.shaping.connect import queue_of
from wanctl.engine import Findings
from wanctl.machines import read_text
from wanctl.routeros import Ambiguous, Denied, NotFound, Queues, RouterError, Untrusted
from wanctl.routeros.way import Ways

# What no waiting mends: the site file and the router contradict each other.
CONFIGURATION_ERRORS = (Untrusted, Denied, NotFound, Ambiguous)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """A site file that can be run, with the text it was read from."""

    file: SiteFile
    text: str
    sha256: str  # of the text, in hex


def read_checked(path: Path, text: str | None = None) -> Checked:
    """Read a site file (or take its `text`) and check all that needs no router; `FileError` with every fault."""
    text = read_text(path) if text is None else text
    file = load_site(path, text)
    file.require_runnable()
    findings = Findings(sources=dict(file.warnings.sources))
    check_laws(file, findings)
    findings.raise_errors()
    return Checked(file, text, hashlib.sha256(text.encode()).hexdigest())


def compare(file: SiteFile, ways: Ways, findings: Findings, say: Say) -> None:
    """Compare a site with its router: every object that is named and missing becomes an error at its place.

    A router that cannot be reached is no error of the file: it is said, and tried again while the site runs. One that
    does not let us in, or cannot prove to be the router, is one; unless the site names another way, and that is open.
    """
    shut: list[RouterError] = []
    for name in ways.names:
        ways.use(name)
        try:
            _compare(file, ways.router, findings)
        except RouterError as error:
            shut.append(error)
            ways.close()
            continue
        for trouble in shut:
            say(str(trouble))
        return
    ways.use(ways.preferred)
    backend = "linux" if file.site.router is None else "router"
    for trouble in shut:
        if isinstance(trouble, CONFIGURATION_ERRORS):
            findings.error("WC170", trouble.message, file.place(backend), trouble.hint)
        else:
            say(f"{trouble}; trying again while the site runs")


def _compare(file: SiteFile, router: Queues, findings: Findings) -> None:
    for name, wan in file.site.wans.items():
        for direction, what in (("download", wan.download), ("upload", wan.upload)):
            queue, simple = queue_of(what)
            read: Callable[[str], object] = router.read_simple if simple else router.read_tree
            key = "device" if what.device else "simple_queue" if simple else "queue"
            _look(file, findings, partial(read, queue), ("wans", name, direction, key))
        if wan.interface is not None:
            _look(file, findings, partial(router.read_interface, wan.interface), ("wans", name, "interface"))


def _look(file: SiteFile, findings: Findings, ask: Callable[[], object], path: tuple[str, ...]) -> None:
    try:
        ask()
    except (NotFound, Ambiguous) as error:
        findings.error("WC171", error.message, file.place(*path), error.hint)
