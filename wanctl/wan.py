"""One WAN under the default law: estimators in, `machines/wan.yaml` in the middle, wanted rates out.

A tick has four parts: take in what came (probes, counter readings, confirmations), bring the signals up to now, let the
machine decide on them, and carry its intents out. Nothing here decides: *when* is the machine's, *how much* the law's.
A tick is arithmetic on what is handed in; it reads no clock and does no I/O.
"""

from typing import Any

from wanctl.control.attribution import Attribution
from wanctl.control.direction import MS_NS, Direction
from wanctl.control.evidence import Unfelt
from wanctl.control.execution import carry_out
from wanctl.control.limit import Limit
from wanctl.control.memory import Memory, RecallError, part
from wanctl.control.rtt import STALE_NS, DelayTracker
from wanctl.control.sample import Confirmation, Observation, Reading
from wanctl.decision import NOTHING_DECIDED, DirectionSignals, SetRate, Ticked, WanSignals
from wanctl.engine import NOTHING, Outcome, Program, SnapshotError, restore, snapshot
from wanctl.plan import WanPlan

MACHINE = "wan"

STANDING = 0.6  # of the limit: a delay that stays above it is a queue too, only a small one
FRESH_READING_NS = 300_000_000
FINE_READING_NS = 120_000_000  # a longer interval may reach back to the time before an outage
LOOK_AGAIN_NS = 1_000_000_000


