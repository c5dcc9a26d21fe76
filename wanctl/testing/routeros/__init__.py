"""An emulator of RouterOS 7: one store of what the router holds, and the faces through which clients see it."""

from wanctl.testing.routeros.account import Account
from wanctl.testing.routeros.emulator import RouterosEmulator
from wanctl.testing.routeros.fault import Faults
from wanctl.testing.routeros.seed import built_in, home_router
from wanctl.testing.routeros.state import State, Write
from wanctl.testing.routeros.store import Seed

__all__ = ["Account", "Faults", "RouterosEmulator", "Seed", "State", "Write", "built_in", "home_router"]
