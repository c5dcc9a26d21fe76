"""Runs in a guest with a kernel that has CAKE: `wanctl run` on a Linux site, and what people and accidents do to it."""

import ctypes
import json
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FOUND: dict[str, Any] = {}
ROOT = Path(__file__).resolve().parents[2]
SETUP = [sys.executable, str(ROOT / "deploy/linux/wanctl-cake")]
QUEUES = Path("/run/home.ini")
SITE = Path("/run/home.yaml")
WANCTL = [sys.executable, "-m", "wanctl"]
REFLECTORS = [f"10.9.0.{number}" for number in range(1, 4)]
AUDIT_S = 12.0  # the machine looks every ten seconds


def sh(line: str) -> str:
    return subprocess.run(line, shell=True, check=True, capture_output=True, text=True).stdout


def root(device: str) -> str:
    """The root qdisc as tc shows it, its rate in bit/s: "cake 5000000"."""
    (qdisc,) = [one for one in json.loads(sh(f"tc -j qdisc show dev {device}")) if one.get("root")]
    if qdisc["kind"] != "cake":
        return str(qdisc["kind"])
    bandwidth = qdisc["options"]["bandwidth"]
    return f"cake {bandwidth if bandwidth == 'unlimited' else bandwidth * 8}"


def both() -> list[str]:
    return [root("ifb-wan"), root("wan")]


def setup(*arguments: str) -> list[Any]:
    done = subprocess.run([*SETUP, *arguments, str(QUEUES)], capture_output=True, text=True)
    return [done.returncode, done.stdout, done.stderr]


def network() -> None:
    sh("ip netns add far; ip link add wan type veth peer name port netns far")
    sh("ip address add 10.2.0.1/24 dev wan; ip link set wan up; ip link set lo up; ip route add default via 10.2.0.2")
    sh("ip -n far address add 10.2.0.2/24 dev port; ip -n far link set port up; ip -n far link set lo up")
    for address in REFLECTORS:
        sh(f"ip -n far address add {address}/32 dev lo")


def daemon(name: str, **options: Any) -> "subprocess.Popen[str]":
    with Path(f"/run/{name}.log").open("w") as log:
        return subprocess.Popen([*WANCTL, "run", str(SITE)], stdout=log, stderr=log, text=True, **options)


def stopped(process: "subprocess.Popen[str]", number: int) -> int:
    process.send_signal(number)
    return process.wait()


def refused() -> None:
    """A site whose host is not ready."""
    FOUND["without qdiscs"] = _outcome(daemon("bare"), "bare")


def queues() -> None:
    FOUND["dry run"] = setup("--dry-run", "up")
    FOUND["after a dry run"] = sh("tc qdisc show dev wan")
    FOUND["up"] = setup("up")
    FOUND["twice up"] = setup("up")
    FOUND["filters after twice up"] = sh("tc filter show dev wan ingress").count("mirred")
    FOUND["queues"] = both()
    before = int(Path("/sys/class/net/ifb-wan/statistics/rx_packets").read_text())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as echo:
        for number in range(3):
            echo.sendto(struct.pack("!BBHHH", 8, 0, 0, 0, number), (REFLECTORS[0], 0))
            echo.recv(64)
    FOUND["answers through the IFB"] = int(Path("/sys/class/net/ifb-wan/statistics/rx_packets").read_text()) - before


def a_day() -> None:
    """What happens to a running daemon."""
    process = daemon("day")
    time.sleep(5)
    FOUND["running"] = both()
    sh("tc qdisc change dev wan root cake bandwidth 1mbit")
    time.sleep(AUDIT_S)
    FOUND["somebody changed a rate"] = both()
    sh("tc qdisc replace dev ifb-wan root fq_codel")
    time.sleep(AUDIT_S)
    FOUND["somebody replaced a qdisc"] = both()
    FOUND["status meanwhile"] = subprocess.run(
        [*WANCTL, "status", "home", "--json"], capture_output=True, text=True, cwd="/run"
    ).stdout
    sh("tc qdisc replace dev ifb-wan root cake unlimited besteffort ingress")
    time.sleep(AUDIT_S)
    FOUND["it is back, without a limit"] = both()
    FOUND["exit of a stop"] = stopped(process, signal.SIGTERM)
    FOUND["stopped"] = both()
    FOUND["log of the day"] = Path("/run/day.log").read_text()


def an_accident() -> None:
    process = daemon("accident")
    time.sleep(5)
    stopped(process, signal.SIGKILL)
    time.sleep(5)
    FOUND["killed"] = both()
    done = subprocess.run([*WANCTL, "safe", str(SITE)], capture_output=True, text=True)
    FOUND["safe after the kill"] = [done.returncode, *both()]


def without_the_right() -> None:
    def give_up() -> None:
        ctypes.CDLL(None).prctl(24, 12, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_NET_ADMIN: gone for good with the next exec

    FOUND["without the right"] = _outcome(daemon("powerless", preexec_fn=give_up), "powerless")


def the_end() -> None:
    FOUND["down"] = setup("down")
    FOUND["after down"] = sh("tc qdisc show dev wan") + sh("ip -br link")
    FOUND["twice down"] = setup("down")


def _outcome(process: "subprocess.Popen[str]", name: str) -> list[Any]:
    return [process.wait(timeout=60), Path(f"/run/{name}.log").read_text()]


def main(folder: str) -> None:
    network()
    QUEUES.write_text("[fiber]\nwan = wan\nifb = ifb-wan\ndownload = 40Mbit\nupload = 10Mbit\noptions = overhead 44\n")
    SITE.write_text(
        "linux: {}\nwans:\n  fiber:\n    device: wan\n"
        f"    reflectors: [{', '.join(REFLECTORS)}]\n"
        "    download: {device: ifb-wan, ceiling: 40Mbit}\n    upload: {device: wan, ceiling: 10Mbit}\n"
    )
    Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647")
    for step in (refused, queues, a_day, an_accident, without_the_right, the_end):
        step()
    Path(folder, "found.json").write_text(json.dumps(FOUND, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
