"""Runs in a network namespace that is the router: real TCP flows through it while its switches turn.

A client behind `lan0`, three WANs with one server address behind each. What came of it is written to found.json.
"""

import json
import signal
import subprocess
import sys
import time
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from wanctl.linux import LinuxError
from wanctl.linux.steering import Class, Link, LinkTables, Setup, SwitchSets, Traffic, apply, lacks, nft_script, remove

SERVER = "203.0.113.1"
LINKS = ("one", "two", "three")
TTL_NS = 2 * 10**9
SERVE = """
import socket, sys, threading
listener = socket.create_server(("203.0.113.1", 7))
print("ready", flush=True)
def serve(flow, peer):
    while flow.recv(1):
        flow.sendall(f"{sys.argv[1]} {peer[0]}\\n".encode())
while True:
    threading.Thread(target=serve, args=listener.accept(), daemon=True).start()
"""
ASK = """
import socket, sys
flows = {}
for line in sys.stdin:
    name = line.strip()
    try:
        if name not in flows:
            flow = socket.create_connection(("203.0.113.1", 7), 10)
            flows[name] = flow, flow.makefile()
        flows[name][0].sendall(b"?")
        print(flows[name][1].readline().strip(), flush=True)
    except OSError as error:
        print(f"lost: {error}", flush=True)
"""
KEEP_ON = """
import sys, time
from tests.linux.steering_inside import setup, TTL_NS
from wanctl.linux.steering import SwitchSets
switches = SwitchSets(setup())
while True:
    switches.turn_on("calls", "two", TTL_NS)
    print("on", flush=True)
    time.sleep(0.5)
"""
PROCESSES: list[subprocess.Popen[str]] = []


def setup() -> Setup:
    links = tuple(Link(name, f"wan-{name}", IPv4Address(f"10.{n}.0.1")) for n, name in enumerate(LINKS, 1))
    calls = Class("calls", Traffic(hosts=(IPv4Network("192.168.88.0/24"),)), LINKS)
    return Setup(links, (calls,))


def sh(line: str) -> str:
    return subprocess.run(line, shell=True, check=True, capture_output=True, text=True).stdout


def start(line: list[str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    PROCESSES.append(process)
    return process


def said(process: subprocess.Popen[str], line: str = "") -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    if line:
        process.stdin.write(line + "\n")
        process.stdin.flush()
    return process.stdout.readline().strip()


def neighbour(device: str, ours: str, theirs: str, more: str) -> str:
    """A namespace at the other end of a new device; how to run something there."""
    holder = start(["unshare", "-n", "sh", "-c", "echo ready; cat"])
    said(holder)
    inside = f"nsenter -t {holder.pid} -n"
    sh(f"ip link add {device} type veth peer name far netns {holder.pid}")
    sh(f"ip address add {ours} dev {device}; ip link set {device} up")
    sh(f"{inside} sh -c 'ip address add {theirs} dev far; ip link set far up; ip link set lo up; {more}'")
    return inside


def world() -> subprocess.Popen[str]:
    """The client; servers and router are ready."""
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    sh("ip link set lo up")
    for n, name in enumerate(LINKS, 1):
        inside = neighbour(f"wan-{name}", f"10.{n}.0.2/24", f"10.{n}.0.1/24", f"ip address add {SERVER}/32 dev lo")
        said(start([*inside.split(), sys.executable, "-c", SERVE, name]))
    sh("ip route add default via 10.1.0.1")
    inside = neighbour("lan0", "192.168.88.1/24", "192.168.88.2/24", "ip route add default via 192.168.88.1")
    return start([*inside.split(), sys.executable, "-c", ASK])


def main(folder: Path) -> None:
    found: dict[str, Any] = {}
    client = world()
    found["unprepared"] = lacks(setup())
    try:
        SwitchSets(setup()).turn_on("calls", "two", TTL_NS)
    except LinuxError as error:
        found["turned on unprepared"] = str(error)
    found["applied"] = [apply(setup()), apply(setup())]
    switches, tables = SwitchSets(setup()), LinkTables(setup())
    found["at home"] = said(client, "first")
    switches.turn_on("calls", "two", 90 * 10**9)
    found["moved"] = [said(client, "second"), said(client, "first")]
    switches.turn_on("calls", "three", 90 * 10**9)
    found["while both are on"] = said(client, "between")
    switches.turn_off("calls", "two")
    found["moved on"] = [said(client, "third"), said(client, "second"), said(client, "first")]
    flows = {}
    for number in range(20):
        new, old = ("two", "three") if number % 2 == 0 else ("three", "two")
        switches.turn_on("calls", new, 90 * 10**9)
        switches.turn_off("calls", old)
        flows[f"flow {number}"] = said(client, f"flow {number}")
    found["flows"] = flows
    found["flows later"] = {name: said(client, name) for name in flows}
    switches.turn_off("calls", "three")
    keeper = start([sys.executable, "-c", KEEP_ON])
    said(keeper)
    found["before the kill"] = said(client, "kept")
    keeper.send_signal(signal.SIGKILL)
    keeper.wait()
    for attempt in range(300):
        found["after the kill"] = said(client, f"after {attempt}")
        if found["after the kill"].startswith("one"):
            break
        time.sleep(0.1)
    found["after its time"] = [any(state.on for state in switches.read().values()), said(client, "kept")]
    sh("ip link set wan-two down")
    found["down"] = lacks(setup())
    sh("ip link set wan-two up")
    found["up again"] = [tables.mend(), lacks(setup())]
    switches.turn_on("calls", "two", 90 * 10**9)
    found["apply keeps a switch"] = [apply(setup()), switches.read()["calls", "two"].on]
    if subprocess.run("command -v nft", shell=True, capture_output=True, check=False).returncode == 0:
        ours = sh("nft list table inet wanctl")
        remove()
        subprocess.run(["nft", "-f", "-"], input=nft_script(setup()), text=True, check=True)
        theirs = sh("nft list table inet wanctl")
        chains = [text[text.index("\tchain") :] for text in (ours, theirs)]
        found["printed and installed"] = chains
        sh("nft add element inet wanctl calls.two '{ ipv4 }'")
        found["somebody else's"] = switches.read()["calls", "two"]
        sh("nft add rule inet wanctl classify counter comment foreign")
        found["changed"] = lacks(setup())
    remove()
    remove()
    found["left"] = [sh("ip rule"), sh("ip route show table all")]
    (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    finally:
        for one in PROCESSES:
            one.kill()
