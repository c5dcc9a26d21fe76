"""The golden decisions of the excerpts. `python -m tests.replay.golden` writes them anew: look at the difference."""

from collections.abc import Iterator
from pathlib import Path

from wanctl.replay.feed import Feed
from wanctl.replay.rates import Rates, rates_beside
from wanctl.replay.replayer import Replayer
from wanctl.replay.rowfile import RowFile
from wanctl.replay.subject import from_profile
from wanctl.replay.trace import Trace

FIXTURES = Path(__file__).parent / "fixtures"
TRACES = ("lab-step.rtt.csv", "docsis-rrul.csv", "5g-stall.csv")
PROFILES = ("cable", "dsl")


def cases() -> Iterator[tuple[str, str]]:
    """Trace and profile of each golden file."""
    return ((trace, profile) for trace in TRACES for profile in PROFILES)


def golden_path(trace: str, profile: str) -> Path:
    """Where the decisions are kept."""
    return FIXTURES / f"{trace.removesuffix('.csv').removesuffix('.rtt')}.{profile}.decisions.csv"


def decide(trace: str, profile: str, target: Path, law: str = "classic") -> Replayer:
    """Replay an excerpt and write its decisions."""
    path = str(FIXTURES / trace)
    subject = from_profile(profile, law)
    beside = rates_beside(path)
    feed = Feed(Trace(path), subject.wans[0], Rates(beside, subject.wans[0]) if beside else None)
    file = RowFile(str(target))
    replayer = Replayer(subject.build(feed.first[1]), subject.wans, feed, file, more_columns=law != "classic")
    replayer.run()
    file.finish()
    return replayer


if __name__ == "__main__":
    for name, kind in cases():
        decide(name, kind, golden_path(name, kind))
