"""The ways to one router: REST and SSH, one of them in use, each loaded and connected when it is needed.

Which one is in use is for the machine to say (machines/actuator.yaml). Each proves with its own key that it leads to
the router: there is no way that is not verified, so there is none to fall back to.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Literal

from wanctl.routeros.error import Denied, RouterError, Untrusted
from wanctl.routeros.operations import Queues

Transport = Literal["rest", "ssh", "netlink"]
Probed = Literal["none", "open", "shut"]
TITLES: dict[Transport, str] = {"rest": "REST", "ssh": "SSH", "netlink": "the kernel"}


class Ways:
    """The transports of a site, the preferred one first. One thread uses them; the probe has an adapter of its own.

    `connect` makes the adapter of a transport; what it raises is a `RouterError`.
    """

    def __init__(self, names: Sequence[Transport], connect: Callable[[Transport], Queues]) -> None:
        assert names
        self.names = tuple(names)
        self._connect = connect
        self.used: Transport = names[0]
        self._router: Queues | None = None
        self._probe = _Probe(names[0], connect)

    @property
    def title(self) -> str:
        """The way in use, as people call it."""
        return TITLES[self.used]

    @property
    def preferred(self) -> Transport:
        """The way that the site prefers."""
        return self.names[0]

    @property
    def router(self) -> Queues:
        """The adapter in use; made now if need be. Raises `RouterError` when it cannot even be made."""
        if self._router is None:
            self._router = self._connect(self.used)
        return self._router

    def use(self, name: Transport) -> None:
        """Go this way from now on; the other one's connection is closed. What a probe has found is forgotten."""
        assert name in self.names
        if name != self.used:
            self.close()
            self.used = name
        self._probe = _Probe(self.preferred, self._connect)

    def failed(self, error: RouterError) -> None:
        """A request over the way in use has failed. After a refusal the next one begins anew.

        That reads the password, the CA file and the pin again: whoever mends them need not restart the daemon.
        """
        if isinstance(error, Denied | Untrusted):
            self.close()

    def probe(self) -> None:
        """Find out in a thread of its own whether the preferred way is open, unless that is going on already."""
        self._probe.begin()

    @property
    def probed(self) -> Probed:
        """What the last probe since the last change of ways has found."""
        return self._probe.found

    @property
    def probe_trouble(self) -> str:
        """Why the last probe found the preferred way shut."""
        return self._probe.trouble

    def close(self) -> None:
        """Close the connection in use; the next request opens a new one."""
        if self._router is not None:
            self._router.close()
        self._router = None


class _Probe:
    """Tries one way, with a connection of its own, while the other one is in use."""

    def __init__(self, name: Transport, connect: Callable[[Transport], Queues]) -> None:
        self._name, self._connect = name, connect
        self._thread: threading.Thread | None = None
        self.found: Probed = "none"
        self.trouble = ""

    def begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._try, name=f"probe of {TITLES[self._name]}", daemon=True)
            self._thread.start()

    def _try(self) -> None:
        try:
            router = self._connect(self._name)
            try:
                router.resource()
            finally:
                router.close()
        except RouterError as error:
            self.trouble, self.found = str(error), "shut"
        else:
            self.trouble, self.found = "", "open"
