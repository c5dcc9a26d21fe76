"""How wrong a round-trip time is while two processes hog the CPU: the prober beside a naive one.

    python -m benchmarks.rtt_error [--rounds N] [--seconds S] [--no-hogs] [--json]

Six reflectors in a process of their own answer after 10 ms and note when each request arrived (the kernel's stamp) and
its answer left: what the prober says beyond that is its error, the way over loopback (some 0.03 ms) included. The naive
prober is a thread that waits for answers and looks at the clock when it is woken. Rounds of the two take turns.
"""

import multiprocessing
import os
import socket
import statistics
import struct
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.command import options, tell
from wanctl.control.sample import Sample
from wanctl.daemon.clock import SystemClock
from wanctl.probe import WanProber, parse_address
from wanctl.testing.reflector import Reflectors

CLOCK = SystemClock()
TICK_S = 0.05
REFLECTORS, DELAY_MS = 6, 10.0
NAIVE = struct.Struct("!4sIQ")


def reflect(pipe: Connection) -> None:
    """Answer until told to stop; then the truth: nanoseconds that each request was held, by its sender's stamp."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    except PermissionError:
        print("the reflectors could not be given priority: their own delays are not known as well", file=sys.stderr)
    with Reflectors([lambda _now_ns: DELAY_MS] * REFLECTORS) as reflectors:
        pipe.send(reflectors.addresses)
        pipe.recv()
        time.sleep(0.2)
        pipe.send({NAIVE.unpack(one.request)[2]: one.answered_ns - one.arrived_ns for one in reflectors.held})


def hog() -> None:
    """Work, and nothing else."""
    while True:
        pass


def ours(addresses: tuple[str, ...], seconds: float) -> dict[int, int]:
    """Round trips (ns) by the stamp of their probe, as the prober has them."""
    prober = WanProber("wan", [parse_address(text) for text in addresses], CLOCK, full_rate=True)
    samples: list[Sample] = []
    for _ in range(round(seconds / TICK_S)):
        prober.send(CLOCK.monotonic_ns())
        time.sleep(TICK_S)
        samples += prober.drain(CLOCK.monotonic_ns())
    prober.close()
    return {one.sent_ns: one.received_ns - one.sent_ns for one in samples}


def naive(addresses: tuple[str, ...], seconds: float) -> dict[int, int]:
    """The same by a clock that is looked at when a thread has been woken."""
    found: dict[int, int] = {}
    targets = [(one.host, one.port) for one in map(parse_address, addresses)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.5)

        def listen() -> None:
            try:
                while True:
                    sent_ns = NAIVE.unpack(sock.recv(256))[2]
                    found[sent_ns] = time.monotonic_ns() - sent_ns
            except TimeoutError:
                return

        listener = threading.Thread(target=listen)
        listener.start()
        for number in range(round(seconds / TICK_S) * 2):
            sock.sendto(NAIVE.pack(b"wctl", number, time.monotonic_ns()), targets[number % REFLECTORS])
            if number % 2:
                time.sleep(TICK_S)
        listener.join()
    return found


def p99(values: list[float]) -> float:
    """The value that a hundredth is beyond."""
    return sorted(values)[int(len(values) * 0.99)]


def main() -> None:
    """Print the 99th percentile of the error of both, and their ratio."""
    parser = options(__doc__, "docs/results/rtt-error.md")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--no-hogs", action="store_true")
    given = parser.parse_args()
    pipe, far = multiprocessing.Pipe()
    others = [multiprocessing.Process(target=reflect, args=(far,), daemon=True)]
    others += [multiprocessing.Process(target=hog, daemon=True) for _ in range(0 if given.no_hogs else 2)]
    for process in others:
        process.start()
    addresses = pipe.recv()
    rounds: dict[str, list[dict[int, int]]] = {"wanctl": [], "naive": []}
    for _ in range(given.rounds):
        rounds["wanctl"].append(ours(addresses, given.seconds))
        rounds["naive"].append(naive(addresses, given.seconds))
    pipe.send("stop")
    held = pipe.recv()
    for process in others:
        process.terminate()
    errors = {
        who: [[(rtt - held[sent]) / 1e6 for sent, rtt in one.items() if sent in held] for one in all_]
        for who, all_ in rounds.items()
    }
    command = f"python -m benchmarks.rtt_error --rounds {given.rounds} --seconds {given.seconds:g}"
    tell({"command": command} | summed(errors, hogs=0 if given.no_hogs else 2), page, given)


def summed(errors: dict[str, list[list[float]]], hogs: int) -> dict[str, Any]:
    """Percentiles by contender: medians over the rounds, the spread, and the ratio of the medians."""
    result: dict[str, Any] = {"hogs": hogs, "load_1min": round(os.getloadavg()[0], 1)}
    for who, all_ in errors.items():
        worst = [p99(one) for one in all_]
        result[who] = {
            "samples": sum(len(one) for one in all_),
            "p50_ms": round(statistics.median(error for one in all_ for error in one), 3),
            "p99_ms": round(statistics.median(worst), 3),
            "p99_spread_ms": [round(min(worst), 3), round(max(worst), 3)],
            "max_ms": round(max(error for one in all_ for error in one), 3),
        }
    result["ratio"] = round(result["naive"]["p99_ms"] / max(result["wanctl"]["p99_ms"], 1e-3), 1)
    return result


def page(result: dict[str, Any]) -> str:
    """The result as a page."""
    lines = [
        "# How wrong a round-trip time is under load",
        "",
        f"`{result['command']}`: {result['hogs']} hogs, load average {result['load_1min']}; rounds in turn.",
        "",
        "| prober | samples | p50 ms | p99 ms (spread) | max ms |",
        "|---|---|---|---|---|",
    ]
    for who in ("wanctl", "naive"):
        row = result[who]
        low, high = row["p99_spread_ms"]
        lines.append(
            f"| {who} | {row['samples']} | {row['p50_ms']} | {row['p99_ms']} ({low} to {high}) | {row['max_ms']} |"
        )
    return "\n".join([*lines, "", f"The naive one's p99 is {result['ratio']} times as high.", ""])


if __name__ == "__main__":
    main()
