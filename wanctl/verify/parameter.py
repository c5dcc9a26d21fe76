"""What every choice of parameters has to allow: `where`, ranges, times, and the arguments of actions."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wanctl.engine.diagnostic import Place
from wanctl.engine.expression import Expr, is_constant, symbols, text
from wanctl.engine.model import Actions, Emit
from wanctl.engine.record import Value
from wanctl.engine.unit import format_quantity
from wanctl.verify.cone import flatten, lists_of
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.result import Fault, Result
from wanctl.verify.term import Terms

if TYPE_CHECKING:
    import z3


def check_where(inquiry: Inquiry) -> Result | None:
    """`where` and the ranges allow something, and each end of each range is allowed by the others."""
    model = inquiry.model
    if not model.params:
        return None
    result = Result("the ranges of parameters agree with where", "parameters", "proved", "static")
    terms, solver = _solver(inquiry)
    if not _allows(solver, []):
        result.status, result.text = "violated", "no choice of parameters satisfies where and all ranges"
        return result
    for name, symbol in model.params.items():
        for end, value in (("lowest", symbol.low), ("highest", symbol.high)):
            if value is not None and not _allows(solver, [terms.equals(symbol, value)]):
                shown = format_quantity(value, symbol.dimension)
                result.faults.append(Fault(name, f"its {end} value {shown} contradicts where", symbol.place))
    result.text = f"{len(model.params)} parameters, {len(model.where)} laws"
    if result.faults:
        result.text += f", {len(result.faults)} ends of ranges that where excludes"
    return result


def check_arguments(inquiry: Inquiry) -> Result | None:
    """Times are never negative and arguments stay in their actions' ranges, whatever the parameters."""
    result = Result("times and arguments are in range for all parameters", "arguments", "proved", "static")
    terms, solver = _solver(inquiry)
    count = 0
    for subject, expr, low, high, place in [*_times(inquiry), *_arguments(inquiry)]:
        count += 1
        value = terms.number(expr)
        bounds = ([] if low is None else [(value < low, low, "below")]) + (
            [] if high is None else [(value > high, high, "above")]
        )
        for outside, bound, word in bounds:
            if _allows(solver, [outside]):
                found = terms.values(solver.model())
                told = ", ".join(f"{s.name} = {_shown(found[s.name], s.dimension)}" for s in symbols(expr))
                limit = format_quantity(bound, expr.dimension)
                result.faults.append(Fault(subject, f"{text(expr)} can be {word} {limit}: {told}", place))
    if not count:
        return None
    result.text = f"{count} expressions"
    if result.faults:
        result.status, result.text = "violated", f"{len(result.faults)} of {count} expressions can be out of range"
    return result


def _solver(inquiry: Inquiry) -> tuple[Terms, "z3.Solver"]:
    import z3

    terms = Terms(inquiry.model)
    solver = z3.SimpleSolver()
    for fact in terms.facts():
        solver.add(fact)
    return terms, solver


def _allows(solver: "z3.Solver", conditions: list["z3.BoolRef"]) -> bool:
    import z3

    return bool(solver.check(*conditions) == z3.sat)


_Bounded = tuple[str, Expr, float | None, float | None, Place | None]


def _times(inquiry: Inquiry) -> Iterator[_Bounded]:
    for row in inquiry.model.rows:
        for expr in (None if row.hold is None else row.hold.amount, row.cooldown):
            if expr is not None and symbols(expr):
                yield row.id, expr, 0.0, None, row.place
    for state in inquiry.model.states:
        for timer in state.timers:
            if symbols(timer.delay):
                yield state.path, timer.delay, 0.0, None, state.place


def _arguments(inquiry: Inquiry) -> Iterator[_Bounded]:
    for state in inquiry.model.states:
        for where, actions in lists_of(state):
            for item in _emits(actions):
                signature = inquiry.actions.get(item.action)
                ranges = {} if signature is None else {param.name: param for param in signature.params}
                for name, expr in item.arguments:
                    param = ranges.get(name)
                    if param is not None and expr.kind == "number" and is_constant(expr) and symbols(expr):
                        yield f"{state.path} {where}: {item.action} {name}", expr, param.low, param.high, state.place


def _emits(actions: Actions) -> list[Emit]:
    return [item for item in flatten(actions) if isinstance(item, Emit)]


def _shown(value: Value, dimension: str) -> str:
    return format_quantity(value, dimension) if isinstance(value, float) else str(value)
