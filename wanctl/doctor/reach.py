"""Reaching the router: each transport that the site names, on its own, and what to paste when it is not recognised."""

from wanctl.config import Secret, SiteFile
from wanctl.config.model import Router as RouterKeys
from wanctl.doctor.finding import OVER, Finding, Step, on_host, on_router
from wanctl.doctor.introduction import PATIENCE_S, Transport, introduce
from wanctl.probe.stamp import Clock
from wanctl.routeros import Denied, RouterError, Unreachable, Untrusted
from wanctl.routeros.survey import Surveyor

CONNECT_TIMEOUT_NS = int(PATIENCE_S * 1e9)
READ_TIMEOUT_NS = 2 * CONNECT_TIMEOUT_NS


def adapter(file: SiteFile, transport: Transport, password: Secret, clock: Clock) -> Surveyor:
    """An adapter for one transport; nothing is sent yet. Raises `Untrusted` if the site cannot tell the router."""
    router = file.site.router
    assert router is not None
    if transport == "rest":
        from wanctl.routeros.rest import RestRouter

        return RestRouter(
            router.address,
            router.user,
            password,
            now_ns=clock.monotonic_ns,
            port=router.port,
            ca_file=file.named_file("ca_file"),
            pin=router.pin,
            connect_timeout_ns=CONNECT_TIMEOUT_NS,
            read_timeout_ns=READ_TIMEOUT_NS,
        )
    from wanctl.routeros.ssh import SshRouter  # its library is slow to import

    return SshRouter(
        router.address,
        router.user,
        password,
        port=router.ssh_port,
        host_key=router.host_key,
        connect_timeout_ns=CONNECT_TIMEOUT_NS,
        read_timeout_ns=READ_TIMEOUT_NS,
    )


def reach(
    file: SiteFile, transport: Transport, password: Secret, clock: Clock
) -> tuple[Surveyor | None, tuple[Finding, ...]]:
    """The router over one transport, if it lets us in, and what there is to say about that."""
    router = file.site.router
    assert router is not None
    group = OVER[transport]
    try:
        connected = adapter(file, transport, password, clock)
        try:
            name = connected.identity()
        except RouterError:
            connected.close()
            raise
    except Untrusted as error:
        why = error.hint or "nothing is sent to somebody who may not be the router"
        return None, (
            Finding(group, "trust", "fail", error.message, why),
            *introduce(router.address, _port(router, transport), transport),
        )
    except Denied as error:
        return None, (Finding(group, "login", "fail", error.message, error.hint, _policies(router)),)
    except RouterError as error:
        check = "reach" if isinstance(error, Unreachable) else "answer"
        return None, (Finding(group, check, "fail", error.message, error.hint, _reachable(router, transport)),)
    place = f"{router.address}:{_port(router, transport)}"
    return connected, (Finding(group, "reach", "ok", f"{place} is the pinned router, and answers as '{name}'"),)


def _policies(router: RouterKeys) -> tuple[Step, ...]:
    return on_router(f'/user/print detail where name="{router.user}"', "/user/group/print detail")


def _reachable(router: RouterKeys, transport: Transport) -> tuple[Step, ...]:
    service, port = ("www-ssl" if transport == "rest" else "ssh"), _port(router, transport)
    return on_host(f"ping -c 3 {router.address}") + on_router(
        f"/ip/service/print where name={service}", f"/ip/service/set {service} disabled=no port={port}"
    )


def _port(router: RouterKeys, transport: Transport) -> int:
    return router.port if transport == "rest" else router.ssh_port
