"""Regions of a machine and what they depend on.

The children of a parallel machine run side by side; a property usually speaks of one or two of them. Its cone is these
regions and all that they depend on: regions whose states their guards ask for, and regions with a row that leads into
them. What is outside of a cone can do what it likes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from wanctl.engine.expression import Active, Expr, Name, children, symbols, walk
from wanctl.engine.model import Action, Actions, Assign, Emit, If, Model, Raise, Send, State


@dataclass(frozen=True, slots=True)
class Cone:
    """Some regions of a machine, as indices of states; `inside` also holds the machine itself."""

    regions: tuple[int, ...]
    inside: frozenset[int]

    def name(self, model: Model) -> str:
        """The regions by name: `baseline + connectivity`."""
        return " + ".join(model.states[region].path or model.name for region in self.regions)


@lru_cache(maxsize=8)
def regions(model: Model) -> tuple[int, ...]:
    """The regions of a parallel machine; the machine itself is the only region of any other."""
    root = model.states[0]
    if root.kind != "parallel":
        return (0,)
    return tuple(child for child in root.children if model.states[child].kind != "history")


def region_of(model: Model, state: int) -> int:
    """The region that a state lies in; the machine itself lies in none and gives 0."""
    found = regions(model)
    return next((region for region in found if region <= state <= model.states[region].last), 0)


def cone_of(model: Model, expressions: Iterable[Expr], states: Iterable[int] = ()) -> Cone:
    """The cone of conditions and states; the first region when they name none."""
    asked = list(expressions)
    data = {symbol.name for expr in asked for symbol in symbols(expr) if symbol.role == "data"}
    makers = [state.index for state in model.states if data and data & _assigned(state)]
    wanted = {region_of(model, state) for state in (*active_states(asked), *states, *makers)}
    known = regions(model)
    wanted = {region for region in wanted if region in known} or {known[0]}
    needs = _all_needs(model)
    while True:
        more = set().union(wanted, *(needs[region] for region in wanted)) & set(known)
        if more == wanted:
            break
        wanted = more
    inside = {0} | {i for region in wanted for i in range(region, model.states[region].last + 1)}
    return Cone(tuple(sorted(wanted)), frozenset(inside))


def active_states(expressions: Iterable[Expr]) -> list[int]:
    """The states that conditions ask for with `active(...)`."""
    return [node.state for expr in expressions for node in walk(expr) if isinstance(node, Active)]


def named_states(expr: Expr) -> list[int]:
    """The states that a condition itself asks for, defined words left closed."""
    match expr:
        case Active(state=state):
            return [state]
        case Name():
            return []
        case _:
            return [state for child in children(expr) for state in named_states(child)]


@lru_cache(maxsize=8)
def _all_needs(model: Model) -> dict[int, set[int]]:
    return {region: _needs(model, region) for region in regions(model)}


def _needs(model: Model, region: int) -> set[int]:
    inside = range(region, model.states[region].last + 1)
    guards: list[Expr] = []
    found: set[int] = set()
    for row in model.rows:
        reached = {region_of(model, target) for target in row.targets}
        own = row.state in inside or row.state == 0
        if own or region in reached:
            found |= {region_of(model, row.state), *reached}
            guards += [] if row.guard is None else [row.guard]
    for state in model.states:
        if state.index in inside:
            for actions in (state.entry, state.exit, state.during, *(row.do for row in state.rows())):
                guards += _conditions(actions)
    read = {symbol.name for guard in guards for symbol in symbols(guard) if symbol.role == "data"}
    found |= {region_of(model, state.index) for state in model.states if read and read & _assigned(state)}
    return found | {region_of(model, state) for state in active_states(guards)}


def _assigned(state: State) -> set[str]:
    lists = [item for _, actions in lists_of(state) for item in flatten(actions)]
    return {item.symbol.name for item in lists if isinstance(item, Assign)}


def _conditions(actions: Actions) -> list[Expr]:
    """Conditions that decide about raised events."""
    return [
        item.condition for item in flatten(actions) if isinstance(item, If) and raised((*item.then, *item.otherwise))
    ]


def flatten(actions: Actions) -> list[Action]:
    """The actions of a list and of the `if`s in it."""
    found: list[Action] = []
    for action in actions:
        found.append(action)
        if isinstance(action, If):
            found += [*flatten(action.then), *flatten(action.otherwise)]
    return found


def raised(actions: Actions) -> list[str]:
    """The events that a list may raise or send."""
    return [item.event for item in flatten(actions) if isinstance(item, Raise | Send)]


def decides(actions: Actions) -> bool:
    """Whether a list does more than ask for typed actions: then its `if`s decide what happens next."""
    return any(not isinstance(item, Emit | If) for item in flatten(actions))


def emitted(actions: Actions) -> list[str]:
    """The typed actions that a list may ask for."""
    return [item.action for item in flatten(actions) if isinstance(item, Emit)]


def lists_of(state: State) -> list[tuple[str, Actions]]:
    """Every list of actions that belongs to a state, with its name."""
    rows = [(row.id, row.do) for row in state.rows()]
    return [("entry", state.entry), ("during", state.during), ("exit", state.exit), *rows]
