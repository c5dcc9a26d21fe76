"""A shaper at work on an emulated router, over both transports, with the machine's times made short."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from wanctl.actuator import Actuator, Target
from wanctl.budget import WriteBudget
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.shaping.mode import RouterMode
from wanctl.daemon.shaping.request import Meter
from wanctl.daemon.shaping.shaper import Shaper
from wanctl.decision import SetRate
from wanctl.routeros import Router
from wanctl.routeros.rest import RestRouter
from wanctl.routeros.ssh import SshRouter
from wanctl.routeros.way import Transport, Ways
from wanctl.testing.routeros import RouterosEmulator

PASSWORD = "canary-52d1"
DOWN, UP, SIMPLE = "WAN-Download-Cable", "WAN-Upload-Cable", "lte"
SHORT = {
    "shut_after": "150ms",
    "mute_after": "300ms",
    "settle": "100ms",
    "probe_every": "100ms",
    "open_for": "300ms",
    "return_every": "300ms",
    "audit_every": "300ms",
    "brief_pause": "50ms",
    "long_pause": "200ms",
    "lasting": "500ms",
    "gone_after": "1s",
    "soon": "150ms",
    "seldom": "300ms",
    "long_gone": "10s",
    "knock_every": "200ms",
}


@dataclass
class Running:
    """The shaper and what it said."""

    shaper: Shaper
    router: RouterosEmulator
    notes: list[str] = field(default_factory=list)
    password: str = PASSWORD

    def want(self, direction: str, rate_bps: int, wan: str = "cable") -> None:
        self.shaper.want([SetRate(wan, direction, rate_bps, cut=True)])

    @property
    def leaves(self) -> tuple[str, ...]:
        return self.shaper.mode.machine.leaves

    def target(self, direction: str, wan: str = "cable") -> Target:
        targets = self.shaper.actuator.targets
        return next(one for one in targets if (one.wan, one.direction) == (wan, direction))

    def uses(self, name: Transport) -> bool:
        return self.shaper.ways.used == name

    def limit(self, queue: str = DOWN) -> int:
        return self.router.max_limit(queue)

    def returns(self) -> int:
        """How often REST was taken again."""
        return sum("→ REST: REST is open again" in note for note in self.notes)


def tree_targets() -> tuple[Target, ...]:
    return (
        Target("cable", "download", DOWN, 5_000_000, 100_000_000),
        Target("cable", "upload", UP, 1_000_000, 20_000_000),
    )


def simple_targets() -> tuple[Target, ...]:
    return (
        Target("lte", "download", SIMPLE, 1_000_000, 60_000_000, simple=True),
        Target("lte", "upload", SIMPLE, 1_000_000, 20_000_000, simple=True),
    )


def router() -> RouterosEmulator:
    """A home router with one simple queue beside its two queues in the tree."""
    emulator = RouterosEmulator(user="wanctl", password=PASSWORD, ssh_port=0)
    emulator.state.place("/queue/simple", {"name": SIMPLE, "target": "192.0.2.0/24", "max-limit": "50M/100M"})
    return emulator


@contextmanager
def shaping(
    emulator: RouterosEmulator,
    transports: Sequence[Transport] = ("rest", "ssh"),
    targets: tuple[Target, ...] | None = None,
    read_timeout_ns: int = 5_000_000_000,
    **changed: str,
) -> Iterator[Running]:
    """Shape until the block ends, then leave the queues at their ceilings."""
    clock = SystemClock()
    host_key = emulator.host_key_sha256
    ca_file = emulator.ca_file.with_name("known-ca.pem")
    ca_file.write_bytes(emulator.ca_file.read_bytes())  # as it was, whatever the emulator swaps

    def connect(name: Transport) -> Router:
        password = running.password
        if name == "ssh":
            return SshRouter(
                "127.0.0.1", "wanctl", password, port=emulator.ssh_port, host_key=host_key,
                read_timeout_ns=read_timeout_ns,
            )  # fmt: skip
        return RestRouter(
            "127.0.0.1", "wanctl", password, port=emulator.port, ca_file=ca_file, now_ns=clock.monotonic_ns,
            read_timeout_ns=read_timeout_ns,
        )  # fmt: skip

    notes: list[str] = []
    actuator = Actuator(tree_targets() if targets is None else targets, WriteBudget(None, None))
    by_way = {(one.wan, one.direction): one for one in actuator.targets}
    meters = [
        Meter(wan, None, by_way[wan, "download"], by_way[wan, "upload"])
        for wan in dict.fromkeys(one.wan for one in actuator.targets)
    ]
    mode = RouterMode(transports, clock.monotonic_ns(), {**SHORT, **changed})
    shaper = Shaper(Ways(transports, connect), actuator, meters, clock, notes.append, mode=mode)
    running = Running(shaper, emulator, notes)
    shaper.start()
    try:
        yield running
    finally:
        shaper.stop()
        assert shaper.failure is None


def eventually(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)
