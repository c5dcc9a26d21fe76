"""Gaps: situations in which a state that calls itself complete has no row."""

from collections.abc import Sequence

from wanctl.engine.expression import symbols
from wanctl.engine.model import State
from wanctl.engine.record import Value
from wanctl.engine.unit import format_quantity
from wanctl.verify.cone import cone_of
from wanctl.verify.formula import Query, merge
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.result import Fault, Result, Run
from wanctl.verify.rows import some_contexts


def check_gaps(inquiry: Inquiry) -> Result | None:
    """A state that says `complete: true` has a true row in every situation, unknown inputs included."""
    states = [state for state in inquiry.model.states if state.complete]
    if not states:
        return None
    result = Result("complete states leave nothing out", "gaps", "proved", "abstract", f"{len(states)} states")
    for state in states:
        for active in some_contexts(inquiry, state.index):
            query = _no_row(inquiry, state, active)
            witness = None if query is None else inquiry.space.find(query)
            if query is not None and witness is not None:
                told = f"no row is true when {_situation(state, witness.values)}"
                result.faults.append(Fault(state.path, told, state.place, _run(inquiry, state)))
                break
    if result.faults:
        result.status, result.text = "violated", f"{len(result.faults)} of {len(states)} states have a gap"
    return result


def _situation(state: State, values: dict[str, Value]) -> str:
    read = {s.name: s for row in state.ticks if row.guard is not None for s in symbols(row.guard)}
    parts = []
    for name, symbol in read.items():
        value = values[name]
        if symbol.role != "param":
            shown = format_quantity(value, symbol.dimension) if isinstance(value, float) else str(value).lower()
            parts.append(f"{name} is {'unknown' if value is None else shown}")
    return ", ".join(parts)


def _no_row(inquiry: Inquiry, state: State, active: Sequence[bool]) -> Query | None:
    """Inputs for which no row of a state is true; None when that cannot be."""
    query: Query | None = Query()
    for row in state.ticks:
        literal = -1 if row.guard is None else inquiry.space.literal(row.guard, active)
        query = None if query is None else inquiry.space.both(query, literal, true=False)
    return query


def _run(inquiry: Inquiry, state: State) -> Run | None:
    """A run into the gap. Its test expects the state's first row: which one is missing is for a person to say."""
    graph = inquiry.graph(cone_of(inquiry.model, (), [state.index]))
    for spot, edges in graph.edges.items():
        active = graph.steps.active(spot)
        gap = _no_row(inquiry, state, active) if active[state.index] else None
        for edge in edges if gap is not None else ():
            query = merge(edge.query, gap) if edge.kind == "tick" and gap is not None else None
            if query is None or not inquiry.space.possible(query):
                continue
            for way in graph.ways(spot):
                run = inquiry.replayer(graph).play([*way, edge], query, lambda *_: True)
                if run is not None:
                    run.expect = {"tick": len(run.steps), "fired": [state.ticks[0].id] if state.ticks else []}
                    return run
    return None
