"""What a doctor says: one finding for each thing that was looked at, with what it means and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Mark = Literal["ok", "warn", "fail", "skip"]
Where = Literal["router", "site", "host"]

FILE, HOST, ROUTER, QUEUES = "the site's file", "this host", "router", "queues"
OVER = {"rest": "router over REST", "ssh": "router over SSH"}


class Step(NamedTuple):
    """A line to type or to paste: on the router's command line, into the site's file, or into a shell of this host."""

    where: Where
    line: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `check` is a name that stays ("queue.missing"), `what` a sentence, `why` says why it matters, `do` what to type.
    """

    group: str
    check: str
    mark: Mark
    what: str
    why: str = ""
    do: tuple[Step, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The finding for `--json`."""
        return {
            "group": self.group,
            "check": self.check,
            "mark": self.mark,
            "what": self.what,
            "why": self.why,
            "do": [{"where": step.where, "line": step.line} for step in self.do],
        }


@dataclass(slots=True)
class Report:
    """Everything that was found about one site."""

    site: str
    path: str
    findings: list[Finding] = field(default_factory=list)
    reached: bool = False  # whether the router, or a site without one, could be looked at at all

    def add(self, findings: Iterable[Finding]) -> None:
        """Take more findings."""
        self.findings.extend(findings)

    def count(self, mark: Mark) -> int:
        """How many findings have that mark."""
        return sum(1 for finding in self.findings if finding.mark == mark)

    def as_dict(self) -> dict[str, object]:
        """The report for `--json`, schema wanctl.doctor/1."""
        return {
            "schema": "wanctl.doctor/1",
            "site": self.site,
            "file": self.path,
            "reached": self.reached,
            "fails": self.count("fail"),
            "warnings": self.count("warn"),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def on_router(*lines: str) -> tuple[Step, ...]:
    """Lines for the router's command line."""
    return tuple(Step("router", line) for line in lines)


def in_site(*lines: str) -> tuple[Step, ...]:
    """Lines for the site's file."""
    return tuple(Step("site", line) for line in lines)


def on_host(*lines: str) -> tuple[Step, ...]:
    """Lines for a shell of this host."""
    return tuple(Step("host", line) for line in lines)
