# ruff: noqa: N818  (the names say what happened, in the words that the rest of the program uses)
"""What a Linux kernel may answer to somebody who shapes with its CAKE.

Each error is a sentence about a device, and a hint that says what to type.
"""


class LinuxError(Exception):
    """An operation did not happen."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class DeviceMissing(LinuxError):
    """There is no device of that name in this network namespace."""


class NotCake(LinuxError):
    """The device's root qdisc is not CAKE; `found` is its kind, "" when there is none."""

    def __init__(self, message: str, found: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.found = found


class KernelWithoutCake(NotCake):
    """The device has no CAKE, and the running kernel has none to give."""


class NotPermitted(LinuxError):
    """Changing a qdisc takes CAP_NET_ADMIN, which this process lacks."""


class KernelRefused(LinuxError):
    """The kernel said no for another reason; the message has its own words."""


class KernelSilent(LinuxError):
    """The kernel did not answer in time: it may have carried the request out."""
