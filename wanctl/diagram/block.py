"""Lines of text as one block of a known size: what stands in a state, above a composite state, or on a link."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from wanctl.diagram.lettering import width_px, wrap
from wanctl.diagram.marks import Mark
from wanctl.diagram.outline import Link, Outline
from wanctl.diagram.scene import Anchor, Curve, Shape, Text
from wanctl.diagram.theme import style
from wanctl.diagram.wording import Phrase, actions, label, names
from wanctl.engine.model import Row, State

LABEL_PX, STATE_PX, HEADER_PX = 152.0, 152.0, 250.0  # the most that a line may take
LEADING = 1.28
RULE_PX = 9.0  # what a line between two parts takes
PADDING_X_PX, PADDING_Y_PX = 9.0, 6.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, or a rule between two parts where `look` is "rule"."""

    look: str
    text: str = ""
    row: Row | None = None  # the row that says it, where it is written into its state
    mark: str = ""  # the look of who says it

    @property
    def height(self) -> float:
        """From the line above to the line below."""
        return RULE_PX if self.look == "rule" else round(style(self.look).size * LEADING, 1)

    @property
    def width(self) -> float:
        """The width of its text."""
        found = style(self.look)
        return width_px(self.text, found.size, bold=found.bold)


RULE = Line("rule")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines below each other."""

    lines: tuple[Line, ...]

    @property
    def width(self) -> float:
        """Of the longest line, with room on both sides, in whole even pixels; hardly anything without lines."""
        if not self.lines:
            return 1.0
        return 2 * round(max((line.width for line in self.lines), default=0.0) / 2 + PADDING_X_PX)

    @property
    def height(self) -> float:
        """Of all lines, with room above and below, in whole even pixels; hardly anything without lines."""
        if not self.lines:
            return 1.0
        return 2 * round(sum(line.height for line in self.lines) / 2 + PADDING_Y_PX)

    def shapes(self, x: float, y: float, width: float, anchor: Anchor = "middle") -> list[tuple[Shape, Line]]:
        """The block drawn into a box of that width whose upper left corner is (x, y); with each shape its line."""
        found: list[tuple[Shape, Line]] = []
        across = x + width / 2 if anchor == "middle" else x + PADDING_X_PX
        down = y + PADDING_Y_PX
        for line in self.lines:
            if line.look == "rule":
                middle = round(down + line.height / 2, 1)
                ends = (x + PADDING_X_PX, middle), (x + width - PADDING_X_PX, middle)
                found.append((Curve("rule", (ends[0], ends[0], ends[1], ends[1])), RULE))
            else:
                baseline = down + line.height / 2 + style(line.look).size * 0.35
                found.append((Text(line.look, across, round(baseline, 1), line.text, anchor), line))
            down += line.height
        return found


def of_link(found: Outline, link: Link) -> Block:
    """The label of a link: its sources if it names them, then unless it is brief its entries, rules between them."""
    lines = _lines("doc", f"from {names(found.model, link.sources)}", LABEL_PX) if link.named else []
    mark = found.marks.of_rows(link.rows)
    lines += _notes(mark, LABEL_PX) if found.brief else []
    lines = [replace(line, mark=mark.look) for line in lines]
    for place, entry in enumerate(() if found.brief else link.entries):
        mark = found.marks.of_rows(entry.rows)
        written = [*_notes(mark, LABEL_PX), *_phrases(entry.phrases, LABEL_PX)]
        lines += [RULE] * bool(place) + [replace(line, mark=mark.look) for line in written]
    return Block(tuple(lines))


def of_state(found: Outline, state: State) -> Block:
    """The inside of a state without states of its own."""
    return Block((*_lines("name", state.name, STATE_PX), *_body(found, state, STATE_PX)))


def of_header(found: Outline, state: State, *, region: bool = False) -> Block:
    """What stands above the states of a composite state or a region."""
    name = _lines("heading" if region else "name", state.name, HEADER_PX)
    return Block((*name, *_body(found, state, HEADER_PX)))


def of_machine(found: Outline) -> Block:
    """What stands above the whole picture."""
    model = found.model
    summary = _lines("doc", model.summary, 8 * HEADER_PX) if model.summary else []
    told = [line for text in found.marks.title for line in _lines("count", text, 8 * HEADER_PX)]
    return Block((Line("title", model.name), *summary, *told, *_body(found, model.states[0], 2 * HEADER_PX)))


def _notes(mark: Mark, most_px: float) -> list[Line]:
    """What is known about a part beside the file."""
    return [line for note in mark.notes for line in _lines("count", note, most_px)]


def _body(found: Outline, state: State, most_px: float) -> list[Line]:
    lines = _notes(found.marks.of_state(state), most_px)
    lines += _lines("doc", state.doc, most_px) if state.doc else []
    if found.brief:
        return lines
    lists = [("entry", state.entry), ("during", state.during), ("exit", state.exit)]
    lines += [RULE] if any(listed for _, listed in lists) else []
    for title, listed in lists:
        if not listed:
            continue
        lines += _lines("action", f"{title} / {actions(found.model, state.index, listed)}", most_px)
    for row in found.inside.get(state.index, ()):
        lines += [RULE, *_inside(found, row, most_px)]
    return lines


def _inside(found: Outline, row: Row, most_px: float) -> list[Line]:
    phrases = list(label(found.model, row))
    if row.targets:
        states = found.model.states
        ends = ", ".join("itself" if target == row.state else states[target].name for target in row.targets)
        phrases.insert(len(phrases) - bool(row.why), Phrase("action", f"→ {ends}"))
    mark = found.marks.of_rows((row,))
    written = [*_notes(mark, most_px), *_phrases(phrases, most_px)]
    return [replace(line, row=row, mark=mark.look) for line in written]


def _phrases(phrases: Sequence[Phrase], most_px: float) -> list[Line]:
    lines: list[Line] = []
    for phrase in _joined(phrases):
        written = f"/ {phrase.text}" if phrase.part == "action" and not phrase.text.startswith("→") else phrase.text
        lines += _lines(phrase.part, written, most_px)
    return lines


def _joined(phrases: Sequence[Phrase]) -> list[Phrase]:
    """Phrases with the hold put to its guard: `severe for 100ms`."""
    found: list[Phrase] = []
    for phrase in phrases:
        if phrase.part == "hold" and found and found[-1].part == "guard":
            found[-1] = Phrase("guard", f"{found[-1].text} {phrase.text}")
        else:
            found.append(phrase)
    return found


def _lines(look: str, text: str, most_px: float) -> list[Line]:
    found = style(look)
    return [Line(look, line) for line in wrap(text, most_px, found.size, bold=found.bold)]
