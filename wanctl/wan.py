"""One WAN under the default law: estimators in, `machines/wan.yaml` in the middle, wanted rates out.

A tick has four parts: take in what came (probes, counter readings, confirmations), bring the signals up to now, let the
machine decide on them, and carry its intents out. Nothing here decides: *when* is the machine's, *how much* the law's.
A tick is arithmetic on what is handed in; it reads no clock and does no I/O.
"""

from collections.abc import Mapping
from typing import Any

from wanctl.control.attribution import Attribution
from wanctl.control.direction import LEVEL_WINDOW_NS, PACKET_BITS, Direction
from wanctl.control.noise import IdleNoise
from wanctl.control.rtt import DelayTracker
from wanctl.control.sample import Confirmation, Observation, Reading
from wanctl.decision import DirectionSignals, SetRate, WanSignals
from wanctl.engine import Intent, Outcome, Program, Transition, Value
from wanctl.plan import WanPlan

MACHINE = "wan"
MS_NS = 1_000_000

NOISE_MARGIN = 1.5  # times the idle noise is the limit: what the link does by itself is no queue
LIMIT_PACKETS = 2.5  # full packets that may wait: at low rates a healthy queue is bursts of some packets
UNKNOWN_RTT_MS = 50.0  # until an answer came
FRESH_READING_NS = 300_000_000
FINE_READING_NS = 120_000_000  # a longer interval may reach back to the time before an outage
FALLEN, GONE = 0.85, 0.05  # of the last second's arrivals: less of them is a capacity that fell, none an outage
CUT_WINDOW_NS = 100_000_000

Ticked = tuple[tuple[SetRate, ...], tuple[Transition, ...]]
_NOTHING: Ticked = ((), ())


