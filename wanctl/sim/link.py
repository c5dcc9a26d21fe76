"""A home link in memory: two directions that a daemon can shape, a round-trip time and byte counters to see them by.

For closed-loop runs without a network. The caller owns the time and hands in the shaped rates; nothing here reads a
clock or draws a number of its own. One probe's round trip is the idle time, the queues at both bottlenecks, and noise.
"""

from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple

from wanctl.sim.direction import Direction
from wanctl.sim.schedule import Schedule, Steps

Side = Literal["download", "upload"]

STEP_NS = 2_000_000
# A queue before a dead link has no end; nobody waits for an answer longer than this.
MOST_QUEUE_MS = 60_000.0
_GREEDY = Steps((0, float("inf")))


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """One direction of the link: what it carries, how much its FIFO holds, and who sends.

    `offered` limits what the applications have to send (bit/s); without it the flows take whatever they can get.
    """

    capacity: Schedule
    limit_bytes: int = 2_000_000
    flows: int = 4
    offered: Schedule = _GREEDY


@dataclass(frozen=True, slots=True)
class Noise:
    """What a round trip has beside queues: jitter, reflectors that dawdle now and then, and loss.

    Jitter and spikes are exponential with the given means in ms; shares are ratios of probes.
    """

    jitter_ms: float = 0.0
    spike_ms: float = 0.0
    spike_share: float = 0.0
    loss_share: float = 0.0

    def draw(self, random: Random) -> float | None:
        """Milliseconds on top of one round trip, >= 0; None if it is lost."""
        if self.loss_share and random.random() < self.loss_share:
            return None
        extra_ms = random.expovariate(1.0 / self.jitter_ms) if self.jitter_ms else 0.0
        if self.spike_share and random.random() < self.spike_share:
            extra_ms += random.expovariate(1.0 / self.spike_ms)
        return extra_ms


class Ledger(NamedTuple):
    """Where the bytes of one direction are: offered = delivered + dropped + queued + backlogged."""

    offered_bytes: float
    delivered_bytes: float
    dropped_bytes: float
    queued_bytes: float  # at the bottleneck
    backlogged_bytes: float  # in the shaper


@dataclass(slots=True)
class _Side:
    bottleneck: Bottleneck
    direction: Direction
    capacity: float = 0.0  # bytes a step
    queue_s: float = 0.0
    last_queue_s: float = 0.0  # while the link still carried something: all that senders know in an outage


class Link:
    """A link from `started_ns` on. `advance` moves it; everything else tells how it is then.

    The download's shaper stands behind the bottleneck and the upload's before it, and the counters stand between, as
    they do on a router at home.
    """

    def __init__(
        self,
        download: Bottleneck,
        upload: Bottleneck,
        random: Random,
        *,
        base_rtt_ms: float = 20.0,
        noise: Noise | None = None,
        started_ns: int = 0,
        step_ns: int = STEP_NS,
    ) -> None:
        assert base_rtt_ms > 0.0
        assert 1_000_000 <= step_ns <= 5_000_000
        self._random = random
        self._base_rtt_ms = base_rtt_ms
        self._noise = noise or Noise()
        self._started_ns = started_ns
        self._at_ns = started_ns
        self._step_ns = step_ns
        step_s = step_ns / 1e9
        self._download = _Side(download, Direction(download.flows, download.limit_bytes, step_s, shaper_first=False))
        self._upload = _Side(upload, Direction(upload.flows, upload.limit_bytes, step_s, shaper_first=True))

    def advance(self, now_ns: int, shaped_down_bps: int | None, shaped_up_bps: int | None) -> None:
        """Let time pass until `now_ns` with these shaped rates in bit/s; None or 0 is no shaper.

        Time moves in whole steps; what is left over is part of the next call.
        """
        step_bytes = self._step_ns / 8e9
        down_shaped = shaped_down_bps * step_bytes if shaped_down_bps else None
        up_shaped = shaped_up_bps * step_bytes if shaped_up_bps else None
        base_s = self._base_rtt_ms / 1_000
        down, up = self._download, self._upload
        while self._at_ns + self._step_ns <= now_ns:
            self._at_ns += self._step_ns
            elapsed_ns = self._at_ns - self._started_ns
            for side, other, shaped in ((down, up, down_shaped), (up, down, up_shaped)):
                spec = side.bottleneck
                side.capacity = spec.capacity.at(elapsed_ns) * step_bytes
                offer = spec.offered.at(elapsed_ns) * step_bytes
                side.direction.advance(side.capacity, shaped, offer, base_s + other.last_queue_s, side.last_queue_s)
                self._look_at_queue(side)

    def rtt_ms(self) -> float | None:
        """The round trip of a probe that is sent now, in ms; None if it is lost. Draws from the noise."""
        for side in (self._download, self._upload):
            share = side.direction.drop_share
            if side.capacity <= 0.0 or (share > 0.0 and self._random.random() < share):
                return None
        extra_ms = self._noise.draw(self._random)
        return (
            None
            if extra_ms is None
            else self._base_rtt_ms + self.queue_ms("download") + self.queue_ms("upload") + extra_ms
        )

    def queue_ms(self, side: Side) -> float:
        """How long the bottleneck's queue of one direction delays what arrives now, in ms; at most a minute."""
        return self._side(side).queue_s * 1_000

    def capacity_bps(self, side: Side) -> float:
        """What the bottleneck carries now."""
        return self._side(side).capacity * 8e9 / self._step_ns

    def ledger(self, side: Side) -> Ledger:
        """Where the bytes of one direction are."""
        direction = self._side(side).direction
        return Ledger(direction.offered, direction.delivered, direction.dropped, direction.queue, direction.backlog)

    @property
    def rx_bytes(self) -> int:
        """The WAN interface's receive counter: what came out of the download's bottleneck, before the shaper."""
        return int(self._download.direction.passed)

    @property
    def tx_bytes(self) -> int:
        """The WAN interface's transmit counter: what the upload's shaper let go, before the bottleneck."""
        return int(self._upload.direction.passed)

    @property
    def delivered_bytes(self) -> int:
        """What has reached its receiver, both directions together."""
        return int(self._download.direction.delivered + self._upload.direction.delivered)

    def _side(self, side: Side) -> _Side:
        return self._download if side == "download" else self._upload

    def _look_at_queue(self, side: _Side) -> None:
        queue = side.direction.queue
        if side.capacity > 0.0:
            side.queue_s = side.last_queue_s = min(queue / side.capacity * self._step_ns / 1e9, MOST_QUEUE_MS / 1_000)
        else:
            side.queue_s = MOST_QUEUE_MS / 1_000 if queue > 0.0 else 0.0
