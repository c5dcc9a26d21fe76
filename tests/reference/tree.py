"""The parts of a chart: states, rows, actions. Plain data; what they mean is in `interpreter.py`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Assign:
    name: str
    value: ast.expr


@dataclass(frozen=True, slots=True)
class Raise:
    event: str
    data: tuple[tuple[str, ast.expr], ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    event: str
    delay_ns: int = 0
    id: str | None = None
    id_to: str | None = None
    data: tuple[tuple[str, ast.expr], ...] = ()


@dataclass(frozen=True, slots=True)
class Cancel:
    id: str


@dataclass(frozen=True, slots=True)
class If:
    condition: ast.expr
    then: "tuple[Action, ...]"
    otherwise: "tuple[Action, ...]"


@dataclass(frozen=True, slots=True)
class Typed:
    """An action that somebody else carries out; its values are handed on as they stand in the file."""

    word: str
    values: tuple[tuple[str, str], ...]


Action = Assign | Raise | Send | Cancel | If | Typed


@dataclass(frozen=True, slots=True)
class Hold:
    """`for: 3 ticks` (needed 3, of 3), `of: 3 in 5 ticks` (needed 3, of 5) or `for: 150ms` (lasting_ns)."""

    needed: int = 0
    of: int = 0
    lasting_ns: int | None = None


@dataclass(eq=False, slots=True)
class Row:
    """One row of a state's `on`, `always` or `after`."""

    state: "State"
    number: int
    when: ast.expr | None
    targets: "tuple[State, ...]"  # empty: targetless
    do: tuple[Action, ...]
    internal: bool
    hold: Hold | None
    cooldown_ns: int | None

    @property
    def id(self) -> str:
        return f"{self.state.path}#{self.number}"


@dataclass(eq=False, slots=True)
class State:
    """One state; the machine itself is the one without a parent (§2)."""

    name: str
    parent: "State | None"
    kind: str  # atomic, compound, parallel, final, history
    path: str
    order: int = 0  # place in document order
    deep: bool = False  # of a history state
    children: "list[State]" = field(default_factory=list)  # without history states
    histories: "list[State]" = field(default_factory=list)
    initial: "tuple[State, ...]" = ()
    entry: tuple[Action, ...] = ()
    exit: tuple[Action, ...] = ()
    during: tuple[Action, ...] = ()
    on: list[tuple[str, list[Row]]] = field(default_factory=list)
    always: list[Row] = field(default_factory=list)
    after: list[tuple[int, list[Row]]] = field(default_factory=list)

    ancestors: "tuple[State, ...]" = ()  # the states around this one, innermost first; the machine is the last
    lineage: "tuple[State, ...]" = ()  # this one and its ancestors

    def __post_init__(self) -> None:
        self.ancestors = self.parent.lineage if self.parent is not None else ()
        self.lineage = (self, *self.ancestors)

    def __repr__(self) -> str:
        return self.path or "(machine)"

    def is_below(self, other: "State") -> bool:
        return other in self.ancestors

    def family(self) -> "Iterator[State]":
        """This state and all below in document order, history states too."""
        yield self
        for state in sorted([*self.children, *self.histories], key=lambda s: s.order):
            yield from state.family()

    @property
    def depth(self) -> int:
        return len(self.ancestors)

    found: dict[str, list[Row]] = field(default_factory=dict)  # of `rows_for`, asked before

    def rows_for(self, event: str) -> list[Row]:
        """The rows for an event: matching keys in file order, in each the rows in order (§4)."""
        if event not in self.found:
            self.found[event] = [row for descriptor, rows in self.on if matches(descriptor, event) for row in rows]
        return self.found[event]


def matches(descriptor: str, event: str) -> bool:
    """Whether a key of `on` matches an event (§4)."""
    words = [word for word in descriptor.split(".") if word != "*"]
    if words == ["tick"] or event == "tick":
        return words == ["tick"] and event == "tick"
    return event.split(".")[: len(words)] == words
