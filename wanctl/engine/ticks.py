"""The tick path: guards as generated Python.

For each leaf one function asks the rows of the leaf and of its ancestors up to the next parallel state; a parallel
state has a function of its own. Each returns the index of a true row, or None: nothing to do. Holds are observed first,
because every row observes at every tick, whichever wins. A configuration that lasts gets one function for all its rows
(`merge`), which reads each input once. The source is made from checked expressions, never from the text of a file; it
exists only where no guard can fail (`is_total`).

A calm tick of a four-region machine is four calls, or one, and nothing else happens in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

from wanctl.engine.model import Model
from wanctl.engine.record import Value
from wanctl.engine.source import Source, read_names

if TYPE_CHECKING:
    from wanctl.engine.program import LiveRow

TickFunction = Callable[[int], int | None]
MERGED = -1  # the place of a configuration's own function


@dataclass(slots=True, eq=False)
class TickCode:
    """Compiled tick functions; `bind` makes them for one running machine."""

    code: CodeType | None
    bottoms: frozenset[int]

    @classmethod
    def empty(cls) -> "TickCode":
        """No tick functions: the machine decides in the general way."""
        return cls(None, frozenset())

    def bind(
        self, inputs: object, values: dict[str, Value], holds: list[int], ready: list[int], active: list[bool]
    ) -> dict[int, TickFunction]:
        """The functions over one machine's inputs, data, holds, cooldowns and configuration, by bottom state."""
        if self.code is None:
            return {}
        return bind(self.code, inputs, values, holds, ready, active)


def bind(
    code: CodeType, inputs: object, values: dict[str, Value], holds: list[int], ready: list[int], active: list[bool]
) -> dict[int, Any]:
    """The functions of generated code over one machine's memory, by bottom state; the merged one is at `MERGED`."""
    namespace: dict[str, Any] = {"__builtins__": {"min": min, "max": max, "abs": abs, "bool": bool}}
    exec(code, namespace)  # noqa: S102  (generated from checked expressions only)
    made: dict[int, Any] = namespace["make"](inputs, values, holds, ready, active)
    return made


def compile_ticks(model: Model, rows: "list[LiveRow]", params: Mapping[str, Value]) -> TickCode:
    """Generate and compile the tick functions of a machine whose guards are all total."""
    source = Source(params)
    functions: dict[int, list[str]] = {}
    for state in model.states:
        if state.kind in ("atomic", "final", "parallel"):
            chain_rows = [rows[row.index] for index in _chain(model, state.index) for row in model.states[index].ticks]
            if chain_rows:
                lines = _head(f"tick_{state.index}", chain_rows, source)
                lines += [f"        if {_row_condition(live, source)}: return {live.index}" for live in chain_rows]
                functions[state.index] = [*lines, f"    made[{state.index}] = tick_{state.index}"]
    return TickCode(_compile(model, [line for lines in functions.values() for line in lines]), frozenset(functions))


def merge(model: Model, rows: "list[LiveRow]", params: Mapping[str, Value], segments: Sequence[int]) -> CodeType:
    """One function for a configuration; `segments` are the bottoms whose functions it replaces.

    It returns the true row of each segment, or None when there is none in any.
    """
    chains = [[rows[row.index] for i in _chain(model, bottom) for row in model.states[i].ticks] for bottom in segments]
    source = Source(params)
    lines = _head("tick", [live for chain in chains for live in chain], source)
    winners = [f"w_{at}" for at in range(len(chains))]
    lines.append(f"        {' = '.join(winners)} = None")
    for winner, chain in zip(winners, chains, strict=True):
        for number, live in enumerate(chain):
            word = "elif" if number else "if"
            lines.append(f"        {word} {_row_condition(live, source)}: {winner} = {live.index}")
    lines.append(f"        if {' is None and '.join(winners)} is None: return None")
    lines.append(f"        return ({', '.join(winners)},)")
    return _compile(model, [*lines, f"    made[{MERGED}] = tick"])


def _chain(model: Model, bottom: int) -> list[int]:
    """A leaf or a parallel state, and its ancestors up to the next parallel one."""
    chain = [bottom]
    for ancestor in model.ancestors(bottom):
        if model.states[ancestor].kind == "parallel":
            break
        chain.append(ancestor)
    return chain


def _compile(model: Model, functions: list[str]) -> CodeType:
    lines = ["def make(I, V, H, R, A):", "    made = {}", *functions, "    return made", ""]
    return compile("\n".join(lines), f"<ticks of {model.name}>", "exec")


def _head(name: str, rows: "list[LiveRow]", source: Source) -> list[str]:
    """What every tick function begins with: read each name once, then let each hold observe."""
    guards = [live.row.guard for live in rows if live.row.guard is not None]
    out = [f"    def {name}(now):", *(f"        {line}" for line in read_names(guards))]
    for live in rows:
        if live.held:
            out += _observe(live, source)
    return out


def _observe(live: "LiveRow", source: Source) -> list[str]:
    guard = "True" if live.row.guard is None else source.condition(live.row.guard)
    slot = f"H[{live.index}]"
    if live.window:
        mask = (1 << live.window) - 1
        return [f"        {slot} = ({slot} << 1 | (1 if {guard} else 0)) & {mask}"]
    if live.hold_ticks:
        return [f"        {slot} = {slot} + 1 if {guard} else 0"]
    held = f"h_{live.index}"
    return [
        f"        if {guard}:",
        f"            if {slot} < 0: {slot} = now",
        f"            {held} = now - {slot} >= {live.hold_ns}",
        "        else:",
        f"            {slot} = -1",
        f"            {held} = False",
    ]


def _row_condition(live: "LiveRow", source: Source) -> str:
    slot, parts = f"H[{live.index}]", []
    if live.row.cooldown is not None:
        parts.append(f"now >= R[{live.index}]")
    if live.window:
        parts.append(f"{slot}.bit_count() >= {live.hold_ticks}")
    elif live.hold_ticks:
        parts.append(f"{slot} >= {live.hold_ticks}")
    elif live.hold_ns >= 0:
        parts.append(f"h_{live.index}")
    elif live.row.guard is not None:
        parts.append(source.condition(live.row.guard))
    return " and ".join(parts) or "True"
