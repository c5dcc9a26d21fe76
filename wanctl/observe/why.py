"""Why a site is as it is: its last transitions with their reasons, and what keeps each machine where it is.

Everything is told twice: as values for programs, and as text in the units of the machine file for people.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from wanctl.engine import Program, Value
from wanctl.engine.blocked import Blocked, Still, blocked
from wanctl.engine.unit import format_quantity
from wanctl.observe.history import Record

SCHEMA = "wanctl.why/1"
MOST_TOLD = 3  # alternatives in the text; the values have all


class Moment(NamedTuple):
    """What the answer is made from: the last transitions, and each machine as it stands."""

    site: str
    at_ns: int
    at_s: float  # the same as unix time
    records: Sequence[Record]
    stills: Mapping[str, Still]  # by WAN


def why(moment: Moment, wan: str | None, most: int) -> dict[str, Any]:
    """The answer as JSON values: the last `most` transitions, oldest first, and the states, of one WAN or of all."""
    stills = {name: still for name, still in moment.stills.items() if wan in (None, name)}
    records = [record for record in moment.records if record.wan in stills][-most:] if most else []
    places = {name: places_of(still.program) for name, still in stills.items()}
    return {
        "schema": SCHEMA,
        "site": moment.site,
        "at_s": moment.at_s,
        "wans": list(stills),
        "transitions": [
            transition_of(
                record,
                stills[record.wan].program,
                places[record.wan],
                moment.at_s - (moment.at_ns - record.transition.at_ns) / 1e9,
            )
            for record in records
        ],
        "states": [state for name, still in stills.items() for state in _states(name, still, places[name])],
    }


def places_of(program: Program) -> dict[str, str]:
    """Where each row stands, by its id: "machines/wan.yaml:61"."""
    return {
        live.row.id: f"{'/'.join(PurePath(live.row.place.file).parts[-2:])}:{live.row.place.line}"
        for live in program.rows
    }


def transition_of(record: Record, program: Program, places: Mapping[str, str], at_s: float) -> dict[str, Any]:
    """One transition as JSON values; `at_s` is its unix time."""
    transition = record.transition
    return {
        "number": record.number,
        "wan": record.wan,
        "region": record.region,
        "at_s": at_s,
        "from": _below(transition.exited, record.region) or transition.source.partition(".")[2],
        "to": _below(transition.entered, record.region),
        "held_s": None if record.held_ns is None else record.held_ns / 1e9,
        "row": transition.row,
        "place": places.get(transition.row, ""),
        "event": transition.event,
        "guard": transition.guard,
        "why": transition.why,
        "values": [
            {"name": name, "value": value, "text": written(program, name, value)} for name, value in transition.values
        ],
        "margins": [{"comparison": text, "margin": margin} for text, margin in transition.margins],
        "actions": list(transition.actions),
        "rate": _rate(record),
        "router": _router(record),
    }


def _below(paths: Sequence[str], region: str) -> str:
    """The innermost of the paths, without its region."""
    inner = [path for path in paths if path.startswith(f"{region}.")]
    return max(inner, key=lambda path: path.count(".")).partition(".")[2] if inner else ""


def _rate(record: Record) -> dict[str, Any] | None:
    if record.intent is None:
        return None
    return {"before_bps": record.before_bps, "wanted_bps": record.intent.rate_bps, "cut": record.intent.cut}


def _router(record: Record) -> dict[str, Any] | None:
    """What the router said; None while it has not, or where nothing was asked of it."""
    if record.result is None:
        return None
    applied_bps, after_ns, reason = record.result
    return {"applied_bps": applied_bps, "after_ms": after_ns / 1e6, "reason": reason}


def written(program: Program, name: str, value: Value) -> str:
    """A value in the unit that its name is declared with."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    model = program.model
    symbol = model.inputs.get(name) or model.params.get(name) or model.data.get(name)
    return format_quantity(float(value), symbol.dimension if symbol is not None else "")


# -- what keeps it there -----------------------------------------------------------------------------------------------


def _states(wan: str, still: Still, places: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each active leaf with the rows that could leave it: its own and those of the states around it."""
    model, ways = still.program.model, blocked(still)
    found = []
    for state in model.states:
        if not still.active[state.index] or state.kind not in ("atomic", "final"):
            continue
        chain = {model.states[index].path for index in (state.index, *model.ancestors(state.index))}
        region, _, below = state.path.partition(".")
        found.append(
            {
                "wan": wan,
                "region": region,
                "state": below or region,
                "for_s": (still.now_ns - still.entered_ns[state.index]) / 1e9,
                "ways": [_way(way, region, places[way.row]) for way in ways if way.source in chain and way.targets],
            }
        )
    return found


def _way(way: Blocked, region: str, place: str) -> dict[str, Any]:
    held = way.held
    return {
        "row": way.row,
        "place": place,
        "from": way.source.removeprefix(f"{region}.").removeprefix(region),
        "to": [target.removeprefix(f"{region}.") for target in way.targets],
        "event": way.trigger,
        "guard": way.guard,
        "why": way.why,
        "needs": [[need._asdict() for need in needs] for needs in way.needs],
        "held": None if held is None else held._asdict(),
        "cooldown_s": way.cooldown_ns / 1e9,
        "due_s": None if way.due_ns is None else way.due_ns / 1e9,
        "text": obstacle(way),
    }


def obstacle(way: Blocked) -> str:
    """What is missing, in words: `needs delta > hard (80 ms), now 52.4 ms`; "" when nothing is."""
    parts = []
    if way.needs:
        told = ["; ".join(f"{need.text}, now {need.now}" for need in needs) for needs in way.needs]
        more = f" - or one of {len(told) - MOST_TOLD} other ways" if len(told) > MOST_TOLD else ""
        parts.append(f"needs {' - or '.join(told[:MOST_TOLD])}{more}")
    elif way.held is not None:
        done, needed, counts_ticks, window = way.held
        if done < needed:
            of = f" in the last {window}" if window else ""
            amount = f"{done} of {needed} ticks{of}" if counts_ticks else f"{_time(done)} of {_time(needed)}"
            parts.append(f"true for {amount}")
    if way.cooldown_ns:
        parts.append(f"rests for another {_time(way.cooldown_ns)}")
    if way.due_ns is not None:
        parts.append(f"due in {_time(way.due_ns)}")
    elif way.trigger.startswith("after"):
        parts.append("its time has passed")
    elif way.trigger not in ("tick", "always"):
        parts.append(f"waits for the event {way.trigger}")
    return "; ".join(parts)


def _time(duration_ns: int) -> str:
    return format_quantity(duration_ns / 1e6, "time")
