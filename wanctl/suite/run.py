"""Running the cases of a test file.

Order at one instant: events, then the tick, then expectations. An expectation between two ticks lets time pass up to
it, so that timers have done what is due; what it says of rows and intents is about everything since the tick before.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from wanctl.decision import WanSignals
from wanctl.engine.program import Program
from wanctl.engine.record import Fault, Intent, Outcome, Transition, Value
from wanctl.suite.case import Case, Expectation, Suite, TimedEvent
from wanctl.suite.coverage import Coverage
from wanctl.suite.failure import Failure, Seen, judge
from wanctl.suite.law import LawRun

REMEMBERED = 4_096  # transitions, for `why` and for the story of a failure


class Subject(Seen, Protocol):
    """What a case drives. Its lists hold what came since they were last cleared."""

    entered: set[str]

    def tick(self, now_ns: int, values: Mapping[str, Value]) -> None:
        """One tick with the samples that belong to it; what is not named is unknown."""
        ...

    def event(self, now_ns: int, name: str, data: Mapping[str, Value]) -> None:
        """Deliver a named event."""
        ...

    def advance(self, now_ns: int) -> None:
        """Let time pass."""
        ...


class MachineRun:
    """A machine alone under test: its inputs are what the case says."""

    signals: WanSignals | None = None

    def __init__(self, program: Program, coverage: Coverage | None) -> None:
        self._coverage = coverage
        self.machine = program.start(0)
        self.transitions: list[Transition] = []
        self.intents: list[Intent] = []
        self.faults: list[Fault] = []
        self.entered: set[str] = set()
        self._note(self.machine.started)

    def tick(self, now_ns: int, values: Mapping[str, Value]) -> None:
        """One tick; an input that is not named is unknown."""
        machine = self.machine
        if self._coverage is not None:
            self._note(machine.advance(now_ns))  # what is due comes before a tick anyway; the guards are asked after it
            if not machine.ended:
                self._coverage.look(machine, values)
        for name in machine.model.inputs:
            setattr(machine.inputs, name, values.get(name))
        self._note(machine.tick(now_ns))

    def event(self, now_ns: int, name: str, data: Mapping[str, Value]) -> None:
        """Deliver a named event."""
        self._note(self.machine.event(now_ns, name, data))

    def advance(self, now_ns: int) -> None:
        """Let time pass."""
        self._note(self.machine.advance(now_ns))

    def _note(self, outcome: Outcome) -> None:
        self.transitions += outcome.transitions
        self.intents += outcome.intents
        self.faults += outcome.faults
        self.entered.update(outcome.entered)


@dataclass(slots=True)
class CaseResult:
    """What came of one case."""

    case: Case
    failures: list[Failure] = field(default_factory=list)
    ticks: int = 0

    @property
    def passed(self) -> bool:
        """Whether every expectation was met."""
        return not self.failures


@dataclass(slots=True)
class SuiteResult:
    """What came of one test file."""

    suite: Suite
    results: list[CaseResult]


def run_case(case: Case, coverage: Coverage | None = None) -> CaseResult:
    """Run one case from the start of its machine to its last sample, event or expectation."""
    return _Runner(case, coverage).run()


class _Runner:
    def __init__(self, case: Case, coverage: Coverage | None) -> None:
        self._case, self._coverage = case, coverage
        self._subject: Subject
        if case.plan is None:
            if coverage is not None:
                coverage.watch(case.program)
            self._subject = MachineRun(case.program, coverage)
        else:
            self._subject = LawRun(case.program, case.plan)
        self._story: deque[Transition] = deque(maxlen=REMEMBERED)
        self._result = CaseResult(case)
        self._faults: list[Fault] = []
        self._told = 0, 0  # of the subject's transitions and faults since the last tick
        self._values: dict[str, Value] = {}

    def run(self) -> CaseResult:
        case, tick_ns = self._case, self._case.tick_ns
        stops: list[tuple[int, int, TimedEvent | Expectation]] = [(item.at_ns, 0, item) for item in case.events]
        stops += [(item.at_ns, 1, item) for item in case.expectations]
        waiting = deque(sorted(stops, key=lambda stop: stop[:2]))
        for number in range(1, case.end_ns // tick_ns + 2):
            now_ns = (number - 1) * tick_ns
            if number > 1:  # the start belongs to the first tick
                self._clear()
            while waiting and (waiting[0][0] < now_ns or (waiting[0][0] == now_ns and not waiting[0][1])):
                self._stop(waiting.popleft()[2])
            if waiting or number == 1 or now_ns <= case.end_ns:
                self._tick(number, now_ns)
            while waiting and waiting[0][0] == now_ns:
                self._stop(waiting.popleft()[2])
        while waiting:
            self._stop(waiting.popleft()[2])
        self._check_faults()
        if self._coverage is not None:
            self._coverage.entered |= self._subject.entered
        return self._result

    def _tick(self, number: int, now_ns: int) -> None:
        subject = self._subject
        self._values = {name: series.at(number) for name, series in self._case.series.items()}
        subject.tick(now_ns, self._values)
        self._result.ticks = number
        self._remember()

    def _clear(self) -> None:
        subject = self._subject
        for told in (subject.transitions, subject.intents, subject.faults):
            told.clear()
        self._told = 0, 0

    def _remember(self) -> None:
        """Take over what moved since the last look."""
        subject = self._subject
        new = subject.transitions[self._told[0] :]
        self._faults += subject.faults[self._told[1] :]
        self._told = len(subject.transitions), len(subject.faults)
        self._story.extend(new)
        if self._coverage is not None:
            self._coverage.fired.update(item.row for item in new)

    def _stop(self, item: TimedEvent | Expectation) -> None:
        subject = self._subject
        if isinstance(item, TimedEvent):
            subject.event(item.at_ns, item.name, item.data)
            self._remember()
            return
        if item.at_ns > subject.machine.now_ns:
            subject.advance(item.at_ns)
            self._remember()
        self._result.failures += judge(self._case, item, subject, self._story, self._values)

    def _check_faults(self) -> None:
        """A fault is a failure, unless some expectation counts faults."""
        if self._faults and all(item.faults is None for item in self._case.expectations):
            first = self._faults[0]
            self._result.failures.append(
                Failure(self._case.place, first.at_ns, "faults", "none", f"{len(self._faults)}: {first.reason}")
            )
