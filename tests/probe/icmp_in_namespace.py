"""Probes by ICMP in a network namespace of its own, where ping sockets can be forbidden and allowed; prints JSON."""

import ctypes
import fcntl
import json
import os
import socket
import struct
import time
from pathlib import Path

from wanctl.control.sample import Sample, Sent
from wanctl.daemon.clock import SystemClock
from wanctl.probe import Egress, ProbePermissionError, WanProber, parse_address

GROUPS = Path("/proc/sys/net/ipv4/ping_group_range")
CLOCK = SystemClock()


def raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        up = struct.pack("16sH14x", b"lo", 0x41)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(sock, 0x8914, up)  # SIOCSIFFLAGS


def refusal() -> str:
    """What a process without any capability is told, by a child: what is dropped does not come back."""
    GROUPS.write_text("1 0")
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        nothing = (ctypes.c_uint32 * 6)()
        ctypes.CDLL(None).capset((ctypes.c_uint32 * 2)(0x20080522, 0), nothing)
        try:
            WanProber("cable", [parse_address("127.0.0.1")], CLOCK).close()
        except ProbePermissionError as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    return os.read(reading, 4_096).decode()


def measure(texts: list[str], egress: Egress | None = None, ticks: int = 10) -> dict[str, object]:
    prober = WanProber("cable", [parse_address(text) for text in texts], CLOCK, egress=egress)
    sent: list[Sent] = []
    samples: list[Sample] = []
    for _ in range(ticks):
        sent += prober.send(CLOCK.monotonic_ns())
        time.sleep(0.01)
        samples += prober.drain(CLOCK.monotonic_ns())
    prober.close()
    return {
        "sent": len(sent),
        "sources": sorted({sample.source for sample in samples}),
        "answers": {text: sum(sample.reflector == text for sample in samples) for text in texts},
        "rtts_ms": [(sample.received_ns - sample.sent_ns) / 1e6 for sample in samples],
        "foreign": prober.counters.foreign,
        "local_failures": prober.counters.local_failures,
        "unanswered": prober.counters.unanswered,
        "problems": prober.problems,
    }


def two_at_once() -> dict[str, object]:
    """Two probers to the same hosts: each must hear its own answers and no others."""
    probers = [WanProber(name, [parse_address("127.0.0.1")], CLOCK) for name in ("cable", "lte")]
    for _ in range(5):
        for prober in probers:
            prober.send(CLOCK.monotonic_ns())
    time.sleep(0.05)
    heard = {prober_wan.wan for prober in probers for prober_wan in prober.drain(CLOCK.monotonic_ns())}
    counts = [(prober.counters.answered, prober.counters.foreign) for prober in probers]
    for prober in probers:
        prober.close()
    return {"heard": sorted(heard), "counts": counts}


report: dict[str, object] = {"refusal": refusal()}
GROUPS.write_text("0 0")
report["down"] = measure(["127.0.0.1"])
raise_loopback()
GROUPS.write_text("1 0")
report["raw"] = measure(["127.0.0.1", "::1"])
report["raw pinned"] = measure(["127.0.0.1"], Egress(source="127.0.0.3", device="lo"))
report["two raw at once"] = two_at_once()
GROUPS.write_text("0 0")
report["both"] = measure(["127.0.0.1", "::1"])
report["six"] = socket.has_ipv6 and Path("/proc/net/if_inet6").exists()
report["pinned"] = measure(["127.0.0.1"], Egress(source="127.0.0.3", device="lo"))
report["no route"] = measure(["198.51.100.1", "127.0.0.1"])
report["two at once"] = two_at_once()
print(json.dumps(report))
