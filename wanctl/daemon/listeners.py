"""Everybody who listens to the ticks of a site, in order, as one."""

from collections.abc import Iterable

from wanctl.daemon.loop import Listener
from wanctl.decision import Decision


class Listeners:
    """Hands on what it hears. The first one shows it to people."""

    def __init__(self, listeners: Iterable[Listener]) -> None:
        self._listeners = tuple(listeners)

    def say(self, text: str) -> None:
        """A sentence for the operator."""
        for listener in self._listeners:
            listener.say(text)

    def decided(self, decision: Decision) -> None:
        """A tick was decided."""
        for listener in self._listeners:
            listener.decided(decision)

    def close(self) -> None:
        """The loop has ended."""
        for listener in self._listeners:
            listener.close()
