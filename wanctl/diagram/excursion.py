"""One excursion of a recording: from leaving a calm state to being back, and what each region did meanwhile."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wanctl.engine.diagnostic import did_you_mean
from wanctl.engine.model import Model, State
from wanctl.engine.record import Transition
from wanctl.engine.transcript import Recording

AROUND = 0.08  # of an excursion's time: so much before and after it is shown


class ExcursionError(ValueError):
    """There is no such excursion; the text says why."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A region in one state for a time."""

    state: int
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class Lane:
    """A region, and where it was; gaps where it was not active."""

    region: State
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """A row that fired, and where it led its region."""

    number: int  # from 1, in order of time
    region: State
    transition: Transition
    source: str  # the innermost state that was left, below its region; else the row's own
    target: str  # the innermost state that was entered; "" where none was


@dataclass(frozen=True, slots=True)
class Excursion:
    """From `began_ns`, when calm was left, to `ended_ns`; `first_ns` to `last_ns` is what is shown."""

    model: Model
    instance: str
    calm: str
    number: int  # of all excursions of the recordings, from 1
    of: int
    is_longest: bool
    began_ns: int
    ended_ns: int
    is_over: bool  # False: the recording ends first
    left: tuple[str, ...]  # the calm states that were left, by path
    first_ns: int
    last_ns: int
    lanes: tuple[Lane, ...]
    moves: tuple[Move, ...]

    @property
    def lasted_ns(self) -> int:
        """How long it was out of calm."""
        return self.ended_ns - self.began_ns


@dataclass(slots=True)
class _Span:
    recording: Recording
    began_ns: int
    ended_ns: int = 0
    is_over: bool = False
    left: tuple[str, ...] = ()


def excursion(model: Model, recordings: Sequence[Recording], calm: str, number: int | None) -> Excursion:
    """Excursion `number`, from 1, over all recordings in their order, or the longest. Raises `ExcursionError`."""
    named = [state for state in model.states[1:] if f".{state.path}".endswith(f".{calm}") and state.kind != "history"]
    if not named:
        known = {state.name for state in model.states[1:] if state.kind != "history"}
        hint = did_you_mean(calm, known) or f"its states are {', '.join(sorted(known)[:8])}"
        raise ExcursionError(f"{model.name} has no state '{calm}' to leave: --calm names the one ({hint})")
    depth = min(state.path.count(".") for state in named)
    named = [state for state in named if state.path.count(".") == depth]
    spans = [span for item in recordings for span in _spans(model, item, named)]
    if not spans:
        raise ExcursionError(f"{calm} was never left in this trace")
    if number is not None and not 1 <= number <= len(spans):
        raise ExcursionError(f"there are {len(spans)} excursions, from 1 to {len(spans)}")
    longest = 1 + max(range(len(spans)), key=lambda index: spans[index].ended_ns - spans[index].began_ns)
    place = number or longest
    span = spans[place - 1]
    around_ns = max(int(AROUND * (span.ended_ns - span.began_ns)), 1)
    first_ns = max(span.recording.began_ns, span.began_ns - around_ns)
    last_ns = min(span.recording.ended_ns, span.ended_ns + around_ns)
    if last_ns <= first_ns:
        raise ExcursionError("no time passes in this trace")
    regions = _regions(model)
    lanes = _lanes(model, span.recording, regions, first_ns, last_ns)
    moves = _moves(model, span, regions)
    return Excursion(
        model,
        span.recording.name,
        calm,
        place,
        len(spans),
        place == longest,
        span.began_ns,
        span.ended_ns,
        span.is_over,
        span.left,
        first_ns,
        last_ns,
        lanes,
        moves,
    )


def below(model: Model, state: int, region: State) -> str:
    """The path of a state without that of its region."""
    path = model.states[state].path
    return path.removeprefix(f"{region.path}.") if region.path and path != region.path else path


