"""Runs in a guest with a kernel that has CAKE: does things to real devices and writes down what came of them.

`tests/linux/test_real_kernel.py` boots it and asserts on the answers, one by one.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wanctl.linux import Cake, Channel, LinuxError
from wanctl.linux.cake import index_of
from wanctl.linux.channel import messages
from wanctl.linux.message import change_rate, list_qdiscs, read_bytes

FOUND: dict[str, Any] = {}
_SO_SNDBUFFORCE = 32


def tc(line: str) -> str:
    return subprocess.run(["tc", *line.split()], check=True, capture_output=True, text=True).stdout


def ip(line: str) -> None:
    subprocess.run(["ip", *line.split()], check=True)


def batch(program: str, lines: list[str]) -> None:
    subprocess.run([program, "-batch", "-"], input="\n".join(lines), text=True, check=True)


def bandwidth(device: str) -> Any:
    """What tc itself says, in bit/s."""
    (qdisc,) = [one for one in json.loads(tc(f"-j qdisc show dev {device}")) if one.get("root")]
    options = qdisc["options"]
    return "unlimited" if options["bandwidth"] == "unlimited" else options["bandwidth"] * 8


def trial(name: str) -> Callable[[Callable[[], Any]], None]:
    """Do it now and keep what it returns, or the error it raises."""

    def do(work: Callable[[], Any]) -> None:
        try:
            FOUND[name] = work()
        except LinuxError as error:
            FOUND[name] = {"error": type(error).__name__, "message": error.message, "hint": error.hint}

    return do


def announcements() -> socket.socket:
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    listener.bind((0, 1 << 3))
    listener.setblocking(False)
    return listener


def heard(listener: socket.socket) -> int:
    count = 0
    while True:
        try:
            count += len(messages(listener.recv(1 << 16)))
        except BlockingIOError:
            return count


def errors(cake: Cake) -> None:
    ip("link add bare type dummy")
    ip("link add plain type dummy")
    ip("link set plain up")
    tc("qdisc add dev plain root pfifo")
    ip("link add fifo type dummy")
    tc("qdisc add dev fifo root pfifo")

    @trial("missing device")
    def _() -> Any:
        return cake.set_rate("eth7", 10_000_000)

    @trial("no qdisc")
    def _() -> Any:
        return cake.set_rate("bare", 10_000_000)

    @trial("the default of the kernel")
    def _() -> Any:
        Path("/proc/sys/net/core/default_qdisc").write_text("cake")
        ip("link add defaulted numtxqueues 1 type ifb")
        ip("link set defaulted up")
        assert "cake 0:" in tc("qdisc show dev defaulted")
        return cake.set_rate("defaulted", 10_000_000)

    @trial("another kind, written")
    def _() -> Any:
        return cake.set_rate("plain", 10_000_000)

    @trial("another kind, read")
    def _() -> Any:
        return cake.read(["plain"]).cakes["plain"].rate_bps

    @trial("what the other kind is after that")
    def _() -> Any:
        return json.loads(tc("-j qdisc show dev plain"))[0]["kind"]


def accidents(cake: Cake) -> None:
    @trial("replaced meanwhile")
    def _() -> Any:
        tc("qdisc replace dev plain root cake bandwidth 9mbit")
        before = cake.set_rate("plain", 10_000_000)
        tc("qdisc replace dev plain root fq_codel")
        assert before == 10_000_000
        return cake.set_rate("plain", 8_000_000)

    @trial("made again under another number")
    def _() -> Any:
        numbers = [index_of("plain")]
        ip("link del plain")
        ip("link add other type dummy")
        ip("link add plain type dummy")
        tc("qdisc add dev plain root cake bandwidth 9mbit")
        numbers.append(index_of("plain"))
        return [numbers[0] != numbers[1], cake.set_rate("plain", 7_000_000), bandwidth("plain")]

    @trial("without the right")
    def _() -> Any:
        child = os.fork()
        if child == 0:
            os.setuid(65_534)
            try:
                Cake(Channel()).set_rate("shaped", 5_000_000)
            except LinuxError as error:
                Path("/tmp/refused").write_text(f"{type(error).__name__}: {error}")
            os._exit(0)
        os.waitpid(child, 0)
        return Path("/tmp/refused").read_text() if Path("/tmp/refused").exists() else ""


def rates(cake: Cake) -> None:
    @trial("a rate, and what tc says after it")
    def _() -> Any:
        return [cake.set_rate("shaped", 12_345_678), bandwidth("shaped")]

    @trial("the options of the qdisc before and after a write")
    def _() -> Any:
        def options() -> dict[str, Any]:
            return {
                k: v for k, v in json.loads(tc("-j qdisc show dev shaped"))[0]["options"].items() if k != "bandwidth"
            }

        before = options()
        cake.set_rate("shaped", 11_000_000)
        return [before, options()]

    @trial("no limit, read")
    def _() -> Any:
        tc("qdisc change dev shaped root cake unlimited")
        return cake.read(["shaped"]).cakes["shaped"].rate_bps

    @trial("no limit, written")
    def _() -> Any:
        return [cake.set_rate("shaped", 5_000_000), bandwidth("shaped")]

    @trial("announcements of a read and of a write")
    def _() -> Any:
        listener = announcements()
        for _ in range(10):
            cake.read(["shaped"], ["shaped"])
        quiet = heard(listener)
        cake.set_rate("shaped", 6_000_000)
        return [quiet, heard(listener)]

    @trial("two hundred devices")
    def _() -> Any:
        numbers = range(200)
        batch("ip", [f"link add many{number} type dummy" for number in numbers])
        batch("tc", [f"qdisc add dev many{number} root cake bandwidth {number + 1}mbit" for number in numbers])
        seen = cake.read(["many0", "many199", "shaped"], ["many7"])
        return [seen.cakes[name].rate_bps for name in ("many0", "many199", "shaped")]


def traffic(cake: Cake) -> None:
    @trial("counters under load")
    def _() -> Any:
        ip("link set shaped up")
        ip("address add 10.77.0.1/24 dev shaped")
        ip("neigh add 10.77.0.2 lladdr 02:00:00:00:00:02 dev shaped")
        cake.set_rate("shaped", 800_000)
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, 4 << 20)
        sender.setblocking(False)
        for _ in range(400):
            sender.sendto(bytes(1_000), ("10.77.0.2", 9))
        seen = cake.read(["shaped"], ["shaped"])
        qdisc = seen.cakes["shaped"]
        (told,) = json.loads(tc("-s -j qdisc show dev shaped"))
        return {
            "ours": [qdisc.sent_bytes, qdisc.dropped_packets, qdisc.backlog_bytes, qdisc.backlog_packets],
            "tc": [told["bytes"], told["drops"], told["backlog"], told["qlen"]],
            "tins": [tin._asdict() for tin in qdisc.tins],
            "tc tins": told["tins"],
            "sent": seen.bytes["shaped"].tx_bytes,
        }


def record() -> None:
    """The bytes of real answers, for the tests that have no such kernel."""
    channel = Channel()
    index = index_of("shaped")
    handle = Cake(channel).read(["shaped"]).cakes["shaped"].handle
    asked = {"change": change_rate(index, handle, 12_345_678), "bytes": read_bytes(index), "list": list_qdiscs()}
    kinds = {name: channel.exchange([request])[0].messages for name, request in asked.items()}
    FOUND["recorded"] = {
        "device_index": index,
        "change": kinds["change"][0].hex(),
        "bytes": kinds["bytes"][0].hex(),
        "list": [message.hex() for message in kinds["list"][:6]],
        "handle": handle,
        "refused": [
            channel.exchange([change_rate(index_of(name), handle, 1_000_000)])[0]._asdict()
            for name in ("bare", "plain", "fifo")
        ],
    }


def main(folder: str) -> None:
    ip("link add shaped type dummy")
    tc("qdisc add dev shaped root cake bandwidth 20mbit diffserv4 dual-srchost wash overhead 44")
    cake = Cake(Channel(), {"bare": "tc qdisc replace dev bare root cake bandwidth 9mbit"})
    rates(cake)
    errors(cake)
    accidents(cake)
    traffic(cake)
    record()
    Path(folder, "found.json").write_text(json.dumps(FOUND, indent=1))


if __name__ == "__main__":
    main(sys.argv[1])
