"""Results for people, as lines of text."""

from collections.abc import Iterator

from wanctl.suite.coverage import Coverage
from wanctl.suite.failure import Failure, seconds
from wanctl.suite.run import CaseResult, SuiteResult


def result_lines(result: SuiteResult) -> Iterator[str]:
    """What came of one file: a line, and each failed test in full."""
    passed = sum(1 for case in result.results if case.passed)
    failed = len(result.results) - passed
    told = f"{passed} passed" + (f", {failed} failed" if failed else "")
    yield f"{result.suite.file}: {told}"
    for case in result.results:
        if not case.passed:
            yield from case_lines(case)


def case_lines(result: CaseResult) -> Iterator[str]:
    """A failed test."""
    yield f"  FAILED  {result.case.name}"
    for failure in result.failures:
        tick, rest = divmod(failure.at_ns, result.case.tick_ns)
        when = f"tick {tick + 1}" if not rest else f"after tick {tick + 1}"
        yield f"    {failure.place.file}:{failure.place.line}, at {seconds(failure.at_ns)} ({when})"
        yield from _failure_lines(failure)


def _failure_lines(failure: Failure) -> Iterator[str]:
    yield f"      {failure.what}: expected {failure.expected}"
    yield f"      {' ' * len(failure.what)}  got      {failure.got}"
    if failure.led:
        yield "      what led there:"
        yield from (f"        {line}" for line in failure.led)
    if failure.blocked:
        yield "      what did not:"
        yield from (f"        {line}" for line in failure.blocked)


def coverage_lines(coverage: Coverage) -> Iterator[str]:
    """The figures of one machine, and everything that was never exercised."""
    told = ", ".join(f"{done} of {total} {what}" for what, (done, total) in coverage.counts().items())
    yield f"{coverage.model.file}: coverage {coverage.percent:.1f} % ({told})"
    lacking: dict[tuple[str, str], list[str]] = {}  # place and name -> what never happened
    for gap in coverage.gaps():
        what = {"state": "never entered", "row": "never fired"}.get(gap.kind, gap.kind.replace("guard", "guard never"))
        name = f"the state {gap.name}" if gap.kind == "state" else f"{gap.name} ({gap.guard or 'no guard'})"
        lacking.setdefault((f"{gap.file}:{gap.line}", name), []).append(what)
    for (place, name), whats in lacking.items():
        yield f"  {place}: {name}: {', '.join(whats)}"
