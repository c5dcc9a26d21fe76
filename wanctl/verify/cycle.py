"""Machines that do not come to rest: `always` rows that chase each other, and flapping on a constant input."""

from collections.abc import Iterator

from wanctl.engine.expression import symbols
from wanctl.engine.machine import Machine
from wanctl.engine.record import Outcome, Value
from wanctl.verify.asked import asked_in
from wanctl.verify.effect import moves
from wanctl.verify.formula import Query, merge
from wanctl.verify.graph import Graph, OutOfTimeError
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.result import Fault, Result
from wanctl.verify.situation import Edge

MOST_TRIES = 12
ROUNDS = 3
LONGEST = 4  # rows of a slow round


def check_rest(inquiry: Inquiry) -> Result | None:
    """Every tick comes to rest: no cycle over `always` rows and internal events."""
    if not any(state.always or state.events for state in inquiry.model.states):
        return None
    result = Result("every tick comes to rest", "zero time", "proved", "abstract")
    if inquiry.program.start(0).started.faults:
        result.status, result.text = "violated", "the start itself never comes to rest"
        return result
    for _, graph in inquiry.region_graphs():
        suspects = [edge for edges in graph.edges.values() for edge in edges if edge.restless]
        replayer = inquiry.replayer(graph)
        for edge in suspects[:MOST_TRIES]:
            runs = (replayer.play([*way, edge], edge.query, _has_fault) for way in graph.ways(edge.source))
            run = next((run for run in runs if run is not None), None)
            names = dict.fromkeys(inquiry.program.rows[row].row.id for row in edge.rows)
            if run is not None:
                run.expect = {"tick": len(run.steps), "faults": 0}
                result.status, result.text = "violated", f"{' and '.join(names)} follow each other without end"
                result.faults.append(Fault(next(iter(names)), result.text, None, run))
                return result
            result.status, result.text = "undecided", f"{' and '.join(names)} may follow each other without end"
    return result


def _has_fault(_machine: Machine, _inputs: dict[str, Value], outcome: Outcome) -> bool:
    return bool(outcome.faults)


def check_flapping(inquiry: Inquiry) -> Result:
    """No constant input drives a machine round and round.

    A cycle that the inputs which all of its rows read keep going, whatever the others are, is a threshold without
    hysteresis: a fault; and so is one in which the machine asks for nothing that moves one of the inputs it reads, so
    that nothing will end it. Other cycles need inputs to hold still that the machine's own actions are there to move
    (`effect.py`); they are listed.
    """
    result = Result("no flapping on a constant input", "flapping", "proved", "abstract")
    seen: set[frozenset[int]] = set()
    for _, graph in inquiry.region_graphs():
        for way, query in _cycles(inquiry, graph):
            rows = frozenset(row for edge in way for row in edge.rows)
            if any(known <= rows for known in seen):
                continue
            seen.add(rows)
            _note(inquiry, graph, way, query, result)
    listed = [fault for fault in result.faults if fault.run is None]
    if any(fault.run is not None for fault in result.faults):
        result.status = "violated"
        result.text = "a constant input drives it round and round"
    elif listed:
        result.text = f"{len(listed)} cycles only while inputs hold still that the machine's own actions move"
    return result


def _note(inquiry: Inquiry, graph: Graph, way: list[Edge], query: Query, result: Result) -> None:
    rows = [inquiry.program.rows[row].row for edge in way for row in edge.rows]
    names = " -> ".join(row.id for row in rows)
    read = [{s.name for s in symbols(row.guard) if s.role == "input"} for row in rows if row.guard is not None]
    shared = set.intersection(*read) if read else set()
    every = set[str]().union(*read)
    ends = any(moves(item.emit.action, every) for edge in way for item in asked_in(graph, edge))
    if read and ends and not _driven_by(inquiry, graph, way, shared):
        result.faults.append(Fault(rows[0].id, f"in turn while nothing changes: {names}"))
        return
    run = None
    for before in graph.ways(way[0].source):
        turns = [*before, *(way * ROUNDS)]
        run = run or inquiry.replayer(graph).play(turns, query, constant_from=len(before), constant=query)
    if run is None:
        result.faults.append(Fault(rows[0].id, f"in turn while nothing changes, perhaps: {names}"))
        return
    run.expect = {"tick": len(run.steps), "fired": []}
    told = f"without hysteresis in {', '.join(sorted(shared))}" if shared else "whatever the inputs"
    result.faults.append(Fault(rows[0].id, f"{names}, {told}", rows[0].place, run))


