"""The memory of transitions: bounded, counted, and joined with what the router said."""

from wanctl.control.sample import Confirmation
from wanctl.decision import Decision, SetRate
from wanctl.engine import Fault, Transition
from wanctl.observe.history import MOST_RECORDS, History

MS = 1_000_000


def moved(at_ms: int, source: str, target: str, region: str = "download") -> Transition:
    left, entered = f"{region}.{source}", f"{region}.{target}"
    at_ns = at_ms * MS
    return Transition(
        at_ns, "cable/wan", f"{left}#1", "tick", left, (entered,), "", "", (), (), (left,), (entered,), ()
    )


def decision(*transitions: Transition, rate_bps: int = 0) -> Decision:
    intents = (SetRate("cable", "download", rate_bps, cut=True),) if rate_bps else ()
    return Decision(transitions[0].at_ns if transitions else 0, intents, transitions, {})


def history() -> History:
    return History({("cable", "download"): 50_000_000, ("cable", "upload"): 10_000_000}, 0)


def test_a_transition_knows_the_rate_before_it_and_the_one_it_asked_for() -> None:
    kept = history()
    kept.note(decision(moved(100, "GREEN", "RED"), rate_bps=30_000_000))
    kept.note(decision(rate_bps=25_000_000))  # a drain goes on without a transition
    kept.note(decision(moved(300, "RED", "YELLOW"), rate_bps=40_000_000))
    first, second = kept.records
    assert (first.before_bps, first.intent) == (50_000_000, SetRate("cable", "download", 30_000_000, True))
    assert second.before_bps == 25_000_000


def test_a_result_goes_to_the_newest_transition_that_waits_for_one() -> None:
    kept = history()
    kept.note(decision(moved(100, "GREEN", "RED"), rate_bps=30_000_000))
    kept.note(decision(moved(150, "RED", "YELLOW"), rate_bps=20_000_000))
    kept.confirm([Confirmation("cable", "download", 20_000_000, 190 * MS), Confirmation("cable", "upload", 1, 0)])
    kept.confirm([Confirmation("cable", "download", None, 900 * MS, "refused")])
    overtaken, written = kept.records
    assert overtaken.result is None
    assert written.result == (20_000_000, 40 * MS, "")


def test_how_long_a_state_was_held_is_known_from_its_entry_or_from_the_start() -> None:
    kept = history()
    kept.note(decision(moved(1_500, "GREEN", "RED")))
    kept.note(decision(moved(1_750, "RED", "GREEN")))
    assert [record.held_ns for record in kept.records] == [1_500 * MS, 250 * MS]


def test_regions_of_one_tick_are_kept_apart() -> None:
    kept = history()
    down, up = moved(100, "GREEN", "RED"), moved(100, "GREEN", "YELLOW", "upload")
    kept.note(decision(down, up, rate_bps=30_000_000))
    assert [record.intent is not None for record in kept.records] == [True, False]
    assert kept.counts["cable", "upload.GREEN", "upload.YELLOW"] == 1


def test_the_memory_is_bounded_and_the_count_is_not() -> None:
    kept = history()
    for at_ms in range(MOST_RECORDS + 20):
        kept.note(decision(moved(at_ms, "GREEN", "RED")))
    assert len(kept.records) == MOST_RECORDS
    assert kept.transitions == kept.records[-1].number == MOST_RECORDS + 20


def test_faults_are_counted() -> None:
    kept = history()
    kept.note(Decision(0, (), (), {}, (Fault(0, "cable/wan", "no rest"),)))
    assert kept.faults == 1
