"""Greedy TCP senders as a fluid: windows that grow with what is acknowledged and shrink on a sign of congestion.

Growth follows CUBIC with its Reno-friendly floor, and slow start ends early when a delay shows (HyStart), as in Linux:
what loads a home link today. Windows count bytes. Only their sum matters to the link, so the single ones move once a
round trip.
Source: RFC 9438, RFC 9406, RFC 6928.
"""

MSS_BYTES = 1448.0
_FIRST_WINDOW = 10 * MSS_BYTES
_LEAST_WINDOW = 2 * MSS_BYTES
_BETA = 0.7  # what is left of a window after a loss
_CUBIC = 0.4 * MSS_BYTES  # bytes / s**3
_FRIENDLY = 3 * (1 - _BETA) / (1 + _BETA) * MSS_BYTES  # bytes a round trip
_HYSTART_LEAST_S, _HYSTART_MOST_S = 0.004, 0.016


class _Flow:
    __slots__ = ("epoch_s", "peak", "slow_start", "trough", "window")

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.window = _FIRST_WINDOW
        self.slow_start = True
        self.peak = self.trough = self.epoch_s = 0.0

    def leave(self, peak: float, trough: float, now_s: float) -> None:
        """Begin a CUBIC epoch at `trough`, aiming for `peak`."""
        self.slow_start = False
        self.peak, self.trough, self.epoch_s = peak, trough, now_s
        self.window = trough

    def cubic(self, now_s: float, rtt_s: float) -> float:
        """Where CUBIC wants the window one round trip from now."""
        to_peak_s = ((self.peak - self.trough) / _CUBIC) ** (1 / 3)
        return self.peak + float(_CUBIC * (now_s - self.epoch_s + rtt_s - to_peak_s) ** 3)


class Flows:
    """`count` senders that share one direction. `window` is the sum of their windows in bytes."""

    __slots__ = ("_flows", "growth", "window")

    def __init__(self, count: int) -> None:
        assert 0 < count <= 64
        self._flows = [_Flow() for _ in range(count)]
        self.window = 0.0
        self.growth = 0.0  # bytes of window per acknowledged byte, until the next round
        self._sum_up()

    def round(self, acked_bytes: float, now_s: float, rtt_s: float, queue_s: float) -> None:
        """A round trip has passed in which `acked_bytes` were acknowledged, while `queue_s` of it was queueing."""
        share = min(1.0, acked_bytes / self.window)
        patience_s = min(max((rtt_s - queue_s) / 8, _HYSTART_LEAST_S), _HYSTART_MOST_S)
        for flow in self._flows:
            if flow.slow_start:
                flow.window += share * flow.window
                if queue_s > patience_s:
                    flow.leave(flow.window, flow.window, now_s)
            else:
                friendly = flow.window + share * _FRIENDLY
                flow.window = max(friendly, min(flow.cubic(now_s, rtt_s), (1 + share / 2) * flow.window))
        self._sum_up()

    def cut(self, count: int, now_s: float) -> None:
        """The `count` largest flows have lost a packet, or been told to slow down."""
        for flow in sorted(self._flows, key=lambda flow: -flow.window)[:count]:
            flow.leave(flow.window, max(_LEAST_WINDOW, _BETA * flow.window), now_s)
        self._sum_up()

    def cut_hit(self, dropped_bytes: float, now_s: float) -> None:
        """A full FIFO has dropped from whoever arrived: the more packets, the more flows were among them."""
        count = len(self._flows)
        spared = (1.0 - 1.0 / count) ** (dropped_bytes / MSS_BYTES)
        self.cut(max(1, round(count * (1.0 - spared))), now_s)

    def restart(self) -> None:
        """Nothing was heard for so long that what was known of the path is void."""
        for flow in self._flows:
            flow.restart()
        self._sum_up()

    def _sum_up(self) -> None:
        self.window = sum(flow.window for flow in self._flows)
        self.growth = sum(flow.window if flow.slow_start else _FRIENDLY for flow in self._flows) / self.window
