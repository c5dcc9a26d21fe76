"""Rows that can never fire, rows that only their order tells apart, and situations without a row."""

from collections.abc import Iterator, Sequence

from wanctl.engine.expression import symbols
from wanctl.engine.model import Row, State
from wanctl.engine.record import Value
from wanctl.engine.unit import format_quantity
from wanctl.verify.formula import Query
from wanctl.verify.graph import Graph
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.result import Fault, Result


def check_rows(inquiry: Inquiry) -> Result:
    """Every row fires in some run, for some parameters."""
    model = inquiry.model
    result = Result("every row can fire", "rows", "proved", "abstract")
    fired: set[int] = set()
    active: set[int] = set()
    for _, graph in inquiry.region_graphs():
        for spot, edges in graph.edges.items():
            active |= {index for index, on in enumerate(graph.steps.active(spot)) if on}
            for edge in edges:
                fired |= set(edge.rows)
    for state in model.states:
        for row in state.rows():
            reason = ""
            if row.index not in fired and state.index in active:
                reason = _why_dead(inquiry, state, row)
            elif row in state.ticks:
                reason = _outwaited(inquiry, state, row)
            if reason:
                result.faults.append(Fault(row.id, reason, row.place))
    if result.faults:
        result.status, result.text = "violated", f"{len(result.faults)} of {len(model.rows)} rows never fire"
    else:
        result.text = f"{len(model.rows)} rows"
    return result


def _why_dead(inquiry: Inquiry, state: State, row: Row) -> str:
    rows = state.ticks if row in state.ticks else state.always if row in state.always else (row,)
    contexts = list(_contexts(inquiry, state.index))
    if not any(inquiry.space.possible(query) for active in contexts for query in _true(inquiry, row, active)):
        return "its condition is never true here"
    earlier = [other for other in rows[: rows.index(row)] if other.hold is None and other.cooldown is None]
    needed = [
        other
        for other in earlier
        if any(_free_of(inquiry, row, [item for item in earlier if item is not other], active) for active in contexts)
    ]
    if needed or any(other.guard is None for other in earlier):
        names = ", ".join(f"#{other.id.rpartition('#')[2]}" for other in needed or earlier)
        return f"whenever its condition is true, a row before it fires ({names})"
    return "whenever its condition is true, another row fires first"


def _contexts(inquiry: Inquiry, state: int) -> Iterator[Sequence[bool]]:
    """Configurations in which a state is active."""
    for _, graph in inquiry.region_graphs():
        for spot in graph.edges:
            active = graph.steps.active(spot)
            if state in graph.steps.cone.inside and active[state]:
                yield active


def _true(inquiry: Inquiry, row: Row, active: Sequence[bool]) -> list[Query]:
    if row.guard is None:
        return [Query()]
    query = inquiry.space.both(Query(), inquiry.space.literal(row.guard, active), true=True)
    return [] if query is None else [query]


def _free_of(inquiry: Inquiry, row: Row, others: Sequence[Row], active: Sequence[bool]) -> bool:
    """Whether a row can be true while none of the others is."""
    for start in _true(inquiry, row, active):
        query: Query | None = start
        for other in others:
            if other.guard is None or query is None:
                return False
            query = inquiry.space.both(query, inquiry.space.literal(other.guard, active), true=False)
        return query is not None and inquiry.space.possible(query)
    return False


def _outwaited(inquiry: Inquiry, state: State, row: Row) -> str:
    """A row that waits no shorter than an earlier one that is true whenever it is."""
    live = inquiry.program.rows[row.index]
    if row.hold is None or live.window:
        return ""
    for other in state.ticks[: state.ticks.index(row)]:
        rival = inquiry.program.rows[other.index]
        alike = (rival.hold_ns >= 0) == (live.hold_ns >= 0) and not rival.window and not rival.cooldown_ns
        if other.hold is None or not alike or rival.hold_ns > live.hold_ns or rival.hold_ticks > live.hold_ticks:
            continue
        if not any(_free_of(inquiry, row, [other], active) for active in _contexts(inquiry, state.index)):
            return f"whenever it has waited long enough, {other.id} has, too"
    return ""


