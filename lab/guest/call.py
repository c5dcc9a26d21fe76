"""A call, or a game: a small packet each 20 ms in both directions, each with its number and the time when it left.

All namespaces have one clock, so the delay of each way is exact. A row for each packet that arrived is left in
call-up.csv and call-down.csv; those that did not arrive are missing there.
"""

import socket
import struct
import threading
import time
from pathlib import Path

from lab.guest.network import SERVER

PORT = 7002
EVERY_S = 0.02
HEADER_BYTES = 28  # of IP and UDP
_FIELDS = struct.Struct("!Qdd")  # number, when it left, until when packets come


def call(folder: str, rate_bps: float, start_s: float, stop_s: float) -> None:
    """The side at home, from `start_s` to `stop_s` of the monotonic clock."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect((SERVER, PORT))
        talking = threading.Thread(target=_talk, args=(line, rate_bps, start_s, stop_s), daemon=True)
        talking.start()
        _listen(line, Path(folder, "call-down.csv"))


def answer_call(folder: str) -> None:
    """The other side: it talks as soon and as long as it is talked to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((SERVER, PORT))
        data, peer = line.recvfrom(2048)
        line.connect(peer)
        _, _, stop_s = _FIELDS.unpack_from(data)
        rate_bps = (len(data) + HEADER_BYTES) * 8 / EVERY_S
        talking = threading.Thread(target=_talk, args=(line, rate_bps, time.monotonic(), stop_s), daemon=True)
        talking.start()
        _listen(line, Path(folder, "call-up.csv"))


def _talk(line: socket.socket, rate_bps: float, start_s: float, stop_s: float) -> None:
    filling = bytes(max(0, round(rate_bps / 8 * EVERY_S) - HEADER_BYTES - _FIELDS.size))
    number = 0
    while (due_s := start_s + number * EVERY_S) < stop_s:
        time.sleep(max(0.0, due_s - time.monotonic()))
        line.send(_FIELDS.pack(number, time.monotonic(), stop_s) + filling)
        number += 1


def _listen(line: socket.socket, path: Path) -> None:
    with path.open("w", buffering=1) as file:  # by lines: the guest ends without asking
        file.write("number,sent_s,delay_ms\n")
        while True:
            number, sent_s, _ = _FIELDS.unpack_from(line.recv(2048))
            file.write(f"{number},{sent_s:.6f},{(time.monotonic() - sent_s) * 1e3:.3f}\n")
