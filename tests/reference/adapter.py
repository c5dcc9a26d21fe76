"""The reference interpreter behind the seam of the conformance runner."""

from collections.abc import Mapping

from tests.reference.chart import ChartError
from tests.reference.expression import ExpressionError, Value
from tests.reference.interpreter import Interpreter
from tests.reference.interpreter import Seen as Step
from wanctl.testing.conformance import CaseError, LoadRefusedError, Seen


class ReferenceSubject:
    """A reference machine under test."""

    def __init__(self, text: str, rule: str) -> None:
        try:
            self._machine = Interpreter(text, conflicts=rule)
        except (ChartError, ExpressionError) as error:
            raise LoadRefusedError(str(error)) from error
        self.states = tuple(state.path for state in self._machine.chart.states)
        self.started = self._seen(self._machine.start())

    def advance(self, now_ns: int) -> Seen:
        return self._seen(self._machine.advance(now_ns))

    def event(self, now_ns: int, name: str, data: Mapping[str, Value]) -> Seen:
        return self._seen(self._machine.deliver(name, data, now_ns))

    def tick(self, now_ns: int, inputs: Mapping[str, Value]) -> Seen:
        known = self._machine.chart.inputs
        scaled = {k: v * known[k].factor if k in known and isinstance(v, float) else v for k, v in inputs.items()}
        return self._seen(self._machine.tick(scaled, now_ns))

    def value(self, name: str) -> Value:
        if name not in self._machine.data:
            raise CaseError(f"the machine has no datum '{name}'")
        value = self._machine.data[name]
        return value / self._machine.chart.data[name].factor if isinstance(value, float) else value

    def _seen(self, step: Step) -> Seen:
        return Seen(
            tuple(self._machine.leaves), tuple(step.entered), tuple(step.exited), tuple(step.marks), step.faults
        )
