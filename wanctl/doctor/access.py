"""Who logs in, and through which doors: what the user may do, and how the router's services are set.

Which policies a transport needs was measured by laupernoe/dumbmonit on RouterOS 7.23; the rest is the manual's.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from wanctl.doctor.finding import OVER, ROUTER, Finding, Step, on_router
from wanctl.routeros import Service
from wanctl.routeros.quote import ros_quote
from wanctl.routeros.survey import Account

NEEDED = {"rest": ("read", "write", "api", "rest-api"), "ssh": ("read", "write", "ssh")}
HARMLESS = frozenset({"test"})  # ping and monitor tools
ALL_POLICIES = (
    "local", "telnet", "ssh", "ftp", "reboot", "read", "write", "policy", "test", "winbox", "password", "web", "sniff",
    "sensitive", "api", "romon", "rest-api",
)  # fmt: skip
BUILT_IN_GROUPS = ("read", "write", "full")
SERVICES = {"rest": "www-ssl", "ssh": "ssh"}
FEW_SESSIONS = 3  # one that wanctl holds, one for a command such as this, one to spare


def account(user: str, found: Account | None, transports: tuple[str, ...], ours: str) -> Iterator[Finding]:
    """What the user may do: enough, and not more; `ours` is this host's address, empty if it is not known."""
    if found is None:
        why = "it logs in through a user manager, whose policies cannot be read here"
        yield Finding(ROUTER, "user.unknown", "warn", f"the user '{user}' is not in the router's own list", why)
        return
    needed = {policy for transport in transports for policy in NEEDED[transport]}
    missing = [policy for policy in ALL_POLICIES if policy in needed - found.policies]
    spare = [policy for policy in ALL_POLICIES if policy in found.policies - needed - HARMLESS]
    for transport in transports:
        lacks = [policy for policy in NEEDED[transport] if policy in missing]
        if lacks:
            yield Finding(
                OVER[transport],
                "user.policy-missing",
                "fail",
                f"the group '{found.group}' of '{user}' lacks {_listed(lacks)}",
                _lack(lacks),
                _grant(user, found.group, needed),
            )
    if spare:
        yield Finding(
            ROUTER,
            "user.policy-spare",
            "warn",
            f"the group '{found.group}' of '{user}' may do more than wanctl needs: {', '.join(spare)}",
            "whoever gets this password has all of that as well",
            _grant(user, found.group, needed),
        )
    if not missing and not spare:
        yield Finding(ROUTER, "user.policies", "ok", f"'{user}' may do what wanctl needs, and no more")
    if not found.address:
        yield Finding(
            ROUTER,
            "user.address",
            "warn",
            f"'{user}' may log in from everywhere",
            "a user that may write should be bound to the host that wanctl runs on",
            on_router(f"/user/set [find where name={ros_quote(user)}] address={ours}") if ours else (),
        )


def user_address(found: Account | None, ours: str, transports: Iterable[str]) -> Iterator[Finding]:
    """Whether the user may come from this host. `transports` are those that do not let it in."""
    if found is not None and found.address and not _admits(found.address, ours):
        for transport in transports:
            yield Finding(
                OVER[transport],
                "user.address",
                "fail",
                f"'{found.user}' may log in from {found.address} only, and this host is {ours}",
                "the router answers as if the password were wrong",
                on_router(f"/user/set [find where name={ros_quote(found.user)}] address={found.address},{ours}"),
            )


