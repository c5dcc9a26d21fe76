"""Guards and files of cases with faults in them, and what is done with each."""

import json
from pathlib import Path
from random import Random

from tests.engine.differential.words import DECLARATIONS, GUARDS
from tests.reference import ChartError, Interpreter
from tests.reference.expression import ExpressionError
from tests.suite.mutation import NASTY, mutate
from wanctl.engine import FileError, Machine, compile_model, load
from wanctl.testing.conformance import MARK, CaseError, read_cases, run_cases

_PARTS = (
    "and", "or", "not", "(", ")", "+", "-", "*", "/", "<", "<=", "==", "!=", ">", ",", "min(", "max(", "abs(", "known(",
    "active('A')", "active('B')", "event.name", "event.data.k", "event.data.class", "true", "false", "0", "1", "5",
    "15ms", "1e308", "'low'", "'e'", "x", "n", "m", "up", "flag", "mode", "txt", "busy", "limit", "delta", "probe",
)  # fmt: skip
_EVENT_DATA = ({}, {"k": 3.0}, {"k": "x"}, {"k": True})


def guard(random: Random) -> str:
    """A guard with a slip in it, or words in any order."""
    if random.random() < 0.3:
        return " ".join(random.choices(_PARTS, k=random.randint(1, 12)))
    words = random.choice(GUARDS).split()
    for _ in range(random.choice((1, 1, 2, 4))):
        at = random.randrange(len(words) + 1)
        words[at : at + random.randint(0, 2)] = random.choices((*_PARTS, *NASTY), k=random.randint(0, 2))
    return " ".join(words)


def throw_guard(text: str) -> bool:
    """Load it and use it at ticks, events and in an `if`; False when it is refused. Where both can, both agree."""
    rows = [{"when": text, "do": [{"mark": {"name": "true"}}]}, {"do": [{"mark": {"name": "false"}}]}]
    decision = {"if": text, "then": [{"mark": {"name": "then"}}]}
    document = {
        "schema": "1", "machine": "guard", **DECLARATIONS,
        "states": {
            "A": {"on": {"tick": rows, "e": [{"do": [decision]}], "go": rows}},
            "B": {},
        },
    }  # fmt: skip
    source = json.dumps(document)
    try:
        machine = compile_model(load(source, "guard.yaml", actions=MARK)).start(0)
    except FileError:
        return False
    try:
        reference = Interpreter(source)
    except (ChartError, ExpressionError):
        reference = None  # it knows fewer ways to write a number
    else:
        reference.start()
    _use(machine, reference)
    return True


def _use(machine: Machine, reference: Interpreter | None) -> None:
    for number, data in enumerate(_EVENT_DATA):
        inputs = {"x": 4.0, "delta": 16.0, "up": True, "probe": "tcp"} if number % 2 else {}
        machine.set_inputs(inputs)
        shown = [machine.tick(number), machine.event(number, "e", data), machine.event(number, "go", data)]
        if reference is None:
            continue
        seen = [
            reference.tick(inputs, number), reference.deliver("e", data, number), reference.deliver("go", data, number)
        ]  # fmt: skip
        assert [[i.values["name"] for i in one.intents] for one in shown] == [one.marks for one in seen]


def cases(lines: list[str], random: Random) -> str:
    """A few lines of a file of cases, one of them with a fault, in its JSON or in what it says."""
    chosen = random.choices(lines, k=random.randint(1, 3))
    at = random.randrange(len(chosen))
    line = mutate(chosen[at], random) if random.random() < 0.5 else _changed(json.loads(chosen[at]), random)
    return "\n".join([*chosen[:at], line, *chosen[at + 1 :]])


def _changed(case: dict[str, object], random: Random) -> str:
    holder: object = case
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))  # type: ignore[arg-type]
        if not keys:
            break
        key = random.choice(keys)
        inner = holder[key]  # type: ignore[index]
        if not isinstance(inner, dict | list) or random.random() < 0.3:
            holder[key] = random.choice((None, True, -1, 1e300, "", [], {}, ["a"], {"a": 1}, *NASTY[:40]))  # type: ignore[index]
            break
        holder = inner
    return json.dumps(case)


def throw_cases(text: str, file: Path) -> None:
    """Read and run it; a file that is refused says where."""
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        report = run_cases(read_cases(file))
    except CaseError as error:
        if str(file) not in str(error):
            raise
        return
    assert str(report)
    assert all(str(failure) for failure in report.failures)