def check_overlaps(inquiry: Inquiry) -> Result:
    """Pairs of rows of one list that can be true together and lead elsewhere; their order decides."""
    result = Result("rows that their order tells apart", "overlaps", "remark", "abstract")
    for state in inquiry.model.states:
        contexts = _some_contexts(inquiry, state.index)
        for rows in (state.ticks, state.always):
            for number, row in enumerate(rows):
                for other in rows[number + 1 :]:
                    if row.targets != other.targets and any(
                        _overlap(inquiry, row, other, active) for active in contexts
                    ):
                        result.faults.append(Fault(row.id, f"and {other.id} can both be true", row.place))
    result.text = f"{len(result.faults)} pairs"
    return result


def _some_contexts(inquiry: Inquiry, state: int) -> list[Sequence[bool]]:
    """One configuration for each way in which the rows of a state can ask for other states."""
    found: dict[tuple[int, ...], Sequence[bool]] = {}
    guards = [row.guard for row in inquiry.model.states[state].rows() if row.guard is not None]
    for active in _contexts(inquiry, state):
        found.setdefault(tuple(inquiry.space.literal(guard, active) for guard in guards), active)
    return list(found.values())


def _overlap(inquiry: Inquiry, row: Row, other: Row, active: Sequence[bool]) -> bool:
    for query in _true(inquiry, row, active):
        literal = -1 if other.guard is None else inquiry.space.literal(other.guard, active)
        both = inquiry.space.both(query, literal, true=True)
        return both is not None and inquiry.space.possible(both)
    return False


def check_gaps(inquiry: Inquiry) -> Result | None:
    """A state that says `complete: true` has a true row in every situation, unknown inputs included."""
    states = [state for state in inquiry.model.states if state.complete]
    if not states:
        return None
    result = Result("complete states leave nothing out", "gaps", "proved", "abstract", f"{len(states)} states")
    for state in states:
        for active in _some_contexts(inquiry, state.index):
            query: Query | None = Query()
            for row in state.ticks:
                literal = -1 if row.guard is None else inquiry.space.literal(row.guard, active)
                query = None if query is None else inquiry.space.both(query, literal, true=False)
            witness = None if query is None else inquiry.space.find(query)
            if query is not None and witness is not None:
                told = _situation(state, witness.values)
                result.faults.append(Fault(state.path, f"no row is true when {told}", state.place))
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


def check_states(inquiry: Inquiry) -> Result:
    """Every state is reached in some run, and none of them is a dead end."""
    model = inquiry.model
    result = Result("every state can be reached and left", "states", "proved", "abstract")
    sure: set[int] = set()
    for region, graph in inquiry.region_graphs():
        reached = {leaf for spot in graph.edges for leaf in spot.leaves}
        settled = inquiry.graph(graph.steps.cone, settled=True)
        sure |= {leaf for spot in settled.surely_reached() for leaf in spot.leaves}
        for state in model.states:
            if not (region <= state.index <= model.states[region].last) or state.kind not in ("atomic", "final"):
                continue
            if state.index not in reached:
                result.faults.append(Fault(state.path, "is never reached", state.place))
            elif state.kind != "final" and _is_dead_end(graph, region, state.index, model.states[region].last):
                result.faults.append(Fault(state.path, "is a dead end: no row leads out of it", state.place))
    leaves = {s.index for s in model.states if s.kind in ("atomic", "final")}
    result.text = f"{len(leaves)} states"
    if result.faults:
        result.status, result.text = "violated", f"{len(result.faults)} of {len(leaves)} states"
    elif leaves - sure:
        paths = ", ".join(model.states[leaf].path for leaf in sorted(leaves - sure))
        result.status, result.text = "undecided", f"perhaps never reached: {paths}"
    return result


def _is_dead_end(graph: Graph, region: int, leaf: int, last: int) -> bool:
    """Whether no step leads from a leaf to another one of its region."""
    spots = [spot for spot in graph.edges if leaf in spot.leaves]
    alone = all(sum(region <= item <= last for item in spot.leaves) == 1 for spot in spots)
    others = any(region <= item <= last and item != leaf for spot in graph.edges for item in spot.leaves)
    return alone and others and all(leaf in edge.target.leaves for spot in spots for edge in graph.edges[spot])
