"""Typed actions: what a machine may ask for, with checked parameters.

The engine carries none of them out. A registry says which names exist; a machine file that names another action, or
gives one a parameter of the wrong kind, is refused when it is loaded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from wanctl.engine.record import Value

Kind = Literal["number", "bool", "text"]


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an action.

    `dimension` is one of `wanctl.engine.unit.CANONICAL`; values reach the action in its canonical unit. A parameter
    without a default must be given. `low` and `high` bound constant arguments.
    """

    name: str
    kind: Kind = "number"
    dimension: str = ""
    default: Value = None
    required: bool = True
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    doc: str = ""


@dataclass(frozen=True, slots=True)
class ActionSignature:
    """The name of an action and what it takes."""

    name: str
    params: tuple[Param, ...] = ()
    doc: str = ""


class ActionRegistry:
    """The actions that machines may name."""

    def __init__(self, signatures: Iterable[ActionSignature] = ()) -> None:
        self._signatures: dict[str, ActionSignature] = {}
        for signature in signatures:
            assert signature.name not in self._signatures, f"action {signature.name} is declared twice"
            self._signatures[signature.name] = signature

    def get(self, name: str) -> ActionSignature | None:
        """The signature of an action, or None."""
        return self._signatures.get(name)

    def __iter__(self) -> Iterator[ActionSignature]:
        return iter(self._signatures.values())

    def __add__(self, other: "ActionRegistry") -> "ActionRegistry":
        return ActionRegistry((*self, *other))
