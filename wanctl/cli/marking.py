"""What `wanctl graph` knows of a machine beside its file: a transcript of a run, or the verdicts of the prover."""

import importlib.util
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from wanctl.diagram import Doubts
from wanctl.diagram.doubt import Look
from wanctl.engine.action import ActionRegistry
from wanctl.engine.diagnostic import did_you_mean
from wanctl.engine.expression import Active, Expr, walk
from wanctl.engine.model import Model
from wanctl.engine.transcript import Recording

if TYPE_CHECKING:
    from wanctl.verify import Fault, Result

DEADLINE_S = 120.0
UNABLE = 2
SHORT = 90  # letters of a finding


def recordings_of(ctx: click.Context, path: str, model: Model, instance: str | None) -> Sequence[Recording]:
    """The recordings of a transcript that are asked for; stderr says which, where there is a choice."""
    from wanctl.replay.transcript import read_transcript

    read = read_transcript(path, model)
    names = [item.name for item in read.recordings]
    chosen = read.recordings
    if instance is not None:
        chosen = tuple(item for item in chosen if instance in (item.name, item.name.partition("/")[0]))
        if not chosen:
            hint = did_you_mean(instance, [*names, *(name.partition("/")[0] for name in names)])
            ctx.fail(f"--instance: {read.file} has {', '.join(names)}{f' ({hint})' if hint else ''}")
    elif len(names) > 1:
        click.echo(f"the sum of {', '.join(names)}; --instance NAME takes one of them", err=True)
    untold = [region for region in _regions(model) if not all(_is_told(item, region) for item in chosen)]
    if untold:
        click.echo(f"{read.file} does not say where {', '.join(untold)} was: drawn as never active", err=True)
    if not read.is_closed:
        click.echo(f"{read.file} has no closing line: the run was cut off, times end with its last line", err=True)
    if not read.is_current:
        click.echo(f"{model.file} has changed since the run: rows with the same name may mean something else", err=True)
    return chosen


def _regions(model: Model) -> list[str]:
    """The regions of a machine that is parallel as a whole."""
    inside = [state for state in model.states[1:] if state.parent == 0 and state.kind != "history"]
    return [state.path for state in inside] if model.states[0].kind == "parallel" else []


def _is_told(recording: Recording, region: str) -> bool:
    return any(f"{leaf}.".startswith(f"{region}.") for leaf in recording.leaves)


def doubts_of(ctx: click.Context, model: Model, actions: ActionRegistry) -> Doubts:
    """What the prover leaves in doubt."""
    if importlib.util.find_spec("z3") is None:
        click.echo("wanctl graph --verify needs the package z3-solver: pip install 'wanctl[verify]'", err=True)
        ctx.exit(UNABLE)
    from wanctl.verify import checks, run_check

    end_s = time.monotonic() + DEADLINE_S
    click.echo(f"proving {model.name} ...", err=True)
    # How fast a machine recovers is a figure, and belongs to no part of a picture.
    wanted = [item for item in checks(model, actions, lambda: time.monotonic() > end_s) if item.kind != "recovery"]
    results = [run_check(item) for item in wanted]
    made = [result for result in results if result is not None and result.status != "remark"]
    counts = [(sum(1 for item in made if item.status == word), word) for word in ("proved", "violated", "undecided")]
    found = Doubts("wanctl verify: " + ", ".join(f"{number} {word}" for number, word in counts))
    for result in made:
        if result.status != "proved":
            _mark(found, model, result)
    click.echo(found.summary, err=True)
    return found


def _mark(found: Doubts, model: Model, result: "Result") -> None:
    """One verdict: a line of its own, and its number on the parts that it is about."""
    told = f"{result.name}: {result.text}" if result.text else result.name
    number = found.add(f"{result.status}: {told if len(told) <= SHORT else told[: SHORT - 1] + '…'}")
    look: Look = "violated" if result.status == "violated" else "open"
    for fault in result.faults:
        _mark_fault(found, model, result, fault, number, look)
    if not any(fault.run for fault in result.faults):
        for path in _named(model, result.name):
            found.mark_state(path, look, f"{number}: {result.status}")


def _mark_fault(found: Doubts, model: Model, result: "Result", fault: "Fault", number: int, look: Look) -> None:
    rows, states = {row.id for row in model.rows}, {state.path for state in model.states[1:]}
    if result.kind in ("rows", "states"):
        look = "dead"
    if fault.run is None:
        if fault.subject in rows:
            found.mark_row(
                fault.subject, look, f"{number}: {'never fires' if result.kind == 'rows' else result.status}"
            )
        elif fault.subject in states:
            found.mark_state(fault.subject, look, f"{number}: {fault.text}")
        return
    fired = dict.fromkeys(row for tick in fault.run.steps for row in tick.rows)  # each at its first time
    for step, row in enumerate(fired, 1):
        found.mark_row(row, look, f"{number}: step {step}")
    leaves = fault.run.steps[-1].leaves if fault.run.steps else ()
    about = _named(model, result.name)
    ends = [leaf for leaf in leaves if any(f"{leaf}.".startswith(f"{path}.") for path in about)]
    for leaf in ends or leaves:  # where the property names no state of these, all of them are its situation
        found.mark_state(leaf, look, f"{number}: ends here")


def _named(model: Model, name: str) -> list[str]:
    """The states that a property of the file speaks of."""
    said: list[Expr] = [item.when for item in model.never if name.endswith(item.name)]
    for goal in model.eventually:
        if name.endswith(goal.name):
            said += [goal.to] if goal.start is None else [goal.start, goal.to]
    indices = [node.state for expr in said for node in walk(expr) if isinstance(node, Active)]
    rules = [item.state for item in model.forbid if name.startswith(f"{model.states[item.state].path} asks for no ")]
    return [model.states[index].path for index in dict.fromkeys(indices + rules) if index > 0]
