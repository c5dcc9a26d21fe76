"""Drives a site through a trace: the same `Site.tick` that the daemon calls, and a router that obeys at once.

What is wanted in one tick is applied at its end and confirmed to the site at the next. The loop holds nothing that
grows with the trace.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from wanctl.control.sample import Confirmation, Observation, Reading
from wanctl.decision import Decision, SetRate
from wanctl.replay.decisions import Decided, RowWriter, header
from wanctl.replay.feed import TICK_NS, Feed
from wanctl.replay.rowfile import RowFile
from wanctl.replay.summary import WanSummary
from wanctl.replay.transcript import TranscriptFile

BREATH_TICKS = 2_048  # between two looks at the clock and the terminal


class Decides(Protocol):
    """A site, as the replay sees it."""

    def tick(
        self,
        now_ns: int,
        observations: tuple[Observation, ...],
        readings: tuple[Reading, ...],
        confirmations: tuple[Confirmation, ...],
    ) -> Decision:
        """Decide one tick."""
        ...


class Lane:
    """One WAN of the replay."""

    __slots__ = ("decided", "download", "name", "summary", "upload", "writer")

    def __init__(self, name: str, writer: RowWriter) -> None:
        self.name, self.writer = name, writer
        self.summary = WanSummary()
        self.download, self.upload = self.summary.download, self.summary.upload
        self.decided: Decided = ("", 0, "", 0)

    def decide(self, decided: Decided, now_ns: int) -> None:
        """A state or a rate is another from this tick on."""
        _, down_bps, _, up_bps = self.decided = decided
        if down_bps != self.download.rate_bps:
            self.download.rate(down_bps, now_ns)
        if up_bps != self.upload.rate_bps:
            self.upload.rate(up_bps, now_ns)
        self.tell()

    def tell(self) -> None:
        """Let the rows say what is decided, and what was applied."""
        self.writer.decide(*self.decided, self.download.applied_bps, self.upload.applied_bps)


@dataclass(slots=True)
class Outcome:
    """What a replay came to; `end_ns` is one tick after the last."""

    wans: dict[str, WanSummary]
    ticks: int = 0
    silent_ticks: int = 0  # without a sample
    begin_ns: int = 0
    end_ns: int = 0
    faults: dict[str, int] = field(default_factory=dict)  # of the engine: reason -> how often
    interrupted: bool = False


class Replayer:
    """One replay; `run` once. `breathe` is called every couple of thousand ticks with the time of the trace in ns."""

    def __init__(
        self,
        site: Decides,
        wans: Sequence[str],
        feed: Feed,
        rows: RowFile | None = None,
        transitions: TranscriptFile | None = None,
        *,
        more_columns: bool = False,
        breathe: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._site, self._feed, self._file, self._breathe = site, feed, rows, breathe
        self._transitions = transitions
        several = len(wans) > 1
        self._lanes = [Lane(name, RowWriter(more=more_columns, wan=name if several else "")) for name in wans]
        self._by_name = {lane.name: lane for lane in self._lanes}
        self.outcome = Outcome({lane.name: lane.summary for lane in self._lanes})
        if rows is not None:
            rows.rows.append(header(more=more_columns, several=several))

    def run(self) -> Outcome:
        """Replay to the end, or until Ctrl-C: then the outcome says so and holds what there is."""
        try:
            self._run()
        except KeyboardInterrupt:
            self.outcome.interrupted = True
        for summary in self.outcome.wans.values():
            summary.end(self.outcome.end_ns)
        return self.outcome

    def _run(self) -> None:
        tick, outcome = self._site.tick, self.outcome
        lanes = [(lane.name, lane, lane.writer.row) for lane in self._lanes]
        write = None if self._file is None else self._file.rows.append
        step_ns = TICK_NS
        last_ns = outcome.begin_ns = outcome.end_ns = self._feed.first[1]
        ticks = silent = 0
        confirmations: tuple[Confirmation, ...] = ()
        try:
            for label, now_ns, observations, readings, rtt in self._feed:
                decision = tick(now_ns, observations, readings, confirmations)
                signals = decision.signals
                if now_ns != last_ns:
                    step_ns, last_ns = now_ns - last_ns, now_ns
                if not ticks % BREATH_TICKS:
                    self._pause(decision, now_ns, first=not ticks)
                ticks += 1
                if rtt == "":
                    silent += 1
                confirmations = self._apply(decision.intents, now_ns) if decision.intents else ()
                if decision.transitions or decision.faults:
                    self._move(decision, now_ns)
                for name, lane, row in lanes:
                    seen = signals[name]
                    down, up = seen.download, seen.upload
                    decided = down.state, down.wanted_bps, up.state, up.wanted_bps
                    if decided != lane.decided:
                        lane.decide(decided, now_ns)
                    if write is not None:
                        write(row(label, seen, rtt))
        finally:
            outcome.ticks, outcome.silent_ticks, outcome.end_ns = ticks, silent, last_ns + step_ns

    def _pause(self, decision: Decision, now_ns: int, *, first: bool) -> None:
        """What need not be done in each tick; the first tick has one, too."""
        if first:
            for lane in self._lanes:
                lane.summary.begin(decision.signals[lane.name], now_ns)
        if self._file is not None:
            self._file.flush_if_full()
        self._breathe(now_ns)

    def _apply(self, intents: tuple[SetRate, ...], now_ns: int) -> tuple[Confirmation, ...]:
        """The perfect router: every rate is applied at once."""
        touched: set[str] = set()
        for intent in intents:
            lane = self._by_name[intent.wan]
            (lane.download if intent.direction == "download" else lane.upload).write(intent)
            touched.add(intent.wan)
        for name in touched:
            self._by_name[name].tell()
        return tuple(Confirmation(intent.wan, intent.direction, intent.rate_bps, now_ns) for intent in intents)

    def _move(self, decision: Decision, now_ns: int) -> None:
        if self._transitions is not None:
            self._transitions.add(decision.transitions)
        for lane in self._lanes:
            mine = decision.transitions
            if len(self._lanes) > 1:
                mine = tuple(item for item in mine if item.machine.partition("/")[0] == lane.name)
            lane.summary.moved(mine, decision.signals[lane.name], now_ns)
        for fault in decision.faults:
            self.outcome.faults[fault.reason] = self.outcome.faults.get(fault.reason, 0) + 1
