"""A reflector that does not feel the queue: something near answers in its name, or its path does not share the link.

One low answer proves that there is no queue, so a single reflector that never shows one blinds all the others: with six
of them half of all looks at three answers hold one of its. It is found by comparison. When at least three others show a
delay in each of their newest answers and this one shows next to none in any of its, in the same second and in the next,
it is deaf, and only proves that the link lives. When two show none it is they who may be right, and nobody is deaf.
"""

from collections.abc import Iterable

from wanctl.control.outstanding import Reflector

OTHERS = 3
ANSWERS = 2  # of each, at least
SHARE = 0.3  # of what the others show at the least; more is no deafness
SECONDS = 2
DEAF_NS = 600_000_000_000  # then it is heard again


def deaf_one(answers: Iterable[tuple[int, float, float, Reflector]], limit_ms: float) -> Reflector | None:
    """The one reflector that shows no delay in these answers (of half a second) while all others do, or None."""
    delays: dict[Reflector, list[float]] = {}
    for _sent_ns, delay_ms, _rtt_ms, reflector in answers:
        delays.setdefault(reflector, []).append(delay_ms)
    seen = [(min(told), max(told), reflector) for reflector, told in delays.items() if len(told) >= ANSWERS]
    if len(seen) <= OTHERS:
        return None
    seen.sort(key=lambda told: told[0])
    (_, most_ms, suspect), (least_ms, _, _) = seen[0], seen[1]
    return suspect if least_ms > limit_ms and most_ms < SHARE * least_ms else None
