"""The router as wanctl sees it: typed operations and typed errors.

The transports are loaded on their own (`wanctl.routeros.rest`), because their libraries are slow to import.
"""

from wanctl.routeros.error import (
    Ambiguous,
    Denied,
    NotFound,
    Refused,
    Resting,
    RouterError,
    TimedOut,
    Unreachable,
    Untrusted,
)
from wanctl.routeros.operations import (
    InterfaceCounters,
    ListEntry,
    Queues,
    Resource,
    Route,
    Router,
    Rule,
    RuleTable,
    Service,
    SimpleLimit,
    SimpleQueue,
    TreeQueue,
)

__all__ = [
    "Ambiguous",
    "Denied",
    "InterfaceCounters",
    "ListEntry",
    "NotFound",
    "Queues",
    "Refused",
    "Resource",
    "Resting",
    "Route",
    "Router",
    "RouterError",
    "Rule",
    "RuleTable",
    "Service",
    "SimpleLimit",
    "SimpleQueue",
    "TimedOut",
    "TreeQueue",
    "Unreachable",
    "Untrusted",
]
