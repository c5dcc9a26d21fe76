"""A steerer at work on an emulated router with four WANs, with the machine's times made short."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from wanctl.daemon.clock import SystemClock
from wanctl.daemon.steering.router import RouterSwitches
from wanctl.daemon.steering.steerer import Steerer
from wanctl.decision import SetClass
from wanctl.routeros.prepare import Installer, carry_out, steps
from wanctl.routeros.rest import RestRouter
from wanctl.routeros.ssh import SshRouter
from wanctl.routeros.steering import Link, SteeredClass, SteeringPlan, Traffic, switch_list
from wanctl.routeros.survey import Surveyor
from wanctl.routeros.value import duration_ns
from wanctl.routeros.way import Transport
from wanctl.steering.placement import Placement
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.routeros.seed import home_router
from wanctl.testing.routeros.state import State
from wanctl.testing.routeros.store import Seed

PASSWORD = "canary-77aa"
TTL_NS = 90_000_000_000
LIST = "/ip/firewall/address-list"
SHORT: Mapping[str, str | float] = {
    "audit_every": "100ms", "soon": "50ms", "later": "100ms", "lasting": "500ms", "check_every": "100ms",
    "forbear": "100ms",
}  # fmt: skip
PLAN = SteeringPlan(
    "home",
    (
        Link("cable", "ether1", "198.51.100.1"),
        Link("dsl", "ether2", "203.0.113.1"),
        Link("lte", "ether3", "192.0.2.1"),
    ),
    (
        SteeredClass("realtime", Traffic(dscp=(46,), ports=(("udp", "3478-3481"),)), ("cable", "dsl", "lte")),
        SteeredClass("work", Traffic(hosts=("192.168.88.16/28",), lists=("laptops",)), ("dsl", "cable")),
    ),
)


def seed() -> Seed:
    """A home router with three WANs, each on an interface of its own."""
    held = dict(home_router())
    held["/interface"] = [{name: text for name, text in one.items() if name != "slave"} for one in held["/interface"]]
    held["/ip/address"] = [
        *held["/ip/address"],
        {"address": "203.0.113.2/24", "interface": "ether2"},
        {"address": "192.0.2.2/24", "interface": "ether3"},
    ]
    return held


@dataclass
class Skewed:
    """The emulator's clock: that of the host, put forward by the test."""

    ahead_ns: int = 0

    def now_ns(self) -> int:
        return time.monotonic_ns() + self.ahead_ns


@dataclass
class House:
    """The router and whoever steers it."""

    router: RouterosEmulator
    clock: Skewed
    way: Transport = "rest"
    notes: list[str] = field(default_factory=list)
    placements: dict[str, Placement] = field(default_factory=dict)

    def connect(self, name: Transport) -> Surveyor:
        return self.installer(name)

    def prepare(self) -> None:
        """Install what steering needs."""
        router = self.installer("rest")
        carry_out(steps(PLAN, router), router)
        router.close()

    def installer(self, name: Transport) -> Installer:
        if name == "ssh":
            key = self.router.host_key_sha256
            return SshRouter("127.0.0.1", "wanctl", PASSWORD, port=self.router.ssh_port, host_key=key)
        return RestRouter(
            "127.0.0.1", "wanctl", PASSWORD, port=self.router.port, ca_file=self.router.ca_file,
            now_ns=time.monotonic_ns,
        )  # fmt: skip

    def steerer(self, **changed: str) -> Steerer:
        switches = RouterSwitches(PLAN, self.connect, lambda: self.way)
        classes = {one.name: one.prefer for one in PLAN.classes}
        return Steerer(
            switches, classes, SystemClock(), self.notes.append, ttl_ns=TTL_NS, uptime=switches.uptime_ns,
            params={**SHORT, **changed},
        )  # fmt: skip

    @contextmanager
    def steering(self, **changed: str) -> Iterator[Steerer]:
        """Steer until the block ends."""
        steerer = self.steerer(**changed)
        steerer.start()
        try:
            yield steerer
        finally:
            steerer.stop()
            assert steerer.failure is None, steerer.failure

    def on(self) -> set[str]:
        """The switches that are on, as `CLASS.WAN`."""
        return {
            one["list"].removeprefix("wanctl-")
            for one in self.router.state.records(LIST)
            if one["list"].startswith("wanctl-") and one["address"] == "0.0.0.0/0"
        }

    def left_s(self, switch: str) -> int:
        """How long a switch stays on by itself."""
        (entry,) = (one for one in self.router.state.records(LIST) if one["list"] == f"wanctl-{switch}")
        return duration_ns(entry["timeout"]) // 10**9

    def settled(self, steerer: Steerer, traffic_class: str, wan: str) -> bool:
        """Whether a class is settled on a WAN, as the tick is told."""
        self.placements.update({one.traffic_class: one for one in steerer.take()})
        placement = self.placements.get(traffic_class)
        return placement is not None and (placement.wan, placement.state) == (wan, "SETTLED")

    def drop(self, traffic_class: str, wan: str) -> None:
        """Somebody removes the entry that is a switch."""
        with self.router.state.lock:
            for one in self.router.state.records(LIST):
                if one["list"] == switch_list(traffic_class, wan):
                    self.router.state.remove(LIST, one[".id"])


@contextmanager
def house(*, prepared: bool = True) -> Iterator[House]:
    clock = Skewed()
    state = State(seed(), now_ns=clock.now_ns)
    with RouterosEmulator(state, user="wanctl", password=PASSWORD, ssh_port=0) as emulator:
        made = House(emulator, clock)
        if prepared:
            made.prepare()
        yield made


def move(traffic_class: str, wan: str) -> list[SetClass]:
    return [SetClass(traffic_class, wan)]


def eventually(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.01)


def look_again(steerer: Steerer) -> None:
    """Wait until the switches have been read once more, from beginning to end."""
    before = steerer.moves.readings
    eventually(lambda: steerer.moves.readings > before + 1)
