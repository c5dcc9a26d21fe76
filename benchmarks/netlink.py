"""What this host's CAKE costs to ask and to set: CPU time of this process, in µs.

    python -m benchmarks.netlink

Counters are read from the running kernel (`lo`). For a write, the request is made and an answer read that a kernel 6.1
gave; the kernel's own part is not in it, for not every kernel has CAKE.
"""

import json
import platform
from collections.abc import Callable
from pathlib import Path
from statistics import median

from wanctl.daemon.clock import SystemClock
from wanctl.linux import Cake, Channel
from wanctl.linux.message import change_rate, qdisc_of, rate_of

RECORDED = Path(__file__).resolve().parents[1] / "tests/linux/fixtures/messages.json"
ROUNDS, TURNS = 5, 1_000


def cost_us(work: Callable[[], object]) -> float:
    """CPU time of one turn: the median of five rounds."""
    clock, rounds = SystemClock(), []
    for _ in range(ROUNDS):
        begun_ns = clock.cpu_ns()
        for _ in range(TURNS):
            work()
        rounds.append((clock.cpu_ns() - begun_ns) / TURNS / 1e3)
    return median(rounds)


def main() -> None:
    cake = Cake(Channel())
    answer = bytes.fromhex(json.loads(RECORDED.read_text())["change"])
    costs = {
        "counters of an interface, asked and read": lambda: cake.read([], ["lo"]),
        "a write: making the request": lambda: change_rate(5, 0x8001_0000, 12_000_000),
        "a write: reading the rate that the kernel then has": lambda: rate_of(answer),
        "all statistics of a CAKE with four tins": lambda: qdisc_of(answer),
    }
    print(f"Python {platform.python_version()}, Linux {platform.release()}; µs of CPU, median of {ROUNDS} rounds")
    for what, work in costs.items():
        print(f"{cost_us(work):8.0f}  {what}")


if __name__ == "__main__":
    main()
