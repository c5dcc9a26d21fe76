"""A site with steering, driven through time by what each of its WANs would answer."""

from collections.abc import Callable, Iterator

from wanctl.config.law import build_site
from wanctl.control.sample import Observation, Reading, Sample, Sent
from wanctl.decision import Decision, SetClass
from wanctl.plan import ClassPlan, DirectionPlan, SitePlan, WanPlan
from wanctl.site import Site
from wanctl.steering.placement import Placement

TICK_NS = 50_000_000
S_NS = 1_000_000_000
MS_NS = 1_000_000
RATE = DirectionPlan(2_000_000, 40_000_000, 20_000_000)

Answer = Callable[[str, float], float | None]  # WAN, seconds: the round trip in ms, None for a loss


def site(wans: str, *classes: ClassPlan) -> Site:
    """A site with WANs named by letters, each of 40 Mbit/s."""
    return build_site(SitePlan("test", tuple(WanPlan(name, "default", RATE, RATE) for name in wans), classes), 0)


class Drive:
    """Ticks a site; `moves` has every move with its time in seconds."""

    def __init__(self, site: Site, answer: Answer) -> None:
        self.site, self.answer = site, answer
        self.moves: list[tuple[float, SetClass]] = []
        self.ticks = 0
        self.arriving: dict[str, int] = {}  # bytes that each WAN's counter has seen
        self._flying: list[Sample] = []

    def until(self, end_s: float, placements: tuple[Placement, ...] = ()) -> None:
        """Go on until then; placements come with the first tick."""
        while self.ticks * TICK_NS < end_s * S_NS:
            self.ticks += 1
            self.take(self._tick(self.ticks * TICK_NS, placements))
            placements = ()

    def take(self, decision: Decision) -> None:
        """Note the moves of a decision."""
        self.moves += [(decision.at_ns / S_NS, move) for move in decision.moves]

    def _tick(self, now_ns: int, placements: tuple[Placement, ...]) -> Decision:
        arrived: list[Observation] = [sample for sample in self._flying if sample.received_ns <= now_ns]
        self._flying = [sample for sample in self._flying if sample.received_ns > now_ns]
        for wan in self.site.wans:
            arrived.append(Sent(wan, "r1", now_ns, "icmp"))
            rtt_ms = self.answer(wan, now_ns / S_NS)
            if rtt_ms is not None:
                self._flying.append(Sample(wan, "r1", now_ns, now_ns + round(rtt_ms * MS_NS), "icmp"))
        readings = tuple(self._read(now_ns))
        return self.site.tick(now_ns, tuple(arrived), readings, (), placements)

    def _read(self, now_ns: int) -> Iterator[Reading]:
        for wan, total_bytes in self.arriving.items():
            self.arriving[wan] = total_bytes + 100_000
            yield Reading(wan, now_ns, total_bytes, total_bytes // 10)
