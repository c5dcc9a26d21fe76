"""The abstract level tells the truth about the engine: what may happen covers all runs, what must happen does."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.verify.proving import model_of, shipped
from wanctl.actions import ACTIONS
from wanctl.engine import Machine, Model
from wanctl.engine.expression import Compare, symbols, walk
from wanctl.verify.clockwork import NOW_NS, Clockwork, Memory
from wanctl.verify.cone import cone_of, regions
from wanctl.verify.graph import Graph
from wanctl.verify.inquiry import Inquiry
from wanctl.verify.move import Spot
from wanctl.verify.replay import TICK_NS
from wanctl.verify.situation import Edge

# Everything that a shipped machine does not use: `always`, raised events, `of`, cooldowns, deep history, data, `*`.
RICH = """
schema: 1
machine: rich
type: parallel
inputs:
  a: {range: [0, 10]}
  b: {type: bool}
  word: {enum: [one, two]}
data:
  count: {default: 0, range: [0, 3]}
states:
  left:
    initial: WORK
    states:
      WORK:
        initial: X
        on:
          tick:
            - {when: a > 8, to: PAUSE, do: [{raise: paused}]}
            - {when: b, of: 2 in 4 ticks, to: END}
        states:
          OLD: {type: history, depth: deep, initial: X}
          X: {on: {tick: [{when: a > 2 and word == 'one', to: Y.Q}]}}
          Y:
            initial: P
            states:
              P: {on: {tick: [{when: a < 1, for: 3 ticks, to: X}]}, after: {120ms: [{when: b, to: Q}, {to: X}]}}
              Q: {on: {tick: [{when: a < 1, cooldown: 200ms, to: P}]}}
      PAUSE:
        on:
          tick: [{when: known(b) and not b, to: OLD}]
          reset.*: [{to: X}]
      END: {always: [{when: a > 5, to: WORK}, {when: count > 1, to: PAUSE}]}
  right:
    initial: LOW
    states:
      LOW:
        entry: [{assign: {count: count + 1}}]
        on: {paused: [{to: HIGH}], tick: [{when: "active('END')", to: HIGH}]}
      HIGH:
        on:
          tick:
            - {when: "max(a, 3) > 4 and not active('PAUSE')", for: 100ms, to: LOW}
            - {when: count > 2, do: [{assign: {count: 0}}]}
