"""The whole examination of a site, in order: this host, the ways to the router, the router, the queues.

It reads and changes nothing, here or on the router. A daemon of the site may run meanwhile.
"""

import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from wanctl.config import SiteFile
from wanctl.daemon.runfolder import is_served
from wanctl.doctor import access, firmware, queue, traffic
from wanctl.doctor.finding import ROUTER, Finding, Report
from wanctl.doctor.host import host
from wanctl.doctor.hoststeering import hoststeering
from wanctl.doctor.introduction import Transport
from wanctl.doctor.kernel import kernel
from wanctl.doctor.reach import reach
from wanctl.doctor.reflection import PatientClock, reflection
from wanctl.doctor.steering import steering
from wanctl.engine.diagnostic import FileError
from wanctl.plan import WanPlan
from wanctl.routeros import RouterError, Service, TimedOut, Unreachable
from wanctl.routeros.survey import (
    Surveyor,
    account,
    interfaces,
    list_names,
    queue_types,
    realtime_ns,
    simple_nodes,
    tree_nodes,
)

Read = TypeVar("Read")


def examine(file: SiteFile, environment: Mapping[str, str], clock: PatientClock) -> Report:
    """Look at everything that a site needs, as far as it can be reached."""
    report = Report(file.name, str(file.path))
    report.add(host(file, environment))
    report.add(reflection(file, clock))
    look_at_router(file, environment, clock, report)
    return report


def look_at_router(file: SiteFile, environment: Mapping[str, str], clock: PatientClock, report: Report) -> None:
    """The part about the router; where this host shapes by itself, about its kernel."""
    router = file.site.router
    if router is None:
        report.reached = True
        report.add(kernel(file, clock))
        if file.site.classes:
            report.add(hoststeering(file))
        return
    try:
        password = file.password()
    except FileError:
        return  # told already
    reached: dict[Transport, Surveyor] = {}
    silent: list[Transport] = []  # nobody answered there, neither the router nor a stranger
    try:
        for transport in router.transport:
            connected, findings = reach(file, transport, password, clock)
            report.add(findings)
            if connected is not None:
                reached[transport] = connected
            elif any(finding.check in ("reach", "answer") for finding in findings):
                silent.append(transport)
        if is_served(file.name, environment):
            told = "a daemon of this site runs meanwhile, and holds a session of its own"
            report.add([Finding(ROUTER, "daemon", "ok", told)])
        for surveyor in list(reached.values())[:1]:
            report.reached = True
            report.add(_Examination(file, surveyor, clock, tuple(reached), tuple(silent)).findings())
    finally:
        for surveyor in reached.values():
            surveyor.close()


