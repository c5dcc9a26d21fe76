"""`wanctl graph`: a machine as a picture."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click

from wanctl.actions import ACTIONS
from wanctl.cli.marking import doubts_of, recordings_of
from wanctl.cli.registry import actions_option
from wanctl.cli.report import count
from wanctl.diagram import (
    BRIEF_FORMS,
    FORMS,
    SEQUENCE_FORMS,
    SUFFIXES,
    UNMARKED,
    ActiveError,
    ExcursionError,
    Form,
    GraphvizError,
    Marks,
    Usage,
    lit,
    render,
    render_sequence,
)
from wanctl.diagram import excursion as excursion_of
from wanctl.engine.action import ActionRegistry
from wanctl.engine.diagnostic import FileError
from wanctl.engine.load import load
from wanctl.engine.model import Model
from wanctl.machines import find_machine, known_machines, read_text, templates_for

SCHEMA = "wanctl.machines/1"
UNABLE = 2
CALM = "GREEN"
PICTURES = ("svg", "png")
# What --all draws of each machine: a suffix, the format, and whether it is brief.
GALLERY: tuple[tuple[str, Form, bool], ...] = (
    (".svg", "svg", False),
    (".brief.svg", "svg", True),
    (".mmd", "mermaid", False),
)

HELP = """Draw a machine.

MACHINE is a path, or the name of a machine in ./machines/ or, where there is none, of one that comes with wanctl.
Without MACHINE, these are listed. A template is drawn alone, with its defaults. Point at a line, a label or a state of
an SVG: it tells the whole row, and what its words mean.

\b
  wanctl graph wan -o wan.svg             the format by the suffix
  wanctl graph wan --brief -o wan.png     for the first look: states and lines
  wanctl graph wan --active download.RED.CUT,OUTAGE -o now.svg
  wanctl graph direction --format mermaid to be pasted into a document
  wanctl graph --all -o diagrams          all machines, three ways

What a run did, and what is proved:

\b
  wanctl replay evening.csv --transitions out.jsonl
  wanctl graph wan --trace out.jsonl -o hits.svg
        hits of each row, time in each state; grey: never
  wanctl why home --since 8h --json | wanctl graph wan --trace - -o night.svg
        the same of a site that runs, as far as it remembers
  wanctl graph wan --trace out.jsonl --sequence -o worst.svg
        the longest time out of GREEN, in time; --excursion 3: the third
  wanctl graph wan --verify -o proof.svg
        what can never fire, and the way to each violation

Formats: svg (light and dark), png (--dark), dot, mermaid, json. Exit code: 0 fine, 2 it could not be drawn.
"""


class Listed(NamedTuple):
    """A machine that can be drawn."""

    name: str
    file: str
    summary: str
    states: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be drawn of one machine."""

    form: Form
    output: str | None
    active: list[str]
    brief: bool
    dark: bool
    trace: str | None
    instance: str | None
    verify: bool
    sequence: bool
    excursion: int | None
    calm: str
    actions: ActionRegistry


