"""Faults planted in the shipped machines, each caught by a proof that holds without it."""

from functools import lru_cache
from typing import NamedTuple

import pytest

from tests.verify.proving import failing_tests, prove, shipped
from wanctl.actions import ACTIONS
from wanctl.verify import Check, checks, run_check


class Mutant(NamedTuple):
    """A fault: words of a machine's file, or of its template's, and what stands there instead."""

    machine: str
    fault: str
    caught_by: str
    changes: tuple[tuple[str, str], ...]


ROWS, STATES, FLAPPING, ARGUMENTS = (
    "every row can fire",
    "every state can be reached and left",
    "no flapping on a constant input",
    "times and arguments are in range for all parameters",
)

NOTHING_MOVES = "HOLD asks for no rate.cut, rate.drain, rate.refine, rate.settle, rate.raise, rate.creep"
SEVERITY = "a worse state never shapes faster"
UNSEEN_IS_HELD = "a rate is free while nobody can see the link"
RED_IN_ITS_BAND = "the download is in RED only with a delay beyond the hard limit"

ANSWERED = "            - {when: answering, for: 500ms, to: LAST, why: answers come again}\n"
SOFTER = "            - {when: delta <= hard, to: SOFT_RED, why: the delay is between warning and hard limit}\n"
HALTED = "        - {when: halted, to: HOLD, why: nobody can see the link}\n"
HELD = "      operator.hold: [{to: HOLD.PINNED, why: the operator holds the rates}]\n"
UNSEEN = "        doc: until the link can be seen again\n"
DRAIN = "        doc: pay a small debt\n"
HOLD = "    doc: rates stay as they are\n"

