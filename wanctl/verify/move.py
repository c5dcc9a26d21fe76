"""Firing rows without running actions: where a machine stands afterwards, and what it may have raised.

The engine's own selection and entry rules decide; only the lists of actions are read instead of run.
"""

from typing import NamedTuple

from wanctl.engine.model import Actions, If, Model, Raise
from wanctl.engine.program import Program
from wanctl.engine.step import entry_set, without_conflicts
from wanctl.verify.cone import Cone, lists_of, raised

History = tuple[tuple[int, tuple[int, ...]], ...]


class Spot(NamedTuple):
    """Where a machine stands in a cone: indices of active leaves, and what histories have recorded."""

    leaves: tuple[int, ...]
    history: History = ()
    ended: bool = False


class Mover:
    """Microsteps of a machine in a cone, each worked out once."""

    def __init__(self, program: Program, cone: Cone) -> None:
        self._program, self._cone = program, cone
        self._machine = program.start(0)
        self._fired: dict[tuple[Spot, tuple[int, ...]], tuple[Spot, tuple[tuple[str, ...], ...]]] = {}
        self._active: dict[tuple[int, ...], list[bool]] = {}

    def active(self, spot: Spot) -> list[bool]:
        """By index of the state: whether it is active there. Not to be changed."""
        if spot.leaves not in self._active:
            active = [False] * len(self._program.model.states)
            for leaf in spot.leaves:
                for index in (leaf, *self._program.model.ancestors(leaf)):
                    active[index] = True
            self._active[spot.leaves] = active
        return self._active[spot.leaves]

    def fire(self, spot: Spot, rows: tuple[int, ...]) -> tuple[Spot, tuple[tuple[str, ...], ...]]:
        """The spot after a microstep, and the possible sequences of events that it raises."""
        if not rows:
            return spot, ((),)
        key = (spot, rows)
        if key not in self._fired:
            self._fired[key] = self._microstep(spot, rows)
        return self._fired[key]

    def _microstep(self, spot: Spot, rows: tuple[int, ...]) -> tuple[Spot, tuple[tuple[str, ...], ...]]:
        machine, model = self._machine, self._program.model
        machine.active[:] = self.active(spot)
        machine.history.clear()
        machine.history.update(dict(spot.history))
        moves = without_conflicts(machine, [self._program.rows[index] for index in rows])
        leaving = sorted({index for move in moves for index in move.leaves}, reverse=True)
        for index in leaving:
            self._note_history(index)
        for index in leaving:
            machine.active[index] = False
        entering = [index for index in entry_set(machine, moves) if index in self._cone.inside]
        for index in entering:
            machine.active[index] = True
        leaves = tuple(s.index for s in model.states if machine.active[s.index] and s.kind in ("atomic", "final"))
        ended = any(model.states[i].kind == "final" and model.states[i].parent == 0 for i in entering)
        actions = [model.states[index].exit for index in leaving]
        actions += [move.row.row.do for move in moves]
        actions += [model.states[index].entry for index in entering]
        choices = _event_choices(tuple(action for items in actions for action in items))
        done = tuple(
            f"done.state.{model.states[model.states[i].parent].name}"
            for i in entering
            if model.states[i].kind == "final"
        )
        history = tuple(sorted(machine.history.items()))
        return Spot(leaves, history, ended), tuple((*events, *done) for events in choices)

    def _note_history(self, index: int) -> None:
        machine, states = self._machine, self._program.model.states
        for child in states[index].children:
            if states[child].kind == "history":
                below = range(index + 1, states[index].last + 1) if states[child].deep else states[index].children
                kinds = ("atomic", "final") if states[child].deep else ("atomic", "final", "compound", "parallel")
                machine.history[child] = tuple(i for i in below if machine.active[i] and states[i].kind in kinds)


def _event_choices(actions: Actions) -> tuple[tuple[str, ...], ...]:
    """What a list may raise: one sequence for each way through its `if`s."""
    choices: list[tuple[str, ...]] = [()]
    for action in actions:
        if isinstance(action, Raise):
            choices = [(*events, action.event) for events in choices]
        elif isinstance(action, If) and raised((action,)):
            branches = [*_event_choices(action.then), *_event_choices(action.otherwise)]
            choices = [(*events, *branch) for events in choices for branch in branches]
    return tuple(dict.fromkeys(choices))


def delivered(model: Model, cone: Cone) -> set[str]:
    """Named events that may come from outside of a cone; of a descriptor with `*` one that it stands for."""
    done = {f"done.state.{model.states[index].name}" for index in cone.inside}
    found = {descriptor for index in cone.inside for descriptor, _ in model.states[index].events}
    names = {name.removesuffix("*").removesuffix(".") or "any" for name in found}
    return names - done


def internal_events(model: Model) -> frozenset[str]:
    """Events that the machine raises or sends itself."""
    return frozenset(name for state in model.states for _, actions in lists_of(state) for name in raised(actions))
