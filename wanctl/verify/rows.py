"""Rows that can never fire, and rows that only their order tells apart."""

from collections.abc import Iterator, Sequence

from wanctl.engine.model import Model, Row, State
from wanctl.verify.formula import Query
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.result import Fault, Result

INNER_WINS = ", and the inner one wins"


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


def check_overlaps(inquiry: Inquiry) -> Result | None:
    """Pairs of rows that can be true together and lead elsewhere: their order, or their depth, decides.

    Of rows in one list the first wins. A row of an inner state wins over those of the states around it: where such a
    row would fire at once, it has to wait for a tick. None where there are no such pairs.
    """
    result = Result("rows that their order tells apart", "overlaps", "remark", "abstract")
    for state in inquiry.model.states:
        contexts = some_contexts(inquiry, state.index)
        for row, other, text in _rivals(inquiry.model, state):
            if row.targets != other.targets and any(_overlap(inquiry, row, other, active) for active in contexts):
                result.faults.append(Fault(row.id, text, row.place))
    result.text = f"{len(result.faults)} pairs"
    return result if result.faults else None


def _rivals(model: Model, state: State) -> Iterator[tuple[Row, Row, str]]:
    """Each row of a state with those that it may win over, and how to call that."""
    for rows in (state.ticks, state.always):
        for number, row in enumerate(rows):
            for other in rows[number + 1 :]:
                yield row, other, f"and {other.id} can both be true"
    for index in model.ancestors(state.index):
        for other in model.states[index].ticks:
            for row in state.ticks if other.hold is None and other.cooldown is None else ():
                yield row, other, f"and {other.id} can both be true{INNER_WINS}"


def some_contexts(inquiry: Inquiry, state: int) -> list[Sequence[bool]]:
    """One configuration for each way in which the rows of a state can ask for other states."""
    found: dict[tuple[int, ...], Sequence[bool]] = {}
    asked = (state, *inquiry.model.ancestors(state))
    guards = [row.guard for i in asked for row in inquiry.model.states[i].rows() if row.guard is not None]
    for active in _contexts(inquiry, state):
        found.setdefault(tuple(inquiry.space.literal(guard, active) for guard in guards), active)
    return list(found.values())


def _overlap(inquiry: Inquiry, row: Row, other: Row, active: Sequence[bool]) -> bool:
    for query in _true(inquiry, row, active):
        literal = -1 if other.guard is None else inquiry.space.literal(other.guard, active)
        both = inquiry.space.both(query, literal, true=True)
        return both is not None and inquiry.space.possible(both)
    return False
