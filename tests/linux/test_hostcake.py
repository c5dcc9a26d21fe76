"""This host's CAKE in the shape of a router's queues, and the actuator's patience with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wanctl.actuator import HOST_PACE, ROUTER_PACE, Actuator, Pace, Target
from wanctl.budget import WriteBudget
from wanctl.config import load_site
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.shaping.allowance import Allowance
from wanctl.daemon.shaping.connect import targets_of, transports, ways_of
from wanctl.daemon.shaping.hostcake import HostCake
from wanctl.daemon.shaping.mode import RouterMode
from wanctl.daemon.shaping.request import Meter, Requests
from wanctl.engine import Intent
from wanctl.linux import may_shape
from wanctl.routeros import Denied, NotFound
from wanctl.routeros.way import Ways

SITE = """linux: {}
wans:
  fiber:
    download: {device: nosuch0, ceiling: 40Mbit}
    upload: {device: lo, ceiling: 10Mbit}
"""
MS = 1_000_000


@pytest.fixture
def host() -> Iterator[HostCake]:
    if not may_shape():
        with pytest.raises(Denied, match="CAP_NET_ADMIN"):
            HostCake(SystemClock(), {"lo": ""})
        pytest.skip("this process may not shape, and was told so")
    cake = HostCake(SystemClock(), {"lo": "tc qdisc replace dev lo root cake bandwidth 9mbit"})
    yield cake
    cake.close()


def test_a_device_that_is_not_set_up_is_an_object_that_is_not_there(host: HostCake) -> None:
    with pytest.raises(NotFound, match="lo has no CAKE") as raised:
        host.read_tree("lo")
    assert "tc qdisc replace dev lo" in raised.value.hint or "CAKE" in raised.value.message
    with pytest.raises(NotFound, match="nosuch0"):
        host.set_tree_limit("nosuch0", 5_000_000)


def test_the_counters_are_those_of_the_interface(host: HostCake) -> None:
    rx_bytes, tx_bytes = host.read_interface("lo")
    folder = Path("/sys/class/net/lo/statistics")
    assert 0 <= rx_bytes <= int((folder / "rx_bytes").read_text())
    assert 0 <= tx_bytes <= int((folder / "tx_bytes").read_text())


def test_a_host_never_reboots_under_itself(host: HostCake) -> None:
    assert host.resource().uptime_ns <= host.resource().uptime_ns


def test_a_linux_site_has_one_way_and_its_devices_are_the_targets(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(SITE)
    site = load_site(tmp_path / "home.yaml")
    assert transports(site) == ("netlink",)
    assert ways_of(site, SystemClock()).title == "the kernel"
    assert [(one.direction, one.queue, one.simple) for one in targets_of(site)] == [
        ("download", "nosuch0", False),
        ("upload", "lo", False),
    ]


def writes(pace: Pace, wishes_bps: list[int]) -> list[int]:
    """What goes out when a new rate is wanted each 50 ms."""
    actuator = Actuator((Target("fiber", "download", "ifb0", 1_000_000, 40_000_000),), WriteBudget(None, None), pace)
    target, now_ns, gone = actuator.targets[0], 0, []
    actuator.has(target, 20_000_000, now_ns)
    for wish_bps in wishes_bps:
        now_ns += 50 * MS
        actuator.want("fiber", "download", wish_bps, now_ns)
        write = actuator.next_write(now_ns)
        if write is not None:
            actuator.sent(write, now_ns)
            actuator.done(write)
            actuator.has(target, write.rate_bps, now_ns)
            gone.append(write.rate_bps)
    return gone


def test_a_host_takes_every_raise_and_every_small_change_at_once() -> None:
    wishes = [21_000_000, 22_000_000, 22_040_000, 21_960_000, 30_000_000]
    assert writes(HOST_PACE, wishes) == wishes
    assert len(writes(ROUTER_PACE, wishes)) < len(wishes)


class SteppedClock(SystemClock):
    """The time of day that a test says it is."""

    now_ns = 0

    def monotonic_ns(self) -> int:
        return self.now_ns


@pytest.mark.parametrize(("period_ms", "readings"), [(50, 20), (200, 5)])
def test_counters_are_read_as_often_as_the_site_says(period_ms: int, readings: int, host: HostCake) -> None:
    clock = SteppedClock()
    down, up = (Target("fiber", way, "lo", 1_000_000, 40_000_000) for way in ("download", "upload"))
    actuator = Actuator((down, up), WriteBudget(None, None), HOST_PACE)
    requests = Requests(
        Ways(("netlink",), lambda _: host), actuator, RouterMode(("netlink",), 0), Allowance(actuator, None, clock),
        (Meter("fiber", "lo", down, up),), clock, lambda _: None, period_ms * MS,
    )  # fmt: skip
    for _ in range(100):  # a second
        requests.carry_out(Intent("counters.read", {}, ""))
        clock.now_ns += 10 * MS
    assert len(requests.readings) == readings
