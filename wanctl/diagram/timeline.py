"""An excursion as a picture: time from left to right, a lane for each region, and below it what happened, by number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wanctl.diagram.duration import MIN_NS, offset, span, step
from wanctl.diagram.excursion import Bar, Excursion, Lane, Move, below
from wanctl.diagram.lettering import clipped, width_px
from wanctl.diagram.listing import MARGIN_PX, WIDTH_PX, listing, pill
from wanctl.diagram.placement import tone
from wanctl.diagram.scene import Curve, Group, Point, Rect, Scene, Text
from wanctl.diagram.theme import style
from wanctl.engine.model import State

LANE_PX, BAR_PX = 56.0, 26.0
LEAST_LABEL_PX, MOST_LABEL_PX, LEAST_BAR_PX = 96.0, 240.0, 2.0
MOST_TOLD = 12  # lines of a tooltip


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the lanes are."""

    left: float
    right: float
    top: float
    first_ns: int
    last_ns: int

    def x(self, at_ns: int) -> float:
        share = (at_ns - self.first_ns) / max(1, self.last_ns - self.first_ns)
        return round(self.left + share * (self.right - self.left), 1)


def timeline(found: Excursion) -> Scene:
    """The picture of an excursion."""
    names = [clipped(lane.region.path or found.model.name, MOST_LABEL_PX, 13, bold=True) for lane in found.lanes]
    label = max([LEAST_LABEL_PX, *(width_px(name, 13, bold=True) for name in names)])
    head = Group(("machine",))
    head.shapes.append(Text("title", MARGIN_PX, 38, title(found)))
    head.shapes.append(Text("doc", MARGIN_PX, 56, _subtitle(found)))
    top = 76.0
    frame = _Frame(MARGIN_PX + label + 28, WIDTH_PX - MARGIN_PX - 36, top, found.first_ns, found.last_ns)
    bottom = top + LANE_PX * len(found.lanes) + 8
    panel = Group(("machine",), [Rect("panel", MARGIN_PX, top, WIDTH_PX - 2 * MARGIN_PX, bottom - top + 30, 7)])
    groups = [head, panel, _axis(found, frame, bottom)]
    for place, lane in enumerate(found.lanes):
        groups += _lane(found, lane, names[place], frame, top + place * LANE_PX)
    groups += _edges(found, frame, bottom)
    for place, lane in enumerate(found.lanes):
        moves = [move for move in found.moves if move.region.index == lane.region.index]
        groups += _numbers(moves, frame, top + place * LANE_PX + 14)
    rows, end = listing(found, bottom + 62)
    return Scene(f"{found.model.name}: {title(found)}", _subtitle(found), WIDTH_PX, end + MARGIN_PX, [*groups, *rows])


def title(found: Excursion) -> str:
    """What the excursion is, in one line."""
    left = " and ".join(path for path in found.left)
    over = "" if found.is_over else ", and not back at the end"
    return f"{found.instance}: {span(found.lasted_ns)} out of {left}{over}"


def which(found: Excursion) -> str:
    """Which one it is."""
    place = f"Excursion {found.number} of {found.of}{', the longest' if found.is_longest else ''}"
    return f"{place}, from {_since(found.began_ns)} of the trace"


def _since(at_ns: int) -> str:
    seconds = f"{at_ns / 1e9:.2f} s"
    return f"{seconds} ({span(at_ns)})" if at_ns >= 10 * MIN_NS else seconds


def _subtitle(found: Excursion) -> str:
    return f"{which(found)}. {len(found.moves)} rows fired: their numbers in the lanes, their reasons below."


# -- the lanes ---------------------------------------------------------------------------------------------------------
def _lane(found: Excursion, lane: Lane, name: str, frame: _Frame, top: float) -> Iterator[Group]:
    middle = top + LANE_PX - BAR_PX / 2 - 4
    yield Group(("lane",), [Text("name", MARGIN_PX + 14, middle + 4.5, name)])
    if top > frame.top:
        start, end = (MARGIN_PX, top), (WIDTH_PX - MARGIN_PX, top)
        yield Group(("lane",), [Curve("rule", (start, start, end, end))])
    for bars in _together(lane.bars, frame):
        if len(bars) == 1:
            yield _bar(found, lane, bars[0], frame, middle - BAR_PX / 2)
        else:
            yield _many(bars, frame, middle - BAR_PX / 2)


def _together(bars: Sequence[Bar], frame: _Frame) -> Iterator[list[Bar]]:
    """Bars one by one, and those together that follow each other and are too narrow to be seen."""
    narrow: list[Bar] = []
    for bar in bars:
        if frame.x(bar.to_ns) - frame.x(bar.from_ns) < LEAST_BAR_PX:
            narrow.append(bar)
            continue
        if narrow:
            yield narrow
            narrow = []
        yield [bar]
    if narrow:
        yield narrow


