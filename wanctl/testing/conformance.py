"""Runs statechart cases: `python -m wanctl.testing.conformance FILE.jsonl [--conflicts scxml|lca]`.

A file holds one case a line: a machine, the leaves active after its start, and steps, each with an event (or none), the
time that passes first, and what must be seen. What is run is behind one seam, `Subject`: the engine here, a reference
interpreter in the tests, or an engine of yours. One step is one call: a bound that counts within a step sees all of it.

Exit code 0: all cases passed, 1: some failed, 2: the file could not be read.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from wanctl.engine import (
    ActionRegistry,
    ActionSignature,
    FileError,
    Machine,
    Outcome,
    Param,
    Value,
    compile_model,
    load,
)
from wanctl.engine.expression import Symbol
from wanctl.engine.unit import UNITS

Json = Mapping[str, object]

RULES = ("lca", "scxml")
MARK = ActionRegistry([ActionSignature("mark", (Param("name", "text"),), "Leaves a mark for a test to see.")])
NS_PER_MS = 1_000_000
MOST_MS = 1e14  # three thousand years


class CaseError(ValueError):
    """A file or a case that cannot be used; the text says which and why."""


class LoadRefusedError(Exception):
    """A machine did not load; the text is for people."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one step showed; states by their paths, the machine itself never among them."""

    leaves: tuple[str, ...]
    entered: tuple[str, ...]
    exited: tuple[str, ...]
    marks: tuple[str, ...]
    faults: int


class Subject(Protocol):
    """A machine under test, started at 0 ns. Time is absolute, whole nanoseconds, and never goes back."""

    @property
    def started(self) -> Seen:
        """What the start showed."""
        ...

    @property
    def states(self) -> tuple[str, ...]:
        """The paths of all states but history states."""
        ...

    def advance(self, now_ns: int) -> Seen:
        """Let time pass."""
        ...

    def event(self, now_ns: int, name: str, data: Mapping[str, Value]) -> Seen:
        """Let time pass, then deliver an event."""
        ...

    def tick(self, now_ns: int, inputs: Mapping[str, Value]) -> Seen:
        """Let time pass, then tick; an input that is missing or None is unknown."""
        ...

    def value(self, name: str) -> Value:
        """The value of a datum; None is unknown."""
        ...


Adapter = Callable[[str, str], Subject]  # machine file, conflict rule; raises LoadRefusedError


class EngineSubject:
    """A machine of `wanctl.engine` under test."""

    def __init__(self, text: str, rule: str) -> None:
        try:
            model = load(text, "machine.yaml", actions=MARK)
            model.conflicts = "scxml" if rule == "scxml" else "lca"
            self._machine: Machine = compile_model(model, {}).start(0)
        except FileError as error:
            raise LoadRefusedError(str(error)) from error
        self.states = tuple(s.path for s in model.states if s.path and s.kind != "history")
        self.started = self._seen(self._machine.started)

    def advance(self, now_ns: int) -> Seen:
        """Let time pass."""
        return self._seen(self._machine.advance(now_ns))

    def event(self, now_ns: int, name: str, data: Mapping[str, Value]) -> Seen:
        """Let time pass, then deliver an event."""
        return self._seen(self._machine.event(now_ns, name, data))

    def tick(self, now_ns: int, inputs: Mapping[str, Value]) -> Seen:
        """Let time pass, then tick with exactly these inputs; `CaseError` when one does not fit."""
        symbols = self._machine.model.inputs
        try:
            self._machine.set_inputs({k: _scaled(v, symbols[k]) if k in symbols else v for k, v in inputs.items()})
        except ValueError as error:
            raise CaseError(str(error)) from error
        return self._seen(self._machine.tick(now_ns))

    def value(self, name: str) -> Value:
        """The value of a datum; `CaseError` when there is none of that name."""
        if name not in self._machine.model.data:
            raise CaseError(f"the machine has no datum '{name}'")
        value, symbol = self._machine.values[name], self._machine.model.data[name]
        factor = UNITS[symbol.unit][1]
        return value / factor if symbol.kind == "number" and isinstance(value, float) else value

    def _seen(self, outcome: Outcome) -> Seen:
        marks = tuple(str(intent.values["name"]) for intent in outcome.intents if intent.action == "mark")
        return Seen(self._machine.leaves, outcome.entered, outcome.exited, marks, len(outcome.faults))


