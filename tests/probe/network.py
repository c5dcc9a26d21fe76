"""Networks in user space, one behind each TUN device of a network namespace: hosts that answer echoes and handshakes.

The kernel's own sockets, routes and devices are on the near side; what is on the far side obeys a `Weather`. So every
fault is made on purpose and at a known time, without a kernel that has netem or a packet filter. The far side runs in
a process of its own: its work would be felt as delay otherwise. IPv4 only.
"""

import fcntl
import heapq
import os
import select
import struct
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from wanctl.testing.answer import refusal

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
ICMP, TCP, UDP = 1, 6, 17
DNS_PORT = 53
TICK_S = 0.05


class Packet(NamedTuple):
    """What a weather is asked about: the protocol and the last number of the address it was sent to."""

    protocol: int
    host: int


Weather = Callable[[float, Packet, Random], Sequence[float]]
"""From the time since the start (s) and a packet to the delays (ms) of its answers; none for a lost one."""


def open_tun(name: str) -> int:
    """Make a TUN device; it lives as long as the descriptor."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return descriptor


def ip(*words: str) -> None:
    """Run ip(8)."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


def bring_up(name: str, number: int) -> None:
    """Give a device its address and a default route of its own."""
    ip("address", "replace", f"10.0.{number}.2/24", "dev", name)
    ip("link", "set", name, "up")
    ip("route", "replace", "default", "dev", name, "metric", str(100 + number))


def serve(weathers: Mapping[int, Weather], start_s: float, until_s: float) -> None:
    """Answer for the networks behind these descriptors until `until_s` (monotonic seconds)."""
    random = Random(7)
    due: list[tuple[float, int, int, bytes]] = []
    number = 0
    poll = select.poll()
    for descriptor in weathers:
        poll.register(descriptor, select.POLLIN)
    while (now_s := time.monotonic()) < until_s:
        wait_s = min(0.1, due[0][0] - now_s if due else 0.1)
        for descriptor, _events in poll.poll(max(0.0, wait_s * 1e3)):
            try:
                packet = os.read(descriptor, 2048)
            except OSError:  # the device is down
                time.sleep(0.001)
                continue
            answer = answer_to(packet)
            if answer is None:
                continue
            arrived_s = time.monotonic()
            asked = Packet(packet[9], packet[19])
            for delay_ms in weathers[descriptor](arrived_s - start_s, asked, random):
                number += 1
                heapq.heappush(due, (arrived_s + delay_ms / 1e3, number, descriptor, answer))
        while due and due[0][0] <= time.monotonic():
            _at_s, _number, descriptor, answer = heapq.heappop(due)
            try:
                os.write(descriptor, answer)
            except OSError:  # the device is down: lost, as it would be
                continue


def answer_to(packet: bytes) -> bytes | None:
    """What a host says to an IPv4 packet: an echo, a time, a refusal, the second step of a handshake, or nothing."""
    if len(packet) < 28 or packet[0] != 0x45:
        return None
    source, target, body = packet[12:16], packet[16:20], packet[20:]
    if packet[9] == ICMP and body[0] == 8:
        return _ip(ICMP, target, source, _summed(b"\x00" + body[1:2] + b"\x00\x00" + body[4:], 2))
    if packet[9] == ICMP and body[0] == 13:
        now_ms = struct.pack("!I", time.time_ns() // 1_000_000 % 86_400_000)
        return _ip(ICMP, target, source, _summed(b"\x0e" + body[1:2] + b"\x00\x00" + body[4:12] + now_ms + now_ms, 2))
    if packet[9] == TCP and body[13] & 0x3F == 0x02:
        theirs, ours, sequence = struct.unpack("!HHI", body[:8])
        head = struct.pack("!HHIIBBHHH", ours, theirs, 1_000, (sequence + 1) & 0xFFFFFFFF, 0x50, 0x12, 65_535, 0, 0)
        return _ip(TCP, target, source, _summed(head, 16, target + source + struct.pack("!HH", TCP, len(head))))
    if packet[9] == UDP:
        theirs, ours = struct.unpack("!HH", body[:4])
        says = refusal(body[8:], 0, 0) if ours == DNS_PORT else body[8:]
        head = struct.pack("!HH", ours, theirs) + body[4:6] + b"\x00\x00"
        return None if says is None else _ip(UDP, target, source, head + says)
    return None


def _ip(protocol: int, source: bytes, target: bytes, body: bytes) -> bytes:
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 60, protocol, 0, source, target)
    return _summed(head, 10) + body


def _summed(data: bytes, at: int, also: bytes = b"") -> bytes:
    """`data` with the internet checksum (RFC 1071) of it and of `also` written at `at`, where zeros were."""
    padded = also + data + b"\x00" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return data[:at] + struct.pack("!H", ~total & 0xFFFF) + data[at + 2 :]


def forbid_nothing() -> None:
    """Let this namespace's users send ICMP echoes, and let packets come in by whatever device."""
    Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 0")
    Path("/proc/sys/net/ipv4/conf/all/rp_filter").write_text("0")
    Path("/proc/sys/net/ipv4/conf/default/rp_filter").write_text("0")
