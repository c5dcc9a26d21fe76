"""What an exception of `requests` means to a network person.

The libraries below wrap each other's errors in ways of their own, so the chain is searched for the one that knows.
"""

import ssl
from collections.abc import Iterator

from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ReadTimeoutError

from wanctl.routeros.error import RouterError, TimedOut, Unreachable, Untrusted
from wanctl.routeros.trust import PinMismatch, Trust

# X509_V_ERR_* of OpenSSL's x509_vfy.h
_HOST_MISMATCH = (62, 64)
_DATES = {9: "is not valid yet", 10: "has expired"}
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")


class ConnectionLost(Unreachable):
    """The connection was closed before an answer came."""


def failure(
    error: Exception, place: str, timeout_s: tuple[float, float], trust: Trust, *, connected: bool
) -> RouterError:
    """The error that an exception of requests stands for.

    `timeout_s` are the limits for connecting and for an answer; `connected` says that the peer had proved to be the
    router before this happened.
    """
    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError) and not connected:
            return _distrust(cause, place, trust)
    for cause in causes:
        if isinstance(cause, NameResolutionError):
            return Unreachable(f"the name in {place} has no address", "check the router's address")
        if isinstance(cause, NewConnectionError):
            return Unreachable(
                f"cannot connect to {place}: {_reason(causes)}",
                "is the router up, is its www-ssl service enabled, and does it allow this host's address?",
            )
        if isinstance(cause, ConnectTimeoutError):
            return Unreachable(
                f"{place} does not answer within {timeout_s[0]:g} s",
                "is the router up, and does its firewall let this host in?",
            )
        if isinstance(cause, ReadTimeoutError | TimeoutError):
            return TimedOut(
                f"{place} did not answer a request within {timeout_s[1]:g} s",
                "the router is overloaded or the path to it is; read back before relying on what it holds",
            )
    return ConnectionLost(f"{place} closed the connection before it answered: {_reason(causes)}")


def _distrust(error: ssl.SSLError, place: str, trust: Trust) -> Untrusted:
    if isinstance(error, PinMismatch):
        return Untrusted(
            f"{place} has another key than the pinned one: it is {error.seen}",
            "somebody is in between, or the router has a new certificate: compare on the router before you pin it",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _HOST_MISMATCH:
            return Untrusted(
                f"the certificate of {place} is for another name or address",
                "give the router's certificate a subject-alt-name that is the address in the site file",
            )
        if error.verify_code in _DATES:
            return Untrusted(
                f"the certificate of {place} {_DATES[error.verify_code]}",
                "check the clocks of both sides, then renew the certificate",
            )
        return Untrusted(
            f"the certificate of {place} is not from the authority in {trust.ca_file}: {error.verify_message}",
            "is ca_file the one that signed the router's certificate? If it is, somebody is in between",
        )
    if error.reason in _NOT_TLS:
        return Untrusted(f"{place} does not speak TLS", "give the port of www-ssl (443), not that of www (80)")
    return Untrusted(
        f"{place} ends the TLS handshake: {error.reason or 'connection closed'}",
        "does the router's www-ssl service have a certificate, and does its tls-version suit?",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The errors inside an error of requests, outermost first: each library wraps in a way of its own."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        inner = [*cause.args, vars(cause).get("reason"), cause.__cause__, cause.__context__]
        waiting.extend(one for one in inner if isinstance(one, BaseException))


def _reason(causes: tuple[BaseException, ...]) -> str:
    """The operating system's own words, if it had any."""
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return "no reason given"