class _Examination:
    """What is read from a router that lets us in."""

    def __init__(
        self,
        file: SiteFile,
        router: Surveyor,
        clock: PatientClock,
        reached: tuple[Transport, ...],
        silent: tuple[Transport, ...],
    ) -> None:
        self._file, self._router, self._clock = file, router, clock
        self._reached, self._silent = reached, silent
        self._trouble: list[Finding] = []
        assert file.site.router is not None
        self._keys = file.site.router

    def findings(self) -> Iterator[Finding]:
        """Everything about the router; what cannot be read is told, and the rest is looked at all the same."""
        try:
            for part in (self._firmware, self._access, self._queues, self._lists, self._steering):
                yield from part()
                yield from self._trouble
                self._trouble.clear()
        except (Unreachable, TimedOut) as error:
            yield Finding(ROUTER, "router.lost", "fail", f"it went away in the middle: {error.message}", error.hint)

    def _read(self, what: str, read: Callable[[], Read]) -> Read | None:
        try:
            return read()
        except (Unreachable, TimedOut):
            raise
        except RouterError as error:
            self._trouble.append(Finding(ROUTER, "router.unread", "warn", f"{what}: {error.message}", error.hint))
            return None

    def _firmware(self) -> Iterator[Finding]:
        resource = self._read("its version", self._router.resource)
        if resource is not None:
            yield from firmware.firmware(resource, self._keys.transport)
        began_ns = self._clock.realtime_ns()
        router_ns = self._read("its clock", lambda: realtime_ns(self._router))
        if router_ns is not None:
            yield firmware.clock(router_ns, (began_ns + self._clock.realtime_ns()) // 2)

    def _access(self) -> Iterator[Finding]:
        ours = our_address(self._keys.address)
        user = self._keys.user
        # The outer None is a user list that could not be read, the inner one a user that is not in it.
        found = self._read("its users", lambda: (account(self._router, user),))
        if found is not None:
            yield from access.account(user, found[0], self._keys.transport, ours)
        services = self._read("its services", self._services)
        if services is None:
            return
        settings, used = services
        for transport in self._keys.transport:
            port = self._keys.port if transport == "rest" else self._keys.ssh_port
            silent = transport in self._silent
            yield from access.service(transport, settings, port, ours, used, silent=silent)
        if found is not None:
            barred = [one for one in self._keys.transport if one not in self._reached]
            yield from access.user_address(found[0], ours, barred)
        yield from access.plain_http(settings)

    def _services(self) -> tuple[tuple[Service, ...], Counter[str]]:
        rows = self._router.select("ip/service", ("name", "connection"))
        used = Counter(one.get("name", "") for one in rows if one.get("connection") == "true")
        return self._router.read_services(), used

    def _queues(self) -> Iterator[Finding]:
        trees = list(self._named("queue"))
        simples = list(self._named("simple_queue"))
        nodes = self._read("its queue tree", lambda: tree_nodes(self._router)) if trees else ()
        simple = self._read("its simple queues", lambda: simple_nodes(self._router)) if simples else ()
        types = {one.name: one for one in self._read("its queue types", lambda: queue_types(self._router)) or ()}
        found = self._read("its interfaces", lambda: interfaces(self._router))
        known = {one.name: one for one in found or ()}
        mangle = self._read("its mangle rules", lambda: self._router.read_rules("mangle")) if trees else ()
        for named in trees if nodes is not None and mangle is not None else ():
            yield from queue.tree(named, nodes or (), types, known, traffic.packet_marks(mangle or ()))
        for named in simples if simple is not None else ():
            yield from queue.simple(named, simple or (), types)
        for name, wan in self._file.site.wans.items():
            if wan.interface is not None and found is not None:
                yield traffic.interface(name, wan.interface, known)
        rules = self._read("its filter rules", lambda: self._router.read_rules("filter"))
        if rules is not None and (trees or simples):
            bypassed = traffic.bypassed_trees([named.queue for named in trees], nodes or ())
            yield from traffic.fasttrack(rules, list(dict.fromkeys([*bypassed, *(one.queue for one in simples)])))

    def _named(self, kind: str) -> Iterator[queue.Named]:
        plans: Mapping[str, WanPlan] = {plan.name: plan for plan in self._file.plan().wans}
        for name, wan in self._file.site.wans.items():
            plan = plans[name]
            for word, keys, limits in (("download", wan.download, plan.download), ("upload", wan.upload, plan.upload)):
                named = keys.queue if kind == "queue" else keys.simple_queue
                if named is not None:
                    yield queue.Named(name, word, named, limits, wan.interface or "WAN-INTERFACE")

    def _lists(self) -> Iterator[Finding]:
        """What classes of traffic name."""
        wanted = [(name, one) for name, each in self._file.site.classes.items() for one in each.who.lists]
        known = self._read("its address lists", lambda: list_names(self._router)) if wanted else None
        for name, one in wanted if known is not None else ():
            yield traffic.address_list(name, one, known or frozenset())

    def _steering(self) -> Iterator[Finding]:
        if self._file.site.classes:
            yield from self._read("its steering", lambda: tuple(steering(self._file, self._router))) or ()


def our_address(router: str) -> str:
    """The address of this host that packets to the router carry; empty if there is no way to it. Nothing is sent."""
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(router, 9, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(target)
            return str(probe.getsockname()[0])
    except OSError:
        return ""
