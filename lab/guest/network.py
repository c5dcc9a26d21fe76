"""The network of the lab: four namespaces in a row, and what makes the middle one slow.

    home --(eth|lan)-- router --(wan|sub)-- isp --(core|net)-- internet

The bottlenecks are token buckets over byte FIFOs in `isp`: `sub` sends down, `core` sends up. The FIFOs do not shrink
with the rate, as those of modems do not: that is bufferbloat. The path's round-trip time is added on the way back, at
`net`, each reflector with a delay of its own. CAKE stands on the router: at `wan` for the upload, and for the download
at `ifb-wan`, to which all that arrives at `wan` is redirected.
"""

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

NAMESPACES = ("home", "router", "isp", "internet")
SERVER, WITNESS = "10.9.0.100", "10.9.0.9"
REFLECTORS = tuple(f"10.9.0.{number}" for number in range(1, 7))
FARTHER_MS = (0.0, 1.0, 2.0, 4.0, 6.0, 9.0)  # than the path itself: no reflector is as near as another
LINKS = (("home", "eth", "router", "lan"), ("router", "wan", "isp", "sub"), ("isp", "core", "internet", "net"))
ADDRESSES = {
    ("home", "eth"): "10.1.0.2/24",
    ("router", "lan"): "10.1.0.1/24",
    ("router", "wan"): "10.2.0.1/24",
    ("isp", "sub"): "10.2.0.2/24",
    ("isp", "core"): "10.3.0.1/24",
    ("internet", "net"): "10.3.0.2/24",
}
ROUTES = {
    "home": ["default via 10.1.0.1"],
    "router": ["default via 10.2.0.2"],
    "isp": ["10.1.0.0/24 via 10.2.0.1", "10.9.0.0/24 via 10.3.0.2"],
    "internet": ["default via 10.3.0.1"],
}
SETTINGS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv4/ping_group_range": "0 2147483647",
    "net/ipv4/tcp_no_metrics_save": "1",  # one transfer must not know what the one before has learnt
    "net/ipv4/tcp_rmem": "4096 131072 16777216",
    "net/ipv4/tcp_wmem": "4096 65536 16777216",
}
BUCKET_BYTES = 3028  # two full packets
PACKET_BYTES = 1_514
SIDES = {"sub": "src", "core": "dst"}  # by which address a reflector is known to whoever sends down, and up


def start(namespace: str, *argv: str, **options: Any) -> "subprocess.Popen[str]":
    """Start a program in a namespace."""
    return subprocess.Popen(["ip", "netns", "exec", namespace, *argv], text=True, **options)


