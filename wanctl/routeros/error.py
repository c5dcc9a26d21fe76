# ruff: noqa: N818  (the names say what happened, in the words that the rest of the program uses)
"""What a router or the network between may answer on an ordinary day.

Each error is a sentence for a network person, and a hint that says what to do. None of them ever carries a password:
they are made from addresses, names and the router's own words alone.
"""

from collections.abc import Sequence

from wanctl.engine.diagnostic import did_you_mean


class RouterError(Exception):
    """An operation on a router did not happen, or nobody knows whether it did (`TimedOut`)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class Unreachable(RouterError):
    """No connection: refused, no route, name unknown, or closed before an answer came."""


class Untrusted(Unreachable):
    """Somebody answered who cannot prove to be the router: wrong authority, host name or pin, or no TLS at all."""


class TimedOut(RouterError):
    """The request went out and no answer came in time: it may have been carried out, or be carried out later."""


class Resting(RouterError):
    """The connection was given up a moment ago and must not be used yet; nothing was sent.

    `until_ns` is the first moment, on the clock that the adapter was given, at which it may be used again.
    """

    def __init__(self, message: str, until_ns: int) -> None:
        super().__init__(message, "this passes by itself")
        self.until_ns = until_ns


class Denied(RouterError):
    """The router does not let this user do it: a wrong password, or a group that lacks a policy."""


class NotFound(RouterError):
    """No object has that name; nothing was changed."""


class Ambiguous(RouterError):
    """More than one object has that name; nothing was changed."""


class Refused(RouterError):
    """The router said no for another reason, or said something that is not an answer; `detail` is what it said."""

    def __init__(self, message: str, detail: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.detail = detail


def not_found(what: str, name: str, known: Sequence[str]) -> NotFound:
    """The error for a `what` ("queue tree entry") that is missing, with the near names among those that exist."""
    hint = did_you_mean(name, known) or f"the router has {len(known)} of them, and no near name"
    return NotFound(f"the router has no {what} '{name}'", hint)


def ambiguous(what: str, name: str, count: int) -> Ambiguous:
    """The error for a name that `count` objects share."""
    return Ambiguous(
        f"the router has {count} objects '{name}' ({what}); nothing was changed", "give each of them a name of its own"
    )
