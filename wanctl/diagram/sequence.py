"""An excursion in any of its forms: a picture, Mermaid's `sequenceDiagram`, or JSON (`wanctl.excursion/1`)."""

import json
from collections.abc import Iterator
from typing import Any

from wanctl.diagram.excursion import Excursion
from wanctl.diagram.mermaid import BREAK, escaped
from wanctl.diagram.png import png
from wanctl.diagram.render import Form
from wanctl.diagram.svg import svg
from wanctl.diagram.timeline import timeline, title, which

SCHEMA = "wanctl.excursion/1"
SEQUENCE_FORMS: tuple[Form, ...] = ("svg", "png", "mermaid", "json")


def render_sequence(found: Excursion, form: Form, *, dark: bool = False) -> bytes:
    """The bytes of a file; `form` is one of `SEQUENCE_FORMS`."""
    assert form in SEQUENCE_FORMS
    if form == "json":
        return _json(found).encode()
    if form == "mermaid":
        return ("\n".join(_mermaid(found)) + "\n").encode()
    scene = timeline(found)
    return png(scene, dark=dark) if form == "png" else svg(scene).encode()


def _mermaid(found: Excursion) -> Iterator[str]:
    yield "sequenceDiagram"
    yield "    autonumber"
    names = {lane.region.index: f"L{place}" for place, lane in enumerate(found.lanes)}
    for lane in found.lanes:
        yield f"    participant {names[lane.region.index]} as {escaped(lane.region.path or found.model.name)}"
    ends = ",".join(dict.fromkeys([next(iter(names.values())), list(names.values())[-1]]))
    yield f"    Note over {ends}: {escaped(title(found))}{BREAK}{escaped(which(found))}"
    for move in found.moves:
        own = names[move.region.index]
        way = f"{move.source} → {move.target}" if move.target else f"{move.source}: stays"
        after = f"+{(move.transition.at_ns - found.began_ns) / 1e9:.2f} s"
        why = move.transition.why or move.transition.guard or move.transition.event
        yield f"    {own}->>{own}: {escaped(f'{after} {way}')}{BREAK}{escaped(why)}"


def _json(found: Excursion) -> str:
    model = found.model
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "machine": model.name,
        "instance": found.instance,
        "calm": found.calm,
        "number": found.number,
        "of": found.of,
        "left": list(found.left),
        "is_over": found.is_over,
        "began_s": found.began_ns / 1e9,
        "ended_s": found.ended_ns / 1e9,
        "lasted_s": found.lasted_ns / 1e9,
        "lanes": [
            {
                "region": lane.region.path,
                "bars": [
                    {"state": model.states[bar.state].path, "from_s": bar.from_ns / 1e9, "to_s": bar.to_ns / 1e9}
                    for bar in lane.bars
                ],
            }
            for lane in found.lanes
        ],
        "moves": [
            {
                "number": move.number,
                "at_s": move.transition.at_ns / 1e9,
                "region": move.region.path,
                "row": move.transition.row,
                "from": move.transition.source,
                "to": list(move.transition.targets),
                "guard": move.transition.guard,
                "why": move.transition.why,
                "values": dict(move.transition.values),
            }
            for move in found.moves
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
