"""A house with three WANs on loopback: a RouterOS emulator prepared for steering, and reflectors behind each WAN.

What a daemon sees is real: TLS to the router, UDP to the reflectors. How long each WAN takes is a number that the story
sets; nothing flows, so nothing queues.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

from wanctl.config import load_site
from wanctl.daemon.clock import Clock, SystemClock
from wanctl.daemon.steering.layout import installer, steering_plan
from wanctl.routeros.prepare import carry_out, steps
from wanctl.routeros.steering import switch_list
from wanctl.testing.reflector import Delay, Reflectors
from wanctl.testing.routeros import RouterosEmulator
from wanctl.testing.routeros.seed import home_router
from wanctl.testing.routeros.store import Seed
from wanctl.testing.world import PASSWORD

REFLECTORS = 3  # for each WAN
WANS = {"cable": ("ether1", "198.51.100.1"), "dsl": ("ether2", "203.0.113.1"), "lte": ("ether3", "192.0.2.1")}
IDLE_RTT_MS = {"cable": 20.0, "dsl": 32.0, "lte": 48.0}
CLASSES = {"realtime": ("cable", "dsl", "lte"), "work": ("dsl", "cable")}
_LIST = "/ip/firewall/address-list"


def router_with_three_wans() -> Seed:
    """What the emulator holds: the home router, with a queue for each direction of each WAN."""
    held = dict(home_router())
    held["/interface"] = [{name: text for name, text in one.items() if name != "slave"} for one in held["/interface"]]
    held["/ip/address"] = [
        *held["/ip/address"],
        {"address": "203.0.113.2/24", "interface": "ether2"},
        {"address": "192.0.2.2/24", "interface": "ether3"},
    ]
    held["/queue/tree"] = [
        {"name": f"{name}-{way}", "parent": interface if way == "up" else "bridge", "max-limit": "50M"}
        for name, (interface, _) in WANS.items()
        for way in ("down", "up")
    ]
    return held


class Crossroads:
    """The house. `rtt_ms` says how each WAN is now; None is a dead one."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.rtt_ms: dict[str, float | None] = dict(IDLE_RTT_MS)
        self.router = RouterosEmulator(router_with_three_wans(), user="wanctl", password=PASSWORD)
        delays = [self._delay(name) for name in WANS for _ in range(REFLECTORS)]
        self.reflectors = Reflectors(delays, clock)
        self._folder = folder
        self.site = folder / "crossroads.yaml"

    def __enter__(self) -> Self:
        self.router.__enter__()
        self.reflectors.start()
        password = self._folder / "router.password"
        password.touch(mode=0o600)
        password.write_text(PASSWORD + "\n")
        (self._folder / "router-ca.pem").write_bytes(self.router.ca_file.read_bytes())
        self.site.write_text(self._text())
        file = load_site(self.site)
        router = installer(file, SystemClock(), "rest")
        carry_out(steps(steering_plan(file), router), router)
        router.close()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.reflectors.close()
        self.router.__exit__(kind, error, at)

    def on(self, traffic_class: str) -> list[str]:
        """The WANs whose switch is on for a class, as the router has it."""
        held = {one["list"] for one in self.router.state.records(_LIST)}
        return [wan for wan in CLASSES[traffic_class] if switch_list(traffic_class, wan) in held]

    def _delay(self, name: str) -> Delay:
        return lambda _now_ns: self.rtt_ms[name]

    def _text(self) -> str:
        wans = ""
        for number, (name, (interface, gateway)) in enumerate(WANS.items()):
            own = self.reflectors.addresses[number * REFLECTORS : (number + 1) * REFLECTORS]
            wans += f"""\
  {name}:
    interface: {interface}
    gateway: {gateway}
    reflectors: [{", ".join(own)}]
    download: {{queue: {name}-down, ceiling: 40Mbit}}
    upload: {{queue: {name}-up, ceiling: 10Mbit}}
"""
        return f"""\
# A house with three WANs on loopback; see wanctl/testing/crossroads.py.
router:
  address: 127.0.0.1
  port: {self.router.port}
  user: wanctl
  password_file: router.password
  ca_file: router-ca.pem
  transport: [rest]
wans:
{wans}classes:
  realtime: {{who: {{dscp: [ef, af41]}}, prefer: [cable, dsl, lte], hurts: {{delay: 60ms, loss: 2%}}}}
  work: {{who: {{hosts: [192.168.88.0/28]}}, prefer: [dsl, cable], hurts: {{delay: 150ms}}}}
"""
