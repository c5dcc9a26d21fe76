"""A site's file that cannot be used: what is wrong with it, and who would be the router, if only that is missing."""

from collections.abc import Iterator
from pathlib import Path

from wanctl.doctor.finding import FILE, Finding, Mark, Report
from wanctl.doctor.introduction import introduce_unpinned
from wanctl.engine.diagnostic import FileError

NO_TRUST = "WC125"  # the file lacks what REST recognises the router by


def unusable(path: Path, error: FileError) -> Report:
    """The report about such a file."""
    report = Report(path.stem, str(path))
    report.add(_told(error))
    if any(item.code == NO_TRUST for item in error.findings):
        report.add(introduce_unpinned(path))
    return report


def _told(error: FileError) -> Iterator[Finding]:
    for item in error.findings:
        # What is said of a file that could not be read has no place in it.
        where = item.place if item.place.file in error.findings.sources else item.place.file
        mark: Mark = "fail" if item.severity == "error" else "warn"
        yield Finding(FILE, item.code, mark, f"{where}: {item.message}", item.hint)
