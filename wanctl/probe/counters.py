"""What became of a prober's packets."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Totals since the prober was opened; they only grow.

    `sent` = `answered` + `unanswered` + `unusable` + `clock_dropped` + those in flight. Only `unanswered` is loss.
    """

    sent: int = 0
    answered: int = 0
    unanswered: int = 0  # no answer within the deadline
    late: int = 0  # answered after the deadline; counted as unanswered before
    duplicate: int = 0  # answered again
    foreign: int = 0  # not an answer to any probe of ours: other magic, other sender, other stamp
    unusable: int = 0  # answered without a kernel stamp, or by a closed port; or its socket had to be opened again
    local_failures: int = 0  # never left this machine: no route, no device, a full buffer
    clock_dropped: int = 0  # in flight while the wall clock jumped
    clock_jumps: int = 0
    reopened: int = 0  # sockets opened again after a second of local failures
