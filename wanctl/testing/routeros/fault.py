"""What can be made to go wrong while the emulator runs: the knobs. `faultline.py` turns them by name."""

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """Knobs; each may be turned at any time, by any thread. Those that count go down by one each time they strike."""

    # of time
    delay_ns: int = 0  # before each request is carried out
    jitter_ns: int = 0  # and this much more on average, exponentially distributed
    late_ns: int = 0  # after a request was carried out, before its answer
    clock_off_s: int = 0  # so far is the router's clock ahead
    # of connections
    answers_per_connection: int = 0  # so many answers, then the connection is closed; 0 is no limit
    session_limit: int = 20  # of connections to one service
    down: set[str] = field(default_factory=set)  # services ("rest", "ssh") that hang up on whoever connects
    abort_damage: bool = False  # a request that was abandoned spoils the one after it, as on CHR 7.21.5
    # of answers
    stray_denials: int = 0  # so many requests get a 401 that was meant for somebody else, as after an aborted one
    denied: bool = False  # nobody is let in
    no_permission: bool = False  # everybody is let in and may do nothing
    control_bytes: bool = False  # each comment has bytes in it that no text should have
    humanised_get: bool = False  # `get` on the command line gives `87M`, not digits
    # of writes
    no_patch: bool = False  # PATCH and DELETE by id are refused, as one project saw on CHR 7.21.3
    refused_but_done: int = 0  # so many writes are carried out, and refused
    half_writes: int = 0  # so many writes are carried out by half: one side of a pair, or nothing of a single value
    disk_full: bool = False  # nothing is written any more, but for what lives in memory alone
    _random: random.Random = field(default_factory=lambda: random.Random(1), repr=False)  # noqa: S311

    def wait_s(self) -> float:
        """How long the next request waits before it is carried out."""
        waited = self.delay_ns / 1e9
        return waited + (self._random.expovariate(1e9 / self.jitter_ns) if self.jitter_ns else 0.0)
