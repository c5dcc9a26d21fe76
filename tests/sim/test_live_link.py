import time
from collections.abc import Callable
from random import Random

from wanctl.daemon.clock import SystemClock
from wanctl.probe import WanProber, parse_address
from wanctl.sim.link import Bottleneck, Link
from wanctl.sim.schedule import Steps
from wanctl.testing.link import LiveLink
from wanctl.testing.reflector import Reflectors

CLOCK = SystemClock()
MBIT = 1_000_000
IDLE = Steps((0, 0.0))


class Router:
    """The two things of a router that a link needs: rates to obey and counters to fill."""

    def __init__(self, down_bps: int | None) -> None:
        self.down_bps = down_bps
        self.rx_bytes = self.tx_bytes = 0

    def count(self, rx_bytes: int, tx_bytes: int) -> None:
        self.rx_bytes, self.tx_bytes = rx_bytes, tx_bytes


def live_link(router: Router) -> LiveLink:
    link = Link(
        Bottleneck(Steps((0, 20e6)), limit_bytes=1_000_000),
        Bottleneck(Steps((0, 5e6)), offered=IDLE),
        Random(1),
        started_ns=CLOCK.monotonic_ns(),
    )
    return LiveLink(
        link, CLOCK, shaped_down_bps=lambda: router.down_bps, shaped_up_bps=lambda: None, on_counters=router.count
    )


def wait_until(reached: Callable[[], bool]) -> bool:
    give_up_ns = CLOCK.monotonic_ns() + 10_000_000_000
    while not reached() and CLOCK.monotonic_ns() < give_up_ns:
        time.sleep(0.01)
    return reached()


def test_a_prober_sees_the_queue_of_a_link_that_runs_in_real_time() -> None:
    router = Router(down_bps=None)
    live = live_link(router)
    with live, Reflectors([live.delay_ms], CLOCK) as reflectors:
        prober = WanProber("cable", [parse_address(reflectors.addresses[0])], CLOCK)
        assert wait_until(lambda: live.queue_ms("download") > 20.0)
        prober.send(CLOCK.monotonic_ns())
        samples: list[float] = []

        def answered() -> bool:
            samples.extend((one.received_ns - one.sent_ns) / 1e6 for one in prober.drain(CLOCK.monotonic_ns()))
            return bool(samples)

        assert wait_until(answered)
        prober.close()
    assert samples[0] > 30.0


def test_the_shaped_rate_is_obeyed_and_the_counters_tell() -> None:
    router = Router(down_bps=None)
    with live_link(router) as live:
        assert wait_until(lambda: live.queue_ms("download") > 20.0)
        router.down_bps = 10 * MBIT
        assert wait_until(lambda: live.queue_ms("download") == 0.0)
        assert live.capacity_bps("download") == 20 * MBIT
    assert router.rx_bytes > 0
    assert router.tx_bytes == 0
