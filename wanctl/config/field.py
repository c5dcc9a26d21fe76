"""The kinds of value in a configuration file, as pydantic reads them.

Each is one function of `value` behind a validator: a text in, a typed value out, or a fault with code and hint.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator
from pydantic_core import PydanticCustomError

from wanctl.config import value
from wanctl.config.address import network
from wanctl.config.reflector import Reflector, read_reflector
from wanctl.config.value import BadValueError

Transport = Literal["rest", "ssh"]
Law = Literal["default", "classic"]
TRANSPORTS = ("rest", "ssh")
LAWS = ("default", "classic")


def _fault(error: BadValueError) -> PydanticCustomError:
    # The message goes in as a value: a text of the file may hold braces.
    return PydanticCustomError(
        "wanctl", "{message}", {"code": error.code, "message": error.message, "hint": error.hint}
    )


def reads(function: Callable[[str], object]) -> PlainValidator:
    """A validator that reads one text; anything but a filled text is refused here, for all of them."""

    def read(given: object) -> object:
        try:
            return function(_filled(given))
        except BadValueError as error:
            raise _fault(error) from error

    return PlainValidator(read)


def _filled(given: object) -> str:
    if not isinstance(given, str):
        kind = "a map" if isinstance(given, dict) else "a list"
        raise BadValueError("WC103", f"one value is expected here, not {kind}")
    if not given:
        raise BadValueError("WC103", "the value is missing", "write one, or leave the key out")
    return given


Rate = Annotated[int, reads(value.rate)]
Duration = Annotated[float, reads(value.duration)]
Share = Annotated[float, reads(value.share)]
Port = Annotated[int, reads(value.port)]
Writes = Annotated[int, reads(value.writes)]
ObjectName = Annotated[str, reads(value.object_name)]
Device = Annotated[str, reads(value.device)]
Identifier = Annotated[str, reads(value.identifier)]
FilePath = Annotated[str, reads(value.path)]
Network = Annotated[str, reads(network)]
Probe = Annotated[Reflector, reads(read_reflector)]
TransportName = Annotated[Transport, reads(partial(value.choice, TRANSPORTS))]
LawName = Annotated[Law, reads(partial(value.choice, LAWS))]
LawParams = Mapping[Identifier, Annotated[float, reads(value.number)]]


def _once(items: tuple[object, ...]) -> tuple[object, ...]:
    """A list that holds something, and nothing twice."""
    fault = None
    if not items:
        fault = BadValueError("WC103", "the list is empty", "name at least one, or leave the key out")
    elif twice := [item for position, item in enumerate(items) if item in items[:position]]:
        fault = BadValueError("WC118", f"'{twice[0]}' is listed twice")
    if fault is not None:
        raise _fault(fault)
    return items


Once = AfterValidator(_once)


class Section(BaseModel):
    """A map of known keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
