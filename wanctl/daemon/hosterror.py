"""The errors of the Linux room as those that the threads of a router know, so that one thread serves both.

What a person has to set up is missing (`NotFound`) or not allowed (`Denied`), what passes by itself is a `TimedOut`,
everything else is `Refused`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from wanctl.linux import DeviceMissing, KernelSilent, LinuxError, NotCake, NotPermitted
from wanctl.linux.steering import NotPrepared
from wanctl.routeros import Denied, NotFound, Refused, RouterError, TimedOut


@contextmanager
def translated() -> Iterator[None]:
    """Raise what the Linux room raises as a `RouterError`."""
    try:
        yield
    except LinuxError as error:
        raise _router_error(error) from None


def _router_error(error: LinuxError) -> RouterError:
    match error:
        case DeviceMissing() | NotCake() | NotPrepared():
            return NotFound(error.message, error.hint)
        case NotPermitted():
            return Denied(error.message, error.hint)
        case KernelSilent():
            return TimedOut(error.message, error.hint)
        case _:
            return Refused(error.message, error.message, error.hint)
