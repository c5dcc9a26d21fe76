"""The host that wanctl runs on: may it probe, has it the addresses of the site, is there a place for what it keeps."""

import ctypes
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from wanctl.config import SiteFile
from wanctl.config.model import Wan
from wanctl.daemon.runfolder import run_folder
from wanctl.daemon.state.statefolder import StateFolderError, state_folder
from wanctl.doctor.finding import HOST, Finding, in_site, on_host
from wanctl.engine.diagnostic import FileError
from wanctl.probe.egress import SYSCTL_FILE, SYSCTL_LINE, Egress, ProbeError, ProbePermissionError, open_socket

_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_TIMEX_BYTES = 1_024  # struct timex has some 208; the kernel writes no more than that


def host(file: SiteFile, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Everything that can be looked at without a router."""
    yield from _secret(file)
    yield from _ping(file)
    yield from _timestamps(file)
    for name, wan in file.site.wans.items():
        yield _egress(name, wan, alone=len(file.site.wans) == 1)
    yield _clock()
    yield from _folders(file.name, environment)


def egress_of(wan: Wan) -> Egress:
    """How the packets of a WAN leave this host."""
    return Egress(wan.source or "", wan.device or "", wan.fwmark or 0)


def _secret(file: SiteFile) -> Iterator[Finding]:
    if file.site.router is None:
        return
    try:
        file.password()
    except FileError as error:
        for item in error.findings:
            why = "without the password nobody can log in to the router"
            shell = on_host(f"chmod 600 {file.named_file('password_file')}") if item.code == "WC141" else ()
            yield Finding(HOST, "host.password", "fail", item.message, why, shell)
    else:
        yield Finding(HOST, "host.password", "ok", "the password file is there, and closed to others")


def _ping(file: SiteFile) -> Iterator[Finding]:
    """Whether ICMP echoes may be sent, for those IP versions that are asked for."""
    wanted = {
        socket.AF_INET6 if ":" in one.address else socket.AF_INET
        for wan in file.site.wans.values()
        for one in file.reflectors(wan)
        if one.method == "icmp"
    }
    for family in sorted(wanted):
        protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
        try:
            socket.socket(family, socket.SOCK_DGRAM, protocol).close()
        except PermissionError:
            if _may_send_raw(family, protocol):
                continue
            yield Finding(
                HOST,
                "host.ping",
                "fail",
                "the kernel does not let this user send ICMP echoes",
                "net.ipv4.ping_group_range leaves its groups out, root no exception, and CAP_NET_RAW is not there",
                on_host(SYSCTL_LINE, f"echo 'net.ipv4.ping_group_range = 0 2147483647' > {SYSCTL_FILE}"),
            )
            return
        except OSError as error:
            version = "IPv6" if family == socket.AF_INET6 else "IPv4"
            why = "reflectors of that version cannot be probed"
            yield Finding(HOST, "host.ping", "fail", f"this host has no {version}: {error.strerror}", why)
            return
    if wanted:
        yield Finding(HOST, "host.ping", "ok", "the kernel lets this user send ICMP echoes")


def _may_send_raw(family: int, protocol: int) -> bool:
    """Whether raw sockets are there, which the prober takes where ping sockets are forbidden."""
    try:
        socket.socket(family, socket.SOCK_RAW, protocol).close()
    except PermissionError:
        return False
    return True


def _timestamps(file: SiteFile) -> Iterator[Finding]:
    """Whether ICMP timestamps may be sent, if they are asked for."""
    if not any(one.method == "timestamp" for wan in file.site.wans.values() for one in file.reflectors(wan)):
        return
    if _may_send_raw(socket.AF_INET, socket.IPPROTO_ICMP):
        yield Finding(HOST, "host.timestamp", "ok", "the kernel lets this user send ICMP timestamps")
        return
    why = "they need a raw socket; this user is perhaps not the service's"
    grant = on_host(f"systemctl edit wanctl@{file.name}   # [Service] AmbientCapabilities=CAP_NET_RAW")
    yield Finding(HOST, "host.timestamp", "fail", "the kernel does not let this user send ICMP timestamps", why, grant)


def _egress(name: str, wan: Wan, *, alone: bool) -> Finding:
    """Whether the source address, the device and the mark of a WAN can be used."""
    egress = egress_of(wan)
    told = ", ".join(
        text
        for text in (
            f"source {egress.source}" if egress.source else "",
            f"device {egress.device}" if egress.device else "",
            f"fwmark {egress.fwmark:#x}" if egress.fwmark else "",
        )
        if text
    )
    why = "a probe that does not leave by its own WAN measures another one"
    if not told and alone:
        return Finding(HOST, "host.egress", "ok", f"{name}: probes go where the routing table sends them")
    if not told:
        line = f"wans: {{{name}: {{source: ADDRESS}}}}   # or device: NAME, or fwmark: NUMBER"
        return Finding(HOST, "host.egress", "warn", f"{name}: nothing ties its probes to this WAN", why, in_site(line))
    try:
        open_socket(egress.source_family, socket.IPPROTO_UDP, egress).close()
    except ProbePermissionError as error:
        return Finding(HOST, "host.egress", "warn", f"{name}: {error}", "this user is perhaps not the service's")
    except ProbeError as error:
        return Finding(HOST, "host.egress", "fail", f"{name}: {error}", why, on_host("ip -brief address"))
    return Finding(HOST, "host.egress", "ok", f"{name}: probes can leave by {told}")


def _clock() -> Finding:
    """Whether the kernel counts this host's clock as synchronised. Source: adjtimex(2)."""
    state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    if 0 <= state < _UNSYNCHRONISED:
        return Finding(HOST, "host.clock", "ok", "this host's clock is synchronised")
    return Finding(
        HOST,
        "host.clock",
        "warn",
        "this host's clock is not synchronised",
        "delays are measured without it; log lines and certificates are not",
        on_host("timedatectl set-ntp true", "timedatectl timesync-status"),
    )


def _folders(site: str, environment: Mapping[str, str]) -> Iterator[Finding]:
    yield _folder("run", run_folder(site, environment), "RUNTIME_DIRECTORY", "its lock and its control socket")
    try:
        yield _folder("state", state_folder(site, environment), "STATE_DIRECTORY", "its write budget and its history")
    except StateFolderError as error:
        yield Finding(HOST, "host.folder", "warn", str(error), "a restart then begins from nothing")


def _folder(what: str, folder: Path, variable: str, content: str) -> Finding:
    """Whether this user could write into a folder, or make it. Nothing is made."""
    nearest = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return Finding(HOST, "host.folder", "ok", f"the {what} folder {folder} can be written")
    return Finding(
        HOST,
        "host.folder",
        "warn",
        f"this user cannot write into {nearest} for the {what} folder {folder}",
        f"the daemon keeps {content} there; as a service it is given a folder of its own",
        on_host(f"export {variable}=DIRECTORY"),
    )
