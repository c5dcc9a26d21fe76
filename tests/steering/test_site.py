"""What a site does with its traffic classes when its WANs come, go and ail."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.steering.driving import S_NS, TICK_NS, Drive, site
from wanctl.decision import SetClass
from wanctl.plan import ClassPlan
from wanctl.steering.placement import Placement

VOICE = ClassPlan("voice", ("a", "b"), delay_ms=60.0, loss=0.02)
BULK = ClassPlan("bulk", ("b", "a"))


def test_a_dead_home_is_left_within_a_second_of_its_last_answer_and_gone_back_to_much_later() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: None if wan == "a" and 20 <= s < 40 else 20.0)
    drive.until(120)
    (left_s, away), (back_s, home) = drive.moves
    assert (away, home) == (SetClass("voice", "b"), SetClass("voice", "a"))
    assert left_s - 20.0 <= 0.95  # the rest of the second is the router's
    assert 40 + 30 < back_s < 40 + 60


def test_a_dying_backup_moves_nobody() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: None if wan == "b" and s > 20 else 20.0)
    drive.until(60)
    assert drive.moves == []
    assert [one.refused for one in drive.site.steering.signals["voice"].candidates] == ["", "it is down"]


def test_when_all_links_are_bad_the_class_stays_where_it_is() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: None if s > 20 else 20.0)
    drive.until(60)
    assert drive.moves == []


def test_without_any_evidence_about_the_other_link_nobody_is_moved_there() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: None if wan == "b" or s > 20 else 20.0)
    drive.until(60)
    assert drive.moves == []


def test_silence_while_traffic_arrives_is_no_outage() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: None if wan == "a" and s > 20 else 20.0)
    drive.arriving = {"a": 0, "b": 0}
    drive.until(60)
    assert drive.moves == []


def test_a_home_that_hurts_is_left_for_a_link_that_does_not_and_a_slower_one_that_hurts_as_well_is_no_reason() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: {"a": 20.0 if s < 20 else 90.0, "b": 40.0 if s > 60 else 85.0}[wan])
    drive.until(100)
    assert [move for _, move in drive.moves] == [SetClass("voice", "b")]
    assert 60 < drive.moves[0][0] < 75


def test_a_spike_of_half_a_second_moves_nobody() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: 400.0 if wan == "a" and s % 10 < 0.3 else 20.0)
    drive.until(120)
    assert drive.moves == []


def test_a_class_without_limits_goes_where_its_packets_come_back_soonest() -> None:
    drive = Drive(site("ab", BULK), lambda wan, s: {"a": 20.0, "b": 30.0 if s < 30 else 24.0 if s < 60 else 12.0}[wan])
    drive.until(120)
    assert [move for _, move in drive.moves] == [SetClass("bulk", "a"), SetClass("bulk", "b")]
    assert drive.moves[1][0] > 60


def test_two_classes_do_not_flee_to_a_link_that_has_room_for_one() -> None:
    one, two = (ClassPlan(name, ("a", "b"), delay_ms=60.0, need_bps=20_000_000) for name in ("one", "two"))
    drive = Drive(site("ab", one, two), lambda wan, s: None if wan == "a" and s > 20 else 20.0)
    drive.until(40)
    assert [move for _, move in drive.moves] == [SetClass("one", "b")]
    assert drive.site.steering.signals["two"].candidates[1].refused.startswith("it lacks 1")


def test_a_link_that_flaps_every_two_seconds_for_an_hour_is_left_once() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: None if wan == "a" and s > 20 and s % 4 < 2 else 20.0)
    drive.until(600)
    assert [move for _, move in drive.moves] == [SetClass("voice", "b")]


def test_the_operator_says_where_and_lets_go() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: 20.0)
    drive.until(10)
    drive.take(drive.site.steer(10 * S_NS, "voice", "operator.pin", "b"))
    drive.until(60)
    assert [move for _, move in drive.moves] == [SetClass("voice", "b")]
    drive.take(drive.site.steer(60 * S_NS, "voice", "operator.unpin"))
    drive.until(120)
    assert [move for _, move in drive.moves] == [SetClass("voice", "b"), SetClass("voice", "a")]


def test_whoever_lets_a_class_go_at_once_leaves_it_where_it_was_pinned() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: 20.0)
    drive.until(10)
    drive.take(drive.site.steer(10 * S_NS, "voice", "operator.pin", "b"))
    drive.take(drive.site.steer(10 * S_NS, "voice", "operator.unpin"))
    signals = drive.site.steering.signals["voice"]
    assert (signals.state, signals.wanted) == ("STEERED.HELD", "b")


def test_what_the_router_does_already_is_adopted_and_not_undone_at_once() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: 20.0)
    drive.until(2, (Placement("voice", "b", TICK_NS, "SETTLED"),))
    assert drive.site.steering.signals["voice"].state == "STEERED.HELD"
    assert [move for _, move in drive.moves] == [SetClass("voice", "b")]
    drive.until(60)
    assert drive.moves[-1][1] == SetClass("voice", "a")


def test_where_a_class_was_and_why_outlives_the_process() -> None:
    drive = Drive(site("ab", VOICE), lambda wan, s: None if wan == "a" and s > 20 else 20.0)
    drive.until(40)
    memory = json.loads(json.dumps(drive.site.steering.memory()))
    other = site("ab", VOICE).steering
    assert other.recall(memory) == ()
    assert (other.signals["voice"].wanted, other.signals["voice"].state) == ("b", "STEERED.FREE")
    assert other.links["a"].health == "DOWN"


def test_a_memory_of_something_else_is_said_and_left() -> None:
    steering = site("ab", VOICE).steering
    memory = steering.memory()
    memory["classes"]["voice"]["wanted"] = "c"
    assert steering.recall(memory) == ("voice: the class 'voice' may not use the WAN that it was on",)
    assert steering.recall({"links": 3}) == ("'links' is missing", "'classes' is missing")


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([None, 15.0, 45.0, 200.0]), st.floats(0.5, 40.0)),
        min_size=5,
        max_size=25,
    )
)
def test_whatever_the_links_do_moves_are_bounded_and_nobody_goes_to_a_dead_link(
    script: list[tuple[str, float | None, float]],
) -> None:
    now = dict.fromkeys("abc", 20.0)
    drive = Drive(site("abc", ClassPlan("voice", ("a", "b", "c"), delay_ms=60.0)), lambda wan, s: now[wan])
    drive.until(3)
    end_s = 3.0
    for wan, rtt_ms, for_s in script:
        now[wan] = rtt_ms
        before = len(drive.moves)
        end_s += for_s
        drive.until(end_s)
        for _, move in drive.moves[before:]:
            # A link that has just died is not known to be dead; one that was dead before this step is.
            assert move.wan == wan or now[move.wan] is not None
    times = [at_s for at_s, _ in drive.moves]
    for begin_s in times:  # a hold of 10 s, and an escape of a dead link for each link that may die within it
        assert sum(begin_s <= at_s < begin_s + 10 for at_s in times) <= 4
