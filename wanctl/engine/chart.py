"""The state tree and the configuration, held by `transitions`.

`HierarchicalMachine` is the shell: it owns the tree of states, the current configuration of each running machine, the
`is_state` question and the enter/exit callbacks of the host. Its own event processing is not used, because it does not
resolve conflicts between regions; selection and order come from `wanctl.engine.step`. A tick that changes nothing never
gets here.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from transitions import EventData
from transitions.extensions.nesting import HierarchicalMachine, NestedState

if TYPE_CHECKING:
    from wanctl.engine.model import Model


class ChartState(NestedState):
    """A state of the tree; dots separate the words of its path, so that SOFT_RED stays one word."""

    separator = "."


class Configuration:
    """The model that `transitions` binds: `state` is the path of the active leaf, or the list of them."""

    state: str | list[str]


class Statechart(HierarchicalMachine):
    """The tree of one machine, and the configurations of all that run it."""

    state_cls = ChartState

    def __init__(self, model: "Model") -> None:
        self._nodes: list[NestedState | None] = []
        self._callbacks = 0
        super().__init__(
            model=None, states=_tree(model, 0), initial=None, auto_transitions=False, name=model.name, send_event=True
        )
        for state in model.states:
            real = state.index and state.kind != "history"
            self._nodes.append(self.get_state(state.path) if real else None)

    def join(self) -> Configuration:
        """A configuration for one more running machine; ask `is_state(path, configuration)` about it."""
        return Configuration()

    def when_entered(self, path: str, callback: Callable[[EventData], Any]) -> None:
        """Call the host whenever a state is entered, after its `entry` list ran."""
        self.get_state(path).add_callback("enter", callback)
        self._callbacks += 1

    def when_left(self, path: str, callback: Callable[[EventData], Any]) -> None:
        """Call the host whenever a state is left, after its `exit` list ran."""
        self.get_state(path).add_callback("exit", callback)
        self._callbacks += 1

    def move(
        self, configuration: Configuration, leaves: Sequence[str], exited: Iterable[int], entered: Iterable[int]
    ) -> None:
        """Take over a new configuration and call the host's callbacks in the order of the step."""
        configuration.state = leaves[0] if len(leaves) == 1 else list(leaves)
        if not self._callbacks:
            return
        data = EventData(None, None, self, configuration, (), {})
        for index in exited:
            node = self._nodes[index]
            if node is not None and node.on_exit:
                node.exit(data)
        for index in entered:
            node = self._nodes[index]
            if node is not None and node.on_enter:
                node.enter(data)


def _tree(model: "Model", index: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for child in model.states[index].children:
        state = model.states[child]
        if state.kind == "history":
            continue  # a pseudo-state: nothing is ever in it
        node: dict[str, Any] = {"name": state.name}
        if state.children:
            node["children"] = _tree(model, child)
        found.append(node)
    return found