class DefaultWan:
    """The default law of one WAN; `program` is the compiled `wan.yaml` with the parameters of the plan."""

    def __init__(self, plan: WanPlan, program: Program, now_ns: int = 0) -> None:
        self.name = plan.name
        self.signals = WanSignals()
        self._delay = DelayTracker(now_ns)
        self._noise = IdleNoise()
        self._down = Direction(plan.download, now_ns, upload=False)
        self._up = Direction(plan.upload, now_ns, upload=True)
        self._attribution = Attribution(self._down, self._up)
        self._target_ms = _number(program, "target")
        self._limit_max_ms = _number(program, "limit_max")
        self._full = _number(program, "download_full")
        self._limit_ms = self._target_ms
        self._rtt_ms = UNKNOWN_RTT_MS  # a round trip with its queue, in ms
        self._started_ns = now_ns
        self._read_ns: int | None = None
        self.machine = program.start(now_ns, instance=plan.name)
        self._carry_out(now_ns, self.machine.started.intents)
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
        if confirmations:
            self._confirm(confirmations)
        if readings:
            self._read(now_ns, readings)
        delay = self._delay
        if observations:
            delay.observe(observations)
        delay.update(now_ns, self._limit_ms, silence_counts=self._silence_counts(now_ns))
        self._judge(now_ns, delay.delta_ms, fresh=bool(observations))
        self._sense(now_ns)
        outcome = self.machine.tick(now_ns)
        self._publish(now_ns)
        if not outcome.intents and not outcome.transitions:
            return _NOTHING
        return self._act(now_ns, outcome)

    def event(self, now_ns: int, name: str) -> Ticked:
        """Deliver a named event to the machine, such as `operator.hold` or `operator.release`."""
        return self._act(now_ns, self.machine.event(now_ns, name))

    # -- what came -----------------------------------------------------------------------------------------------------
    def _confirm(self, confirmations: tuple[Confirmation, ...]) -> None:
        for confirmation in confirmations:
            if confirmation.applied_bps is not None:
                down = confirmation.direction == "download"
                (self._down if down else self._up).law.applied_bps = confirmation.applied_bps
                (self.signals.download if down else self.signals.upload).applied_bps = confirmation.applied_bps

    def _read(self, now_ns: int, readings: tuple[Reading, ...]) -> None:
        memory_ns = round(self._rtt_ms * MS_NS)
        for _, at_ns, rx_bytes, tx_bytes in readings:
            self._read_ns = at_ns
            self._down.read(at_ns, rx_bytes, now_ns, memory_ns)
            self._up.read(at_ns, tx_bytes, now_ns, memory_ns)

    # -- signals -------------------------------------------------------------------------------------------------------
    def _silence_counts(self, now_ns: int) -> bool:
        """Whether unanswered echoes are a sign of a queue: something arrives, but clearly less than before.

        As much as before means that probes are dropped, nothing at all means an outage; neither is a queue.
        """
        sent_ns, received_ns = self._delay.sent_ns, self._delay.received_ns
        if sent_ns is None or received_ns is None or now_ns - sent_ns < self._rtt_ms * MS_NS:
            return False
        newest = self._down.achieved.newest()
        if newest is None or now_ns - newest[1] > FRESH_READING_NS:
            return False
        begin_ns, end_ns, arrived = newest
        if end_ns - begin_ns > FINE_READING_NS and begin_ns < received_ns:
            return False
        fast = self._down.achieved.rate_bps(now_ns, CUT_WINDOW_NS)
        level = self._down.achieved.rate_bps(now_ns, LEVEL_WINDOW_NS)
        if fast is None or not level:
            return False
        last = arrived * 8e9 / (end_ns - begin_ns)
        return last > GONE * level and fast < FALLEN * level

    def _judge(self, now_ns: int, delta_ms: float | None, *, fresh: bool) -> None:
        """Is the link loaded, where does a queue begin on it, and whose would it be?"""
        down, up = self._down, self._up
        down.update(now_ns, delta_ms)
        up.update(now_ns, delta_ms)
        limit_ms = self._target_ms
        if self._noise.p98_ms is not None and NOISE_MARGIN * self._noise.p98_ms > limit_ms:
            limit_ms = NOISE_MARGIN * self._noise.p98_ms
        for direction in (down, up):
            if direction.loaded and direction.achieved_bps:
                limit_ms = max(limit_ms, LIMIT_PACKETS * PACKET_BITS * 1_000.0 / direction.achieved_bps)
        self._limit_ms = limit_ms = min(limit_ms, self._limit_max_ms)
        if delta_ms is None:
            self._attribution.clear()
            return
        if fresh and not down.loaded and not up.loaded:
            self._noise.feed(delta_ms, now_ns)
        baseline_ms = self._delay.baseline_ms
        self._rtt_ms = (UNKNOWN_RTT_MS if baseline_ms is None else baseline_ms) + max(delta_ms, 0.0)
        if delta_ms > limit_ms:
            self._attribution.blame(now_ns, self._delay.slope(), round(self._rtt_ms * MS_NS))
        else:
            self._attribution.clear()
        self._attribution.take_turns(now_ns, self._full)

    def _sense(self, now_ns: int) -> None:
        """Copy the signals to the machine's inputs."""
        inputs: Any = self.machine.inputs  # its class is made from the machine file
        delay, down, up = self._delay, self._down, self._up
        inputs.delta, inputs.limit, inputs.spread = delay.delta_ms, self._limit_ms, delay.spread_ms
        baseline_ms = UNKNOWN_RTT_MS if delay.baseline_ms is None else delay.baseline_ms
        echo_owed_ms = delay.echo.owed_ms(now_ns, baseline_ms)
        tcp_ns = delay.connect.answered_ns
        inputs.echo_owed = echo_owed_ms
        inputs.tcp_age = None if tcp_ns is None else max(0.0, (now_ns - tcp_ns) / 1e6)
        inputs.silent = self._silent_ms(now_ns, echo_owed_ms, baseline_ms)
        inputs.lag = None if delay.sent_ns is None else (now_ns - delay.sent_ns) / 1e6
        inputs.loss = delay.loss
        inputs.arriving = self._arriving(now_ns)
        law = down.law
        inputs.download_load, inputs.download_loaded = down.load, down.loaded
        inputs.download_packets, inputs.download_blamed = down.packets, down.blamed
        inputs.download_debt, inputs.download_blind = down.debt_ms(now_ns), down.blind_ms(now_ns)
        inputs.download_rest, inputs.download_turn = down.rest_ms(now_ns), down.turn
        inputs.download_headroom = law.headroom
        law = up.law
        inputs.upload_load, inputs.upload_loaded = up.load, up.loaded
        inputs.upload_packets, inputs.upload_blamed = up.packets, up.blamed
        inputs.upload_debt, inputs.upload_blind = up.debt_ms(now_ns), up.blind_ms(now_ns)
        inputs.upload_rest, inputs.upload_turn = up.rest_ms(now_ns), up.turn
        inputs.upload_headroom = law.headroom

    def _silent_ms(self, now_ns: int, echo_owed_ms: float | None, baseline_ms: float) -> float:
        delay = self._delay
        if delay.received_ns is None:
            return (now_ns - self._started_ns) / 1e6
        tcp_owed_ms = delay.connect.owed_ms(now_ns, baseline_ms) if delay.connect.answered_ns is not None else None
        owed = [owed_ms for owed_ms in (echo_owed_ms, tcp_owed_ms) if owed_ms is not None]
        return min(owed) if owed else 0.0

    def _arriving(self, now_ns: int) -> bool | None:
        newest = self._down.achieved.newest()
        if newest is None or now_ns - newest[1] > 2 * LEVEL_WINDOW_NS:
            return None
        return newest[2] > 0

    # -- what the machine wants ----------------------------------------------------------------------------------------
    def _act(self, now_ns: int, outcome: Outcome) -> Ticked:
        before = self._down.law.rate_bps, self._up.law.rate_bps
        self._carry_out(now_ns, outcome.intents)
        if outcome.transitions:
            self._publish_states()
        after = self._down.law.rate_bps, self._up.law.rate_bps
        if after == before:
            return (), outcome.transitions
        self._publish_rates()
        rates = tuple(
            SetRate(self.name, direction, rate, rate < last)
            for direction, rate, last in zip(("download", "upload"), after, before, strict=True)
            if rate != last
        )
        return rates, outcome.transitions

    def _carry_out(self, now_ns: int, intents: tuple[Intent, ...]) -> None:
        for action, values, state in intents:
            if action.startswith("rate."):
                self._move(now_ns, self._down if state.startswith("download") else self._up, action, values)
            else:
                self._measure(action, values)

    def _measure(self, action: str, values: Mapping[str, Value]) -> None:
        match action:
            case "baseline.follow":
                self._delay.move_baselines("follow")
            case "baseline.sink":
                self._delay.move_baselines("sink")
            case "baseline.freeze":
                self._delay.move_baselines("freeze")
            case "baseline.restart":
                self._delay.restart()
            case "source.use":
                self._delay.use(tcp=values["name"] == "tcp")
            case _:
                raise AssertionError(action)

    def _move(self, now_ns: int, direction: Direction, action: str, values: Mapping[str, Any]) -> None:
        law, queue_ms = direction.law, max(self._delay.delta_ms or 0.0, 0.0)
        match action:
            case "rate.raise":
                if direction.achieved_bps is not None:
                    law.climb(
                        now_ns,
                        self._rtt_ms,
                        direction.achieved_bps,
                        first=values["first"],
                        step=values["step"],
                        leap=values["leap"],
                        beyond=values["beyond"],
                    )
            case "rate.cut":
                law.cut(
                    now_ns,
                    self._capacity_bps(now_ns, direction),
                    queue_ms,
                    least=values["least"],
                    most=values["most"],
                    pace_ms=values["pace"],
                    blind=values["blind"],
                )
            case "rate.refine":
                law.refine(now_ns, self._capacity_bps(now_ns, direction), queue_ms)
            case "rate.drain":
                law.drain(now_ns, self._capacity_bps(now_ns, direction), queue_ms, self._limit_ms, self._rtt_ms)
            case "rate.settle":
                law.settle(now_ns, self._rtt_ms, share=values["share"], wait_ms=values["wait"])
            case "rate.creep":
                law.creep(now_ns, step=values["step"])
            case "rate.rest":
                law.rest(now_ns)
            case _:
                raise AssertionError(action)

    def _capacity_bps(self, now_ns: int, direction: Direction) -> float | None:
        return direction.capacity_bps(now_ns, self._delay.slope() if direction.upload else 0.0)

    # -- what people see -----------------------------------------------------------------------------------------------
    def _publish(self, now_ns: int) -> None:
        signals, delay = self.signals, self._delay
        signals.rtt_ms, signals.baseline_ms, signals.delta_ms = delay.rtt_ms, delay.baseline_ms, delay.delta_ms
        known = delay.delta_ms is not None and delay.baseline_ms is not None
        signals.load_rtt_ms = delay.baseline_ms + delay.delta_ms if known else None  # type: ignore[operator]
        signals.jitter_ms, signals.loss, signals.reflectors_alive = delay.jitter_ms, delay.loss, delay.alive
        signals.age_ms = None if delay.received_ns is None else max(0.0, (now_ns - delay.received_ns) / 1e6)
        signals.source = delay.source(now_ns)
        for shown, direction in ((signals.download, self._down), (signals.upload, self._up)):
            shown.achieved_bps, shown.load = direction.achieved_bps, direction.load
            shown.capacity_bps = direction.law.capacity_bps

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
