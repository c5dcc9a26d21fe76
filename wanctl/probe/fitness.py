"""Which reflectors are fit to be asked: one that is silent or lossy while others answer is bad itself, not the link.

Without this a single dead reflector of six is a loss of 17 %, for ever. An unfit one is asked now and then, and gets
its turns back when it answers again. When all are silent nobody is unfit: that is the link, and the machine's business.
"""

from collections.abc import Sequence

PERIOD_NS = 1_000_000_000
SILENT_NS = 2_000_000_000
SILENT_PROBES = 5  # in a row; fewer may be chance
HEARD_NS = 1_000_000_000  # another one answered so lately that the link is not to blame
LOOK_PERIODS = 10  # that a share of losses is taken over
FEW = 10  # probes that say nothing about a share
LOSSY, CLEAN = 0.20, 0.05
RETRY_NS = 10_000_000_000
RETURNS = 3  # answers in a row, before an unfit one gets its turns back
NEEDED = 2  # so many stay, whatever they do: of a single one nobody could tell who is at fault


class _Record:
    __slots__ = ("answered", "answered_ns", "asked", "returns", "unanswered", "unfit")

    def __init__(self) -> None:
        self.asked = self.answered = 0  # in this look
        self.unanswered = 0  # in a row, while others answered
        self.answered_ns: int | None = None
        self.unfit = False
        self.returns = 0

    @property
    def lost(self) -> float:
        return max(0.0, 1.0 - self.answered / self.asked)


class Fitness:
    """Of reflectors that take turns, numbered from 0."""

    def __init__(self, count: int) -> None:
        self._records = [_Record() for _ in range(count)]
        self._began_ns: int | None = None
        self._due_ns = 0
        self._periods = 0

    @property
    def unfit(self) -> Sequence[bool]:
        """Who is unfit at present."""
        return [record.unfit for record in self._records]

    def ask(self, index: int, now_ns: int) -> None:
        """A probe left for reflector `index`."""
        record = self._records[index]
        record.asked += 1
        if self._others_heard(record, now_ns):
            record.unanswered += 1
        else:
            record.unanswered = 0

    def hear(self, index: int, received_ns: int) -> None:
        """Reflector `index` answered."""
        record = self._records[index]
        record.answered += 1
        record.unanswered = 0
        record.answered_ns = received_ns
        record.returns += 1

    def look(self, now_ns: int) -> list[int]:
        """Once a second: the reflectors whose fitness changed."""
        if now_ns < self._due_ns:
            return []
        self._began_ns = now_ns if self._began_ns is None else self._began_ns
        self._due_ns = now_ns + PERIOD_NS
        self._periods += 1
        changed = [index for index, record in enumerate(self._records) if self._judge(record, now_ns)]
        if self._periods == LOOK_PERIODS:
            changed += self._lossy()
            self._periods = 0
            for record in self._records:
                record.asked = record.answered = 0
        return changed

    def _judge(self, record: _Record, now_ns: int) -> bool:
        assert self._began_ns is not None
        if record.unfit:
            if record.unanswered > 1:
                record.returns = 0
            if record.returns < RETURNS:
                return False
            record.unfit = False
            record.asked = record.answered = 0
            return True
        last_ns = self._began_ns if record.answered_ns is None else record.answered_ns
        if record.unanswered < SILENT_PROBES or now_ns - last_ns < SILENT_NS:
            return False
        return self._others_heard(record, now_ns) and self._retire(record)

    def _others_heard(self, record: _Record, now_ns: int) -> bool:
        return any(self._heard(other, now_ns) for other in self._records if other is not record)

    @staticmethod
    def _heard(record: _Record, now_ns: int) -> bool:
        return not record.unfit and record.answered_ns is not None and now_ns - record.answered_ns <= HEARD_NS

    def _lossy(self) -> list[int]:
        seen = [record for record in self._records if not record.unfit and record.asked >= FEW]
        lost = sorted(record.lost for record in seen)
        if not lost or lost[len(lost) // 2] >= CLEAN:
            return []
        return [
            index for index, record in enumerate(self._records)
            if record in seen and record.lost > LOSSY and self._retire(record)
        ]  # fmt: skip

    def _retire(self, record: _Record) -> bool:
        fit = sum(not other.unfit for other in self._records)
        if fit - 1 < min(NEEDED, len(self._records) - 1):
            return False
        record.unfit, record.returns = True, 0
        return True
