"""Whose turn it is: a round robin over reflectors that spares other people's hosts.

Delay is filtered over time, not over reflectors: bursts on an access link hit all probes of one tick together, so two
reflectors a tick tell as much as six. Public reflectors are a commons, so none is asked more than seven times a second.
"""

from collections.abc import Sequence

PUBLIC_GAP_NS = 1_000_000_000 // 7


class Rotation:
    """Chooses at most `per_tick` of the targets each tick, in turn, none twice, none before its gap has passed.

    `gaps_ns[i]` is the least time between two probes to target i; 0 for one that may be asked every tick.
    """

    __slots__ = ("_asked_ns", "_credit_ns", "_gaps_ns", "_next", "_per_tick", "_rests_ns", "_share_ns", "_ticked_ns")

    def __init__(self, gaps_ns: Sequence[int], per_tick: int) -> None:
        assert gaps_ns
        assert per_tick > 0
        self._gaps_ns = tuple(gaps_ns)
        self._rests_ns = [0] * len(gaps_ns)  # longer gaps, of those that rest
        self._per_tick = per_tick
        self._asked_ns: list[int | None] = [None] * len(gaps_ns)
        self._next = 0
        self._share_ns = 0
        self._share()
        self._credit_ns = self._share_ns
        self._ticked_ns: int | None = None

    def rest(self, index: int, gap_ns: int) -> None:
        """Ask target `index` no more often than every `gap_ns` from now on; 0 gives it its turns back."""
        self._rests_ns[index] = gap_ns
        self._share()

    def choose(self, now_ns: int, most: int | None = None) -> list[int]:
        """The targets to probe now, as indices: at most `most` of them, if given."""
        if self._ticked_ns is not None:
            most_ns = self._share_ns * self._per_tick
            self._credit_ns = min(self._credit_ns + now_ns - self._ticked_ns, most_ns)
        self._ticked_ns = now_ns
        limit = self._per_tick if most is None else min(most, self._per_tick)
        chosen: list[int] = []
        first = self._next
        for step in range(len(self._gaps_ns)):
            if len(chosen) == limit or self._credit_ns < self._share_ns:
                break
            index = (first + step) % len(self._gaps_ns)
            asked_ns = self._asked_ns[index]
            if asked_ns is not None and now_ns - asked_ns < max(self._gaps_ns[index], self._rests_ns[index]):
                continue
            self._asked_ns[index] = now_ns
            self._credit_ns -= self._share_ns
            self._next = (index + 1) % len(self._gaps_ns)
            chosen.append(index)
        return chosen

    def _share(self) -> None:
        """With fewer reflectors than the rate needs, the probes are spread evenly over the ticks.

        Else they would come in clusters with silence between: each probe costs its share of the shortest gap, and time
        pays for it.
        """
        gaps_ns = [gap for gap, rest in zip(self._gaps_ns, self._rests_ns, strict=True) if not rest]
        self._share_ns = min(gaps_ns) // len(gaps_ns) if gaps_ns else 0
