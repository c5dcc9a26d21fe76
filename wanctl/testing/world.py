"""A house's link on loopback: a RouterOS emulator, a simulated bottleneck that obeys its queues, reflectors behind it.

Everything a daemon can see of a WAN is real here: TLS to the router, UDP to the reflectors. What lies behind them is
the fluid model of `wanctl.sim`. `Truth` keeps what no controller is told: the queue that stands, and what is carried.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from wanctl.daemon.clock import Clock
from wanctl.sim.link import Bottleneck, Link, Noise
from wanctl.sim.schedule import Steps
from wanctl.testing.link import LiveLink
from wanctl.testing.reflector import Reflectors
from wanctl.testing.routeros import RouterosEmulator

DOWNLOAD_QUEUE, UPLOAD_QUEUE, INTERFACE = "WAN-Download-Cable", "WAN-Upload-Cable", "ether1"
IDLE_RTT_MS = 20.0
REFLECTORS = 6
QUIET_NS = 1_000_000_000  # before the load sets in
PASSWORD = "loopback only"  # noqa: S105  (of the emulator alone)
_SAMPLE_S = 0.01


def falling_link(phase_ns: int, started_ns: int, seed: int) -> Link:
    """A cable line of 40/10 Mbit/s under four greedy downloads: it falls to 16/4 and rises to 32/8 again."""

    def capacity(nominal_bps: float) -> Steps:
        return Steps(
            (0, nominal_bps), (phase_ns * 3 // 10, nominal_bps * 0.4), (phase_ns * 13 // 20, nominal_bps * 0.8)
        )

    greedy = Steps((0, 0.0), (QUIET_NS, float("inf")))
    light = Steps((0, 0.0), (QUIET_NS, 1e6))
    # The FIFO of a cable modem: 0.3 s at the nominal rate, and so the more the slower the line gets.
    download = Bottleneck(capacity(40e6), 1_500_000, flows=4, offered=greedy)
    upload = Bottleneck(capacity(10e6), 375_000, flows=1, offered=light)
    noise = Noise(jitter_ms=0.3)
    return Link(download, upload, Random(seed), base_rtt_ms=IDLE_RTT_MS, noise=noise, started_ns=started_ns)  # noqa: S311


class Truth:
    """What really stood at the bottleneck, sampled every 10 ms from the moment the load set in."""

    def __init__(self) -> None:
        self.queue_ms: list[float] = []
        self.carried_bits = 0.0
        self.capacity_bits = 0.0

    def quantile_ms(self, share: float) -> float:
        """The queue that this share of the time was not exceeded, in ms."""
        ordered = sorted(self.queue_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def used(self) -> float:
        """What was carried of what could have been, a ratio."""
        return self.carried_bits / self.capacity_bits if self.capacity_bits else 0.0


@dataclass(frozen=True, slots=True)
class Wires:
    """What the router calls a WAN: its interface, and its queues."""

    interface: str = INTERFACE
    download: str = DOWNLOAD_QUEUE
    upload: str = UPLOAD_QUEUE


CABLE = Wires()


class World:
    """The link of one phase. With `shaped` the emulator's limits hold, else nobody shapes."""

    def __init__(
        self, router: RouterosEmulator, clock: Clock, phase_ns: int, seed: int, *, shaped: bool, wires: Wires = CABLE
    ) -> None:
        self._router, self._clock, self._phase_ns, self._seed, self._shaped = router, clock, phase_ns, seed, shaped
        self.wires = wires
        self.truth = Truth()
        self.live: LiveLink | None = None
        self._counted = (0, 0)
        self._stopping = threading.Event()
        self._sampler = threading.Thread(target=self._sample, name="truth", daemon=True)
        self.reflectors = Reflectors([self._delay_ms] * REFLECTORS, clock)

    def begin(self) -> None:
        """The house starts to use its link."""
        link = falling_link(self._phase_ns, self._clock.monotonic_ns(), self._seed)
        self.live = LiveLink(
            link,
            self._clock,
            shaped_down_bps=self._limit(self.wires.download),
            shaped_up_bps=self._limit(self.wires.upload),
            on_counters=self._count,
        )
        self.live.__enter__()
        self._sampler.start()

    def __enter__(self) -> Self:
        self.reflectors.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        if self.live is not None:
            self._sampler.join()
            self.live.__exit__(kind, error, at)
        self.reflectors.close()

    def _delay_ms(self, now_ns: int) -> float | None:
        return IDLE_RTT_MS if self.live is None else self.live.delay_ms(now_ns)

    def _limit(self, queue: str) -> Callable[[], int | None]:
        return (lambda: self._router.max_limit(queue)) if self._shaped else (lambda: None)

    def _count(self, rx_bytes: int, tx_bytes: int) -> None:
        rx, tx = self._counted
        self._router.state.add_counter_bytes(self.wires.interface, rx_bytes - rx, tx_bytes - tx)
        self.truth.carried_bits += (rx_bytes - rx) * 8 if rx_bytes > rx else 0
        self._counted = (rx_bytes, tx_bytes)

    def _sample(self) -> None:
        live = self.live
        assert live is not None
        loaded_ns = self._clock.monotonic_ns() + QUIET_NS
        before_ns = self._clock.monotonic_ns()
        while not self._stopping.wait(_SAMPLE_S):
            now_ns = self._clock.monotonic_ns()
            if now_ns >= loaded_ns:
                self.truth.queue_ms.append(live.queue_ms("download") + live.queue_ms("upload"))
                self.truth.capacity_bits += live.capacity_bps("download") * (now_ns - before_ns) / 1e9
            before_ns = now_ns


def site_text(rest_port: int, reflectors: tuple[str, ...]) -> str:
    """The site file of this house, as an operator would write it."""
    names = "".join(f"\n      - {address}" for address in reflectors)
    return f"""\
# A house on loopback; see wanctl/testing/world.py.
router:
  address: 127.0.0.1
  port: {rest_port}
  user: wanctl
  password_file: router.password
  ca_file: router-ca.pem
  transport: [rest]
wans:
  cable:
    profile: default
    interface: {INTERFACE}
    reflectors:{names}
    download: {{queue: {DOWNLOAD_QUEUE}, plan: 50Mbit}}
    upload: {{queue: {UPLOAD_QUEUE}, plan: 12Mbit}}
"""


def write_site(folder: Path, router: RouterosEmulator, reflectors: tuple[str, ...]) -> Path:
    """The site file with the files that it names; its path."""
    password = folder / "router.password"
    password.touch(mode=0o600)
    password.write_text(PASSWORD + "\n")
    (folder / "router-ca.pem").write_bytes(router.ca_file.read_bytes())
    path = folder / "demo.yaml"
    path.write_text(site_text(router.port, reflectors))
    return path


def allow_ssh(site: Path, router: RouterosEmulator, transports: str = "rest, ssh") -> Path:
    """Let a site that `write_site` has made use SSH as well, with the router's host key pinned; its path."""
    own = f"ssh_port: {router.ssh_port}\n  host_key: {router.host_key_sha256}\n  transport: [{transports}]"
    site.write_text(site.read_text().replace("transport: [rest]", own))
    return site
