"""By which link probes leave: their source address, device or firewall mark; and sockets that are opened so.

A probe that leaves by the wrong WAN measures the wrong WAN, silently. So a socket is pinned before it sends anything.
"""

import errno
import socket
import struct
from dataclasses import dataclass

from wanctl.probe.stamp import stamp_arrivals

SYSCTL_LINE = 'sysctl -w net.ipv4.ping_group_range="0 2147483647"'
SYSCTL_FILE = "/etc/sysctl.d/60-wanctl.conf"
_IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h; the socket module of Python 3.11 has no name for it
_ABORT = struct.pack("@ii", 1, 0)  # struct linger: at once, and what is unsent is dropped


class ProbeError(Exception):
    """Probes cannot be sent at present; the text says why and what to do."""


class ProbePermissionError(ProbeError):
    """The kernel refuses what the configuration asks for; waiting will not help."""


@dataclass(frozen=True, slots=True)
class Egress:
    """How packets find one WAN. Nothing given leaves it to the routing table."""

    source: str = ""  # a numeric address of this machine
    device: str = ""  # a network interface: SO_BINDTODEVICE
    fwmark: int = 0  # for `ip rule add fwmark`: SO_MARK

    def pins(self, family: socket.AddressFamily) -> bool:
        """Whether packets of this address family are kept on the WAN, or nothing was asked for at all."""
        if self.device or self.fwmark or not self.source:
            return True
        return self.source_family == family

    @property
    def source_family(self) -> socket.AddressFamily:
        """The family of `source`; meaningless without one."""
        return socket.AF_INET6 if ":" in self.source else socket.AF_INET


def open_socket(family: socket.AddressFamily, protocol: int, egress: Egress) -> socket.socket:
    """A datagram socket that never blocks, stamps arrivals in the kernel and is pinned to its WAN.

    Raises `ProbePermissionError` if the kernel forbids it, `ProbeError` for what may pass: the link is down, its
    address has not come up, the device has gone.
    """
    return _prepared(_create(family, socket.SOCK_DGRAM, protocol), family, egress)


def open_raw(family: socket.AddressFamily, protocol: int, egress: Egress) -> socket.socket | None:
    """The same over a raw socket, which sees all packets of the protocol; None without CAP_NET_RAW."""
    try:
        sock = socket.socket(family, socket.SOCK_RAW, protocol)
    except PermissionError:
        return None
    except OSError as error:
        raise ProbeError(f"no raw socket for probes: {error.strerror}") from error
    return _prepared(sock, family, egress)


def _prepared(sock: socket.socket, family: socket.AddressFamily, egress: Egress) -> socket.socket:
    try:
        _pin(sock, family, egress)
        _bind(sock, family, egress)
        stamp_arrivals(sock)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def open_stream(family: socket.AddressFamily, egress: Egress) -> socket.socket:
    """A TCP socket that never blocks and is pinned to its WAN; raises what `open_socket` does.

    Closing it aborts the connection: 120 connects a second would leave 7,200 sockets in TIME_WAIT otherwise.
    """
    sock = _create(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        _pin(sock, family, egress)
        if egress.source and egress.source_family == family:
            # The port is chosen when the peer is known, so probes to many hosts cannot use up the ports of a source.
            sock.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
            _bind(sock, family, egress)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def _create(family: socket.AddressFamily, kind: socket.SocketKind, protocol: int) -> socket.socket:
    try:
        return socket.socket(family, kind, protocol)
    except PermissionError:
        raise ProbePermissionError(
            "the kernel does not let this user send ICMP echoes: net.ipv4.ping_group_range leaves its groups out, and "
            f"root is no exception. Allow it now: {SYSCTL_LINE}. To make it last, put the line "
            f"'net.ipv4.ping_group_range = 0 2147483647' into {SYSCTL_FILE}. Or give the service "
            "AmbientCapabilities=CAP_NET_RAW, or probe by UDP: udp://ADDRESS:PORT"
        ) from None
    except OSError as error:
        version = "IPv6" if family == socket.AF_INET6 else "IPv4"
        raise ProbeError(f"no {version} socket for probes: {error.strerror}") from error


def _pin(sock: socket.socket, family: socket.AddressFamily, egress: Egress) -> None:
    if family == socket.AF_INET6 and sock.type != socket.SOCK_RAW:  # a raw one has but one version
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        if egress.device:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, egress.device.encode())
    except OSError as error:
        raise ProbeError(f"cannot probe through device '{egress.device}': {error.strerror}") from error
    try:
        if egress.fwmark:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, egress.fwmark)
    except PermissionError:
        raise ProbePermissionError(
            f"the kernel does not let this user set the firewall mark {egress.fwmark:#x} on probes: give the service "
            "AmbientCapabilities=CAP_NET_RAW, or name a 'source' or 'device' instead of 'fwmark'"
        ) from None


def _bind(sock: socket.socket, family: socket.AddressFamily, egress: Egress) -> None:
    source = egress.source if egress.source and egress.source_family == family else ""
    try:
        # Port 0: the kernel picks a free port, or ICMP id. Two sockets may share an id of their own choice, silently.
        sock.bind((source, 0))
    except OSError as error:
        why = "no interface has it" if error.errno == errno.EADDRNOTAVAIL else error.strerror
        raise ProbeError(f"cannot probe from source {source or 'any'}: {why}") from error