"""

MODELS = {"rich": model_of(RICH)} | {name: shipped(name) for name in ("classic", "direction", "wan")}


def graphs(model: Model) -> list[Graph]:
    inquiry = Inquiry.begin(model, ACTIONS, lambda: False, exact=True)
    return [inquiry.graph(cone_of(model, (), [region]), settled=True) for region in regions(model)]


GRAPHS = {name: graphs(model) for name, model in MODELS.items()}


def interesting(model: Model) -> dict[str, list[Any]]:
    """For each input values on both sides of what its guards compare it with, and unknown."""
    numbers = {0.0, 1.0, 4.0}
    for row in model.rows:
        for node in walk(row.guard) if row.guard is not None else ():
            if isinstance(node, Compare):
                numbers |= {float(v) for o in node.operands if isinstance(v := vars_of(o), int | float)}
    found: dict[str, list[Any]] = {}
    for name, symbol in model.inputs.items():
        if symbol.kind == "bool":
            found[name] = [None, True, False]
        elif symbol.kind == "number":
            near = {n + d for n in numbers for d in (-1.0, 0.0, 1.0)} | {30.5, 31.0, 81.0, 2_500.0, 3_500.0, 0.95}
            found[name] = [None, *sorted(n for n in near if symbol.refuses(n) == "")]
        else:
            found[name] = [None, *symbol.choices]
    return found


def vars_of(expr: object) -> object:
    return expr.value if hasattr(expr, "value") else None


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_whatever_the_engine_does_was_said_to_be_possible(name: str, seed: int) -> None:
    model, chance = MODELS[name], random.Random(seed)
    values = interesting(model)
    program = GRAPHS[name][0].steps.program
    machine = program.start(0)
    at = [graph.steps.spot(machine) for graph in GRAPHS[name]]
    inputs = {key: chance.choice(options) for key, options in values.items()}
    for tick in range(120):
        if chance.random() < 0.3:
            for key in chance.sample(list(values), k=min(3, len(values))):
                inputs[key] = chance.choice(values[key])
        machine.advance(tick * TICK_NS)
        at = [follow(graph, spot, machine, "timer") for graph, spot in zip(GRAPHS[name], at, strict=True)]
        if chance.random() < 0.05:
            event = chance.choice(["operator.hold", "operator.release", "reset.now", "paused"])
            machine.event(tick * TICK_NS, event)
            at = [follow(graph, spot, machine, "event") for graph, spot in zip(GRAPHS[name], at, strict=True)]
        machine.advance(tick * TICK_NS)
        at = [follow(graph, spot, machine, "timer") for graph, spot in zip(GRAPHS[name], at, strict=True)]
        for key, value in inputs.items():
            setattr(machine.inputs, key, value)
        machine.tick(tick * TICK_NS)
        at = [follow(graph, spot, machine, "tick", inputs) for graph, spot in zip(GRAPHS[name], at, strict=True)]


def follow(graph: Graph, spot: Spot, machine: Machine, kind: str, inputs: dict[str, Any] | None = None) -> Spot:
    """The spot where the machine is now; there has to be a step that leads there with these inputs."""
    now = graph.steps.spot(machine)
    if kind == "tick":
        assert inputs is not None
        values = {**machine.program.params, **{n: machine.values[n] for n in machine.model.data}, **inputs}
        fitting = [e for e in graph.edges[spot] if e.kind == kind and e.target == now]
        data_free = not machine.model.data  # data may have changed within the step
        assert any(graph.steps.space.agrees(e.query, values) for e in fitting) or (fitting and not data_free), (
            f"{spot} -> {now}"
        )
    elif now != spot:
        assert any((e.kind == "timer") == (kind == "timer") and e.target == now for e in graph.edges[spot])
    return now


@pytest.mark.parametrize("name", ["classic", "direction", "wan"])
def test_what_must_be_possible_is_done_by_the_engine_whatever_its_timers_say(name: str) -> None:
    chance = random.Random(7)
    for graph in GRAPHS[name]:
        clockwork = Clockwork(graph.steps.program, graph.steps.cone)
        edges = [edge for spot in graph.edges for edge in graph.must(spot) if edge.target != spot]
        for edge in chance.sample(edges, k=min(120, len(edges))):
            assert brought_about(graph, clockwork, edge, chance), edge


def brought_about(graph: Graph, clockwork: Clockwork, edge: Edge, chance: random.Random) -> bool:
    query = graph.steps.calm(edge.source) if edge.kind == "timer" else edge.query
    assert query is not None
    witness = graph.steps.space.find(query)
    assert witness is not None
    clockwork.wind(some_memory(graph, edge.source, chance)._replace(data=clockwork.first.data))
    machine = clockwork.machine
    for name in machine.model.inputs:
        setattr(machine.inputs, name, witness.values[name])
    if edge.kind not in ("tick", "timer"):
        machine.event(NOW_NS, edge.kind)
        return graph.steps.spot(machine) == edge.target
    for tick in range(1, 700):
        machine.tick(NOW_NS + tick * TICK_NS)
        if graph.steps.spot(machine) != edge.source:
            break
    return graph.steps.spot(machine) == edge.target


def some_memory(graph: Graph, spot: Spot, chance: random.Random) -> Memory:
    """Holds of any age, and timers that have run for any time."""
    program, active = graph.steps.program, graph.steps.active(spot)
    holds = []
    for row in program.rows:
        if active[row.state] and row.held:
            age = chance.choice([-1, 0, row.hold_ns // 2, row.hold_ns - 1]) if row.hold_ns >= 0 else 0
            holds.append((row.index, age))
    pending = [
        (chance.randint(1, delay_ns), index, number, "")
        for index, on in enumerate(active)
        for number, (delay_ns, _) in enumerate(program.states[index].timers if on else ())
    ]
    return Memory(spot.leaves, tuple(holds), spot.history, (), tuple(sorted(pending)), (), False)


def test_a_graph_knows_every_configuration_of_each_region() -> None:
    for name, found in GRAPHS.items():
        for region, graph in zip(regions(MODELS[name]), found, strict=True):
            states = MODELS[name].states
            leaves = {s.index for s in states[region : states[region].last + 1] if s.kind == "atomic"}
            assert leaves <= {leaf for spot in graph.edges for leaf in spot.leaves}


def test_a_query_holds_for_the_witness_that_was_found_for_it() -> None:
    for found in GRAPHS.values():
        for graph in found:
            for edges in graph.edges.values():
                for edge in edges:
                    witness = graph.steps.space.find(edge.query)
                    assert witness is not None
                    assert graph.steps.space.agrees(edge.query, witness.values)


def test_every_input_that_a_guard_reads_can_be_unknown() -> None:
    space = GRAPHS["wan"][0].steps.space
    read = {s.name for row in MODELS["wan"].rows if row.guard is not None for s in symbols(row.guard)}
    inputs = read & set(MODELS["wan"].inputs)
    assert {name for name in inputs if any(w.values[name] is None for w in space.witnesses)} == inputs
