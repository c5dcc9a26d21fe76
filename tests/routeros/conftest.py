"""A router on loopback and the adapter that talks to it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wanctl.routeros.rest import RestRouter
from wanctl.testing.routeros import RouterosEmulator

PASSWORD = "canary-9f3c"  # must be seen nowhere but in the header that carries it
Connect = Callable[..., RestRouter]


@pytest.fixture
def router() -> Iterator[RouterosEmulator]:
    with RouterosEmulator(password=PASSWORD) as emulator:
        yield emulator


@pytest.fixture
def connect(router: RouterosEmulator) -> Iterator[Connect]:
    """Makes adapters to the router; keyword arguments replace the right ones."""
    made: list[RestRouter] = []

    def make(**changed: Any) -> RestRouter:
        right = {"port": router.port, "ca_file": router.ca_file, "now_ns": time.monotonic_ns}
        address = changed.pop("address", "127.0.0.1")
        user, password = changed.pop("user", "wanctl"), changed.pop("password", PASSWORD)
        made.append(RestRouter(address, user, password, **{**right, **changed}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def rest(connect: Connect) -> RestRouter:
    return connect()
