"""What a tick of the prober costs: two sends and a drain of two answers, over UDP on loopback.

    python -m benchmarks.probe_tick

The answers wait in the socket before the benchmark's clock starts, as they do in the daemon. Two rows: `warm`, one tick
after the other, is the work itself; `at 20 Hz`, with a sleep between the ticks, adds the cold caches of real life.
"""

import socket
import statistics
import time

from wanctl.daemon.clock import SystemClock
from wanctl.probe import WanProber, parse_address


def measure(ticks: int, pause_s: float) -> tuple[float, float]:
    """Median and p95 of the CPU time of a tick, in microseconds."""
    echoes = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(6)]
    for echo in echoes:
        echo.bind(("127.0.0.1", 0))
        echo.setblocking(False)
    clock = SystemClock()
    addresses = [parse_address(f"udp://127.0.0.1:{echo.getsockname()[1]}") for echo in echoes]
    prober = WanProber("wan", addresses, clock)
    costs_us = []
    for _ in range(ticks):
        started = time.thread_time_ns()
        samples = prober.drain(clock.monotonic_ns())
        sent = prober.send(clock.monotonic_ns())
        costs_us.append((time.thread_time_ns() - started) / 1000)
        assert len(sent) == 2
        assert len(samples) == (2 if len(costs_us) > 1 else 0)
        for echo in echoes:
            try:
                packet, sender = echo.recvfrom(2048)
            except BlockingIOError:
                continue
            echo.sendto(packet, sender)
        time.sleep(pause_s)
    prober.close()
    for echo in echoes:
        echo.close()
    costs_us.sort()
    return statistics.median(costs_us), costs_us[int(len(costs_us) * 0.95)]


def main() -> None:
    """Print both rows, the median of five repeats each."""
    for name, ticks, pause_s in (("warm", 2000, 0.0), ("at 20 Hz", 100, 0.05)):
        runs = [measure(ticks, pause_s) for _ in range(5)]
        median, p95 = (statistics.median(column) for column in zip(*runs, strict=True))
        print(
            f"{name:>8}: {median:.1f} us a tick (p95 {p95:.1f}), spread of the medians "
            f"{min(run[0] for run in runs):.1f} to {max(run[0] for run in runs):.1f}"
        )


if __name__ == "__main__":
    main()
