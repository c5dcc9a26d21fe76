import pytest

from wanctl.probe.ledger import HOUR_NS, Ledger

SECOND_NS = 1_000_000_000


def ledger(*stretches: tuple[float, float]) -> tuple[Ledger, int]:
    """A ledger after stretches of (hours, probes a second), and the time then."""
    book, now_ns = Ledger(0), 0
    for hours, rate in stretches:
        count = round(hours * 3_600 * rate)
        for number in range(count):
            book.note(now_ns + number * round(hours * HOUR_NS) // count)
        now_ns += round(hours * HOUR_NS)
    return book, now_ns


def test_in_its_first_hours_a_rate_is_extrapolated() -> None:
    book, now_ns = ledger((0.5, 1.0))
    assert book.per_day(now_ns) == pytest.approx(86_400, rel=0.01)
    assert book.total == 1_800


def test_a_day_later_only_the_last_24_hours_count() -> None:
    book, now_ns = ledger((30, 0.5), (23.5, 0.1))
    assert book.per_day(now_ns) == pytest.approx(8_640, rel=0.06)


def test_a_reflector_that_rests_for_a_day_costs_nothing() -> None:
    book, now_ns = ledger((3, 0.5))
    assert book.per_day(now_ns + 48 * HOUR_NS) == 0


def test_a_new_one_costs_nothing() -> None:
    assert Ledger(5).per_day(5) == 0