def _driven_by(inquiry: Inquiry, graph: Graph, way: list[Edge], shared: set[str]) -> bool:
    """Whether these inputs alone, at some values, make every row of a cycle true, whatever the others are."""
    query: Query | None = Query()
    for edge in way:
        active = graph.steps.active(edge.source)
        for index in edge.rows:
            guard = inquiry.program.rows[index].row.guard
            if guard is not None and query is not None:
                query = inquiry.space.both(query, inquiry.space.literal(guard, active), true=True)
    if query is None or not shared:
        return False
    return inquiry.space.possible_whatever(query, set(inquiry.model.inputs) - shared)


def check_slow_rounds(inquiry: Inquiry) -> Result | None:
    """Rounds that a constant input drives although some row of them waits: no flapping, and perhaps not meant.

    Left out are those in which the machine asks for something that moves an input that the round reads. Short ones are
    looked at: up to `LONGEST` rows. None when the exact level is not wanted, for this takes as long.
    """
    if not inquiry.exact:
        return None
    result = Result("no slow round on a constant input", "slow rounds", "proved", "abstract")
    seen: set[frozenset[int]] = set()
    for _, graph in inquiry.region_graphs():
        for way, _query in _cycles(inquiry, graph, patient=True):
            rows = frozenset(row for edge in way for row in edge.rows)
            if any(known <= rows for known in seen) or not any(edge.held for edge in way):
                continue
            seen.add(rows)
            fired = [inquiry.program.rows[row].row for edge in way for row in edge.rows]
            read = {s.name for row in fired if row.guard is not None for s in symbols(row.guard) if s.role == "input"}
            if not any(moves(item.emit.action, read) for edge in way for item in asked_in(graph, edge)):
                names = " -> ".join(row.id for row in fired)
                result.faults.append(Fault(fired[0].id, f"slowly in turn while nothing changes: {names}"))
    if result.faults:
        result.status, result.text = "remark", f"{len(result.faults)} that nothing the machine asks for will end"
    return result


def _cycles(inquiry: Inquiry, graph: Graph, *, patient: bool = False) -> Iterator[tuple[list[Edge], Query]]:
    """Cycles of rows, with the constant inputs that drive them; `patient` is whether rows that wait belong to them."""
    quick = {
        spot: [e for e in edges if e.kind == "tick" and e.rows and (patient or not e.held) and e.target != spot]
        for spot, edges in graph.edges.items()
    }
    order = {spot: number for number, spot in enumerate(graph.edges)}
    for spot, first in order.items():  # a cycle is found from the nearest of its configurations, and once
        waiting: list[tuple[list[Edge], Query]] = [
            ([edge], edge.query) for edge in quick[spot] if order[edge.target] > first
        ]
        while waiting:
            if inquiry.out_of_time():
                raise OutOfTimeError
            way, query = waiting.pop()
            if patient and len(way) >= LONGEST:
                continue
            for edge in quick[way[-1].target]:
                both = merge(query, edge.query) if order[edge.target] >= first else None
                if both is None or not inquiry.space.possible(both):
                    continue
                if edge.target == spot:
                    yield [*way, edge], both
                elif all(edge.target != step.target for step in way):
                    waiting.append(([*way, edge], both))
