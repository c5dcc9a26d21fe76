"""Judging an expectation, and telling what led to a failure: the last rows that fired, and those that did not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isclose
from typing import Protocol

from wanctl.decision import WanSignals
from wanctl.engine.diagnostic import Place
from wanctl.engine.expression import Symbol
from wanctl.engine.machine import Machine
from wanctl.engine.model import Model
from wanctl.engine.record import Fault, Intent, Transition, Value
from wanctl.engine.unit import format_quantity
from wanctl.suite.case import Case, Expectation, WantedIntent, WantedState
from wanctl.suite.coverage import Picture, guard_value

TOLD_TRANSITIONS = 5
TOLD_BLOCKED = 3


class Seen(Protocol):
    """What a case has driven, as far as an expectation asks."""

    transitions: list[Transition]
    intents: list[Intent]
    faults: list[Fault]

    @property
    def machine(self) -> Machine:
        """The machine, alone or driven by a law."""
        ...

    @property
    def signals(self) -> WanSignals | None:
        """What a law publishes; None without one."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that was not as expected. `led` and `blocked` are lines for people."""

    place: Place
    at_ns: int
    what: str  # "download", "why", "intents" ...
    expected: str
    got: str
    led: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()


def judge(
    case: Case, wanted: Expectation, seen: Seen, story: Sequence[Transition], inputs: Mapping[str, Value]
) -> list[Failure]:
    """Everything in which the present differs from an expectation."""
    return list(_Judge(case, wanted, seen, story, inputs).failures())


