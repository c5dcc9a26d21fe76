"""Every typed action that a machine of ours may name: those of a WAN, of a router, and of the daemon itself."""

from wanctl import lifecycle as of_the_daemon
from wanctl.control import action as of_a_wan
from wanctl.engine.action import ActionRegistry
from wanctl.routeros import action as of_a_router

ACTIONS: ActionRegistry = of_a_wan.ACTIONS + of_a_router.ACTIONS + of_the_daemon.ACTIONS
