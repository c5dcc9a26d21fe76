"""Everybody who listens to the ticks of a site, in order, as one.

One that fails by a fault of ours is told to the supervisor and hears nothing more: the ticks go on without it.
"""

from collections.abc import Callable, Iterable

from wanctl.daemon.loop import Listener
from wanctl.decision import Decision

Failed = Callable[[str, BaseException], None]


class Listeners:
    """Hands on what it hears. `failed` is told who has failed, by the name of its class, and by what."""

    def __init__(self, listeners: Iterable[Listener], failed: Failed) -> None:
        self._listeners, self._failed = tuple(listeners), failed

    def say(self, text: str) -> None:
        """A sentence for the operator."""
        for listener in self._listeners:
            self._try(listener, lambda listener=listener: listener.say(text))  # type: ignore[misc]

    def decided(self, decision: Decision) -> None:
        """A tick was decided."""
        for listener in self._listeners:
            try:
                listener.decided(decision)
            except Exception as error:  # noqa: BLE001  (as in `_try`, without the cost of a function)
                self._drop(listener, error)

    def close(self) -> None:
        """The loop has ended."""
        for listener in self._listeners:
            self._try(listener, listener.close)

    def _try(self, listener: Listener, tell: Callable[[], None]) -> None:
        try:
            tell()
        except Exception as error:  # noqa: BLE001  (a state with a dump, never a silent dead feature)
            self._drop(listener, error)

    def _drop(self, listener: Listener, error: BaseException) -> None:
        self._listeners = tuple(one for one in self._listeners if one is not listener)
        self._failed(type(listener).__name__.lower(), error)
