"""Machines with one fault each: which of them do the tests of the machine notice?

`python -m tests.suite.mutants direction` drops each row, swaps each `<` with `<=`, leaves out each operand of `and` and
`or` and stretches each hold, one at a time, and prints the faults that no test of the machine notices.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from wanctl.control.action import ACTIONS
from wanctl.data import data_folder
from wanctl.engine import Findings, Model, load
from wanctl.engine.expression import Arithmetic, Compare, Constant, Expr, Logic, Name, text
from wanctl.engine.model import Hold, Row
from wanctl.machines import TEST_SUFFIX, read_text, shipped_machines, templates_for
from wanctl.suite import read_suite, run_case

SWAPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
NEVER = Constant(False, "bool", "", "false")


class Mutant(NamedTuple):
    """One fault: the row it is in, what it is, and how it is made."""

    row: str
    what: str
    plant: Callable[[Row], None]


def mutants(model: Model, *, rows_only: bool = False) -> Iterator[Mutant]:
    """Every fault of these kinds; of a template that is used twice, the faults of its first use."""
    seen: set[tuple[object, str]] = set()
    for row in model.rows:
        for mutant in _of_row(row, rows_only=rows_only):
            if (row.place, mutant.what) not in seen:
                seen.add((row.place, mutant.what))
                yield mutant


def _of_row(row: Row, *, rows_only: bool) -> Iterator[Mutant]:
    yield Mutant(row.id, "dropped", _drop)
    if rows_only:
        return
    if row.guard is not None:
        for what in _faults(row.guard):
            yield Mutant(row.id, what, lambda other, what=what: _with_guard(other, what))
    if row.hold is not None and row.hold.kind == "time":
        yield Mutant(row.id, "held 10 % shorter", lambda other: _with_hold(other, 0.9))
        yield Mutant(row.id, "held 10 % longer", lambda other: _with_hold(other, 1.1))


def _drop(row: Row) -> None:
    row.guard = NEVER


def _with_guard(row: Row, what: str) -> None:
    assert row.guard is not None
    row.guard = _faults(row.guard)[what]


def _with_hold(row: Row, factor: float) -> None:
    assert row.hold is not None
    amount = row.hold.amount
    row.hold = Hold("time", Arithmetic("*", (amount, Constant(factor, "number")), "time"))


def _faults(expr: Expr) -> dict[str, Expr]:
    """Each fault by what it is; the same comparison may stand twice in a guard."""
    found: dict[str, Expr] = {}
    for what, faulty in _faulty(expr):
        times = sum(1 for known in found if known.startswith(what))
        found[f"{what} ({times + 1})" if times else what] = faulty
    return found


def _faulty(expr: Expr) -> Iterator[tuple[str, Expr]]:
    """Each fault of an expression: what it is, and the whole expression with it; defined words are opened."""
    match expr:
        case Name(symbol) if symbol.definition is not None:
            yield from _faulty(symbol.definition)
        case Compare():
            for place, sign in enumerate(expr.operators):
                if sign in SWAPPED:
                    signs = (*expr.operators[:place], SWAPPED[sign], *expr.operators[place + 1 :])
                    yield f"{SWAPPED[sign]} in {text(expr)}", replace(expr, operators=signs)
        case Logic():
            for place, operand in enumerate(expr.operands):
                rest = expr.operands[:place], expr.operands[place + 1 :]
                for what, faulty in _faulty(operand):
                    yield what, replace(expr, operands=(*rest[0], faulty, *rest[1]))
                if len(expr.operands) > 1:
                    yield f"without {text(operand)} in {text(expr)}", replace(expr, operands=(*rest[0], *rest[1]))


def unnoticed(machine: str, *, rows_only: bool = False) -> tuple[int, list[Mutant]]:
    """How many faults were planted in a shipped machine, and those that none of its tests notices."""
    path = shipped_machines()[machine]
    file, tests = read_text(path), data_folder("machines") / f"{machine}{TEST_SUFFIX}"
    written = read_text(tests)

    def fresh() -> Model:
        return load(file, str(path), actions=ACTIONS, read_template=templates_for(path))

    planted, alive = 0, []
    for mutant in mutants(fresh(), rows_only=rows_only):
        model = fresh()
        mutant.plant(next(row for row in model.rows if row.id == mutant.row))
        findings = Findings()
        suite = read_suite(written, str(tests), findings, lambda _, model=model: model)
        assert suite is not None, findings.render()
        planted += 1
        if all(run_case(case).passed for case in suite.cases):
            alive.append(mutant)
    return planted, alive


if __name__ == "__main__":
    for name in sys.argv[1:]:
        planted, alive = unnoticed(name)
        print(f"{name}: {planted} faults, {len(alive)} unnoticed")
        for mutant in alive:
            print(f"  {mutant.row}: {mutant.what}")
