"""Runs one machine twice, on the engine and on the reference interpreter, and says where they part."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.engine.differential.machines import PART
from tests.engine.differential.source import Source, chance, pick
from tests.reference import Interpreter
from tests.reference.interpreter import Seen
from tests.reference.template import opened
from tests.reference.tree import State
from wanctl.engine import Machine, Outcome, Program, Value, compile_model, load, restore, snapshot
from wanctl.testing.conformance import MARK

Document = dict[str, Any]
Opinion = type[Interpreter]  # whose opinion the engine is compared with

NS_PER_MS = 1_000_000
MOST_ROWS, MOST_FAULTS = 500, 4  # of one machine
MOST_IDLE = 60  # steps in which no row fires
_KEYS = ("number", "number", "text", "truth", "none", "large")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: time passes, then an event, a tick, or nothing."""

    after_ms: float
    event: str = ""  # "" lets time pass only
    data: tuple[tuple[str, Value], ...] = ()  # of an event; of a tick the inputs
    put_away: bool = False  # before it the engine goes into a snapshot, and on out of it

    def __str__(self) -> str:
        before = "(snapshot, restore) " if self.put_away else ""
        return f"{before}+{self.after_ms:g} ms {self.event or '(time)'} {dict(self.data) if self.data else ''}".rstrip()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where the two part: the step (-1 is the start), and what both showed."""

    step: int
    what: str
    engine: object
    reference: object


def draw_steps(source: Source, count: int) -> list[Step]:
    """Random steps; inputs walk, so that holds have something to hold."""
    return list(steps_of(source, count))


def steps_of(source: Source, count: int) -> Iterator[Step]:
    """The same, one by one."""
    walk = _Walk(source)
    for _ in range(count):
        yield walk.step()


class _Walk:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.scale = 20 if chance(source, 20) else 1  # slow: states last long, long holds and timers come due
        self.inputs: dict[str, Value] = {"x": 5.0, "delta": 10.0, "up": True, "probe": "icmp"}

    def step(self) -> Step:
        source = self.source
        after_ms = pick(source, (0, 5, 5, 5, 5, 5, 5, 10, 10, 1, 0.5, 20)) * self.scale
        kind = source.below(10 if self.scale == 1 else 7)
        put_away = chance(source, 2)
        if kind < 6:
            self._stride()
            return Step(after_ms, "tick", tuple(self.inputs.items()), put_away)
        if kind < 9:
            event = pick(source, ("e", "f", "e.x", "f.y", "go", "f.y.z", "other"))
            return Step(after_ms, event, self._data(), put_away)
        return Step(after_ms, put_away=put_away)

    def _stride(self) -> None:
        source = self.source
        if chance(source, 40):
            self.inputs["x"] = None if chance(source, 15) else float(source.below(11))
        if chance(source, 30):
            self.inputs["delta"] = None if chance(source, 15) else pick(source, (0.0, 15.0, 16.0, 20.0, 1000.0))
        if chance(source, 20):
            self.inputs["up"] = pick(source, (True, False, None))
        if chance(source, 20):
            self.inputs["probe"] = pick(source, ("icmp", "tcp", "none", None))

    def _data(self) -> tuple[tuple[str, Value], ...]:
        return tuple((key, value) for key in ("k", "j") if (value := self._value()) is not None)

    def _value(self) -> Value:
        match pick(self.source, _KEYS):
            case "number":
                return float(self.source.below(10))
            case "text":
                return pick(self.source, ("x", "low", "high"))
            case "truth":
                return chance(self.source, 50)
            case "large":
                return pick(self.source, (-1.0, 100.0, 0.5))
        return None


def to_text(document: Mapping[str, Any]) -> str:
    """The machine file as text: JSON, which is YAML, too, and ten times as fast to write."""
    return json.dumps(document)


def to_yaml(document: Mapping[str, Any]) -> str:
    """The machine file for people."""
    return yaml.dump(dict(document), Dumper=yaml.CSafeDumper, sort_keys=False, width=200)


@dataclass(slots=True)
class Tally:
    """How much was run."""

    machines: int = 0
    templates: int = 0
    steps: int = 0
    rows: int = 0
    faults: int = 0
    snapshots: int = 0


def reference_of(document: Document, opinion: Opinion = Interpreter) -> Interpreter:
    """The reference interpreter of a document, its template opened by our own means."""
    part = document.get(PART)
    if part is None:
        return opinion(to_text(document))
    return opinion(to_text(opened(without_part(document), lambda _name: part)))


def without_part(document: Document) -> Document:
    """The machine without its template."""
    return {key: value for key, value in document.items() if key != PART}


def program_of(document: Document) -> Program:
    """The engine's program of a document."""
    files = {PART: (to_text(document[PART]), "part.yaml")} if PART in document else {}
    text = to_text(without_part(document))
    return compile_model(load(text, "drawn.yaml", actions=MARK, read_template=files.get), {})


