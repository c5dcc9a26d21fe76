"""A simulated link in real time: it delays reflectors, feeds a router's byte counters and obeys its shaped rates.

    live = LiveLink(link, clock, shaped_down_bps=..., shaped_up_bps=..., on_counters=...)
    with live, Reflectors([live.delay_ms] * 6, clock) as reflectors:
        ...

Coupled by functions alone, so it fits any emulator: the rates are asked for and the counters handed over some hundred
times a second, both from the link's own thread, which therefore must not wait in them.
"""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from wanctl.daemon.clock import Clock
from wanctl.sim.link import Link, Side

Rate = Callable[[], int | None]
"""The rate that a shaper has now in bit/s; None or 0 when it does not limit."""

Counters = Callable[[int, int], None]
"""Takes the WAN interface's byte counters: received, transmitted."""

PERIOD_S = 0.005


class LiveLink:
    """Runs `link`, which must have been made with `started_ns=clock.monotonic_ns()`, while the `with` block lasts."""

    def __init__(
        self,
        link: Link,
        clock: Clock,
        *,
        shaped_down_bps: Rate,
        shaped_up_bps: Rate,
        on_counters: Counters | None = None,
    ) -> None:
        self._link = link
        self._clock = clock
        self._shaped_down_bps = shaped_down_bps
        self._shaped_up_bps = shaped_up_bps
        self._on_counters = on_counters
        self._lock = threading.Lock()  # guards `_link`
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-link", daemon=True)

    def delay_ms(self, now_ns: int) -> float | None:  # noqa: ARG002  the link is never more than one period behind
        """The round trip of a probe that arrives now, for `Reflectors`; None loses it."""
        with self._lock:
            return self._link.rtt_ms()

    def queue_ms(self, side: Side) -> float:
        """The delay that the bottleneck's queue causes now, in ms: the truth that a controller can only guess."""
        with self._lock:
            return self._link.queue_ms(side)

    def capacity_bps(self, side: Side) -> float:
        """What the bottleneck carries now."""
        with self._lock:
            return self._link.capacity_bps(side)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(PERIOD_S):
            down_bps, up_bps = self._shaped_down_bps(), self._shaped_up_bps()
            with self._lock:
                self._link.advance(self._clock.monotonic_ns(), down_bps, up_bps)
                rx_bytes, tx_bytes = self._link.rx_bytes, self._link.tx_bytes
            if self._on_counters is not None:
                self._on_counters(rx_bytes, tx_bytes)
