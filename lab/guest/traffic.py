"""The traffic of a job: `serve` in the internet, `load JOB BEGIN` at home.

A TCP flow begins with one line from the client: who sends, how much, with which congestion control. UDP at a constant
rate goes to a port that nobody reads; downwards the client asks for it with such a line too. Only the call is measured
(call.py): it is what somebody at home hears.
"""

import json
import random
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from lab.guest.call import answer_call, call
from lab.guest.network import SERVER

TCP_PORT, UDP_PORT = 7000, 7001
PIECE = bytes(128 * 1024)
DATAGRAM = bytes(1_200)
STAGGER_S = 0.2  # within which the flows of one load start


def serve(folder: str) -> None:
    """Answer every connection, and one call, for ever."""
    _bin()
    _begin(answer_call, folder)
    with socket.create_server((SERVER, TCP_PORT), backlog=256) as listener:
        while True:
            connection, peer = listener.accept()
            _begin(_answer, connection, peer[0])


def load(folder: str, job: Mapping[str, Any], begin_s: float) -> None:
    """Start the job's flows at their times, counted from `begin_s` of the monotonic clock; return at the end."""
    _bin()
    for number, spec in enumerate(one for one in job["load"] for _ in range(one["flows"])):
        if spec["kind"] == "call":
            _begin(call, folder, spec["rate_bps"], begin_s + spec["start_s"], begin_s + spec["stop_s"])
            continue
        _begin(_flow, spec, begin_s, random.Random(f"flow/{job['seed']}/{number}"))
    _sleep_until(begin_s + job["time_s"])


def _flow(spec: Mapping[str, Any], begin_s: float, dice: random.Random) -> None:
    _sleep_until(begin_s + spec["start_s"] + dice.uniform(0.0, STAGGER_S))
    until_s = begin_s + spec["stop_s"]
    if spec["kind"] == "paced" and spec["direction"] == "up":
        _pace(SERVER, spec["rate_bps"], until_s)
    elif spec["kind"] == "onoff":
        while time.monotonic() < until_s:
            _transfer(spec, until_s, int(dice.uniform(*spec["size_bytes"])))
            time.sleep(dice.expovariate(1 / spec["pause_s"]))
    else:
        _transfer(spec, until_s, None)


def _transfer(spec: Mapping[str, Any], until_s: float, size_bytes: int | None) -> None:
    order = {**spec, "until_s": until_s, "bytes": size_bytes}
    with socket.create_connection((SERVER, TCP_PORT)) as connection:
        connection.sendall(json.dumps(order).encode() + b"\n")
        if spec["direction"] == "up":
            _pump(connection, order)
        else:
            _drain(connection)


def _answer(connection: socket.socket, peer: str) -> None:
    with connection:
        order = json.loads(connection.makefile("rb", buffering=0).readline())
        if order["direction"] == "up":
            _drain(connection)
        elif order["kind"] == "paced":
            _pace(peer, order["rate_bps"], order["until_s"])
        else:
            _pump(connection, order)


def _pump(connection: socket.socket, order: Mapping[str, Any]) -> None:
    """Send as fast as TCP takes it, up to a size or until a time."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, order["congestion_control"].encode())
    left = order["bytes"]
    while time.monotonic() < order["until_s"] and left != 0:
        sent = connection.send(PIECE if left is None else PIECE[:left])
        left = None if left is None else left - sent


def _drain(connection: socket.socket) -> None:
    room = bytearray(256 * 1024)
    while connection.recv_into(room):
        pass


def _pace(address: str, rate_bps: float, until_s: float) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        due_s = time.monotonic()
        while due_s < until_s:
            sender.sendto(DATAGRAM, (address, UDP_PORT))
            due_s += len(DATAGRAM) * 8 / rate_bps
            _sleep_until(due_s)


def _bin() -> None:
    """Have a port for what nobody reads, so that no errors go back."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("0.0.0.0", UDP_PORT))
    _open.append(receiver)


_open: list[socket.socket] = []  # kept as long as the process lives


def _begin(work: Callable[..., None], *arguments: Any) -> None:
    def quietly() -> None:
        with suppress(OSError):  # a flow that is cut off at the end of a run is no event
            work(*arguments)

    threading.Thread(target=quietly, daemon=True).start()


def _sleep_until(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.monotonic()))


def read_job(folder: str) -> Any:
    """The job in a folder."""
    return json.loads((Path(folder) / "job.json").read_text())
