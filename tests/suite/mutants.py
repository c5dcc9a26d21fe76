"""Machines with one fault each: which of them do the tests of the machine notice?

`python -m tests.suite.mutants wan` plants every fault of the kinds below, one at a time, and prints those that no test
of the machine notices:

- a row is dropped; a hold is 10 % shorter, or longer;
- in a guard or a definition, as the file has them, `<` becomes `<=` (and the like), or one operand of an `and` or `or`
  is left out. A definition is faulty wherever it is used, as it would be if somebody changed the line.

What a template says is the template's own business: `python -m tests.suite.mutants direction` plants its faults.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from wanctl.actions import ACTIONS
from wanctl.data import data_folder
from wanctl.engine import Findings, Model, load
from wanctl.engine.expression import Arithmetic, Compare, Constant, Expr, Known, Logic, Name, text
from wanctl.engine.model import Actions, Hold, If, Row
from wanctl.machines import TEST_SUFFIX, read_text, shipped_machines, templates_for
from wanctl.suite import read_suite, run_case

SWAPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
NEVER = Constant(False, "bool", "", "false")


class Mutant(NamedTuple):
    """One fault: the row or the definition it is in, what it is, and how it is made."""

    where: str
    what: str
    plant: Callable[[Model], None]

    @property
    def name(self) -> str:
        """How tables call it."""
        return f"{self.where}: {self.what}"


def mutants(model: Model, *, rows_only: bool = False) -> Iterator[Mutant]:
    """Every fault of these kinds in the machine's own file."""
    for row in model.rows:
        if row.place.file == model.file:
            yield from _of_row(row, rows_only=rows_only)
    for name, symbol in model.defines.items():
        if symbol.place.file == model.file and symbol.definition is not None and not rows_only:
            for what in _faults(symbol.definition):
                yield Mutant(name, what, partial(_redefine, name, what))


def _of_row(row: Row, *, rows_only: bool) -> Iterator[Mutant]:
    index = row.index
    yield Mutant(row.id, "dropped", partial(_drop, index))
    if rows_only:
        return
    if row.guard is not None:
        for what in _faults(row.guard):
            yield Mutant(row.id, what, partial(_with_guard, index, what))
    if row.hold is not None and row.hold.kind == "time":
        yield Mutant(row.id, "held 10 % shorter", partial(_with_hold, index, 0.9))
        yield Mutant(row.id, "held 10 % longer", partial(_with_hold, index, 1.1))


def _drop(index: int, model: Model) -> None:
    model.rows[index].guard = NEVER


def _with_guard(index: int, what: str, model: Model) -> None:
    row = model.rows[index]
    assert row.guard is not None
    row.guard = _faults(row.guard)[what]


def _with_hold(index: int, factor: float, model: Model) -> None:
    row = model.rows[index]
    assert row.hold is not None
    row.hold = Hold("time", Arithmetic("*", (row.hold.amount, Constant(factor, "number")), "time"))


def _redefine(name: str, what: str, model: Model) -> None:
    definition = model.defines[name].definition
    assert definition is not None
    faulty = _faults(definition)[what]
    for row in model.rows:
        row.guard = None if row.guard is None else _put(row.guard, name, faulty)
        row.do = _put_in_actions(row.do, name, faulty)
    for state in model.states:
        state.entry, state.exit, state.during = (
            _put_in_actions(actions, name, faulty) for actions in (state.entry, state.exit, state.during)
        )


def _put(expr: Expr, name: str, faulty: Expr) -> Expr:
    """The expression with another definition of a name, also where other definitions use it."""
    match expr:
        case Name(symbol) if symbol.definition is not None:
            inner = faulty if symbol.name == name else _put(symbol.definition, name, faulty)
            return Name(replace(symbol, definition=inner))
        case Compare() | Logic() | Arithmetic():
            return replace(expr, operands=tuple(_put(item, name, faulty) for item in expr.operands))
        case Known(operand):
            return Known(_put(operand, name, faulty))
        case _:
            return expr


def _put_in_actions(actions: Actions, name: str, faulty: Expr) -> Actions:
    return tuple(
        If(
            _put(action.condition, name, faulty),
            _put_in_actions(action.then, name, faulty),
            _put_in_actions(action.otherwise, name, faulty),
        )
        if isinstance(action, If)
        else action
        for action in actions
    )


def _faults(expr: Expr) -> dict[str, Expr]:
    """Each fault by what it is; the same comparison may stand twice in a guard."""
    found: dict[str, Expr] = {}
    for what, faulty in _faulty(expr):
        times = sum(1 for known in found if known.startswith(what))
        found[f"{what} ({times + 1})" if times else what] = faulty
    return found


def _faulty(expr: Expr) -> Iterator[tuple[str, Expr]]:
    """Each fault of an expression: what it is, and the whole expression with it; defined words stay closed."""
    match expr:
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


@dataclass(slots=True)
class Tried:
    """What came of planting every fault of one machine."""

    planted: int = 0
    alive: list[Mutant] = field(default_factory=list)  # nobody noticed


def fresh(machine: str) -> Model:
    """A shipped machine, loaded anew: a fault is planted in the model itself."""
    path = shipped_machines()[machine]
    return load(read_text(path), str(path), actions=ACTIONS, read_template=templates_for(path))


def notices(machine: str, model: Model, first: list[str]) -> str:
    """The test of a machine that fails with this model, "" for none; those named in `first` are tried first."""
    tests, findings = data_folder("machines") / f"{machine}{TEST_SUFFIX}", Findings()
    suite = read_suite(read_text(tests), str(tests), findings, lambda _: model)
    assert suite is not None, findings.render()
    cases = sorted(suite.cases, key=lambda case: (case.name not in first, case.plan is not None))
    return next((case.name for case in cases if not run_case(case).passed), "")


def unnoticed(machine: str, *, rows_only: bool = False) -> Tried:
    """Plant every fault of a shipped machine and run its tests."""
    tried, first = Tried(), list[str]()
    for mutant in mutants(fresh(machine), rows_only=rows_only):
        model = fresh(machine)
        mutant.plant(model)
        tried.planted += 1
        name = notices(machine, model, first)
        if name:
            first = [name, *first[:2]]
        else:
            tried.alive.append(mutant)
    return tried


if __name__ == "__main__":
    for machine in sys.argv[1:] or shipped_machines():
        tried = unnoticed(machine)
        print(f"{machine}: {tried.planted} faults, {len(tried.alive)} unnoticed")
        for mutant in tried.alive:
            print(f"  {mutant.name}")