def _scaled(value: Value, symbol: Symbol) -> Value:
    """A number in the unit that is declared, as the engine has it."""
    return value * UNITS[symbol.unit][1] if symbol.kind == "number" and isinstance(value, float) else value


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that was not as a case expects it. Step 0 is the start."""

    case: str
    step: int
    what: str
    expected: object
    got: object

    def __str__(self) -> str:
        text = f"{self.case}, step {self.step}: {self.what}: expected {self.expected}, got {self.got}"
        return text.encode("utf-8", "backslashreplace").decode()  # JSON can write half a character


@dataclass(slots=True)
class Report:
    """What running a file of cases gave."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[Failure] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def read_cases(path: Path) -> list[Json]:
    """The cases of a file; `CaseError` names the line that is not one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"{path}: cannot be read: {error}") from error
    lines = text.split("\n")  # no other mark that Python takes for a line end: a text in JSON may hold them
    return [_case(line, f"{path}:{number}") for number, line in enumerate(lines, start=1) if line.strip()]


def _case(line: str, place: str) -> Json:
    try:
        case = json.loads(line)
    except json.JSONDecodeError as error:
        raise CaseError(f"{place}:{error.colno}: not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a list 5,000 deep
        raise CaseError(f"{place}: not JSON that can be read: {error}") from error
    if not isinstance(case, dict):
        raise CaseError(f"{place}: a case is an object")
    case.setdefault("steps", [])
    kinds: tuple[tuple[str, type], ...] = (("id", str), ("machine", str), ("steps", list))
    for key, kind in kinds:
        if not isinstance(case.get(key), kind):
            raise CaseError(f"{place}: a case needs '{key}', a {'text' if kind is str else 'list'}")
    if not isinstance(case.get("conflicts"), str | None) or case.get("conflicts") not in (None, *RULES):
        raise CaseError(f"{place}: 'conflicts' is lca or scxml, not {case['conflicts']!r}")
    for number, step in enumerate(case["steps"], start=1):
        if not isinstance(step, dict):
            raise CaseError(f"{place}: step {number} must be an object")
    return case


def run_cases(cases: Iterable[Json], adapter: Adapter = EngineSubject, rule: str | None = None) -> Report:
    """Run cases; a marked case runs under its own rule, the others under `rule`, or `lca` when it is None.

    With a rule given, cases marked with the other one are skipped.
    """
    report = Report()
    for case in cases:
        marked = case.get("conflicts")
        if rule is not None and marked not in (None, rule):
            report.skipped += 1
            continue
        failures = run_case(case, adapter, str(marked or rule or "lca"))
        report.failures += failures
        report.failed += bool(failures)
        report.passed += not failures
    return report


def run_case(case: Json, adapter: Adapter, rule: str) -> list[Failure]:
    """Run one case under a rule; everything that was not as expected."""
    run = _Run(str(case["id"]))
    try:
        subject = adapter(str(case["machine"]), rule)
        run.check(0, _start(case), subject.started, subject)
        now_ns = 0
        for run.step, step in enumerate(_objects(case["steps"]), start=1):
            now_ns += round(_number(step.get("after_ms", 0)) * NS_PER_MS)
            run.check(run.step, step, _do(subject, step, now_ns), subject)
    except LoadRefusedError as error:
        run.fail(run.step, "machine", "a machine that loads", f"\n{error}")
    except CaseError as error:
        run.fail(run.step, "case", "a case that can be run", str(error))
    except Exception as error:  # noqa: BLE001 - whatever an engine dies of is one failed case, not the end of the run
        run.fail(run.step, "run", "no error", f"{type(error).__name__}: {error}")
    return run.failures


def _do(subject: Subject, step: Json, now_ns: int) -> Seen:
    event = step.get("event")
    if event is None:
        return subject.advance(now_ns)
    if event == "tick":
        return subject.tick(now_ns, _values(step.get("inputs")))
    return subject.event(now_ns, str(event), _values(step.get("data")))


def _start(case: Json) -> Json:
    """What the start is checked for, as a step has it."""
    names = {"initial": "expect", "entered": "entered", "marks": "marks", "values": "values", "faults": "faults"}
    return {name: case[key] for key, name in names.items() if key in case}


class _Run:
    """One case being run: where it is, and what has failed."""

    def __init__(self, case: str) -> None:
        self.case = case
        self.step = 0
        self.failures: list[Failure] = []

    def fail(self, step: int, what: str, expected: object, got: object) -> None:
        self.failures.append(Failure(self.case, step, what, expected, got))

    def check(self, step: int, spec: Json, seen: Seen, subject: Subject) -> None:
        """Compare what a step showed with what it must show."""
        states = subject.states
        if "expect" in spec:
            expected = sorted({full_path(name, states) for name in _names(spec["expect"])})
            if expected != sorted(seen.leaves):
                self.fail(step, "leaves", expected, sorted(seen.leaves))
        for what, got in (("entered", seen.entered), ("exited", seen.exited)):
            if what in spec:
                wanted = [full_path(name, states) for name in _names(spec[what])]
                if wanted != list(got):
                    self.fail(step, what, wanted, list(got))
        if "marks" in spec and spec["marks"] != list(seen.marks):
            self.fail(step, "marks", spec["marks"], list(seen.marks))
        for name, value in _values(spec.get("values")).items():
            if not _same(value, subject.value(name)):
                self.fail(step, f"value of {name}", value, subject.value(name))
        if spec.get("faults", 0) != seen.faults:
            self.fail(step, "faults", spec.get("faults", 0), seen.faults)


def full_path(name: str, states: tuple[str, ...]) -> str:
    """The path a state is written for: the path itself, or as much of its end as makes it unique."""
    if name in states:
        return name
    found = [path for path in states if path.endswith(f".{name}")]
    if len(found) != 1:
        raise CaseError(f"'{name}' is {'no state' if not found else 'one of ' + ', '.join(found)}")
    return found[0]


def _same(expected: Value, got: Value) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, int | float) and isinstance(got, int | float):
        return abs(expected - got) <= 1e-9  # the precision the form of a case promises
    return expected == got


def _objects(value: object) -> list[Json]:
    return value if isinstance(value, list) else []


def _names(value: object) -> list[str]:
    if not isinstance(value, list):
        raise CaseError(f"{value!r} is no list of states")
    return [str(name) for name in value]


def _values(value: object) -> dict[str, Value]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(
        item is None or isinstance(item, int | float | str) for item in value.values()
    ):
        raise CaseError(f"{value!r} is no flat object of numbers, texts, true, false and null")
    # All numbers are of one kind: 1 and 1.0 are equal, and neither is true.
    return {key: float(v) if isinstance(v, int) and not isinstance(v, bool) else v for key, v in value.items()}


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_MS:
        raise CaseError(f"after_ms is {value!r}, not a number of milliseconds")
    return float(value)


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="wanctl.testing.conformance", description="Run statechart cases.")
    parser.add_argument("file", type=Path, help="cases, one JSON object a line")
    parser.add_argument("--conflicts", choices=RULES, help="the rule for cases that name none (default: lca)")
    options = parser.parse_args(arguments)
    try:
        cases = read_cases(options.file)
    except CaseError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    report = run_cases(cases, rule=options.conflicts)
    for failure in report.failures:
        sys.stdout.write(f"{failure}\n")
    sys.stdout.write(f"{report}\n")
    return 1 if report.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
