"""One WAN under the classic law: `machines/classic.yaml` decides the states, `wanctl.control.classic` does the sums.

The same shape as the WAN of the default law, so that a site does not know the difference. A tick without an answer is a
failed cycle: the machine is not ticked and nothing changes. What the law last wrote it believes to be applied; what the
shaper confirmed is published beside it, as `applied_bps`.
"""

from typing import Any

from wanctl.control.achieved import Achieved
from wanctl.control.classic import Delay, WriteLimit, fuse, next_rate, weights
from wanctl.control.memory import Memory, RecallError, numbers, part
from wanctl.control.sample import Confirmation, Observation, Reading, Sample
from wanctl.decision import NOTHING_DECIDED, DirectionSignals, SetRate, Ticked, WanSignals
from wanctl.engine import Intent, Outcome, Program, SnapshotError, restore, snapshot
from wanctl.plan import DirectionPlan, WanPlan

MACHINE = "classic"
ACHIEVED_NS = 300_000_000  # the achieved rate is for people here; the law does not look at it

# This law does not look for answers that are owed: one is overdue when the slowest pace of probing explains no silence.
SLOWEST_PACE_MS = 500.0


class ClassicWan:
    """The classic law of one WAN; `program` is the compiled `classic.yaml` with the parameters of the plan."""

    def __init__(self, plan: WanPlan, program: Program, now_ns: int = 0) -> None:
        params = {name: value for name, value in program.params.items() if isinstance(value, float | int)}
        self.name = plan.name
        self.machine = program.start(now_ns, instance=plan.name)
        self.signals = WanSignals()
        self._delay = Delay(weights(params))
        self._limit = WriteLimit()
        self._plan = plan
        self._ceilings = int(params["download_ceiling"]), int(params["upload_ceiling"])
        self._rates = plan.download.start_bps, plan.upload.start_bps
        self._written: tuple[int, int] | None = None
        self._intents: tuple[Intent, Intent] | None = None
        self._outcome: Outcome | None = None
        self._settled: Outcome | None = None  # the outcome that left both rates as they were, as long as they stay
        self._received_ns: int | None = None
        self._achieved = Achieved(), Achieved()
        self._publish_states()
        self._publish_rates()
        self._publish_delays()

    def tick(
        self,
        now_ns: int,
        observations: tuple[Observation, ...],
        readings: tuple[Reading, ...],
        confirmations: tuple[Confirmation, ...],
    ) -> Ticked:
        """One cycle of the law; the intents, if any, are one rate for each direction."""
        signals = self.signals
        for confirmation in confirmations:
            if confirmation.applied_bps is not None:
                self._direction(confirmation.direction).applied_bps = confirmation.applied_bps
        if readings:
            self._read(now_ns, readings)
        rtt_ms = self._sample(observations)
        if self._received_ns is not None:
            signals.age_ms = max(0.0, (now_ns - self._received_ns) / 1e6)
            signals.silent_ms = max(0.0, signals.age_ms - SLOWEST_PACE_MS)
        if rtt_ms is None:
            return NOTHING_DECIDED
        delay, machine = self._delay, self.machine
        delay.observe(rtt_ms)
        machine.inputs.delta = delay.delta_ms  # type: ignore[attr-defined]
        machine.inputs.rise = delay.rise_ms  # type: ignore[attr-defined]
        outcome = machine.tick(now_ns)
        if outcome.transitions:
            self._publish_states()
        signals.rtt_ms = rtt_ms
        self._publish_delays()
        if outcome is not self._settled:
            self._move(outcome)
        rates = () if self._rates == self._written else self._write(now_ns)
        if not (rates or outcome.transitions or outcome.faults):
            return NOTHING_DECIDED
        return rates, outcome.transitions, outcome.faults

    def event(self, now_ns: int, name: str) -> Ticked:  # noqa: ARG002
        """The law of the field knows no operator: it has nothing that waits for an event."""
        return NOTHING_DECIDED

    def memory(self) -> dict[str, Any]:
        """What is worth knowing after a restart, as JSON values: the machine, the baseline, the rates."""
        return {
            "law": "classic",
            "machine": snapshot(self.machine),
            "delay": self._delay.memory(),
            "rates_bps": list(self._rates),
        }

    def recall(self, memory: Memory, now_ns: int, *, machine: bool, rates: bool) -> str:  # noqa: ARG002
        """Go on from a memory, as the WAN of the default law does."""
        if memory.get("law") != "classic":
            raise RecallError(f"it is of the law '{memory.get('law')}', and this is 'classic'")
        lost = ""
        if machine:
            try:
                self.machine = restore(self.machine.program, part(memory, "machine"), self.name)
            except SnapshotError as error:
                lost = str(error)
        self._delay.recall(part(memory, "delay"))
        known = numbers(memory, "rates_bps", 2, 1.0)
        if len(known) != 2:
            raise RecallError("'rates_bps' is no pair")
        if rates:
            down, up = self._plan.download, self._plan.upload
            self._rates = _within(down, known[0]), _within(up, known[1])
        self._publish_states()
        self._publish_rates()
        self._publish_delays()
        return lost

    def _sample(self, observations: tuple[Observation, ...]) -> float | None:
        """The RTT of this cycle, in ms: of the echoes if one came, else of a TCP connect."""
        samples = [item for item in observations if type(item) is Sample]
        if not samples:
            return None
        self._received_ns = samples[-1].received_ns
        if len(samples) > 1:
            samples = [item for item in samples if item.source != "tcp"] or samples
        signals, first = self.signals, samples[0]
        signals.source = first.source
        signals.reflectors_alive = len(samples)
        if len(samples) == 1:
            return (first.received_ns - first.sent_ns) / 1e6
        return fuse([(item.received_ns - item.sent_ns) / 1e6 for item in samples])

    def _move(self, outcome: Outcome) -> None:
        """Let each direction's action of this cycle move its rate."""
        if outcome is not self._outcome:
            down, up = (_action_of(outcome.intents, region) for region in ("download.", "upload."))
            self._outcome, self._intents = outcome, (down, up)
        assert self._intents is not None
        before = self._rates
        rates = [
            next_rate(rate, intent.action, intent.values, ceiling)  # type: ignore[arg-type]
            for rate, intent, ceiling in zip(before, self._intents, self._ceilings, strict=True)
        ]
        self._rates = rates[0], rates[1]
        # The engine hands out one object for all ticks that are alike, so a rate at its ceiling or floor costs nothing.
        self._settled = outcome if self._rates == before else None
        self._publish_rates()

    def _write(self, now_ns: int) -> tuple[SetRate, ...]:
        """Both rates, if the limit on writes lets them out."""
        if not self._limit.grant(now_ns):
            return ()
        before = self._written or self._rates
        self._written = self._rates
        return tuple(
            SetRate(self.name, direction, rate, rate < last)
            for direction, rate, last in zip(("download", "upload"), self._rates, before, strict=True)
        )

    def _read(self, now_ns: int, readings: tuple[Reading, ...]) -> None:
        down, up = self._achieved
        for reading in readings:
            down.read(reading.at_ns, reading.rx_bytes)
            up.read(reading.at_ns, reading.tx_bytes)
        self.signals.download.achieved_bps = down.rate_bps(now_ns, ACHIEVED_NS)
        self.signals.upload.achieved_bps = up.rate_bps(now_ns, ACHIEVED_NS)

    def _publish_rates(self) -> None:
        self.signals.download.wanted_bps, self.signals.upload.wanted_bps = self._rates

    def _publish_delays(self) -> None:
        signals, delay = self.signals, self._delay
        signals.load_rtt_ms, signals.baseline_ms, signals.delta_ms = delay.load_ms, delay.baseline_ms, delay.delta_ms

    def _publish_states(self) -> None:
        self.signals.states = leaves = self.machine.leaves
        for leaf in leaves:
            region, _, state = leaf.partition(".")
            self._direction(region).state = state

    def _direction(self, name: str) -> DirectionSignals:
        return self.signals.download if name == "download" else self.signals.upload


def _within(plan: DirectionPlan, rate_bps: float) -> int:
    return int(min(max(rate_bps, plan.floor_bps), plan.ceiling_bps))


def _action_of(intents: tuple[Intent, ...], region: str) -> Intent:
    """The one rate action that a region took in a cycle."""
    (intent,) = (intent for intent in intents if intent.state.startswith(region))
    return intent
