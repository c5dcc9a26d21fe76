"""The sign of life: as long as ticks are held, the watchdog of systemd is fed and `systemctl status` has a line.

Only the tick loop calls this. An outage, a router that is gone or a disk that is full stops nothing here: each is a
state, and no reason for a restart.
"""

from collections.abc import Mapping
from typing import Protocol

from wanctl.daemon.notify import Notifier
from wanctl.decision import Decision, DirectionSignals, WanSignals

CALM_NS = 1_000_000_000  # where nobody watches
STATUS_NS = 5_000_000_000
SHARE = 4  # of the watchdog's period: one that is late is no death


class Lifecycle(Protocol):
    """What the daemon as a whole is doing."""

    @property
    def remark(self) -> str:
        """What a line of state begins with; empty while all is well."""
        ...


class Heartbeat:
    """Listens to the ticks of one site and tells the service manager."""

    def __init__(self, notifier: Notifier, lifecycle: Lifecycle) -> None:
        self._notifier, self._lifecycle = notifier, lifecycle
        self._period_ns = notifier.watchdog_ns // SHARE or CALM_NS
        self._alive_due_ns = self._status_due_ns = 0
        self._remark = ""

    def say(self, text: str) -> None:
        """Sentences are the journal's business."""

    def decided(self, decision: Decision) -> None:
        """A tick was held."""
        now_ns = decision.at_ns
        if now_ns >= self._alive_due_ns:
            self._alive_due_ns = now_ns + self._period_ns
            self._notifier.alive()
        remark = self._lifecycle.remark
        if decision.transitions or now_ns >= self._status_due_ns or remark != self._remark:
            self._status_due_ns, self._remark = now_ns + STATUS_NS, remark
            self._notifier.status(status_line(remark, decision.signals))

    def close(self) -> None:
        """The ticks have ended."""


def status_line(remark: str, signals: Mapping[str, WanSignals]) -> str:
    """`cable GREEN/GREEN 18.2ms 870/38M · dsl YELLOW/GREEN 31.0ms 40/8.5M`: states and rates as download/upload."""
    wans = " · ".join(
        f"{name} {_state(wan.download)}/{_state(wan.upload)} {_delay(wan)} {_mega(wan.download)}/{_mega(wan.upload)}M"
        for name, wan in signals.items()
    )
    return f"{remark} · {wans}" if remark else wans


def _state(signals: DirectionSignals) -> str:
    return signals.state.partition(".")[0] or "-"


def _delay(wan: WanSignals) -> str:
    return "silent" if wan.source == "none" or wan.rtt_ms is None else f"{wan.rtt_ms:.1f}ms"


def _mega(signals: DirectionSignals) -> str:
    mega = signals.wanted_bps / 1e6
    return f"{mega:.0f}" if mega >= 20 else f"{mega:.1f}"
