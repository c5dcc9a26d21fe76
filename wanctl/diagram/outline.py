"""What is drawn of a machine, before anything has a place: rows gathered into links, and lists into states.

Rows are what clutters a picture, so they share what they have in common. Rows that say the same and lead to the same
state share one label, with a line from each of their states to it and one line on to the target. Rows that have both
ends in common stand in one label below each other. A row that stays in its state, or goes from a state to one inside
it, is written into the state.
"""

from dataclasses import dataclass, field

from wanctl.diagram.marks import UNMARKED, Marks
from wanctl.diagram.wording import Phrase, label
from wanctl.engine.model import Model, Row, State

NAMED = 4  # as many sources are named in the label instead of each having a line to it


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a label says, and the rows that say it: one of each source."""

    phrases: tuple[Phrase, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """A label between states. `home` is the innermost state around all its ends."""

    entries: tuple[Entry, ...]
    sources: tuple[int, ...]
    targets: tuple[int, ...]
    home: int

    @property
    def rows(self) -> tuple[Row, ...]:
        """All its rows."""
        return tuple(row for entry in self.entries for row in entry.rows)

    @property
    def named(self) -> bool:
        """Whether the label names its sources, so that no lines lead to it."""
        return len(self.sources) >= NAMED

    @property
    def downwards(self) -> bool:
        """Whether it leads to a state that comes later in the file; a picture reads like the file."""
        return self.sources[0] < self.targets[0]


@dataclass(slots=True)
class Outline:
    """A machine as links between states, and the rows that are written into a state.

    A brief one is for the first look: states, their docs, and lines. All lines to a state are joined there that come
    from the same side, and what a row says is in its tooltip.
    """

    model: Model
    brief: bool = False
    marks: Marks = UNMARKED
    links: list[Link] = field(default_factory=list)
    inside: dict[int, list[Row]] = field(default_factory=dict)

    def regions(self) -> list[State]:
        """What is drawn side by side: the regions of a parallel machine when no row leads from one to another."""
        root = self.model.states[0]
        crossed = any(link.home == 0 for link in self.links)
        return [self.model.states[child] for child in root.children] if root.kind == "parallel" and not crossed else []


def outline(model: Model, *, brief: bool = False, marks: Marks = UNMARKED) -> Outline:
    """The outline of a machine."""
    found = Outline(model, brief, marks)
    gathered: dict[tuple[tuple[int, ...], bool, tuple[str, ...]], list[Row]] = {}
    for row in model.rows:
        if not row.targets or all(_stays(model, row, target) for target in row.targets):
            found.inside.setdefault(row.state, []).append(row)
        else:
            gathered.setdefault(
                (row.targets, row.state < row.targets[0], () if brief else _says(model, row)), []
            ).append(row)
    entries: dict[tuple[tuple[int, ...], tuple[int, ...]], list[Entry]] = {}
    for (targets, _, _), rows in gathered.items():
        sources = tuple(dict.fromkeys(row.state for row in rows))
        entries.setdefault((sources, targets), []).append(Entry(_common(model, rows), tuple(rows)))
    for (sources, targets), listed in entries.items():
        ends = targets if len(sources) >= NAMED else (*sources, *targets)
        found.links.append(Link(tuple(listed), sources, targets, around(model, ends)))
    return found


def _stays(model: Model, row: Row, target: int) -> bool:
    """Whether a row leads to its own state or to one inside it."""
    return target == row.state or model.is_below(target, row.state)


def _says(model: Model, row: Row) -> tuple[str, ...]:
    return tuple(phrase.text for phrase in label(model, row) if phrase.part != "why")


def _common(model: Model, rows: list[Row]) -> tuple[Phrase, ...]:
    """What rows say together: the reason too, unless each has its own."""
    reasons = {row.why for row in rows}
    return tuple(phrase for phrase in label(model, rows[0]) if phrase.part != "why" or len(reasons) == 1)


def around(model: Model, states: tuple[int, ...]) -> int:
    """The innermost state that is around all of these: a proper ancestor of each."""
    return next(index for index in model.ancestors(states[0]) if all(model.is_below(other, index) for other in states))
