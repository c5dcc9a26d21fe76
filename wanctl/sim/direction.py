"""One direction of a link: senders, a bottleneck with a dumb FIFO, a shaper with a good queue, and the way back.

    download:  senders -> bottleneck FIFO -> (counter) -> shaper -> host     acknowledgements back to the senders
    upload:    senders -> shaper -> (counter) -> bottleneck FIFO -> host

A fluid: bytes are real numbers, time goes in steps. What keeps it close to TCP is the acknowledgement clock: a sender
may have no more than its window under way, and learns what arrived one way back later. So its rate follows the shaped
rate after a round trip without any loss, a window that is too large stands as a queue, and a queue in the other
direction slows the acknowledgements down. The shaper isolates flows, as CAKE does: probes never wait in it, and when
its own queue stands for longer than CoDel allows it slows senders down. Acknowledgements take no capacity here.
"""

from wanctl.sim.flows import Flows

_HISTORY = 4096  # steps; a power of two. The longest way back that can be told: 8 s at 2 ms a step
# CoDel as CAKE sets it for the internet. Source: tc-cake(8), RFC 8289.
_TARGET_S = 0.005
_INTERVAL_S = 0.1
_MOST_MARKS = 100
# RFC 6298 asks for at least a second before the acknowledgement clock counts as lost.
_TIMEOUT_S = 1.0
# In an outage a queue looks endless; when the link is back, the senders should not still wait for it.
_LONGEST_ROUND_S = 4.0


class Direction:
    """The state of one direction; all amounts in bytes, totals since the start."""

    def __init__(self, flows: int, limit_bytes: float, step_s: float, *, shaper_first: bool) -> None:
        assert limit_bytes > 0
        self.offered = 0.0  # left the senders, repeats included
        self.passed = 0.0  # the counter between bottleneck and shaper
        self.delivered = 0.0
        self.dropped = 0.0
        self.queue = 0.0  # waits at the bottleneck
        self.backlog = 0.0  # waits in the shaper
        self.drop_share = 0.0  # of what arrives at the bottleneck now
        self._limit = limit_bytes
        self._step_s = step_s
        self._shaper_first = shaper_first
        self._flows = Flows(flows)
        self._step = 0
        self._gone = [0.0] * _HISTORY  # delivered or dropped, by step: what the senders will hear of
        self._acked = 0.0
        self._acked_this_round = 0.0
        self._round_ends = 0
        self._pace = 0.0  # bytes a step, at most
        self._app_limited = False
        self._heard_s = 0.0
        self._loss_known: int | None = None  # the step at which the senders learn of a drop
        self._dropped_before = 0.0
        self._deaf_until = 0  # one cut answers all drops of one round trip
        self._marks = 0
        self._next_mark_s = 0.0

    def advance(self, capacity: float, shaped: float | None, offer: float, back_s: float, queue_s: float) -> None:
        """One step. `capacity`, `shaped` and `offer` in bytes a step, None for no shaper; the way back takes `back_s`.

        `queue_s` is how long the bottleneck's queue delays what arrives now.
        """
        self._step += 1
        arriving = self._send(offer, back_s)
        if self._shaper_first:
            arriving = self._shape(arriving, shaped)
            self.passed += arriving
        self.queue += arriving
        leaving = min(self.queue, capacity)
        self.queue -= leaving
        if self.queue > self._limit:
            self._overflow(arriving, back_s + queue_s)
        else:
            self.drop_share = 0.0
        if not self._shaper_first:
            self.passed += leaving
            leaving = self._shape(leaving, shaped)
        self.delivered += leaving
        self._gone[self._step & (_HISTORY - 1)] = self.delivered + self.dropped
        if shaped is not None:
            self._mark(shaped)
        if self._loss_known is not None and self._step >= self._loss_known:
            self._flows.cut_hit(self.dropped - self._dropped_before, self._step * self._step_s)
            self._deaf_until = self._loss_known + self._steps(back_s + queue_s)
            self._loss_known = None
        if self._step >= self._round_ends:
            self._end_round(shaped, back_s, queue_s)

    def _send(self, offer: float, back_s: float) -> float:
        """What the senders put on the wire in this step: as much as acknowledgements allow and applications have."""
        back = min(max(1, int(back_s / self._step_s)), _HISTORY - 1)
        heard = self._gone[(self._step - back) & (_HISTORY - 1)]
        flows = self._flows
        if heard > self._acked:
            fresh = heard - self._acked
            self._acked = heard
            self._acked_this_round += fresh
            self._heard_s = self._step * self._step_s
            if not self._app_limited:
                flows.window += fresh * flows.growth
        room = flows.window - (self.offered - self._acked)
        if room <= 0.0:
            return 0.0
        room = min(room, self._pace)
        if room > offer:
            self._app_limited = True
            room = offer
        self.offered += room
        return room

    def _shape(self, arriving: float, shaped: float | None) -> float:
        self.backlog += arriving
        leaving = self.backlog if shaped is None else min(self.backlog, shaped)
        self.backlog -= leaving
        return leaving

    def _overflow(self, arriving: float, loss_s: float) -> None:
        excess = self.queue - self._limit
        self.queue = self._limit
        if self._loss_known is None and self._step >= self._deaf_until:
            self._dropped_before = self.dropped
            self._loss_known = self._step + self._steps(loss_s)
        self.dropped += excess
        self.drop_share = min(1.0, excess / arriving) if arriving > 0.0 else 0.0

    def _mark(self, shaped: float) -> None:
        """Slow a sender down when the shaper's own queue has stood above the target for an interval (CoDel)."""
        now_s = self._step * self._step_s
        if self.backlog * self._step_s <= shaped * _TARGET_S:
            self._marks = 0
            self._next_mark_s = now_s + _INTERVAL_S
        elif now_s >= self._next_mark_s:
            self._marks = min(self._marks + 1, _MOST_MARKS)
            self._next_mark_s = now_s + _INTERVAL_S / self._marks**0.5
            self._flows.cut(1, now_s)

    def _end_round(self, shaped: float | None, back_s: float, queue_s: float) -> None:
        now_s = self._step * self._step_s
        own_s = self.backlog / shaped * self._step_s if shaped else 0.0
        rtt_s = back_s + queue_s + own_s
        if now_s - self._heard_s > _TIMEOUT_S + rtt_s:
            self._flows.restart()
            self._heard_s = now_s
        elif not self._app_limited:
            self._flows.round(self._acked_this_round, now_s, rtt_s, queue_s + own_s)
        self._acked_this_round = 0.0
        self._app_limited = False
        self._round_ends = self._step + self._steps(rtt_s)
        # As Linux paces: twice the window a round trip in slow start, 1.2 times after it. It also keeps a burst, once
        # there, from going round for ever, which a fluid has nothing else to stop.
        flows = self._flows
        self._pace = (1.2 + 0.8 * min(1.0, flows.growth)) * flows.window / rtt_s * self._step_s

    def _steps(self, round_s: float) -> int:
        return max(1, int(min(round_s, _LONGEST_ROUND_S) / self._step_s))
