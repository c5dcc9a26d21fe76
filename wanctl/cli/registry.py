"""`--actions MODULE:NAME`: the typed actions of machines that are not about networks."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from wanctl.actions import ACTIONS
from wanctl.engine.action import ActionRegistry

Command = TypeVar("Command", bound=Callable[..., Any])


def _registry(_ctx: click.Context, _param: click.Parameter, value: str | None) -> ActionRegistry:
    """The registry that is named. Importing its module runs it: it is the user's own program."""
    if value is None:
        return ACTIONS
    module_name, _, attribute = value.partition(":")
    if not attribute.isidentifier() or not all(word.isidentifier() for word in module_name.split(".")):
        raise click.BadParameter(f"'{value}' is not of the form package.module:REGISTRY")
    here = str(Path.cwd())
    if here not in sys.path:  # as `python -m` does
        sys.path.insert(0, here)
    try:
        found = vars(importlib.import_module(module_name)).get(attribute)
    except Exception as error:  # whatever the user's module raises
        told = f"{module_name} cannot be imported from here: {type(error).__name__}: {error}"
        raise click.BadParameter(told) from error
    if found is None:
        raise click.BadParameter(f"{module_name} has no {attribute}")
    if not isinstance(found, ActionRegistry):
        raise click.BadParameter(f"{value} is a {type(found).__name__}, not an ActionRegistry")
    return found


def actions_option(command: Command) -> Command:
    """The option `--actions`, handed on as `actions`: wanctl's own where it is not given."""
    return click.option(
        "--actions",
        callback=_registry,
        metavar="MODULE:NAME",
        help="The actions that the machine may name (an ActionRegistry), instead of wanctl's own.",
    )(command)
