"""A router and reflectors that a daemon is run against."""

from collections.abc import Iterator

import pytest

from wanctl.daemon.clock import SystemClock
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.world import PASSWORD


@pytest.fixture
def router() -> Iterator[RouterosEmulator]:
    with RouterosEmulator(user="wanctl", password=PASSWORD) as emulator:
        yield emulator


@pytest.fixture
def reflectors() -> Iterator[Reflectors]:
    answering = Reflectors([lambda _now_ns: 20.0] * 6, SystemClock())
    answering.start()
    yield answering
    answering.close()
