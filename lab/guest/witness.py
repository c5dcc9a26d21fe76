"""Who sees what really happened: in the router's namespace, beside the controller.

Every 20 ms an echo goes to an address whose way has no noise; a small flow passes CAKE at once, so its delay is the
queue behind the router, as a call in the house would feel it. Every change of a bandwidth is taken from the kernel's
own announcements, so that none is missed or counted twice. Plain reads of the clock are exact: no time passes while
code runs.
"""

import select
import socket
import struct
import time
from pathlib import Path

from lab.guest.network import WITNESS
from wanctl.linux.channel import messages
from wanctl.linux.message import qdisc_of

PROBE_EVERY_S = 0.02
DEVICES = ("ifb-wan", "wan")
_TC_GROUP = 1 << 3  # RTNLGRP_TC
_NEW_QDISC = 36


def watch(folder: str, begin_s: float, time_s: float) -> None:
    """Probe and listen from `begin_s` for `time_s`; then write rtt.csv and writes.csv into the folder."""
    echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    echo.setblocking(False)
    announced = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    announced.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    announced.bind((0, _TC_GROUP))
    announced.setblocking(False)
    names = {socket.if_nametoindex(name): name for name in DEVICES}
    sent_s: list[float] = []
    rtt_ms: dict[int, float] = {}
    writes: list[str] = []
    poller = select.poll()
    poller.register(echo, select.POLLIN)
    poller.register(announced, select.POLLIN)
    end_s = begin_s + time_s
    while (now_s := time.monotonic()) < end_s:
        due_s = begin_s + len(sent_s) * PROBE_EVERY_S
        if now_s >= due_s:
            _send(echo, len(sent_s))
            sent_s.append(now_s)
            continue
        poller.poll(max(0.0, (min(due_s, end_s) - now_s) * 1e3))
        now_s = time.monotonic()
        for number in _answers(echo, len(sent_s)):
            rtt_ms.setdefault(number, (now_s - sent_s[number]) * 1e3)
        for name, rate_bps in _changes(announced, names):
            writes.append(f"{now_s - begin_s:.3f},{name},{rate_bps}")
    rows = [f"{at_s - begin_s:.3f},{f'{rtt_ms[n]:.3f}' if n in rtt_ms else ''}" for n, at_s in enumerate(sent_s)]
    Path(folder, "rtt.csv").write_text("\n".join(["t_s,rtt_ms", *rows, ""]))
    Path(folder, "writes.csv").write_text("\n".join(["t_s,device,rate_bps", *writes, ""]))


def _send(echo: socket.socket, number: int) -> None:
    try:
        echo.sendto(struct.pack("!BBHHHI", 8, 0, 0, 0, number & 0xFFFF, number) + bytes(24), (WITNESS, 0))
    except OSError:
        return  # no room, no route: it counts as lost


def _answers(echo: socket.socket, sent: int) -> list[int]:
    found: list[int] = []
    while True:
        try:
            answer = echo.recv(512)
        except BlockingIOError:
            return found
        (number,) = struct.unpack_from("!I", answer, 8)
        if number < sent:
            found.append(number)


def _changes(announced: socket.socket, names: dict[int, str]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    while True:
        try:
            data = announced.recv(1 << 16)
        except BlockingIOError:
            return found
        for kind, _, _, message in messages(data):
            if kind == _NEW_QDISC and struct.unpack_from("=i", message, 20)[0] in names:
                qdisc = qdisc_of(message)
                if qdisc.rate_bps is not None:
                    found.append((names[qdisc.device_index], qdisc.rate_bps))
