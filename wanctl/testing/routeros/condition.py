"""What `where` says about an object, and the types that its properties have for a script."""

import re
from collections.abc import Callable

from wanctl.testing.routeros.humane import clock
from wanctl.testing.routeros.kind import Boolean, Kind, Names, Rate, Time, Whole
from wanctl.testing.routeros.matcher import Flag, Timeout
from wanctl.testing.routeros.menu import Menu
from wanctl.testing.routeros.printed import Typed, printed
from wanctl.testing.routeros.script import Operation, Value, Word
from wanctl.testing.routeros.trap import Trap

_SPAN = re.compile(r"(\d+(w|d|h|m|s|ms|us))+")


def typed(menu: Menu, name: str, text: str | None) -> Typed:
    """A property as a script gets it: numbers and truths as such, spans as `00:01:30`, None if it has no value."""
    kind = menu.by_name[name].kind if name in menu.by_name else Kind()
    if isinstance(kind, Boolean | Flag):
        return text in ("true", "") if text is not None else False
    if text is None:
        return None
    counter = name in menu.by_name and menu.by_name[name].counter
    if (isinstance(kind, Rate | Whole) or counter) and re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    if isinstance(kind, Time | Timeout) and _SPAN.fullmatch(text):
        return clock(text)
    return text


def holds(
    menu: Menu, record: dict[str, str], condition: Value, names: Names, evaluate: Callable[[Value], Typed]
) -> bool:
    """Whether a condition holds for an object. Raises `Trap`."""
    assert isinstance(condition, Operation)
    operands = condition.operands
    if condition.operator in ("and", "or", "!"):
        first = holds(menu, record, operands[0], names, evaluate)
        if condition.operator == "!":
            return not first
        if first == (condition.operator == "or"):
            return first
        return holds(menu, record, operands[1], names, evaluate)
    assert isinstance(operands[0], Word)
    name = operands[0].text
    if name != ".id" and name not in menu.by_name:
        raise Trap(f"input does not match any value of {name}")  # guess
    if condition.operator == "is":
        return bool(typed(menu, name, record.get(name)))
    wanted = evaluate(operands[1])
    return _compares(menu, name, record.get(name), condition.operator[:-1], wanted, names)


def _compares(menu: Menu, name: str, text: str | None, operator: str, wanted: Typed, names: Names) -> bool:
    if operator == "~":
        try:
            return re.search(printed(wanted), text or "") is not None
        except re.error:
            raise Trap("invalid regular expression") from None  # guess
    if operator in ("=", "!="):
        return (_normal(menu, name, text, names) == _normal(menu, name, printed(wanted), names)) == (operator == "=")
    here, there = typed(menu, name, text), wanted
    if isinstance(wanted, str):  # `max-limit>50M`
        there = typed(menu, name, _normal(menu, name, wanted, names))
    if not isinstance(here, int) or not isinstance(there, int):
        return False
    return {"<": here < there, ">": here > there, "<=": here <= there, ">=": here >= there}[operator]


def _normal(menu: Menu, name: str, text: str | None, names: Names) -> str:
    """A value in the spelling in which it is shown; absent is "no" for a truth, and nothing else."""
    kind = menu.by_name[name].kind if name in menu.by_name else Kind()
    if text is None:
        return "false" if isinstance(kind, Boolean) else ""
    try:
        return kind.show(kind.keep(text, name, names), names)
    except Trap:
        return text