@dataclass(slots=True)
class _Judge:
    case: Case
    wanted: Expectation
    seen: Seen
    story: Sequence[Transition]
    inputs: Mapping[str, Value]

    def failures(self) -> Iterator[Failure]:
        wanted, model = self.wanted, self.case.program.model
        for state in wanted.states:
            if not self.seen.machine.active[state.state]:
                expected, got = model.states[state.state].path, ", ".join(self._leaves(state.region))
                yield self._failure(state.region or "state", expected, got, state.place, state)
        if wanted.why is not None:
            yield from self._why(wanted.why)
        if wanted.fired is not None:
            yield from self._fired(wanted.fired)
        if wanted.intents is not None:
            yield from self._intents(wanted.intents)
        for name, value, place in wanted.data:
            got_value = self.seen.machine.values[name]
            if not same(value, got_value):
                symbol = model.data[name]
                yield self._failure(name, shown(value, symbol), shown(got_value, symbol), place)
        yield from self._rates()
        if wanted.faults is not None and wanted.faults != len(self.seen.faults):
            yield self._failure("faults", str(wanted.faults), str(len(self.seen.faults)))

    def _failure(
        self, what: str, expected: str, got: str, place: Place | None = None, state: WantedState | None = None
    ) -> Failure:
        led = list(islice(self._within([] if state is None or not state.region else [state.region]), TOLD_TRANSITIONS))
        return Failure(
            place or self.wanted.place,
            self.wanted.at_ns,
            what,
            expected,
            got,
            tuple(story_line(item, self.case.program.model) for item in reversed(led)),
            () if state is None else tuple(islice(self._blocked(state), TOLD_BLOCKED)),
        )

    def _leaves(self, region: str) -> list[str]:
        leaves = self.seen.machine.leaves
        inside = [leaf for leaf in leaves if leaf == region or leaf.startswith(f"{region}.")]
        return inside or list(leaves)

    def _within(self, regions: Iterable[str]) -> Iterator[Transition]:
        """The transitions of some regions (none named: of all), newest first."""
        tops = tuple(regions)
        for item in reversed(self.story):
            states = (item.source, *item.targets, *item.entered)
            if not tops or any(state == top or state.startswith(f"{top}.") for state in states for top in tops):
                yield item

    def _why(self, text: str) -> Iterator[Failure]:
        regions = list(dict.fromkeys(state.region for state in self.wanted.states if state.region))
        newest = [next(self._within([region]), None) for region in regions] or [next(self._within([]), None)]
        found = [item for item in newest if item is not None]
        if not any(text in (" ".join(item.why.split()), item.guard) for item in found):
            got = "; ".join(f"{item.why or item.guard} ({item.row})" for item in found) or "no row has fired"
            yield self._failure("why", text, got)

    def _fired(self, rows: tuple[str, ...]) -> Iterator[Failure]:
        got = [item.row for item in self.seen.transitions]
        missing = [row for row in rows if row not in got]
        if missing or (not rows and got):
            yield self._failure("fired", ", ".join(rows) or "none", ", ".join(got) or "none")

    def _intents(self, wanted: tuple[WantedIntent, ...]) -> Iterator[Failure]:
        got = self.seen.intents
        rest = iter(got)
        met = all(any(_is_intent(item, intent) for intent in rest) for item in wanted)
        if not met or (not wanted and got):
            told = ", ".join(str(WantedIntent(intent.action, intent.values)) for intent in got)
            yield self._failure("intents", ", ".join(map(str, wanted)) or "none", told or "none")

    def _rates(self) -> Iterator[Failure]:
        signals = self.seen.signals
        if signals is None:
            return
        for rate in self.wanted.rates:
            got = (signals.download if rate.direction == "download" else signals.upload).wanted_bps
            if not rate.low_bps <= got <= rate.high_bps:
                told = f"{format_quantity(got, 'rate')} ({got:,} bit/s)"
                yield self._failure(f"rate of the {rate.direction}", rate.written, told, rate.place)

    def _blocked(self, state: WantedState) -> Iterator[str]:
        """The rows that would have led to a state, as their guards are now."""
        machine, model = self.seen.machine, self.case.program.model
        if machine.ended:
            return
        picture = Picture(machine, self.inputs if self.case.plan is None else {}, machine.current_event)
        for row in self.case.program.rows:
            leads = any(target == state.state or model.is_below(target, state.state) for target in row.row.targets)
            if not leads or not machine.active[row.state] or row.guard is None:
                continue
            values = {symbol.name: picture.values.get(symbol.name) for symbol in row.reads}
            params = self.case.program.params
            values |= {symbol.name: params[symbol.name] for symbol in row.reads if symbol.role == "param"}
            held = f" {row.row.hold_text}" if row.row.hold_text else ""
            truth = "true" if guard_value(row, picture) else "false"
            told = ", ".join(f"{name} {shown(value, _symbol(model, name))}" for name, value in values.items())
            yield f"{row.row.id}: {row.row.guard_text}{held} is {truth} now ({told})"


def _is_intent(wanted: WantedIntent, intent: Intent) -> bool:
    return wanted.action == intent.action and all(
        name in intent.values and same(value, intent.values[name]) for name, value in wanted.values.items()
    )


def same(one: Value, other: Value) -> bool:
    """Whether two values are the same: of one kind, numbers within 1e-9."""
    numbers = [value for value in (one, other) if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == 2:
        return isclose(numbers[0], numbers[1], rel_tol=1e-9, abs_tol=1e-9)
    return type(one) is type(other) and one == other


def shown(value: Value, symbol: Symbol | None) -> str:
    """A value as people write it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return format_quantity(float(value), symbol.dimension if symbol else "")
    return value


def _symbol(model: Model, name: str) -> Symbol | None:
    return model.inputs.get(name) or model.params.get(name) or model.data.get(name)


def story_line(item: Transition, model: Model) -> str:
    """One row that fired: when, which, where to, and the guard with its values."""
    values = ", ".join(f"{name} {shown(value, _symbol(model, name))}" for name, value in item.values)
    target = ", ".join(item.targets) or "(stays)"
    guard = f": {item.guard}" if item.guard else f": on {item.event}"
    told = f" ({values})" if values else ""
    return f"{seconds(item.at_ns)}  {item.row} → {target}{guard}{told}"


def seconds(at_ns: int) -> str:
    """A time as people read it: `1.400 s`."""
    return f"{at_ns / 1e9:.3f} s"
