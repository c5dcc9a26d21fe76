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
from wanctl.routeros.operations import InterfaceCounters, Resource, Router, SimpleLimit, SimpleQueue, TreeQueue

__all__ = [
    "Ambiguous",
    "Denied",
    "InterfaceCounters",
    "NotFound",
    "Refused",
    "Resource",
    "Resting",
    "Router",
    "RouterError",
    "SimpleLimit",
    "SimpleQueue",
    "TimedOut",
    "TreeQueue",
    "Unreachable",
    "Untrusted",
]
