"""The checked machine: a tree of states in document order, rows, actions, declarations and properties.

A model is what the file says, with every name resolved. It holds no values of parameters and does not run:
`wanctl.engine.program` binds parameters, `wanctl.engine.machine` runs.
"""

from dataclasses import dataclass, field
from typing import Literal

from wanctl.engine.diagnostic import Place
from wanctl.engine.expression import Expr, Symbol

StateKind = Literal["atomic", "compound", "parallel", "history", "final"]
Conflicts = Literal["lca", "scxml"]

MAX_MICROSTEPS = 128  # of one macrostep, and of external entries at one instant


@dataclass(frozen=True, slots=True)
class Assign:
    """`{assign: {NAME: EXPR}}`."""

    symbol: Symbol
    expr: Expr


@dataclass(frozen=True, slots=True)
class Raise:
    """`{raise: EVENT}`: to the internal queue."""

    event: str
    data: tuple[tuple[str, Expr], ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    """`{send: EVENT}`: to the external queue, due after a delay."""

    event: str
    data: tuple[tuple[str, Expr], ...] = ()
    delay_ns: int = 0
    id: str = ""
    id_to: Symbol | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """`{cancel: ID}`: takes back pending sends with that id."""

    id: str


@dataclass(frozen=True, slots=True)
class If:
    """`{if: COND, then: [...], else: [...]}`."""

    condition: Expr
    then: "Actions"
    otherwise: "Actions" = ()


@dataclass(frozen=True, slots=True)
class Emit:
    """A typed action: it becomes an intent. `arguments` follow the signature's order."""

    action: str
    arguments: tuple[tuple[str, Expr], ...] = ()


Action = Assign | Raise | Send | Cancel | If | Emit
Actions = tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """`for:` or `of:`: how long, or how often of how many observations, a guard was true."""

    kind: Literal["ticks", "time", "of"]
    amount: Expr  # constant: ticks (for, of: at least so many ...) or a time
    window: int = 0  # ... of so many


@dataclass(slots=True, eq=False)
class Row:
    """One row: when it is true its state is left for the targets, or its actions run."""

    id: str  # "download.GREEN#2"
    index: int  # among all rows of the machine
    state: int
    trigger: str  # "tick", a descriptor, "always", or "after 10s"
    place: Place
    guard: Expr | None = None
    guard_text: str = ""
    targets: tuple[int, ...] = ()
    target_names: tuple[tuple[str, Place], ...] = ()
    hold: Hold | None = None
    hold_text: str = ""
    cooldown: Expr | None = None
    cooldown_text: str = ""
    internal: bool = False
    do: Actions = ()
    why: str = ""


@dataclass(slots=True, eq=False)
class Timer:
    """`after:`: rows that are tried once, a time after their state was entered."""

    delay: Expr
    delay_text: str
    rows: tuple[Row, ...]


@dataclass(slots=True, eq=False)
class State:
    """One state. State 0 is the machine itself; indices are document order, so descendants follow their ancestor."""

    index: int
    name: str
    path: str  # "download.RED.CUT"; "" for the machine
    place: Place
    kind: StateKind = "atomic"
    parent: int = -1
    children: list[int] = field(default_factory=list)
    last: int = 0  # index of the last descendant, or its own
    initial: tuple[int, ...] = ()
    initial_names: tuple[tuple[str, Place], ...] = ()
    deep: bool = False  # of a history
    entry: Actions = ()
    exit: Actions = ()
    during: Actions = ()
    ticks: tuple[Row, ...] = ()
    events: tuple[tuple[str, tuple[Row, ...]], ...] = ()  # descriptor, rows; file order; without "tick"
    always: tuple[Row, ...] = ()
    timers: tuple[Timer, ...] = ()
    complete: bool = False  # some row is true in any situation
    doc: str = ""

    def rows(self) -> list[Row]:
        """All its rows in file order."""
        found = [*self.ticks, *self.always]
        found += [row for _, rows in self.events for row in rows]
        found += [row for timer in self.timers for row in timer.rows]
        return sorted(found, key=lambda row: row.index)


@dataclass(frozen=True, slots=True)
class Never:
    """A condition that must not hold in any reachable situation."""

    name: str
    when: Expr
    written: str
    place: Place


@dataclass(frozen=True, slots=True)
class Eventually:
    """From each situation where `start` holds (None: any) one where `to` holds can be reached."""

    name: str
    start: Expr | None
    to: Expr
    written: str
    place: Place


@dataclass(frozen=True, slots=True)
class Forbid:
    """Actions that a state must never emit."""

    state: int
    actions: tuple[str, ...]
    place: Place


@dataclass(slots=True, eq=False)
class Model:
    """A whole machine."""

    name: str
    file: str
    source: str
    states: list[State]
    inputs: dict[str, Symbol]
    params: dict[str, Symbol]
    data: dict[str, Symbol]
    defines: dict[str, Symbol]
    where: list[tuple[Expr, str, Place]] = field(default_factory=list)
    never: list[Never] = field(default_factory=list)
    eventually: list[Eventually] = field(default_factory=list)
    forbid: list[Forbid] = field(default_factory=list)
    conflicts: Conflicts = "lca"
    max_microsteps: int = MAX_MICROSTEPS
    summary: str = ""
    source_hash: str = ""

    @property
    def rows(self) -> list[Row]:
        """Every row, by index."""
        return sorted((row for state in self.states for row in state.rows()), key=lambda row: row.index)

    def state(self, path: str) -> State:
        """The state with this path; KeyError when there is none."""
        for state in self.states:
            if state.path == path:
                return state
        raise KeyError(path)

    def is_below(self, state: int, ancestor: int) -> bool:
        """Whether a state is a proper descendant of another."""
        return ancestor < state <= self.states[ancestor].last

    def ancestors(self, state: int) -> list[int]:
        """The proper ancestors, innermost first, the machine last."""
        found = []
        while (state := self.states[state].parent) >= 0:
            found.append(state)
        return found
