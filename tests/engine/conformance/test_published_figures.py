"""The published page says what the cases are today."""

from pathlib import Path

from benchmarks import conformance

ROOT = Path(conformance.__file__).parent.parent


def test_the_page_counts_the_cases_that_are_there() -> None:
    """Written by `python -m benchmarks.conformance --write`; that every case passes is a test of its own."""
    assert (ROOT / conformance.RESULTS).read_text() == conformance.page(conformance.expected())
