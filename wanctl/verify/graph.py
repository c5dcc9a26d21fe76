"""The graph of what a machine may do in one cone, and shortest ways in it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from wanctl.verify.formula import merge
from wanctl.verify.move import Spot
from wanctl.verify.situation import Edge, Steps

MOST_SPOTS = 20_000
Node = TypeVar("Node")


class OutOfTimeError(Exception):
    """The deadline has passed, or a bound was reached."""


@dataclass(slots=True, eq=False)
class Graph:
    """All spots that may be reached, in the order of their distance, with the edges between them."""

    steps: Steps
    edges: dict[Spot, list[Edge]] = field(default_factory=dict)
    _parent: dict[Spot, Edge | None] = field(default_factory=dict)
    _must: dict[Spot, list[Edge]] = field(default_factory=dict)
    _sure: dict[Spot, Edge] = field(default_factory=dict)

    @classmethod
    def explore(cls, steps: Steps, out_of_time: Callable[[], bool]) -> "Graph":
        """Follow every step from the start. Raises `OutOfTimeError`."""
        graph = cls(steps)
        start = steps.initial()
        graph._parent[start] = None
        waiting = deque([start])
        while waiting:
            spot = waiting.popleft()
            if out_of_time() or len(graph.edges) >= MOST_SPOTS:
                raise OutOfTimeError
            graph.edges[spot] = list(steps.may(spot))
            for edge in graph.edges[spot]:
                if edge.target not in graph._parent:
                    graph._parent[edge.target] = edge
                    waiting.append(edge.target)
        return graph

    def narrowed(self, steps: Steps) -> "Graph":
        """The part of this graph that is left when what `steps` pins holds, too."""
        graph = Graph(steps)
        start = next(iter(self.edges))
        graph._parent[start] = None
        waiting = deque([start])
        while waiting:
            spot = waiting.popleft()
            graph.edges[spot] = kept = []
            for edge in self.edges[spot]:
                query = merge(edge.query, steps.pinned)
                if query is not None and steps.space.possible(query):
                    kept.append(replace(edge, query=query))
                    if edge.target not in graph._parent:
                        graph._parent[edge.target] = kept[-1]
                        waiting.append(edge.target)
        return graph

    def path(self, spot: Spot) -> list[Edge]:
        """A shortest way from the start."""
        found: list[Edge] = []
        edge = self._parent[spot]
        while edge is not None:
            found.append(edge)
            edge = self._parent[edge.source]
        return found[::-1]

    def ways(self, spot: Spot) -> Iterator[list[Edge]]:
        """Ways from the start that the engine may go: a shortest one, and a shortest one of sure steps."""
        yield self.path(spot)
        parents = self._sure_parents()
        found: list[Edge] = []
        edge = parents.get(spot)
        while edge is not None:
            found.append(edge)
            edge = parents.get(edge.source)
        if found:
            yield found[::-1]

    def must(self, spot: Spot) -> list[Edge]:
        """The steps from a spot that can surely be brought about."""
        if spot not in self._must:
            self._must[spot] = list(self.steps.must(spot))
        return self._must[spot]

    def may_reach(self, goals: Iterable[Spot]) -> set[Spot]:
        """The spots from which a goal may be reached."""
        return backwards(((edge.source, edge.target) for edges in self.edges.values() for edge in edges), goals)

    def must_reach(self, goals: Iterable[Spot]) -> set[Spot]:
        """The spots from which a goal can surely be reached."""
        pairs = ((edge.source, edge.target) for spot in self.edges for edge in self.must(spot))
        return backwards(pairs, goals)

    def surely_reached(self) -> set[Spot]:
        """The spots that the machine can surely be brought to from its start."""
        return {next(iter(self.edges)), *self._sure_parents()}

    def _sure_parents(self) -> dict[Spot, Edge]:
        """For each spot that is surely reached the last step of a shortest way; none for the start."""
        start = next(iter(self.edges))
        if not self._sure:
            waiting = deque([start])
            while waiting:
                for edge in self.must(waiting.popleft()):
                    if edge.target != start and edge.target not in self._sure:
                        self._sure[edge.target] = edge
                        waiting.append(edge.target)
        return self._sure


def backwards(pairs: Iterable[tuple[Node, Node]], goals: Iterable[Node]) -> set[Node]:
    """The nodes from which a goal can be reached, the goals among them."""
    import networkx as nx

    graph: nx.DiGraph[Node] = nx.DiGraph((target, source) for source, target in pairs)
    found = set(goals)
    graph.add_nodes_from(found)
    reached = nx.multi_source_dijkstra_path_length(graph, found) if found else {}
    return set(reached)
