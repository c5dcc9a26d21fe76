"""Where a row leads: what it leaves, what it enters, what a history state restores (§5, §6)."""

from collections.abc import Iterable
from operator import attrgetter

from tests.reference.chart import Chart
from tests.reference.tree import Row, State

_ORDER = attrgetter("order")


class Places:
    """The geometry of a chart, with the history recorded so far."""

    def __init__(self, chart: Chart) -> None:
        self.root = chart.root
        self.scxml = chart.scxml
        self.recorded: dict[State, tuple[State, ...]] = {}

    @staticmethod
    def in_order(states: Iterable[State]) -> list[State]:
        """In document order."""
        return sorted(states, key=_ORDER)

    # -- history -------------------------------------------------------------------------------------------------------

    def record(self, left: State, active: set[State]) -> None:
        """§5.1: shallow the active children, deep the active leaves."""
        for history in left.histories:
            if history.deep:
                kept = [state for state in active if state.is_below(left) and not state.children]
            else:
                kept = [state for state in left.children if state in active]
            self.recorded[history] = tuple(self.in_order(kept))

    def restored(self, targets: Iterable[State]) -> list[State]:
        """Targets with each history state replaced by the states it stands for: recorded, else its `initial`."""
        states: list[State] = []
        for target in targets:
            if target.kind == "history":
                states += self.recorded[target] if target in self.recorded else self.restored(target.initial)
            else:
                states.append(target)
        return states

    # -- what a row leaves ---------------------------------------------------------------------------------------------

    def domain(self, row: Row) -> State:
        """§6, of a row with targets."""
        targets = self.restored(row.targets)
        state = row.state
        if state.parent is None:
            return state  # the machine is the domain of its own rows
        counts = ("compound",) if self.scxml else ("compound", "parallel")
        if row.internal and state.kind in counts and all(target.is_below(state) for target in targets):
            return state
        for ancestor in state.ancestors:
            if ancestor.parent is None:
                break
            if ancestor.kind in counts and all(target.is_below(ancestor) for target in targets):
                return ancestor
        return self.root

    def regions_left(self, row: Row, domain: State) -> list[State] | None:
        """Under `lca`, of a parallel domain, the regions a row leaves; None: all below the domain."""
        if self.scxml or domain.kind != "parallel":
            return None
        held = [row.state, *self.restored(row.targets)]
        return [region for region in domain.children if any(s is region or s.is_below(region) for s in held)]

    def left_by(self, row: Row, active: set[State]) -> set[State]:
        """The active states a row leaves; none when it is targetless."""
        if not row.targets:
            return set()
        domain = self.domain(row)
        regions = self.regions_left(row, domain)
        if regions is None:
            return {state for state in active if state.is_below(domain)}
        return {s for s in active if any(s is region or s.is_below(region) for region in regions)}

    # -- what is entered -----------------------------------------------------------------------------------------------

    def entered_by(self, row: Row) -> set[State]:
        """§5.3: the targets with their ancestors below the domain, and below themselves by default."""
        if not row.targets:
            return set()
        domain = self.domain(row)
        regions = self.regions_left(row, domain)
        targets = self.restored(row.targets)
        entered: set[State] = set()
        if regions is None:
            self._fill(domain, targets, entered)
        else:
            for region in regions:
                self._add(region, targets, entered)
        return entered

    def default_below(self, state: State) -> set[State]:
        """What is entered below a state that is entered for itself."""
        entered: set[State] = set()
        self._fill(state, [], entered)
        return entered

    def _add(self, state: State, targets: list[State], entered: set[State]) -> None:
        entered.add(state)
        self._fill(state, targets, entered)

    def _fill(self, state: State, targets: list[State], entered: set[State]) -> None:
        """Enter below `state`: towards the targets that lie there, by default where none does."""
        below = [target for target in targets if target.is_below(state)]
        if state.kind == "parallel":
            for region in state.children:
                self._add(region, below, entered)
        elif state.kind == "compound":
            below = below or self.restored(state.initial)
            children = [c for c in state.children if any(t is c or t.is_below(c) for t in below)]
            assert len(children) == 1, f"targets {below} cannot be active together in {state}"
            self._add(children[0], below, entered)