def _many(bars: Sequence[Bar], frame: _Frame, top: float) -> Group:
    left = frame.x(bars[0].from_ns)
    width = max(LEAST_BAR_PX, round(frame.x(bars[-1].to_ns) - left, 1))
    lasted = span(bars[-1].to_ns - bars[0].from_ns)
    group = Group(("state", "plain", "later"), title=f"{len(bars):,} states in turn, {lasted}")
    group.shapes.append(Rect("box", left, top, width, BAR_PX, min(4.0, width / 2)))
    text = f"{len(bars):,} ×"
    if width_px(text, style("said").size, bold=True) + 8 <= width:
        group.shapes.append(Text("said", round(left + width / 2, 1), top + BAR_PX / 2 + 4, text, "middle"))
    return group


def _bar(found: Excursion, lane: Lane, bar: Bar, frame: _Frame, top: float) -> Group:
    state = found.model.states[bar.state]
    left, right = frame.x(bar.from_ns), frame.x(bar.to_ns)
    width = max(LEAST_BAR_PX, round(right - left, 1))
    words = below(found.model, bar.state, lane.region)
    lasted = f"{state.path or found.model.name}, {span(bar.to_ns - bar.from_ns)}"
    group = Group(("state", *_hue(found, lane, state)), title=f"{lasted}\n{state.doc}" if state.doc else lasted)
    group.shapes.append(Rect("box", left, top, width, BAR_PX, min(4.0, width / 2)))
    for text in (words, words.rpartition(".")[2]):
        if width_px(text, style("said").size, bold=True) + 8 <= width:
            group.shapes.append(Text("said", round(left + width / 2, 1), top + BAR_PX / 2 + 4, text, "middle"))
            break
    return group


def _hue(found: Excursion, lane: Lane, state: State) -> tuple[str, ...]:
    """A severity has its own; of other states the ones that a region does not begin in are tinted."""
    found_tone = tone(found.model, state)
    region = lane.region
    first = region.index
    while found.model.states[first].initial and found.model.states[first].kind != "parallel":
        first = found.model.states[first].initial[0]
    return (found_tone,) if found_tone != "plain" or state.index == first else (found_tone, "later")


def _numbers(moves: Sequence[Move], frame: _Frame, y: float) -> Iterator[Group]:
    """The numbers of the rows that fired in a lane; those that would touch share a mark."""
    marks: list[list[Move]] = []
    free = 0.0  # where the next mark of its own may be
    for move in moves:
        x = frame.x(move.transition.at_ns)
        if marks and x < free:
            marks[-1].append(move)
        else:
            marks.append([move])
        first = frame.x(marks[-1][0].transition.at_ns)
        free = first - 8 + pill(_range(marks[-1])) + 2 + 8
    for mark in marks:
        x = frame.x(mark[0].transition.at_ns)
        width = pill(_range(mark))
        left = min(x - 8, frame.right - width + 8)
        stem = ((x, y + 8), (x, y + 8), (x, y + 12), (x, y + 12))
        lines = [f"{move.number}  {move.transition.why or move.transition.guard}" for move in mark[:MOST_TOLD]]
        told = "\n".join([*lines, "…"] if len(mark) > MOST_TOLD else lines)
        body = Rect("bar", left, y - 8, width, 16, 8)
        label = Text("number", round(left + width / 2, 1), y + 3.6, _range(mark), "middle")
        yield Group(("moved",), [Curve("line", stem), body, label], title=told)


def _range(mark: Sequence[Move]) -> str:
    """The numbers of a mark: `4`, `5–7`, and with others of other lanes between them `8…12`."""
    first, last = mark[0].number, mark[-1].number
    if first == last:
        return str(first)
    return f"{first}–{last}" if last - first + 1 == len(mark) else f"{first}…{last}"


def _edges(found: Excursion, frame: _Frame, bottom: float) -> Iterator[Group]:
    """Where calm was left, and where it is back."""
    for at_ns, here in ((found.began_ns, True), (found.ended_ns, found.is_over)):
        if here:
            yield Group(("edge",), [Curve("axis", _line((frame.x(at_ns), frame.top), (frame.x(at_ns), bottom)))])


def _axis(found: Excursion, frame: _Frame, bottom: float) -> Group:
    group = Group(("scale",), [Curve("axis", _line((frame.left, bottom), (frame.right, bottom)))])
    step_ns = step(found.last_ns - found.first_ns)
    count = -((found.began_ns - found.first_ns) // step_ns)
    while (at_ns := found.began_ns + count * step_ns) <= found.last_ns:
        x = frame.x(at_ns)
        group.shapes.append(Curve("axis", _line((x, frame.top), (x, bottom + 5))))
        group.shapes.append(Text("doc", x, bottom + 19, offset(count * step_ns), "middle"))
        count += 1
    return group


def _line(start: Point, end: Point) -> tuple[Point, ...]:
    return start, start, end, end