def batch(program: str, namespace: str | None, lines: Iterable[str]) -> None:
    """Have `ip` or `tc` do some lines; the first one that fails ends it all."""
    inside = ["-n", namespace] if namespace else []
    subprocess.run([program, *inside, "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def build(job: Mapping[str, Any]) -> None:
    """Make the namespaces, links, bottlenecks and delays, and the router's CAKE."""
    for namespace in NAMESPACES:
        subprocess.run(["ip", "netns", "add", namespace], check=True)
    for left, inner, right, outer in LINKS:
        # Single packets everywhere: a dumb FIFO has to queue packets, not trains of 64 KB.
        one_by_one = "gso_max_segs 1"
        pair = f"link add {inner} netns {left} {one_by_one} type veth peer name {outer} netns {right} {one_by_one}"
        batch("ip", None, [pair])
    for namespace in NAMESPACES:
        devices = [device for name, device in ADDRESSES if name == namespace]
        lines = [f"address add {ADDRESSES[namespace, device]} dev {device}" for device in devices]
        lines += [f"link set {device} up" for device in ("lo", *devices)]
        lines += [f"route add {route}" for route in ROUTES[namespace]]
        if namespace == "internet":
            lines += [f"address add {address}/32 dev lo" for address in (SERVER, WITNESS, *REFLECTORS)]
        batch("ip", namespace, lines)
        settings = "\n".join(f"echo {value} >/proc/sys/{name}" for name, value in SETTINGS.items())
        start(namespace, "sh", "-ec", settings).wait()
    batch("tc", "isp", [*bottleneck(job, job["capacity"][0]), *passing(job)])
    batch("tc", "internet", delays(job))
    shape(job)


def bottleneck(job: Mapping[str, Any], row: Sequence[float], verb: str = "add") -> list[str]:
    """The lines that make (or `change`) the two token buckets at a capacity (s, down bit/s, up bit/s).

    Band 1 of each sender is for what passes the bucket by; everything else is in band 2, behind the bucket.
    """
    pairs = zip(("sub", "core"), row[1:], job["buffer_bytes"], strict=True)
    lines = []
    for name, bps, most_bytes in pairs:
        burst_bytes = max(BUCKET_BYTES, round(bps / 8e3 * job["policer_ms"]))
        bucket = f"tbf rate {bps}bit burst {burst_bytes} limit {most_bytes}"
        if verb == "add":
            lines.append(f"qdisc add dev {name} root handle 1: prio bands 2 priomap {' '.join(['1'] * 16)}")
        lines.append(f"qdisc {verb} dev {name} parent 1:2 handle 20: {bucket}")
    if verb == "add" and job["grants_ms"][1]:
        # Behind a cable modem an upload waits for the next grant, and with it goes all that has gathered meanwhile.
        least, most = job["grants_ms"]
        packets = round(job["buffer_bytes"][1] / PACKET_BYTES)
        lines.append(f"qdisc add dev core parent 20:1 handle 200: netem slot {least:g}ms {most:g}ms limit {packets}")
    return lines


def passing(job: Mapping[str, Any]) -> list[str]:
    """The filters that let all pings pass the buckets by, those of the witness excepted."""
    if not job["pings_first"]:
        return []
    lines = []
    for name, side in SIDES.items():
        head = f"filter add dev {name} parent 1: protocol ip"
        lines.append(f"{head} prio 1 u32 match ip {side} {WITNESS}/32 flowid 1:2")
        lines.append(f"{head} prio 2 u32 match ip protocol 1 0xff flowid 1:1")
    return lines


def lie_low(address: str, verb: str) -> list[str]:
    """The filters (`add` or `delete`) that let one reflector's answers pass the buckets by."""
    number = 10 + int(address.rpartition(".")[2])
    return [
        f"filter {verb} dev {name} parent 1: protocol ip prio {number}"
        + (f" u32 match ip {side} {address}/32 flowid 1:1" if verb == "add" else "")
        for name, side in SIDES.items()
    ]


def delays(job: Mapping[str, Any]) -> list[str]:
    """The way back: band 1 is the path of the flows and of the witness, without noise; then one band a reflector."""
    everything_first = " ".join(["0"] * 16)
    lines = [
        f"qdisc add dev net root handle 1: prio bands 8 priomap {everything_first}",
        path_delay("add", 1, job["rtt_ms"]),
    ]
    for band, (address, farther_ms) in enumerate(zip(REFLECTORS, FARTHER_MS, strict=True), start=2):
        lines.append(path_delay("add", band, job["rtt_ms"] + farther_ms))
        lines.append(f"filter add dev net parent 1: protocol ip prio 1 u32 match ip src {address}/32 flowid 1:{band}")
    return lines


def path_delay(verb: str, band: int, delay_ms: float, jitter_ms: float = 0.0, *, silent: bool = False) -> str:
    """The line that sets the delay of a band; a silent one lets nothing through."""
    jitter = f" {jitter_ms:.3f}ms distribution paretonormal" if jitter_ms else ""
    loss = " loss 100%" if silent else ""
    return (
        f"qdisc {verb} dev net parent 1:{band} handle {band}0: netem limit 100000 delay {delay_ms:.3f}ms{jitter}{loss}"
    )


def outage(begins: bool) -> str:
    """The line for `ip` that has the middle of the network throw everything away, or no longer."""
    return f"rule {'add' if begins else 'delete'} pref 1 blackhole"


def shape(job: Mapping[str, Any]) -> None:
    """The router's qdiscs, as a controller finds them. A rate of 0 is no limit."""
    down, up = (f"bandwidth {bps}bit" if bps else "unlimited" for bps in job["initial_bps"])
    batch("ip", "router", ["link add ifb-wan type ifb", "link set ifb-wan up"])
    batch(
        "tc",
        "router",
        [
            f"qdisc add dev wan root cake {up} besteffort dual-srchost",
            f"qdisc add dev ifb-wan root cake {down} besteffort dual-dsthost ingress",
            "qdisc add dev wan handle ffff: ingress",
            "filter add dev wan parent ffff: matchall action mirred egress redirect dev ifb-wan",
        ],
    )


class Lines:
    """A `tc` or an `ip` that stays: a change costs a line in a pipe. tc keeps each delay distribution it has read, so
    it is replaced now and then, before it has eaten the guest's memory.
    """

    MOST_LINES = 4_000

    def __init__(self, program: str, namespace: str) -> None:
        self._program, self._namespace = program, namespace
        self._process: subprocess.Popen[str] | None = None
        self._lines = 0

    def __call__(self, lines: Sequence[str]) -> None:
        """Have it do some lines now."""
        if self._process is None or self._lines >= self.MOST_LINES:
            self.close()
            argv = (self._program, "-force", "-batch", "-")
            self._process, self._lines = start(self._namespace, *argv, stdin=subprocess.PIPE), 0
        pipe: IO[str] | None = self._process.stdin
        assert pipe is not None
        pipe.write("\n".join(lines) + "\n")
        pipe.flush()
        self._lines += len(lines)

    def close(self) -> None:
        """Let it finish."""
        if self._process is not None:
            self._process.communicate()
