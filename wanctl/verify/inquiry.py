"""What all checks of one machine share: the situations, the graphs of its cones, and how much time there is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product

from wanctl.engine.action import ActionRegistry
from wanctl.engine.evaluate import condition
from wanctl.engine.expression import Expr, symbols
from wanctl.engine.machine import Machine
from wanctl.engine.model import Model
from wanctl.engine.program import Program, compile_model
from wanctl.engine.record import Value
from wanctl.verify.cone import Cone, cone_of, regions
from wanctl.verify.formula import Query, Space
from wanctl.verify.graph import Graph
from wanctl.verify.move import Spot
from wanctl.verify.replay import Replayer
from wanctl.verify.situation import Steps

MOST_LEGAL = 20_000  # configurations that a vacuity check looks at


@dataclass(slots=True, eq=False)
class Inquiry:
    """One machine under proof."""

    model: Model
    program: Program  # with the settled parameters
    space: Space
    actions: ActionRegistry
    out_of_time: Callable[[], bool]
    exact: bool = True
    _graphs: dict[tuple[tuple[int, ...], bool], Graph] = field(default_factory=dict)
    _cones: dict[int, Cone] = field(default_factory=dict)  # of each region

    @classmethod
    def begin(cls, model: Model, actions: ActionRegistry, out_of_time: Callable[[], bool], *, exact: bool) -> "Inquiry":
        """Raises `FileError` when the parameters' defaults contradict `where`."""
        space = Space(model)
        return cls(model, compile_model(model, space.settle()), space, actions, out_of_time, exact)

    @property
    def settled(self) -> Query:
        """The query "the parameters have their defaults"."""
        query = self.space.both(Query(), self.space.settled, true=True)
        assert query is not None
        return query

    def graph(self, cone: Cone, *, settled: bool = False) -> Graph:
        """What may happen in a cone, for all parameters or for the settled ones. Raises `OutOfTimeError`."""
        key = (cone.regions, settled)
        if key not in self._graphs:
            if settled:
                steps = Steps(self.space, self.program, cone, self.settled)
                self._graphs[key] = self.graph(cone).narrowed(steps)
            else:
                self._graphs[key] = Graph.explore(Steps(self.space, self.program, cone), self.out_of_time)
        return self._graphs[key]

    def region_graphs(self) -> Iterator[tuple[int, Graph]]:
        """Each region with the graph of its cone."""
        for region in regions(self.model):
            if region not in self._cones:
                self._cones[region] = cone_of(self.model, (), [region])
            yield region, self.graph(self._cones[region])

    def replayer(self, graph: Graph, also: Iterable[Expr] = ()) -> Replayer:
        """Makes runs of a graph's ways; `also` are conditions whose inputs matter, too."""
        return Replayer(graph.steps, self.program, self.inputs_of(graph.steps.cone, also))

    def inputs_of(self, cone: Cone, also: Iterable[Expr] = ()) -> tuple[str, ...]:
        """The inputs that a cone's rows read, in the order of the file."""
        guards = [row.guard for row in self.model.rows if row.state in cone.inside and row.guard is not None]
        read = {symbol.name for expr in (*guards, *also) for symbol in symbols(expr) if symbol.role == "input"}
        return tuple(name for name in self.model.inputs if name in read)

    def legal(self, cone: Cone) -> Iterator[Spot]:
        """Configurations of a cone that the tree of states allows, reachable or not."""
        parts = [list(islice(self._ways(region), MOST_LEGAL)) for region in cone.regions]
        for combined in islice(product(*parts), MOST_LEGAL):
            yield Spot(tuple(sorted(leaf for part in combined for leaf in part)))

    def _ways(self, index: int) -> Iterator[tuple[int, ...]]:
        state = self.model.states[index]
        children = [child for child in state.children if self.model.states[child].kind != "history"]
        if state.kind == "parallel":
            for combined in product(*(list(self._ways(child)) for child in children)):
                yield tuple(leaf for part in combined for leaf in part)
        elif children:
            for child in children:
                yield from self._ways(child)
        else:
            yield (index,)


@dataclass(slots=True)
class Moment:
    """What a condition reads."""

    values: dict[str, Value]
    active: list[bool]
    current_event: None = None


def is_true_after(machine: Machine, expr: Expr, inputs: Mapping[str, Value]) -> bool:
    """Whether a condition holds in the configuration after a tick, with the inputs of that tick."""
    values = {**machine.values, **dict.fromkeys(machine.model.inputs), **inputs}
    return condition(expr, machine.program.params)(Moment(values, machine.active))