def compare(
    document: Document, steps: Iterable[Step], tally: Tally | None = None, opinion: Opinion = Interpreter
) -> Mismatch | None:
    """Run both; the first difference. Raises what the engine raises when it refuses the file."""
    tally = Tally() if tally is None else tally
    most_rows, most_faults = tally.rows + MOST_ROWS, tally.faults + MOST_FAULTS
    program = program_of(document)
    engine = program.start(0)
    reference = reference_of(document, opinion)
    tally.machines, tally.templates = tally.machines + 1, tally.templates + (PART in document)
    for what, one, other in _differences(engine, engine.started, reference, reference.start()):
        return Mismatch(-1, what, one, other)
    now_ms, moved = 0.0, -1
    for number, step in enumerate(steps):
        now_ms += step.after_ms
        now_ns = round(now_ms * NS_PER_MS)
        if step.put_away:
            engine = restore(program, json.loads(json.dumps(snapshot(engine))))
            tally.snapshots += 1
        outcome, seen = _drive_engine(engine, step, now_ns), drive_reference(reference, step, now_ns)
        for what, one, other in _differences(engine, outcome, reference, seen):
            return Mismatch(number, what, one, other)
        check_legal(reference)
        tally.steps, tally.rows, tally.faults = tally.steps + 1, tally.rows + len(seen.rows), tally.faults + seen.faults
        # A machine that only goes round in circles, has ended, or does nothing, shows nothing new in its further steps.
        if number % MOST_IDLE == 0:
            if tally.rows == moved:
                return None
            moved = tally.rows
        if tally.rows > most_rows or tally.faults > most_faults or (reference.ended and number % 8 == 0):
            return None
    return None


def _drive_engine(engine: Machine, step: Step, now_ns: int) -> Outcome:
    if step.event == "tick":
        for name, value in step.data:
            if name in engine.model.inputs:  # a file being shrunk has fewer
                setattr(engine.inputs, name, value)
        return engine.tick(now_ns)
    return engine.event(now_ns, step.event, dict(step.data)) if step.event else engine.advance(now_ns)


def drive_reference(reference: Interpreter, step: Step, now_ns: int) -> Seen:
    """Take one step."""
    if step.event == "tick":
        return reference.tick(dict(step.data), now_ns)
    return reference.deliver(step.event, dict(step.data), now_ns) if step.event else reference.advance(now_ns)


def _differences(
    engine: Machine, outcome: Outcome, reference: Interpreter, seen: Seen
) -> Iterator[tuple[str, object, object]]:
    intents = [(intent.action, intent.values) for intent in outcome.intents]
    pairs: list[tuple[str, object, object]] = [
        ("rows", [transition.row for transition in outcome.transitions], seen.rows),
        ("exited", list(outcome.exited), seen.exited),
        ("entered", list(outcome.entered), seen.entered),
        ("intents", intents, seen.intents),
        ("leaves", list(engine.leaves), reference.leaves),
        ("data", _data(engine.values, reference), _data(reference.values, reference)),
        ("faults", len(outcome.faults), seen.faults),
        ("ended", engine.ended, reference.ended),
    ]
    return (pair for pair in pairs if pair[1] != pair[2])


def _data(values: Mapping[str, Value], reference: Interpreter) -> dict[str, object]:
    """Truth values apart from numbers, for 1 == True; of an id that is given out only that it is one."""
    shown: dict[str, object] = {name: values[name] for name in reference.chart.data}
    shown = {name: str(value) if isinstance(value, bool) else value for name, value in shown.items()}
    return {name: "an id" if name.endswith("sid") and value != "none" else value for name, value in shown.items()}


def check_legal(reference: Interpreter) -> None:
    """Assert what must hold in every configuration: one child of a compound state, all regions of a parallel one."""
    active = reference.active
    for state in active:
        assert state.parent is None or state.parent in active, f"{state} without {state.parent}"
        below = _active_children(state, active)
        wanted = len(state.children) if state.kind == "parallel" else 1 if state.kind == "compound" else 0
        assert len(below) == wanted, f"{state} has {below}"


def _active_children(state: State, active: set[State]) -> list[State]:
    return [child for child in state.children if child in active]
