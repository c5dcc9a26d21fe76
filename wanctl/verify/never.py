"""`never`: a situation that no tick may leave behind."""

from collections.abc import Iterator

from wanctl.engine.expression import Expr, Logic, Name
from wanctl.engine.machine import Machine
from wanctl.engine.model import Never
from wanctl.engine.record import Outcome, Value
from wanctl.verify.cone import Cone, active_states, cone_of, region_of, regions
from wanctl.verify.exact import Product
from wanctl.verify.expectation import expect_otherwise
from wanctl.verify.formula import Query
from wanctl.verify.graph import Graph
from wanctl.verify.inquiry import Inquiry, is_true_after
from wanctl.verify.result import Fault, Result, Run
from wanctl.verify.situation import Edge

MOST_TRIES = 40  # abstract counterexamples that are tried on the engine
MOST_PARTS = 16


def check_never(inquiry: Inquiry, item: Never, name: str) -> Result:
    """Each part of a disjunction on its own cone: abstractly first, then by the engine."""
    result = Result(name, "never", "proved", "abstract")
    inhabited = [part for part in parts_of(item.when) if _is_inhabited(inquiry, part)]
    if not inhabited:
        result.status, result.level = "vacuous", "static"
        result.text = f"no situation at all is one where {item.written}"
        return result
    notes = []
    for part in inhabited:
        verdict = _check_part(inquiry, part)
        if verdict.status == "violated":
            verdict.faults[0].subject, verdict.faults[0].place = item.written, item.place
            return Result(name, "never", "violated", verdict.level, verdict.text, verdict.faults)
        if verdict.status == "undecided":
            result.status = "undecided"
        if verdict.level == "exact":
            result.level = "exact"
        notes.append(verdict.text)
    result.text = "; ".join(dict.fromkeys(note for note in notes if note))
    return result


def parts_of(expr: Expr) -> list[Expr]:
    """The condition as alternatives, each of which is bad on its own: a smaller cone for each."""
    match expr:
        case Name(symbol) if symbol.definition is not None and active_states([symbol.definition]):
            found = parts_of(symbol.definition)
        case Logic("or", operands):
            found = [part for item in operands for part in parts_of(item)]
        case Logic("and", operands):
            found = [Logic("and", ())]
            for item in operands:
                found = [
                    Logic("and", (*(one.operands if isinstance(one, Logic) else ()), part))
                    for one in found
                    for part in parts_of(item)
                ]
                if len(found) > MOST_PARTS:
                    return [expr]
        case _:
            return [expr]
    return found if len(found) <= MOST_PARTS else [expr]


def _is_inhabited(inquiry: Inquiry, part: Expr) -> bool:
    """Whether the situation exists at all: in some configuration that the tree of states allows, for some inputs."""
    known = regions(inquiry.model)
    named = tuple(sorted({region_of(inquiry.model, state) for state in active_states([part])} & set(known)))
    cone = Cone(named or known[:1], frozenset())
    graph = inquiry.graph(cone_of(inquiry.model, [part]))
    for spot in inquiry.legal(cone):
        query = inquiry.space.both(Query(), inquiry.space.literal(part, graph.steps.active(spot)), true=True)
        if query is not None and inquiry.space.possible(query):
            return True
    return False


def _check_part(inquiry: Inquiry, part: Expr) -> Result:
    graph = inquiry.graph(cone_of(inquiry.model, [part]))
    replayer = inquiry.replayer(graph, [part])
    result = Result("", "never", "proved", "abstract")

    def is_bad(machine: Machine, inputs: dict[str, Value], _outcome: Outcome) -> bool:
        return is_true_after(machine, part, inputs)

    tried = 0
    for edge, query in _suspects(graph, part):
        for way in graph.ways(edge.source):
            run = replayer.play([*way, edge], query, is_bad)
            if run is not None:
                return _violated(inquiry, part, run, "abstract")
        tried += 1
        if tried >= MOST_TRIES:
            break
    if not tried:
        result.text = f"{len(graph.edges)} configurations of {graph.steps.cone.name(inquiry.model)}"
        return result
    if not inquiry.exact:
        return Result("", "never", "undecided", "abstract", "the abstract counterexamples are not runs of the engine")
    product = Product.of(inquiry, graph.steps.cone, [part])
    found = product.search(is_bad)
    if found is not None:
        run = product.on_the_real_clock(found, replayer, is_bad)
        if run is not None:
            return _violated(inquiry, part, run, "exact")
        return Result("", "never", "undecided", "exact", f"violated only with {product.scaling}")
    status, text = product.verdict()
    return Result("", "never", status, "exact", text)


def _violated(inquiry: Inquiry, part: Expr, run: Run, level: str) -> Result:
    wanted = {region_of(inquiry.model, state) for state in active_states([part])}
    expect_otherwise(inquiry.model, run, wanted, active_states([part]))
    ticks = len(run.steps)
    text = f"{ticks} tick{'s' if ticks > 1 else ''}"
    return Result("", "never", "violated", level, text, [Fault("", "this run leads there", None, run)])  # type: ignore[arg-type]


def _suspects(graph: Graph, part: Expr) -> Iterator[tuple[Edge, Query]]:
    """Ticks after which the situation may be there, nearest first."""
    space = graph.steps.space
    for spot in graph.edges:
        for edge in graph.edges[spot]:
            if edge.kind == "tick":
                literal = space.literal(part, graph.steps.active(edge.target))
                query = space.both(edge.query, literal, true=True)
                if query is not None and space.possible(query):
                    yield edge, query