class DefaultWan:
    """The default law of one WAN; `program` is the compiled `wan.yaml` with the parameters of the plan."""

    def __init__(self, plan: WanPlan, program: Program, now_ns: int = 0) -> None:
        self.name = plan.name
        self.signals = WanSignals()
        self._delay = DelayTracker(now_ns)
        self._limit = Limit(_number(program, "target"), _number(program, "limit_max"), now_ns)
        self._down = Direction(plan.download, now_ns, self._limit.most_ms, upload=False)
        self._up = Direction(plan.upload, now_ns, self._limit.most_ms, upload=True)
        self._sides = self._down, self._up
        self._attribution = Attribution(self._down, self._up)
        self._full = _number(program, "download_full")
        self._started_ns = now_ns
        self._moved = False  # the download's counter has
        self._busy = False  # the load was high a moment ago
        self._idle = True  # whatever delay there is, it is the link's own noise
        self._overdue = True
        self._unfelt = Unfelt(), Unfelt()
        self._woke_ns: int | None = None
        self._changes = -1
        self._next_ns = now_ns  # when something about the directions may change by time alone
        self.machine = program.start(now_ns, instance=plan.name)
        self._inputs: Any = self.machine.inputs  # its class is made from the machine file
        carry_out(now_ns, self.machine.started.intents, self._down, self._up, self._delay, self._limit)
        self._sense_directions(now_ns)
        self._publish_states()
        self._publish_rates()

    def tick(
        self,
        now_ns: int,
        observations: tuple[Observation, ...],
        readings: tuple[Reading, ...],
        confirmations: tuple[Confirmation, ...],
    ) -> Ticked:
        """Decide one tick: the rates that changed, and the rows that fired."""
        delay, limit, inputs, signals = self._delay, self._limit, self._inputs, self.signals
        if confirmations:
            self._confirm(confirmations)
        if readings:
            self._read(now_ns, readings)
        if observations:
            delay.observe(observations)
            if delay.interrupted_ns is not self._woke_ns:
                self._wake()
        looked = delay.update(now_ns, limit.ms)
        if delay.overdue or self._overdue:
            looked = self._miss(now_ns) or looked
        delta_ms = delay.delta_ms
        # While nothing queues and no wait ends, nothing about the directions changes: a calm tick ends early.
        if now_ns >= self._next_ns or delta_ms is None or not -limit.ms <= delta_ms <= STANDING * limit.ms:
            self._judge(now_ns, delta_ms)
        if looked:
            if self._idle and delta_ms is not None and limit.note_idle(delta_ms, now_ns):
                limit.set(now_ns, self._sides)
            inputs.delta = signals.delta_ms = delta_ms
            signals.rtt_ms, signals.jitter_ms, signals.newest_ms = delay.rtt_ms, delay.jitter_ms, delay.newest_ms
            if delay.changes != self._changes:
                self._show_delay(now_ns)
            baseline_ms = signals.baseline_ms
            signals.load_rtt_ms = None if delta_ms is None or baseline_ms is None else baseline_ms + delta_ms
        elif delta_ms is None:
            inputs.delta = signals.delta_ms = signals.load_rtt_ms = signals.newest_ms = None
        inputs.limit = signals.limit_ms = limit.ms
        signals.age_ms = None if delay.received_ns is None else (now_ns - delay.received_ns) / 1e6
        outcome = self.machine.tick(now_ns)
        if outcome is NOTHING or not (outcome.intents or outcome.transitions or outcome.faults):
            return NOTHING_DECIDED
        return self._act(now_ns, outcome)

    def event(self, now_ns: int, name: str) -> Ticked:
        """Deliver a named event to the machine, such as `operator.hold` or `operator.release`."""
        return self._act(now_ns, self.machine.event(now_ns, name))

    # -- what is kept --------------------------------------------------------------------------------------------------
    def memory(self) -> dict[str, Any]:
        """What is worth knowing after a restart, as JSON values: the machine, the baselines, the rates."""
        return {
            "law": "default",
            "machine": snapshot(self.machine),
            "delay": self._delay.memory(),
            "limit": self._limit.memory(),
            "download": self._down.law.memory(),
            "upload": self._up.law.memory(),
        }

    def recall(self, memory: Memory, now_ns: int, *, machine: bool, rates: bool) -> str:
        """Go on from a memory, before the first tick; what could not be taken up, in a sentence.

        `machine` when the time that its machine knows is still the same, `rates` when they are of yesterday no more.
        After a `RecallError` this WAN must be made anew.
        """
        if memory.get("law") != "default":
            raise RecallError(f"it is of the law '{memory.get('law')}', and this is 'default'")
        lost = ""
        if machine:
            try:
                self.machine = restore(self.machine.program, part(memory, "machine"), self.name)
                self._inputs = self.machine.inputs
            except SnapshotError as error:
                machine, lost = False, str(error)
        self._delay.recall(part(memory, "delay"), modes=machine)
        self._limit.recall(part(memory, "limit"))
        if rates:
            self._down.law.recall(part(memory, "download"))
            self._up.law.recall(part(memory, "upload"))
            self.signals.download.capacity_bps = self._down.law.capacity_bps
            self.signals.upload.capacity_bps = self._up.law.capacity_bps
        self._sense_directions(now_ns)
        self._show_delay(now_ns)
        self._publish_states()
        self._publish_rates()
        return lost

    # -- what came -----------------------------------------------------------------------------------------------------
    def _confirm(self, confirmations: tuple[Confirmation, ...]) -> None:
        for confirmation in confirmations:
            if confirmation.applied_bps is not None:
                down = confirmation.direction == "download"
                (self._down if down else self._up).law.applied_bps = confirmation.applied_bps
                (self.signals.download if down else self.signals.upload).applied_bps = confirmation.applied_bps

    def _read(self, now_ns: int, readings: tuple[Reading, ...]) -> None:
        down, up, rtt_ms = self._down, self._up, self._delay.round_trip_ms()
        for _, at_ns, rx_bytes, tx_bytes in readings:
            down.read(at_ns, rx_bytes, now_ns, rtt_ms)
            up.read(at_ns, tx_bytes, now_ns, rtt_ms)
        inputs, signals = self._inputs, self.signals
        if down.came is not None:
            self._moved = self._moved or down.came > 0
            # A counter that never moved says nothing.
            inputs.arriving = signals.arriving = down.came > 0 if self._moved else None
        inputs.download_load = signals.download.load = down.load
        inputs.upload_load = signals.upload.load = up.load
        signals.download.achieved_bps, signals.upload.achieved_bps = down.achieved_bps, up.achieved_bps
        busy, was = down.full_until_ns > now_ns or up.full_until_ns > now_ns, self._busy
        self._busy = busy
        self._idle = not busy and down.idle and up.idle
        if busy is not was or (down.loaded and up.loaded):
            self._next_ns = now_ns

    # -- signals -------------------------------------------------------------------------------------------------------
    def _silence_counts(self, now_ns: int) -> bool:
        """Whether unanswered echoes are a sign of a queue: something arrives, but clearly less than before.

        As much as before means that probes are dropped, nothing at all means an outage; neither is a queue.
        """
        received_ns = self._delay.received_ns
        newest = self._down.achieved.newest()
        if newest is None or now_ns - newest[1] > FRESH_READING_NS:
            return False
        begin_ns, end_ns, _ = newest
        if received_ns is None or (end_ns - begin_ns > FINE_READING_NS and begin_ns < received_ns):
            return False
        return not self._down.gone(now_ns) and self._down.fell(now_ns)

    def _judge(self, now_ns: int, delta_ms: float | None) -> None:
        """Is the link loaded, where does a queue begin on it, and whose would it be?"""
        down, up = self._down, self._up
        if down.update(now_ns, delta_ms) | up.update(now_ns, delta_ms):
            self._forget_readings()
        down.contend(up)
        up.contend(down)
        limit_ms = self._limit.set(now_ns, self._sides)
        if delta_ms is not None and delta_ms > STANDING * limit_ms and not down.gone(now_ns):
            self._attribution.blame(now_ns, self._delay.slope(), round(self._delay.round_trip_ms() * MS_NS))
        else:
            self._attribution.clear()
        self._attribution.take_turns(now_ns, self._full)
        self._next_ns = now_ns + LOOK_AGAIN_NS
        self._sense_directions(now_ns)

    def _wake(self) -> None:
        """The machine slept: between two readings is a time that the clock did not count."""
        self._woke_ns = self._delay.interrupted_ns
        for side in self._sides:
            side.forget()
        self._forget_readings()

    def _forget_readings(self) -> None:
        """Nobody reads the counters any more: what flows is unknown."""
        self._inputs.arriving = self.signals.arriving = None
        self._idle = True
        for shown in (self.signals.download, self.signals.upload):
            shown.achieved_bps = shown.load = None

    def _miss(self, now_ns: int) -> bool:
        """An answer is overdue, or was until now; True when its absence tells a delay."""
        delay, inputs = self._delay, self._inputs
        counts = delay.overdue and self._silence_counts(now_ns)
        if counts:
            delay.count_silence(now_ns, self._limit.ms)
        inputs.overdue = delay.overdue
        inputs.stale = delay.overdue and not counts and delay.stale(now_ns)
        self._overdue = delay.overdue or delay.received_ns is None or delay.connect.answered_ns is not None
        if delay.received_ns is None or now_ns - delay.received_ns > STALE_NS:
            self.signals.source = "none"
        self._sense_silence(now_ns)
        return counts

    def _sense_silence(self, now_ns: int) -> None:
        inputs, delay = self._inputs, self._delay
        baseline_ms = delay.idle_ms()
        echo_owed_ms = delay.echo.owed_ms(now_ns, baseline_ms)
        answered_ns = delay.connect.answered_ns
        inputs.echo_owed = echo_owed_ms
        inputs.tcp_age = None if answered_ns is None else max(0.0, (now_ns - answered_ns) / 1e6)
        if delay.received_ns is None:
            inputs.silent = self.signals.silent_ms = (now_ns - self._started_ns) / 1e6
            return
        owed_ms = None if answered_ns is None else delay.connect.owed_ms(now_ns, baseline_ms)
        age_ms = max(0.0, (now_ns - delay.received_ns) / 1e6)
        inputs.silent = self.signals.silent_ms = min(ms for ms in (age_ms, echo_owed_ms, owed_ms) if ms is not None)

    def _sense_directions(self, now_ns: int) -> None:
        """Copy what the regions of the directions look at to the machine's inputs, and say when to look again."""
        inputs, side = self._inputs, self._down
        law = side.law
        inputs.download_load, inputs.download_loaded = side.load, side.loaded
        inputs.download_packets, inputs.download_blamed = side.packets, side.blamed
        inputs.download_debt = max(0, law.debt_until_ns - now_ns) / MS_NS
        inputs.download_blind = max(0, law.blind_until_ns - now_ns) / MS_NS
        inputs.download_rest = max(0, law.rest_until_ns - now_ns) / MS_NS
        inputs.download_turn, inputs.download_headroom = side.turn, law.headroom
        side = self._up
        law = side.law
        inputs.upload_load, inputs.upload_loaded = side.load, side.loaded
        inputs.upload_packets, inputs.upload_blamed = side.packets, side.blamed
        inputs.upload_debt = max(0, law.debt_until_ns - now_ns) / MS_NS
        inputs.upload_blind = max(0, law.blind_until_ns - now_ns) / MS_NS
        inputs.upload_rest = max(0, law.rest_until_ns - now_ns) / MS_NS
        inputs.upload_turn, inputs.upload_headroom = side.turn, law.headroom
        self._next_ns = min(self._next_ns, self._down.next_ns(now_ns), self._up.next_ns(now_ns))

    # -- what the machine wants ----------------------------------------------------------------------------------------
    def _act(self, now_ns: int, outcome: Outcome) -> Ticked:
        before = self._down.law.rate_bps, self._up.law.rate_bps
        carry_out(now_ns, outcome.intents, self._down, self._up, self._delay, self._limit)
        if outcome.transitions:
            self._publish_states()
        after = self._down.law.rate_bps, self._up.law.rate_bps
        # The action may have begun a wait, and whatever moved a rate moved the headroom.
        self._sense_directions(now_ns)
        self.signals.download.capacity_bps = self._down.law.capacity_bps
        self.signals.upload.capacity_bps = self._up.law.capacity_bps
        if after == before:
            return (), outcome.transitions, outcome.faults
        self._publish_rates()
        rates = tuple(
            SetRate(self.name, direction, rate, rate < last)
            for direction, rate, last in zip(("download", "upload"), after, before, strict=True)
            if rate != last
        )
        return rates, outcome.transitions, outcome.faults

    # -- what people see -----------------------------------------------------------------------------------------------
    def _show_delay(self, now_ns: int) -> None:
        """Publish what changes seldom."""
        signals, delay, inputs = self.signals, self._delay, self._inputs
        self._changes = delay.changes
        inputs.low, inputs.spread, inputs.loss = delay.spread.low_ms, delay.spread.width_ms, delay.loss
        signals.baseline_ms, signals.loss = delay.baseline_ms, delay.loss
        signals.reflectors_alive, signals.source, signals.deaf = delay.alive, delay.source, delay.deaf
        signals.moved = delay.moved
        if delay.loss:
            self._look_for_unfelt(now_ns)
        elif signals.unfelt:
            signals.unfelt = ()

    def _look_for_unfelt(self, now_ns: int) -> None:
        delay, limit_ms = self._delay, self._limit.ms
        down, up = (
            unfelt.look(now_ns, side.load, delay.loss, delay.delta_ms, limit_ms)
            for side, unfelt in zip(self._sides, self._unfelt, strict=True)
        )
        self.signals.unfelt = ("download",) * down + ("upload",) * up

    def _publish_rates(self) -> None:
        self.signals.download.wanted_bps = self._down.law.rate_bps
        self.signals.upload.wanted_bps = self._up.law.rate_bps

    def _publish_states(self) -> None:
        self.signals.states = leaves = self.machine.leaves
        for leaf in leaves:
            region, _, state = leaf.partition(".")
            shown = self._shown(region)
            if shown is not None:
                shown.state = state

    def _shown(self, region: str) -> DirectionSignals | None:
        return {"download": self.signals.download, "upload": self.signals.upload}.get(region)


def _number(program: Program, name: str) -> float:
    value = program.params[name]
    assert isinstance(value, float | int)
    return float(value)
