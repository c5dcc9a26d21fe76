"""`wanctl explain`: what an error code, a state or a row of a machine means."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from wanctl.cli.page import FIELD, all_codes, code_page, row_page, state_page
from wanctl.cli.registry import actions_option
from wanctl.cli.report import report_width
from wanctl.engine.action import ActionRegistry
from wanctl.engine.diagnostic import FileError, did_you_mean
from wanctl.engine.load import load
from wanctl.engine.model import Model, Row, State
from wanctl.engine.record import Value
from wanctl.machines import find_machine, known_machines, read_text, templates_for

UNKNOWN = 2
_CODE = re.compile(r"wc\d+", re.IGNORECASE)

HELP = """Explain an error code, a state or a row.

WHAT is a code (WC606), a state (download.RED, or with its machine wan.download.RED), a row (download.GREEN#2, as
transitions and 'wanctl test' name it), or a machine. The end of a path is enough where it is unique.

\b
  wanctl explain WC606
  wanctl explain download.RED
  wanctl explain 'wan.download.GREEN#2'

Exit code: 0 explained, 2 nothing is called that.
"""


@dataclass(frozen=True, slots=True)
class _Found:
    """A state or a row that a name means."""

    model: Model
    what: State | Row


@click.command(help=HELP)
@click.argument("what", metavar="WHAT")
@click.option("--machine", metavar="MACHINE", help="Look in this machine only: a name or a file.")
@actions_option
@click.pass_context
def explain(ctx: click.Context, what: str, machine: str | None, actions: ActionRegistry) -> None:
    """The verb `explain`."""
    if _CODE.fullmatch(what) and machine is None:
        code, codes = what.upper(), all_codes()
        if code not in codes:
            _refuse(ctx, f"there is no code '{code}'", did_you_mean(code, codes))
        _print(code_page(code, codes[code]), wrapped_fields=False)
        return
    models = _models(machine, actions)
    found = [item for model in models for item in _find(model, what)]
    if not found:
        _refuse(ctx, f"nothing is called '{what}'", _hint(models, what))
    first, *others = found
    _print(_page(first))
    names = [f"{item.model.name}.{_name(item)}" for item in others if _name(item)]
    if names:
        click.echo(f"also: {', '.join(dict.fromkeys(names))}", err=True)


def _refuse(ctx: click.Context, message: str, hint: str) -> None:
    click.echo(f"wanctl explain: {message}{f': {hint}' if hint else ''}", err=True)
    ctx.exit(UNKNOWN)


def _print(lines: Iterator[str], *, wrapped_fields: bool = True) -> None:
    width = report_width()
    for line in lines:
        is_field = line.startswith("  ")
        if is_field and not wrapped_fields:  # a line of an example is copied whole
            click.echo(line)
            continue
        indent = " " * (FIELD + 2 if is_field else 0)
        parts = textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        click.echo("\n".join(parts))


# -- finding -----------------------------------------------------------------------------------------------------------
def _models(machine: str | None, actions: ActionRegistry) -> list[Model]:
    if machine is not None:
        return [_load(find_machine(machine), actions)]
    # The default law first: it is what most sites run.
    found = []
    for _, path in sorted(known_machines().items(), key=lambda item: (item[0] != "wan", item[0])):
        try:
            found.append(_load(path, actions))
        except FileError as error:
            told = "1 error" if len(error.findings.errors) == 1 else f"{len(error.findings.errors)} errors"
            click.echo(f"{path} is left out: {told} in it (wanctl check {path})", err=True)
    return found


def _load(path: Path, actions: ActionRegistry) -> Model:
    return load(read_text(path), str(path), actions=actions, read_template=templates_for(path))


def _find(model: Model, written: str) -> Iterator[_Found]:
    """What a name means in one machine: the whole path, or its end where that is unique."""
    name = written.removeprefix(f"{model.name}.") if written != model.name else ""
    things: dict[str, State | Row]
    if "#" in name:
        things = {row.id: row for row in model.rows}
    else:
        things = {state.path: state for state in model.states}
    if name in things:
        yield _Found(model, things[name])
        return
    ends = [path for path in things if path.endswith(f".{name}")]
    least = min((path.count(".") for path in ends), default=0)
    yield from (_Found(model, things[path]) for path in ends if path.count(".") == least)


def _name(item: _Found) -> str:
    return item.what.path if isinstance(item.what, State) else item.what.id


def _hint(models: list[Model], what: str) -> str:
    known: set[str] = set()
    for model in models:
        if "#" in what:
            known |= {row.id for row in model.rows} | {f"{model.name}.{row.id}" for row in model.rows}
        else:
            paths = [state.path for state in model.states[1:]]
            known |= {model.name, *paths, *(f"{model.name}.{path}" for path in paths)}
            known |= {state.name for state in model.states[1:]}
    return did_you_mean(what, known)


def _page(found: _Found) -> Iterator[str]:
    model = found.model
    params: dict[str, Value] = {name: symbol.default for name, symbol in model.params.items()}
    if isinstance(found.what, Row):
        return row_page(model, found.what, params)
    return state_page(model, found.what, params)
