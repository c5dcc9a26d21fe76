"""Faults planted in the shipped machines, and what catches each: a proof, a test of the machine, or both.

`python -m tests.verify.planted --write` plants one after the other, proves the machine and runs its tests, and writes
docs/results/planted-faults.md. `test_mutants.py` holds the table.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

from tests.verify.proving import caught_by_tests, shipped
from wanctl.actions import ACTIONS
from wanctl.verify import checks, run_check

PAGE = "docs/results/planted-faults.md"
EITHER, PROOFS, TESTS, NEITHER = "either alone", "the proofs alone", "the tests alone", "nobody"


class Planted(NamedTuple):
    """A fault: words of a machine's file, or of its template's, and what stands there instead."""

    machine: str
    fault: str
    caught_by: str  # a property that is violated; "" where none speaks of it, and a test of the machine does
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
DOUBT = (
    "                - {when: answered and not known(checked), to: VERIFYING, why: it may have other rates by now}\n"
)
BARRED = "            - {when: barred, to: DENIED, why: 'it does not let us in, or is not the router'}\n"
IN_SYNC = "                - {when: answered and not due, to: IN_SYNC"
DRAIN = "        doc: pay a small debt\n"
HOLD = "    doc: rates stay as they are\n"

FAULTS = (
    Planted("wan", "TRACKING while a queue stands", "the baseline follows no queue",
           (("            - {when: bloated, to: FROZEN, why: a queue may be standing}\n", ""),)),
    Planted("wan", "TRACKING while a direction is loaded", "the baseline follows only an idle link",
           (("            - {when: busy, to: FROZEN, why: a direction is loaded}\n", ""),)),
    Planted("wan", "LEARNING ends with a queue", "the baseline follows no queue",
           (("not busy and not bloated and not halted, for: 2s", "not busy and not halted, for: 2s"),)),
    Planted("wan", "'or' became 'and' in busy", "the baseline follows only an idle link",
           (("busy or bloated, for: 3s", "busy and bloated, for: 3s"),
            ("known(delta) and not busy and not bloated and not halted, for: idle_for",
             "known(delta) and not bloated and not halted, for: idle_for"))),
    Planted("wan", "no way out of an outage", "the link comes back",
           ((f"{ANSWERED}            - {{when: unseen, for: 1s, to: BLIND",
             "            - {when: unseen, to: OUTAGE"),)),
    Planted("wan", "a frozen baseline for ever", "the baseline is never stuck",
           (("for: relearn_after, to: RELEARNING", "for: relearn_after, to: FROZEN"),
            ("for: futile_after, to: RELEARNING", "for: futile_after, to: FROZEN"),
            ("fallen, for: 2s, to: RELEARNING", "fallen, for: 2s, to: FROZEN"),
            ("for: idle_for, to: TRACKING, why: the link is idle again", "for: idle_for, to: FROZEN, why: no"))),
    Planted("wan", "a longer wait behind the same condition", ROWS,
           (("risen and low > 0.6 * limit and steady and not halted, for: futile_after",
             "risen and low > 0.6 * limit and steady and unmeasured and not halted, for: futile_after"),)),
    Planted("direction", "swapped < and <=: an age is never negative", ROWS,
           (("fresh: blind <= 0ms", "fresh: blind < 0ms"),)),
    Planted("direction", "swapped < and <=: a debt is never negative", ROWS,
           (("paid: debt <= 0ms", "paid: debt < 0ms"),)),
    Planted("direction", "swapped comparison of the headroom", "a climb is always possible again",
           (("headroom > 0\n", "headroom < 0\n"),)),
    Planted("direction", "RED without a way out", "recoverable",
           (("            - {when: paid, to: YELLOW.SETTLE, why: the debt is paid}\n  HOLD:",
             "            - {when: paid, to: CUT, why: the debt is paid}\n  HOLD:"),
            (f"    initial: CUT\n    on:\n      tick:\n{HALTED}{HELD}", "    initial: CUT\n"))),
    Planted("direction", "no HOLD before a cut", UNSEEN_IS_HELD,
           ((f"    initial: CRUISE\n    on:\n      tick:\n{HALTED}", "    initial: CRUISE\n    on:\n      tick:\n"),
            ("fresh and not stale and not halted", "fresh and not stale"))),
    Planted("direction", "a climb begins in the tick that loses sight", UNSEEN_IS_HELD,
           (("not overdue and not halted", "not overdue"),)),
    Planted("wan", "a climb begins in the tick that loses sight", "no rate climbs in an outage",
           (("not overdue and not halted", "not overdue"),)),
    Planted("direction", "a climb takes any queue for a small one", "a queue that people feel is taken for a small one",
           (("rising and mine and not felt,", "rising and mine,"),)),
    Planted("direction", "a climb looks for deep queues alone", "a climb goes on over a queue of its own",
           (("rising and mine and not felt,", "rising and mine and felt,"),)),
    Planted("direction", "GREEN before HOLD when a settled rate loses sight", UNSEEN_IS_HELD,
           (("not (bloated and mine) and not halted, to: GREEN", "not (bloated and mine), to: GREEN"),)),
    Planted("wan", "TCP takes over while it is silent, too", FLAPPING,
           (("tcp_age < 2s and not silent > 500ms and not dark", "tcp_age < 2s"),)),
    Planted("direction", "a small queue is settled upwards", SEVERITY,
           ((f"{DRAIN}        entry: [{{rate.cut: {{least: shallowest, most: deepest, pace: pace, blind: guess}}}}]\n",
             f"{DRAIN}        entry: [{{rate.settle: {{share: cruise, wait: settling}}}}]\n"),)),
    Planted("classic", "the floor of RED is that of GREEN", SEVERITY,
           (("down, floor: download_floor_red", "down, floor: download_floor_green"),)),
    Planted("wan", "blindness does not hold the rates", "no rate moves while nobody sees the link",
           (("halted: dark or unseen or active('BLIND') or active('OUTAGE')", "halted: dark or active('OUTAGE')"),)),
    Planted("direction", "RED cannot be reached", "RED can be reached",
           (("severe: delta > limit and delta > hard", "severe: delta > limit and delta > hard and delta < warn"),)),
    Planted("direction", "the milder row stands first", ROWS,
           (("when: severe and mine, to: RED, why: a queue that hurts stands",
             "when: bloated and mine, to: RED, why: a queue that hurts stands"),)),
    Planted("direction", "HOLD ends while nobody can see the link", FLAPPING,
           (("{when: not halted, to: GREEN", "{when: halted, to: GREEN"),)),
    Planted("direction", "a raise while a queue is paid", "YELLOW asks for no rate.raise, rate.creep",
           ((DRAIN, f"{DRAIN}        during: [{{rate.creep: {{step: creep}}}}]\n"),)),
    Planted("direction", "HOLD does not hold", NOTHING_MOVES,
           ((HOLD, f"{HOLD}    during: [{{rate.drain: {{}}}}]\n"),)),
    Planted("direction", "a cut may take more than there is", ARGUMENTS,
           (("default: 60%, range: [2%, 95%]", "default: 60%, range: [2%, 150%]"),)),
    Planted("direction", "the operator's pin leads nowhere", STATES,
           (("to: HOLD.PINNED", "to: HOLD"), ("[{to: PINNED,", "[{to: UNSEEN,"))),
    Planted("direction", "a released direction stays pinned", "recoverable",
           (("operator.release: [{to: GREEN,", "operator.release: [{to: PINNED,"),)),
    Planted("direction", "a complete state forgets what is unknown", "complete states leave nothing out",
           ((UNSEEN, f"{UNSEEN}        complete: true\n"),)),
    Planted("classic", "swapped < and <= at the hard limit", RED_IN_ITS_BAND,
           (("{when: delta > hard, to: RED", "{when: delta >= hard, to: RED"),)),
    Planted("classic", "RED is left a band too late", RED_IN_ITS_BAND,
           ((SOFTER, ""),)),
    Planted("classic", "SOFT_RED and RED overlap", FLAPPING,
           (("{when: delta <= hard, to: SOFT_RED", "{when: delta <= 2 * hard, to: SOFT_RED"),)),
    Planted("actuator", "a router of unknown rates is written to", "a router of unknown rates is written to",
           ((f"{DOUBT}{IN_SYNC}", IN_SYNC),)),
    Planted("actuator", "a wrong password is no reason to stop", "a router that does not let us in is written to",
           ((f"{BARRED}            - {{when: shut,", "            - {when: shut and not barred,"),)),
    Planted("daemon", "a broken part counts as running", "decisions are carried out that cannot be trusted",
           (("not leaving and not broken and not reloading", "not leaving and not reloading"),)),
    # -- what no property speaks of: how long, how far -----------------------------------------------------------------
    Planted("direction", "a standing queue is cut after half a second", "",
           (("low > 0.6 * limit and mine, for: 1s", "low > 0.6 * limit and mine, for: 500ms"),)),
    Planted("direction", "a climb is given up too early", "",
           (("for: 300ms, to: CRUISE", "for: 200ms, to: CRUISE"),)),
    Planted("direction", "RED looks for too long", "",
           (("after: {100ms: [{to: DRAIN", "after: {300ms: [{to: DRAIN"),)),
    Planted("direction", "swapped > and >= at the limit of what people feel", "",
           (("delta > limit and delta > warn", "delta > limit and delta >= warn"),)),
    Planted("direction", "a queue of the other direction is cut", "",
           (("mine: loaded and blamed and fresh", "mine: loaded and fresh"),)),
    Planted("wan", "half the patience before an outage is over", "",
           ((f"{ANSWERED}            - {{when: unseen, for: 1s, to: BLIND",
              f"{ANSWERED.replace('500ms', '250ms')}            - {{when: unseen, for: 1s, to: BLIND"),)),
    Planted("wan", "an outage is seen late", "",
           (("outage_after: {unit: ms, default: 1s", "outage_after: {unit: ms, default: 2s"),)),
    Planted("wan", "the baseline thaws too early", "",
           (("idle_for: {unit: ms, default: 1s", "idle_for: {unit: ms, default: 500ms"),)),
    Planted("classic", "a climb begins a cycle early", "",
           (("for: green_required - 1 tick, to: CLIMB", "for: green_required - 2 ticks, to: CLIMB"),)),
    Planted("classic", "the download does not look at jumps", "",
           (("calm and not jump, for", "calm, for"),)),
)  # fmt: skip


class Caught(NamedTuple):
    """What catches one fault: properties that are violated then, and a test of the machine that fails."""

    planted: Planted
    proofs: tuple[str, ...]
    test: str

    @property
    def alone(self) -> str:
        """Which of the two would have been enough."""
        if self.proofs and self.test:
            return EITHER
        return PROOFS if self.proofs else TESTS if self.test else NEITHER


def catch(planted: Planted) -> Caught:
    """Prove the machine with the fault in full, and run its tests."""
    model = shipped(planted.machine, *planted.changes)
    results = [(check.name, run_check(check)) for check in checks(model, ACTIONS)]
    proofs = tuple(name for name, result in results if result is not None and result.status == "violated")
    return Caught(planted, proofs, caught_by_tests(model, planted.machine))


def page(found: list[Caught]) -> str:
    """The table as Markdown."""
    alone = [item.alone for item in found]
    counts = [f"{alone.count(word)} by {word}" for word in (EITHER, PROOFS, TESTS, NEITHER)]
    lines = [
        "# Planted faults",
        "",
        "Generated by `python -m tests.verify.planted --write`; do not edit. Each fault is planted alone in a shipped",
        "machine; then `wanctl verify` proves it and `wanctl test` runs its tests. Where several properties are",
        "violated the one named is the one that speaks of the fault.",
        "",
        f"{len(found)} faults are caught: {', '.join(counts)}.",
        "",
        "| machine | fault | violated property | failing test | caught by |",
        "|---|---|---|---|---|",
    ]
    for item in found:
        named = item.planted.caught_by if item.planted.caught_by in item.proofs else next(iter(item.proofs), "")
        others = len(item.proofs) - 1
        proof = f"{named} (and {others} more)" if others > 0 else named or "none"
        cells = (item.planted.machine, item.planted.fault, proof, item.test or "none", item.alone)
        lines.append(f"| {' | '.join(cell.replace('|', '') for cell in cells)} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Run, print, and on request write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", nargs="?", const=PAGE, metavar="FILE", help=f"write a page ({PAGE})")
    given = parser.parse_args()
    text = page([catch(planted) for planted in FAULTS])
    print(text)
    if given.write:
        Path(given.write).write_text(text)


if __name__ == "__main__":
    main()