@click.command(help=HELP)
@click.argument("machine", required=False, metavar="[MACHINE]")
@click.option("--format", "form", type=click.Choice(FORMS), metavar="FORMAT", help=f"{', '.join(FORMS)}.")
@click.option(
    "-o", "--output", metavar="FILE", help="Write to this file (- for standard output), --all to this folder."
)
@click.option("--active", metavar="STATES", help="Light these states: paths or their ends, separated by commas.")
@click.option("--brief", is_flag=True, help="States and lines; what rows say is in their tooltips.")
@click.option("--dark", is_flag=True, help="A PNG in dark colours; an SVG has both.")
@click.option("--trace", metavar="FILE", help="Count the rows and times of a run (- for standard input).")
@click.option("--instance", metavar="NAME", help="Of several in the trace (WANs), this one; else their sum.")
@click.option("--sequence", is_flag=True, help="With --trace: one excursion in time instead of the machine.")
@click.option("--excursion", type=int, metavar="N", help="The N-th from 1, instead of the longest.")
@click.option("--calm", metavar="STATE", help="An excursion is a time out of this state (GREEN).")
@click.option("--verify", is_flag=True, help="Mark what is not proved.")
@actions_option
@click.option("--all", "everything", is_flag=True, help="Draw every machine that is listed.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.pass_context
def graph(
    ctx: click.Context,
    machine: str | None,
    *,
    form: Form | None,
    output: str | None,
    active: str | None,
    brief: bool,
    dark: bool,
    trace: str | None,
    instance: str | None,
    sequence: bool,
    excursion: int | None,
    calm: str | None,
    verify: bool,
    actions: ActionRegistry,
    everything: bool,
    as_json: bool,
) -> None:
    """The verb `graph`."""
    if as_json and form not in (None, "json"):
        ctx.fail(f"--json and --format {form}: give one of them")
    form = "json" if as_json else form
    more = active or brief or dark or trace or instance or sequence or excursion is not None or calm or verify
    try:
        if everything:
            if machine or form or more or output in (None, "-"):
                ctx.fail("--all goes with -o FOLDER and nothing else")
            _draw_all(ctx, Path(output))
        elif machine is None:
            if output or more or form not in (None, "json"):
                ctx.fail("which machine? 'wanctl graph' lists them")
            ctx.exit(_list(as_json=form == "json"))
        else:
            form = form or _form(ctx, output)
            states = [name.strip() for name in (active or "").split(",") if name.strip()]
            if not sequence and (excursion is not None or calm):
                ctx.fail("--excursion and --calm go with --sequence")
            if instance and not trace:
                ctx.fail("--instance goes with --trace")
            wanted = _Wanted(
                form, output, states, brief, dark, trace, instance, verify, sequence, excursion, calm or CALM, actions
            )
            _draw(ctx, machine, wanted)
    except (ActiveError, ExcursionError) as error:
        ctx.fail(f"--active: {error}" if isinstance(error, ActiveError) else str(error))
    except GraphvizError as error:
        click.echo(f"wanctl graph: {error}", err=True)
        click.echo("svg and png are laid out by Graphviz: pip install 'wanctl[diagrams]'", err=True)
        ctx.exit(UNABLE)


def _draw(ctx: click.Context, machine: str, wanted: _Wanted) -> None:
    form = wanted.form
    if form in PICTURES and wanted.output is None and sys.stdout.isatty():
        ctx.fail(f"a picture is not for a terminal: add -o {Path(machine).stem}.{form}")
    if wanted.dark and form != "png":
        ctx.fail("--dark is for png; an SVG is dark where its reader wants that, and others have no colours")
    if wanted.brief and form not in BRIEF_FORMS:
        ctx.fail(f"--brief is for {', '.join(BRIEF_FORMS)}; {form} has all rows")
    if wanted.verify and wanted.trace:
        ctx.fail("--verify and --trace: a picture shows one of them")
    if wanted.sequence:
        data = _sequence(ctx, machine, wanted)
    else:
        model = _open(find_machine(machine), wanted.actions)
        active = lit(model, wanted.active)
        marks: Marks = UNMARKED
        if wanted.trace:
            marks = Usage(model, recordings_of(ctx, wanted.trace, model, wanted.instance))
        elif wanted.verify:
            marks = doubts_of(ctx, model, wanted.actions)
        data = render(model, form, active, brief=wanted.brief, dark=wanted.dark, marks=marks)
    _write(ctx, wanted.output, data)


def _sequence(ctx: click.Context, machine: str, wanted: _Wanted) -> bytes:
    """An excursion of a run."""
    if wanted.trace is None:
        ctx.fail("--sequence needs a run: --trace FILE, which 'wanctl replay TRACE --transitions FILE' writes")
    if wanted.form not in SEQUENCE_FORMS:
        ctx.fail(f"--sequence is drawn as {', '.join(SEQUENCE_FORMS)}, not as {wanted.form}")
    if wanted.brief or wanted.active:
        ctx.fail("--sequence goes without --brief and --active")
    model = _open(find_machine(machine), wanted.actions)
    recordings = recordings_of(ctx, wanted.trace, model, wanted.instance)
    found = excursion_of(model, recordings, wanted.calm, wanted.excursion)
    click.echo(f"excursion {found.number} of {found.of} ({found.instance}); --excursion N takes another", err=True)
    return render_sequence(found, wanted.form, dark=wanted.dark)


def _form(ctx: click.Context, output: str | None) -> Form:
    """The format that nobody named: by the suffix of the file, else SVG."""
    if output in (None, "-"):
        return "svg"
    suffix = Path(output).suffix.lower()
    if suffix not in SUFFIXES:
        ctx.fail(f"-o {output}: no format has the suffix '{suffix}'; give --format, or one of {' '.join(SUFFIXES)}")
    return SUFFIXES[suffix]


def _open(path: Path, actions: ActionRegistry = ACTIONS) -> Model:
    return load(read_text(path), str(path), actions=actions, read_template=templates_for(path))


def _write(ctx: click.Context, output: str | None, data: bytes) -> None:
    if output in (None, "-"):
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with _writing(ctx, output):
        Path(output).write_bytes(data)
    click.echo(f"wrote {output}", err=True)


@contextmanager
def _writing(ctx: click.Context, path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        click.echo(f"wanctl graph: {path} cannot be written: {reason.lower()}", err=True)
        ctx.exit(UNABLE)


def _draw_all(ctx: click.Context, folder: Path) -> None:
    with _writing(ctx, str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
    for name, path in sorted(known_machines().items()):
        model = _open(path)
        for suffix, form, brief in GALLERY:
            _write(ctx, str(folder / f"{name}{suffix}"), render(model, form, brief=brief))


def _list(*, as_json: bool) -> int:
    """List the machines; one that has errors is named on stderr, and makes the exit code."""
    code = 0
    found = []
    for name, path in sorted(known_machines().items()):
        try:
            model = _open(path)
        except FileError as error:
            click.echo(f"{name}: {count(error.findings)}; wanctl check {path} tells them", err=True)
            code = UNABLE
            continue
        real = sum(1 for state in model.states[1:] if state.kind != "history")
        found.append(Listed(name, str(path), model.summary, real, len(model.rows)))
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "machines": [item._asdict() for item in found]}, indent=2))
    else:
        for line in _table(found):
            click.echo(line)
    return code


def _table(found: list[Listed]) -> Iterator[str]:
    width = max((len(item.name) for item in found), default=0)
    for item in found:
        yield f"{item.name:<{width}}  {item.states:>3} states {item.rows:>4} rows  {item.summary}"