def service(
    transport: str, services: Iterable[Service], port: int, ours: str, used: Mapping[str, int], *, silent: bool
) -> Iterator[Finding]:
    """The service behind a transport: enabled, on the site's port, open to `ours`, with sessions to spare.

    `used` counts the open sessions by service; `silent` says that nobody answers there.
    """
    name, group = SERVICES[transport], OVER[transport]
    found = next((one for one in services if one.name == name), None)
    if found is None:
        yield Finding(group, "service.missing", "warn", f"the router does not list a service '{name}'")
        return
    problems = list(_closed(found, group, port, ours)) if silent else []
    yield from problems
    taken = used.get(name, 0)
    if found.max_sessions is not None and found.max_sessions - taken < FEW_SESSIONS:
        yield Finding(
            group,
            "service.sessions",
            "warn",
            f"{taken} of {found.max_sessions} sessions of '{name}' are in use",
            "wanctl holds one and 'wanctl doctor' another; when none is left, a lost connection cannot come back",
            on_router(f"/ip/service/set {name} max-sessions=20"),
        )
    elif not silent:
        sessions = "" if found.max_sessions is None else f", {taken} of {found.max_sessions} sessions in use"
        yield Finding(group, "service.settings", "ok", f"the service '{name}' lets this host in{sessions}")


def plain_http(services: Iterable[Service]) -> Iterator[Finding]:
    """The service without TLS, which takes the same password in the clear."""
    if any(one.name == "www" and not one.disabled for one in services):
        yield Finding(
            ROUTER,
            "service.plain",
            "warn",
            "the service 'www' is enabled: REST without TLS",
            "a password that is sent there can be read on the way",
            on_router("/ip/service/set www disabled=yes"),
        )


def _closed(found: Service, group: str, port: int, ours: str) -> Iterator[Finding]:
    """Why a service does not let this host in."""
    name = found.name
    if found.disabled:
        yield Finding(
            group,
            "service.disabled",
            "fail",
            f"the service '{name}' is disabled",
            "nothing listens there",
            on_router(f"/ip/service/enable {name}"),
        )
    if name == "www-ssl" and not found.certificate:
        yield Finding(
            group,
            "service.certificate",
            "fail",
            "the service 'www-ssl' has no certificate",
            "the router then ends every TLS handshake",
            on_router(
                "/certificate/add name=wanctl-ca common-name=wanctl-ca key-usage=key-cert-sign,crl-sign",
                "/certificate/sign wanctl-ca",
                "/certificate/add name=web common-name=router",
                "/certificate/sign web ca=wanctl-ca",
                "/ip/service/set www-ssl certificate=web disabled=no",
            ),
        )
    if found.port != port:
        yield Finding(
            group,
            "service.port",
            "fail",
            f"the service '{name}' is on port {found.port}, and the site says {port}",
            "nothing, or something else, listens where wanctl asks",
            on_router(f"/ip/service/set {name} port={port}"),
        )
    if found.address and not _admits(found.address, ours):
        yield Finding(
            group,
            "service.address",
            "fail",
            f"the service '{name}' takes connections from {found.address} only, and this host is {ours}",
            "the router closes ours before it has said a word",
            on_router(f"/ip/service/set {name} address={found.address},{_prefix(ours)}"),
        )


def _admits(prefixes: str, ours: str) -> bool:
    """Whether an address is in one of the prefixes. What makes no sense admits: the router knows better."""
    try:
        address = ipaddress.ip_address(ours)
        return any(address in ipaddress.ip_network(one, strict=False) for one in prefixes.replace(";", ",").split(","))
    except ValueError:
        return True


def _prefix(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"


def _lack(lacks: list[str]) -> str:
    reasons = {
        "read": "nothing can be read",
        "write": "no rate can be written",
        "api": "REST answers 500 'not allowed (9)' without it",
        "rest-api": "REST answers 401, as if the password were wrong",
        "ssh": "the SSH login is refused",
    }
    return "; ".join(f"{policy}: {reasons[policy]}" for policy in lacks)


def _grant(user: str, group: str, needed: set[str]) -> tuple[Step, ...]:
    """Lines that give the user exactly what is needed; a group that the router came with is left as it is."""
    # `set` adds to what is granted, so that the rest has to be taken away by name.
    policy = ",".join(name if name in needed | HARMLESS else f"!{name}" for name in ALL_POLICIES)
    if group in BUILT_IN_GROUPS:
        return on_router(
            f"/user/group/add name=wanctl policy={policy}",
            f"/user/set [find where name={ros_quote(user)}] group=wanctl",
        )
    return on_router(f"/user/group/set [find where name={ros_quote(group)}] policy={policy}")


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
