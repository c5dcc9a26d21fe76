"""A time on the command line: `30s`, `5min`."""

import click

from wanctl.engine.unit import UnitError, parse_quantity, time_ns


class Span(click.ParamType[int]):
    """Takes a time such as `30s`; gives nanoseconds, more than 0."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The time that a text says, as nanoseconds."""
        if isinstance(value, int):
            return value
        try:
            quantity = parse_quantity(str(value))
        except UnitError as error:
            self.fail(str(error), param, ctx)
        if quantity.dimension != "time" or quantity.value <= 0:
            self.fail(f"'{value}' is no time such as 30s or 5min", param, ctx)
        return time_ns(quantity)