def _spans(model: Model, recording: Recording, calm: list[State]) -> Iterator[_Span]:
    """Every time out of calm: one of the calm states is not active although the state around it is."""
    current: _Span | None = None
    for at_ns, active, _ in _situations(model, recording):
        out = [s.path for s in calm if s.index not in active and (s.parent == 0 or s.parent in active)]
        if out and current is None:
            current = _Span(recording, at_ns)
        if current is not None:
            current.left = tuple(dict.fromkeys((*current.left, *out)))
            if not out:
                current.ended_ns, current.is_over = at_ns, True
                yield current
                current = None
    if current is not None:
        current.ended_ns = recording.ended_ns
        yield current


def _situations(model: Model, recording: Recording) -> Iterator[tuple[int, set[int], list[Transition]]]:
    """The active states from each instant on at which rows fired, the beginning first, with these rows."""
    index_of = {state.path: state.index for state in model.states}
    active: set[int] = set()
    for leaf in recording.leaves:
        active |= {index_of[leaf], *model.ancestors(index_of[leaf])}
    at_ns, rows = recording.began_ns, list[Transition]()
    for item in recording.transitions:
        if item.at_ns != at_ns:
            yield at_ns, active, rows
            at_ns, rows = item.at_ns, []
        active = (active - {index_of[path] for path in item.exited}) | {index_of[path] for path in item.entered}
        rows.append(item)
    yield at_ns, active, rows


def _regions(model: Model) -> list[State]:
    """What is active side by side: each child of a parallel state, and the machine where it is not parallel."""
    whole = [] if model.states[0].kind == "parallel" else [model.states[0]]
    inner = [s for s in model.states[1:] if s.kind != "history" and model.states[s.parent].kind == "parallel"]
    return whole + inner


def _inner(model: Model, region: State, active: set[int]) -> int | None:
    """The innermost active state of a region that is not in a region of its own; None when it is not active."""
    if region.index and region.index not in active:
        return None
    state = region
    while state.kind != "parallel":
        inside = [child for child in state.children if child in active]
        if not inside:
            break
        state = model.states[inside[0]]
    return state.index


def _lanes(model: Model, recording: Recording, regions: list[State], first_ns: int, last_ns: int) -> tuple[Lane, ...]:
    bars: list[list[Bar]] = [[] for _ in regions]
    situations = list(_situations(model, recording))
    ends = [at_ns for at_ns, _, _ in situations[1:]] + [recording.ended_ns]
    for (at_ns, active, _), end_ns in zip(situations, ends, strict=True):
        from_ns, to_ns = max(at_ns, first_ns), min(end_ns, last_ns)
        if from_ns >= to_ns:
            continue
        for place, region in enumerate(regions):
            state = _inner(model, region, active)
            if state is None:
                continue
            last = bars[place][-1] if bars[place] else None
            if last is not None and last.state == state and last.to_ns == from_ns:
                bars[place][-1] = Bar(state, last.from_ns, to_ns)
            else:
                bars[place].append(Bar(state, from_ns, to_ns))
    return tuple(Lane(region, tuple(found)) for region, found in zip(regions, bars, strict=True) if found)


def _moves(model: Model, span: _Span, regions: list[State]) -> tuple[Move, ...]:
    """The rows that fired from the first to the last instant of the excursion."""
    index_of = {state.path: state.index for state in model.states}
    found: list[Move] = []
    for item in span.recording.transitions:
        if span.began_ns <= item.at_ns <= span.ended_ns:
            home = index_of[item.source]
            inside = [region for region in regions if region.index == home or model.is_below(home, region.index)]
            region = inside[-1] if inside else regions[0]
            source, target = (_innermost(item.exited) or item.source, _innermost(item.entered))
            source, target = (below(model, index_of[path], region) if path else "" for path in (source, target))
            found.append(Move(len(found) + 1, region, item, source, target))
    return tuple(found)


def _innermost(paths: Sequence[str]) -> str:
    return max(paths, key=lambda path: path.count("."), default="")
