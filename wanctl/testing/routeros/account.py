"""Who may log in, and what for."""

from dataclasses import dataclass, field

DEFAULT_POLICIES = ("read", "write", "api", "rest-api", "ssh", "test")


@dataclass(slots=True)
class Account:
    """A user of the router; take policies away to see how the router refuses.

    `/user` and `/user/group` show it. Other users may be made there, but they cannot log in.
    """

    user: str
    password: str = field(repr=False)
    policies: set[str] = field(default_factory=lambda: set(DEFAULT_POLICIES))
    group: str = "wanctl"
