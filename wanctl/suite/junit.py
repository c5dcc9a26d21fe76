"""Results as JUnit XML, which build servers read."""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from wanctl.suite.failure import Failure, seconds
from wanctl.suite.run import CaseResult, SuiteResult


def junit(results: Iterable[SuiteResult]) -> str:
    """One `testsuite` for each file, one `testcase` for each test."""
    suites = list(results)
    cases = [case for suite in suites for case in suite.results]
    head = f'<testsuites tests="{len(cases)}" failures="{_failed(cases)}">'
    body = [line for suite in suites for line in _suite(suite)]
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', head, *body, "</testsuites>", ""])


def _failed(cases: list[CaseResult]) -> int:
    return sum(1 for case in cases if not case.passed)


def _suite(result: SuiteResult) -> list[str]:
    name, tests = quoteattr(_clean(result.suite.file)), len(result.results)
    lines = [f'  <testsuite name={name} tests="{tests}" failures="{_failed(result.results)}">']
    for case in result.results:
        place = case.case.place
        head = (
            f"    <testcase name={quoteattr(_clean(case.case.name))} classname={quoteattr(result.suite.model.name)} "
            f"file={quoteattr(_clean(place.file))} line={quoteattr(str(place.line))}"
        )
        if case.passed:
            lines.append(f"{head}/>")
            continue
        lines.append(f"{head}>")
        lines += [_failure(failure) for failure in case.failures]
        lines.append("    </testcase>")
    return [*lines, "  </testsuite>"]


def _failure(failure: Failure) -> str:
    message = f"{failure.what}: expected {failure.expected}, got {failure.got}"
    text = "\n".join([f"{failure.place}, at {seconds(failure.at_ns)}", message, *failure.led, *failure.blocked])
    return f"      <failure message={quoteattr(_clean(message))}>{escape(_clean(text))}</failure>"


def _clean(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return "".join(letter for letter in text if letter >= " " or letter in "\n\t")
