"""Every typed action that a machine of ours may name: those of a WAN, of a class, of a router, of the daemon."""

from wanctl import lifecycle as of_the_daemon
from wanctl.control import action as of_a_wan
from wanctl.engine.action import ActionRegistry
from wanctl.routeros import action as of_a_router
from wanctl.steering import action as of_a_class
from wanctl.steering import switching as of_a_placement

ACTIONS: ActionRegistry = (
    of_a_wan.ACTIONS + of_a_router.ACTIONS + of_the_daemon.ACTIONS + of_a_class.ACTIONS + of_a_placement.ACTIONS
)