MUTANTS = (
    Mutant("wan", "TRACKING while a queue stands", "the baseline follows no queue",
           (("            - {when: bloated, to: FROZEN, why: a queue may be standing}\n", ""),)),
    Mutant("wan", "TRACKING while a direction is loaded", "the baseline follows only an idle link",
           (("            - {when: busy, to: FROZEN, why: a direction is loaded}\n", ""),)),
    Mutant("wan", "LEARNING ends with a queue", "the baseline follows no queue",
           (("not busy and not bloated and not halted, for: 2s", "not busy and not halted, for: 2s"),)),
    Mutant("wan", "'or' became 'and' in busy", "the baseline follows only an idle link",
           (("busy or bloated, for: 3s", "busy and bloated, for: 3s"),
            ("known(delta) and not busy and not bloated and not halted, for: idle_for",
             "known(delta) and not bloated and not halted, for: idle_for"))),
    Mutant("wan", "no way out of an outage", "the link comes back",
           ((f"{ANSWERED}            - {{when: unseen, for: 1s, to: BLIND",
             "            - {when: unseen, to: OUTAGE"),)),
    Mutant("wan", "no way out of an outage, seen as a dead end", STATES,
           ((f"{ANSWERED}            - {{when: unseen, for: 1s, to: BLIND",
             "            - {when: unseen, to: OUTAGE"),)),
    Mutant("wan", "a frozen baseline for ever", "the baseline is never stuck",
           (("for: relearn_after, to: RELEARNING", "for: relearn_after, to: FROZEN"),
            ("for: futile_after, to: RELEARNING", "for: futile_after, to: FROZEN"),
            ("fallen, for: 2s, to: RELEARNING", "fallen, for: 2s, to: FROZEN"),
            ("for: idle_for, to: TRACKING, why: the link is idle again", "for: idle_for, to: FROZEN, why: no"))),
    Mutant("wan", "a longer wait behind the same condition", ROWS,
           (("risen and low > 0.6 * limit and steady and not halted, for: futile_after",
             "risen and low > 0.6 * limit and steady and unmeasured and not halted, for: futile_after"),)),
    Mutant("direction", "swapped < and <=: an age is never negative", ROWS,
           (("fresh: blind <= 0ms", "fresh: blind < 0ms"),)),
    Mutant("direction", "swapped < and <=: a debt is never negative", ROWS,
           (("paid: debt <= 0ms", "paid: debt < 0ms"),)),
    Mutant("direction", "swapped comparison of the headroom", "a climb is always possible again",
           (("headroom > 0\n", "headroom < 0\n"),)),
    Mutant("direction", "RED without a way out", "recoverable",
           (("            - {when: paid, to: YELLOW.SETTLE, why: the debt is paid}\n  HOLD:",
             "            - {when: paid, to: CUT, why: the debt is paid}\n  HOLD:"),
            (f"    initial: CUT\n    on:\n      tick:\n{HALTED}{HELD}", "    initial: CUT\n"))),
    Mutant("direction", "no HOLD before a cut", UNSEEN_IS_HELD,
           ((f"    initial: CRUISE\n    on:\n      tick:\n{HALTED}", "    initial: CRUISE\n    on:\n      tick:\n"),
            ("fresh and not stale and not halted", "fresh and not stale"))),
    Mutant("direction", "a climb begins in the tick that loses sight", UNSEEN_IS_HELD,
           (("not overdue and not halted", "not overdue"),)),
    Mutant("wan", "a climb begins in the tick that loses sight", "no rate climbs in an outage",
           (("not overdue and not halted", "not overdue"),)),
    Mutant("direction", "a climb takes any queue for a small one", "a queue that people feel is taken for a small one",
           (("rising and mine and not felt,", "rising and mine,"),)),
    Mutant("direction", "a climb looks for deep queues alone", "a climb goes on over a queue of its own",
           (("rising and mine and not felt,", "rising and mine and felt,"),)),
    Mutant("direction", "GREEN before HOLD when a settled rate loses sight", UNSEEN_IS_HELD,
           (("not (bloated and mine) and not halted, to: GREEN", "not (bloated and mine), to: GREEN"),)),
    Mutant("wan", "TCP takes over while it is silent, too", FLAPPING,
           (("tcp_age < 2s and not silent > 500ms and not dark", "tcp_age < 2s"),)),
    Mutant("direction", "a small queue is settled upwards", SEVERITY,
           ((f"{DRAIN}        entry: [{{rate.cut: {{least: shallowest, most: deepest, pace: pace, blind: guess}}}}]\n",
             f"{DRAIN}        entry: [{{rate.settle: {{share: cruise, wait: settling}}}}]\n"),)),
    Mutant("classic", "the floor of RED is that of GREEN", SEVERITY,
           (("down, floor: download_floor_red", "down, floor: download_floor_green"),)),
    Mutant("wan", "blindness does not hold the rates", "no rate moves while nobody sees the link",
           (("halted: dark or unseen or active('BLIND') or active('OUTAGE')", "halted: dark or active('OUTAGE')"),)),
    Mutant("direction", "RED cannot be reached", "RED can be reached",
           (("severe: delta > limit and delta > hard", "severe: delta > limit and delta > hard and delta < warn"),)),
    Mutant("direction", "the milder row stands first", ROWS,
           (("when: severe and mine, to: RED, why: a queue that hurts stands",
             "when: bloated and mine, to: RED, why: a queue that hurts stands"),)),
    Mutant("direction", "HOLD ends while nobody can see the link", FLAPPING,
           (("{when: not halted, to: GREEN", "{when: halted, to: GREEN"),)),
    Mutant("direction", "a raise while a queue is paid", "YELLOW asks for no rate.raise, rate.creep",
           ((DRAIN, f"{DRAIN}        during: [{{rate.creep: {{step: creep}}}}]\n"),)),
    Mutant("direction", "HOLD does not hold", NOTHING_MOVES,
           ((HOLD, f"{HOLD}    during: [{{rate.drain: {{}}}}]\n"),)),
    Mutant("direction", "a cut may take more than there is", ARGUMENTS,
           (("default: 60%, range: [2%, 95%]", "default: 60%, range: [2%, 150%]"),)),
    Mutant("direction", "the operator's pin leads nowhere", STATES,
           (("to: HOLD.PINNED", "to: HOLD"), ("[{to: PINNED,", "[{to: UNSEEN,"))),
    Mutant("direction", "a released direction stays pinned", "recoverable",
           (("operator.release: [{to: GREEN,", "operator.release: [{to: PINNED,"),)),
    Mutant("direction", "a complete state forgets what is unknown", "complete states leave nothing out",
           ((UNSEEN, f"{UNSEEN}        complete: true\n"),)),
    Mutant("classic", "swapped < and <= at the hard limit", RED_IN_ITS_BAND,
           (("{when: delta > hard, to: RED", "{when: delta >= hard, to: RED"),)),
    Mutant("classic", "RED is left a band too late", RED_IN_ITS_BAND,
           ((SOFTER, ""),)),
    Mutant("classic", "SOFT_RED and RED overlap", FLAPPING,
           (("{when: delta <= hard, to: SOFT_RED", "{when: delta <= 2 * hard, to: SOFT_RED"),)),
)  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.machine}: {mutant.fault}")
def test_a_planted_fault_is_caught(mutant: Mutant) -> None:
    model = shipped(mutant.machine, *mutant.changes)
    result = prove(model, mutant.caught_by)
    assert result.status == "violated"
    assert all(failing_tests(model, result).values()), "a written test passes although the fault is there"


@lru_cache(maxsize=1)
def planned(machine: str) -> list[Check]:
    """The checks of a machine as it is shipped; they share what they explore."""
    return checks(shipped(machine), ACTIONS)


@pytest.mark.parametrize(
    ("machine", "name"),
    sorted({(mutant.machine, mutant.caught_by) for mutant in MUTANTS if not mutant.caught_by.startswith("complete")}),
)
def test_what_caught_a_fault_holds_without_it(machine: str, name: str) -> None:
    result = run_check(next(check for check in planned(machine) if check.name == name))
    assert result is not None
    assert result.status == "proved"
