"""What happened in an excursion, as a numbered list: when, where, from what to what, why, and what was seen."""

from collections.abc import Sequence

from wanctl.diagram.duration import offset
from wanctl.diagram.excursion import Excursion, Move
from wanctl.diagram.lettering import clipped, width_px, wrap
from wanctl.diagram.placement import tone
from wanctl.diagram.scene import Circle, Group, Rect, Text
from wanctl.diagram.theme import style
from wanctl.engine.model import Model
from wanctl.engine.record import Value
from wanctl.engine.unit import format_quantity

WIDTH_PX, MARGIN_PX, ROW_PX = 1080.0, 24.0, 16.0
MOST_MOVES, FIRST_MOVES, LAST_MOVES = 40, 26, 12
MOST_VALUES = 3
MOST_NAME_PX = 220.0


def listing(found: Excursion, top: float) -> tuple[list[Group], float]:
    """The numbered list, and where it ends; of a long one the beginning and the end."""
    left_out = range(FIRST_MOVES, len(found.moves) - LAST_MOVES) if len(found.moves) > MOST_MOVES else range(0)
    names = [_name(found, move) for move in found.moves]
    ways = [f"{move.source} → {move.target}" if move.target else f"{move.source}: stays" for move in found.moves]
    where = MARGIN_PX + 132
    way = where + max([60.0, *(width_px(name, 11, bold=True) for name in names)]) + 14
    why = min(way + max([80.0, *(width_px(text, 11) for text in ways)]) + 18, WIDTH_PX - 420)
    groups: list[Group] = []
    y = top
    for place, move in enumerate(found.moves):
        if place in left_out:
            if place == left_out[0]:
                text = f"… {len(left_out)} more, {left_out[0] + 1} to {left_out[-1] + 1}: --format json has them all"
                groups.append(Group(("moves",), [Text("doc", where, y, text)]))
                y += ROW_PX + 6
            continue
        group, y = _row(found, move, (where, way, why), y)
        groups.append(group)
    return groups, y - ROW_PX


def _name(found: Excursion, move: Move) -> str:
    return clipped(move.region.path or found.model.name, MOST_NAME_PX, 11, bold=True)


def _row(found: Excursion, move: Move, columns: tuple[float, float, float], y: float) -> tuple[Group, float]:
    where, way, why = columns
    item, number = move.transition, str(move.number)
    group = Group(("row",), id=f"move-{number}", title=f"{item.row}\n{item.guard}" if item.guard else item.row)
    width = pill(number)
    group.shapes.append(Rect("bar", MARGIN_PX, y - 12, width, 16, 8))
    group.shapes.append(Text("number", MARGIN_PX + width / 2, y - 0.4, number, "middle"))
    group.shapes.append(Text("doc", MARGIN_PX + 34, y, offset(item.at_ns - found.began_ns)))
    target = next(
        (s for s in found.model.states if s.path == (item.entered[-1] if item.entered else item.source)), None
    )
    if target is not None:
        dot = Group(("state", tone(found.model, target)), [Circle("box", where - 12, y - 4, 4)])
        group.shapes.append(dot)
    group.shapes.append(Text("said", where, y, _name(found, move)))
    text = f"{move.source} → {move.target}" if move.target else f"{move.source}: stays"
    lines = wrap(text, why - way - 14, 11)
    reason = wrap(item.why or item.guard or item.event, WIDTH_PX - MARGIN_PX - why, 11)
    seen = values_of(found.model, item.values)
    said = [("guard", line) for line in reason] + [("doc", line) for line in wrap(seen, WIDTH_PX - MARGIN_PX - why, 11)]
    if len(said) == 2:  # on one line where they fit
        beside = round(why + width_px(said[0][1], 11) + 16, 1)
        if beside + width_px(seen, 11) < WIDTH_PX - MARGIN_PX:
            group.shapes.append(Text("doc", beside, y, seen))
            said = said[:1]
    for place, line in enumerate(lines):
        group.shapes.append(Text("guard", way, y + place * ROW_PX, line))
    for place, (look, line) in enumerate(said):
        group.shapes.append(Text(look, why, y + place * ROW_PX, line))
    return group, y + ROW_PX * max(1, len(lines), len(said)) + 6


def values_of(model: Model, values: Sequence[tuple[str, Value]]) -> str:
    """What a guard saw, the first few: `delta 12.3 ms, limit 5 ms`."""
    inputs = [(name, value) for name, value in values if name in model.inputs] or list(values)
    return ", ".join(f"{name} {_shown(model, name, value)}" for name, value in inputs[:MOST_VALUES])


def _shown(model: Model, name: str, value: Value) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    symbol = model.inputs.get(name) or model.params.get(name) or model.data.get(name)
    return format_quantity(float(f"{value:.3g}"), symbol.dimension if symbol else "")


def pill(text: str) -> float:
    """The width of a number in its mark."""
    return round(max(16.0, width_px(text, style("number").size, bold=True) + 8), 1)
