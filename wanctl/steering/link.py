"""One WAN as steering sees it: its health, and what a packet over it costs on average.

Looked at ten times a second, whatever the rate of the ticks; means are over time, so the rate of the probes is in none.
"""

from math import exp
from typing import Any

from wanctl.control.memory import Memory, RecallError, number, optional, part
from wanctl.decision import DirectionSignals, WanSignals
from wanctl.engine import Outcome, Program, SnapshotError, restore, snapshot
from wanctl.plan import WanPlan

LOST_MS = 1_000.0  # what a packet costs that never comes, or later than this
MEAN_NS = 5_000_000_000  # time constant of the means
FRESH_MS = 3_000.0  # an older sample says nothing about now
BLIND_MS = 250.0  # an answer is overdue for so long, and traffic arrives all the same: nobody answers, that is all
START_NS = 5_000_000_000
AT_THE_FLOOR = 1.02
GONE = "DOWN"
SOUND = "HEALTHY"
USABLE = (SOUND, "SUSPECT", "DEGRADED")  # a cost says how bad it is


class Link:
    """The health of one WAN and its means; `program` is the compiled `health.yaml`."""

    def __init__(self, plan: WanPlan, program: Program, now_ns: int) -> None:
        self.name = plan.name
        self.machine = program.start(now_ns, instance=f"{plan.name}.health")
        self.rtt_ms: float | None = None  # mean
        self.jitter_ms: float | None = None
        self.loss = 0.0
        self.known = False  # there is fresh evidence of how it is
        self._floors_bps = plan.download.floor_bps, plan.upload.floor_bps
        self._began_ns = self._looked_ns = now_ns
        self._signals = WanSignals()

    @property
    def health(self) -> str:
        """The leaf of its health: "HEALTHY", "DOWN"."""
        return self.machine.leaves[0].partition(".")[2]

    @property
    def damping(self) -> str:
        """The leaf of its damping: "CALM.NEVER", "DAMPED"."""
        return self.machine.leaves[1].partition(".")[2]

    @property
    def cost_ms(self) -> float | None:
        """What a packet costs on average; None while nothing is known."""
        return None if self.rtt_ms is None else self.rtt_ms * (1.0 - self.loss) + LOST_MS * self.loss

    def look(self, now_ns: int, signals: WanSignals) -> Outcome:
        """Take in how the WAN is now; what its health makes of it."""
        self._signals = signals
        blind = signals.arriving is True and (signals.silent_ms or 0.0) > BLIND_MS
        self._mean(now_ns, signals)
        self.known = not blind and signals.age_ms is not None and signals.age_ms < FRESH_MS
        inputs: Any = self.machine.inputs
        starting = signals.age_ms is None and now_ns - self._began_ns < START_NS  # the first answers are on their way
        inputs.silent = None if blind or starting else signals.silent_ms
        inputs.loss = None if blind else signals.loss
        inputs.delay = signals.delta_ms
        inputs.own = self._cutting(signals)
        return self.machine.tick(now_ns)

    @property
    def is_counted(self) -> bool:
        """Whether the bytes that flow over it are counted."""
        return self._signals.download.achieved_bps is not None

    def room_bps(self) -> tuple[int, int]:
        """What is left of its shaped rates, download and upload."""
        return _room_bps(self._signals.download), _room_bps(self._signals.upload)

    def memory(self) -> dict[str, Any]:
        """Its health and its means, as JSON values."""
        return {"machine": snapshot(self.machine), "rtt_ms": self.rtt_ms, "loss": self.loss}

    def recall(self, memory: Memory) -> None:
        """Go on from there; `RecallError` when it is no memory of a link."""
        try:
            self.machine = restore(self.machine.program, part(memory, "machine"), f"{self.name}.health")
        except SnapshotError as error:
            raise RecallError(str(error)) from error
        self.rtt_ms, self.loss = optional(memory, "rtt_ms"), min(number(memory, "loss"), 1.0)

    def _mean(self, now_ns: int, signals: WanSignals) -> None:
        passed_ns, self._looked_ns = now_ns - self._looked_ns, now_ns
        weight = 1.0 - exp(-passed_ns / MEAN_NS)
        if signals.loss is not None:
            self.loss = signals.loss
        if signals.rtt_ms is not None and signals.age_ms is not None and signals.age_ms < FRESH_MS:
            rtt_ms = min(signals.rtt_ms, LOST_MS)
            self.rtt_ms = rtt_ms if self.rtt_ms is None else self.rtt_ms + weight * (rtt_ms - self.rtt_ms)
        if signals.jitter_ms is not None:
            before_ms = signals.jitter_ms if self.jitter_ms is None else self.jitter_ms
            self.jitter_ms = before_ms + weight * (signals.jitter_ms - before_ms)

    def _cutting(self, signals: WanSignals) -> bool:
        """Whether a queue of its own load stands that the shaper can still do something about."""
        sides = zip((signals.download, signals.upload), self._floors_bps, strict=True)
        return any(
            not side.state.startswith(("GREEN", "HOLD")) and side.wanted_bps > AT_THE_FLOOR * floor_bps
            for side, floor_bps in sides
            if side.state
        )


def _room_bps(side: DirectionSignals) -> int:
    return max(0, side.wanted_bps - round(side.achieved_bps or 0.0))
