"""Values that people like to read: a solver's 5000001/1000 becomes 6 where 6 does as well."""

from collections.abc import Iterator

from wanctl.engine.expression import Symbol
from wanctl.engine.record import Value
from wanctl.verify.formula import Query, Space


def tidy(space: Space, query: Query, values: dict[str, Value]) -> dict[str, Value]:
    """The same situation with simpler numbers, as far as the query allows; parameters stay."""
    found = dict(values)
    for name, symbol in space.model.inputs.items():
        value = found[name]
        for simpler in _simpler(symbol, value):
            trial = {**found, name: simpler}
            if symbol.refuses(simpler) == "" and space.agrees(query, trial):
                found = trial
                break
    return found


def _simpler(symbol: Symbol, value: Value) -> Iterator[Value]:
    yield None  # what does not matter is left out
    if isinstance(value, bool):
        yield False
        return
    if not isinstance(value, float):
        return
    yield 0.0
    share = symbol.dimension == "ratio"
    for digits in (0, 1, 2, 3) if share else (-2, -1, 0, 1, 2, 3):
        unit = 10.0**-digits
        rounded = round(value, digits)
        for offset in (0.0, unit, -unit):
            yield round(rounded + offset, max(digits, 0))
    if abs(value) > 1e3:
        for size in (1.0, 10.0, 100.0, 1_000.0, 5_000.0):
            yield size if value > 0 else -size
