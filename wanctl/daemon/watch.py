"""`run --watch`: transitions scroll by, and below them stands what each WAN is doing now, redrawn four times a second.

Off a terminal the same as the journal, with a line of state every ten seconds in place of the redrawn block.
"""

from collections.abc import Mapping
from typing import TextIO

from wanctl.daemon.clock import SystemClock
from wanctl.daemon.journal import describe
from wanctl.decision import Decision, DirectionSignals, WanSignals

REDRAW_NS = 250_000_000
PLAIN_NS = 10_000_000_000
_COLOURS = {"GREEN": "32", "YELLOW": "33", "SOFT_RED": "35", "RED": "31", "HOLD": "36"}
_WIDTH = 80


class Watch:
    """Draws on a terminal, or writes lines elsewhere."""

    def __init__(self, clock: SystemClock, stream: TextIO, *, colour: bool) -> None:
        self._clock, self._stream = clock, stream
        self._live = stream.isatty()
        self._colour = colour and self._live
        self._began_ns = clock.monotonic_ns()
        self._due_ns = self._began_ns
        self._drawn = 0  # lines of the block on the screen
        self._seen: dict[str, str] = {}

    def say(self, text: str) -> None:
        """One line above the block."""
        self._erase()
        self._stream.write(f"{self._elapsed():7.2f} s  {text}\n")
        self._stream.flush()

    def decided(self, decision: Decision) -> None:
        """The transitions of a tick, and the block when it is due."""
        for transition in decision.transitions:
            self.say(self._fold(describe(transition)))
        for fault in decision.faults:
            self.say(f"{fault.machine}: FAULT {fault.reason}")
        now_ns = decision.at_ns
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + (REDRAW_NS if self._live else PLAIN_NS)
        lines = block(decision.signals)
        if self._live:
            self._erase()
            self._stream.write("".join(f"{self._painted(line)}\n" for line in lines))
            self._drawn = len(lines)
        else:
            self._stream.writelines(f"{self._elapsed():7.2f} s  {line}\n" for line in lines)
        self._stream.flush()

    def close(self) -> None:
        """Leave the last block on the screen."""
        self._drawn = 0

    def _elapsed(self) -> float:
        return (self._clock.monotonic_ns() - self._began_ns) / 1e9

    def _fold(self, text: str) -> str:
        """Two lines at most: what moved, and why."""
        what, _, why = text.partition(": ")
        room = _WIDTH - 11
        if len(text) <= room or not why:
            return text
        while len(why) > room and ", " in why:  # the last values matter least
            why = f"{why.rpartition(', ')[0]})"
        return f"{what}\n{'':11}{why[:room]}"

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0

    def _painted(self, line: str) -> str:
        if not self._colour:
            return line
        for word, colour in _COLOURS.items():
            mark = f" {word}"
            if mark in line:
                return line.replace(mark, f" \x1b[1;{colour}m{word}\x1b[0m", 1)
        return line


def block(signals: Mapping[str, WanSignals]) -> list[str]:
    """Three lines for each WAN, 80 columns wide."""
    lines = []
    for name, wan in signals.items():
        lines += [
            (
                f"{name}  {_connectivity(wan)}  rtt {_ms(wan.rtt_ms)} = {_ms(wan.baseline_ms)} idle "
                f"{_signed(wan.delta_ms)} queue  loss {_percent(wan.loss)}"
            ),
            _direction("download", wan.download),
            _direction("upload", wan.upload),
        ]
    return [line[:_WIDTH] for line in lines]


def _connectivity(wan: WanSignals) -> str:
    leaves = [state.partition(".")[2] for state in wan.states if state.startswith("connectivity.")]
    return leaves[0] if leaves else wan.source


def _direction(word: str, signals: DirectionSignals) -> str:
    return (
        f"  {word:<8} {signals.state:<13} wanted{_mbit(signals.wanted_bps)}"
        f"  router{_mbit(signals.applied_bps)}  carries{_mbit(signals.achieved_bps)} Mbit/s"
    )


def _mbit(rate_bps: float | None) -> str:
    """A rate in Mbit/s, in eight columns; RouterOS's 0 is "no limit"."""
    return f"{'-':>8}" if rate_bps is None else f"{'none':>8}" if rate_bps == 0 else f"{rate_bps / 1e6:8.2f}"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"


def _signed(value: float | None) -> str:
    return "?" if value is None else f"{value:+.1f} ms"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value * 100:.1f} %"
