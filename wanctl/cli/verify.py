"""`wanctl verify`: proofs about machines, and runs to what they must not do."""

import importlib.util
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wanctl.cli.registry import actions_option
from wanctl.cli.report import lines, report_width
from wanctl.data import data_folder
from wanctl.engine.action import ActionRegistry
from wanctl.engine.diagnostic import FileError, Findings, did_you_mean
from wanctl.engine.load import load
from wanctl.engine.model import Model
from wanctl.machines import SUFFIX, TEST_SUFFIX, find_machine, read_text, templates_for

if TYPE_CHECKING:
    from wanctl.verify import Check, Result

SCHEMA = "wanctl.verify/1"
VIOLATED, UNABLE = 1, 2
DEADLINE_S = 120.0

HELP = """Prove what machines can never do and what they always can.

MACHINE is the name of a machine or a path. Without it, the machines in ./machines/ are proved; where there is no such
folder, those that come with wanctl.

\b
  wanctl verify wan
  wanctl verify wan --property 'the baseline follows no queue'
  wanctl verify wan --write-test /tmp/found.test.yaml

Checked are the never, eventually and forbid of the file; rows that cannot fire; gaps; states that cannot be reached or
left; ticks that never come to rest; flapping on a constant input; parameters. A violation comes with its shortest run.

Exit code: 0 nothing is violated, 1 something is, 2 a machine cannot be read or there was nothing to prove.
"""


@dataclass(slots=True)
class _Session:
    """What one command proves."""

    wanted: str | None
    exact: bool
    actions: ActionRegistry
    out_of_time: Callable[[], bool]
    findings: Findings = field(default_factory=Findings)
    reports: list[tuple[Model, list["Result"]]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def prove(self, path: Path, told: Callable[[Model, "Result"], None]) -> None:
        """Load one machine and make its checks; what is wrong with it goes to `findings`."""
        from wanctl.verify import checks, run_check

        try:
            model = load(read_text(path), str(path), actions=self.actions, read_template=templates_for(path))
            planned = checks(model, self.actions, self.out_of_time, exact=self.exact)
        except FileError as error:
            self.findings.items += [item for item in error.findings.items if item not in self.findings.items]
            self.findings.sources |= error.findings.sources
            return
        results: list[Result] = []
        self.names += [check.name for check in planned]
        for check in planned:
            result = run_check(check) if self._is_wanted(check) else None
            if result is not None:
                results.append(result)
                told(model, result)
        if results:
            self.reports.append((model, results))

    def _is_wanted(self, check: "Check") -> bool:
        return (
            self.wanted is None
            or self.wanted in (check.name, check.kind)
            or (check.name.endswith(f": {self.wanted}") and check.kind != "recovery")
        )

    def count(self, status: str) -> int:
        """How many verdicts are of a kind."""
        return sum(1 for _, results in self.reports for result in results if result.status == status)


@click.command(help=HELP)
@click.argument("machine", required=False)
@click.option("--property", "wanted", metavar="NAME", help="Only the property with this name, or of this kind.")
@click.option("--level", type=click.Choice(("abstract", "exact")), default="exact", help="How far to go.")
@click.option("--write-test", "test_path", metavar="FILE", help="Write the violations as tests that fail.")
@click.option("--log", "log_path", metavar="FILE", help="Write the proof log, as Markdown.")
@click.option("--deadline", type=click.FloatRange(min=0), default=DEADLINE_S, metavar="SECONDS", help="Then give up.")
@actions_option
@click.option("-v", "--verbose", is_flag=True, help="List what is worth knowing, too.")
@click.option("--json", "as_json", is_flag=True, help="The verdicts as JSON.")
@click.pass_context
def verify(
    ctx: click.Context,
    machine: str | None,
    wanted: str | None,
    level: str,
    test_path: str | None,
    log_path: str | None,
    deadline: float,
    actions: ActionRegistry,
    verbose: bool,
    as_json: bool,
) -> None:
    """The verb `verify`."""
    if importlib.util.find_spec("z3") is None:
        click.echo("wanctl verify needs the package z3-solver: install wanctl[verify]", err=True)
        ctx.exit(UNABLE)
    begun_s = time.monotonic()
    end_s = begun_s + deadline
    session = _Session(wanted, level == "exact", actions, lambda: time.monotonic() > end_s)
    last: list[Model] = []

    def tell(model: Model, result: "Result") -> None:
        if not as_json:
            _tell(model, result, first=model not in last, verbose=verbose)
            last[:] = [model]

    try:
        paths = _machine_files(machine)
    except FileError as error:
        session.findings, paths = error.findings, []
    for path in paths:
        session.prove(path, tell)
    for text in lines(session.findings, "full", report_width()):
        click.echo(text, err=True)
    code = _exit_code(session)
    if as_json:
        click.echo(json.dumps(_as_dict(session, ok=code == 0), indent=2))
    if test_path is not None:
        _write_test(ctx, session, Path(test_path))
    if log_path is not None:
        from wanctl.verify.words import log_lines

        _write(ctx, Path(log_path), "\n".join(log_lines(session.reports, time.monotonic() - begun_s)))
    _sum_up(session)
    ctx.exit(code)


def _exit_code(session: _Session) -> int:
    if session.findings.errors or not session.reports:
        return UNABLE
    return VIOLATED if session.count("violated") else 0


def _machine_files(machine: str | None) -> list[Path]:
    if machine is not None:
        return [find_machine(machine)]
    folder = Path("machines") if Path("machines").is_dir() else data_folder("machines")
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.endswith(TEST_SUFFIX))


def _tell(model: Model, result: "Result", *, first: bool, verbose: bool) -> None:
    from wanctl.verify.words import result_lines

    if first:
        click.echo(click.style(model.file, bold=True))
    colours = {"violated": "red", "vacuous": "red", "undecided": "yellow"}
    for number, line in enumerate(result_lines(model, result, everything=verbose)):
        colour = colours.get(result.status) if not number else None
        click.echo(click.style(line, fg=colour, bold=colour is not None))


def _sum_up(session: _Session) -> None:
    if not session.reports:
        if not session.findings.errors:
            hint = did_you_mean(session.wanted or "", session.names) if session.names else ""
            told = f"there is no property '{session.wanted}'" if session.names else "there is no machine to prove"
            click.echo(click.style(f"{told}{': ' if hint else ''}{hint}", fg="red"), err=True)
        return
    counts = {status: session.count(status) for status in ("proved", "violated", "undecided", "vacuous")}
    told = ", ".join(f"{number} {status}" for status, number in counts.items() if number or status != "vacuous")
    click.echo(click.style(told, fg="red" if counts["violated"] else "green", bold=True), err=True)


def _write_test(ctx: click.Context, session: _Session, path: Path) -> None:
    from wanctl.verify import test_file, violations

    found = [(model, list(violations(results))) for model, results in session.reports]
    found = [(model, cases) for model, cases in found if cases]
    if len(found) > 1:
        click.echo("--write-test writes the tests of one machine: name it", err=True)
        ctx.exit(UNABLE)
    if not found:
        click.echo("nothing is violated: no test was written", err=True)
        return
    model, cases = found[0]
    _write(ctx, path, test_file(model, str(Path(model.file).resolve()), cases))
    told = "1 test that fails" if len(cases) == 1 else f"{len(cases)} tests that fail"
    click.echo(f"{told}: wanctl test {path}", err=True)


def _write(ctx: click.Context, path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        click.echo(f"wanctl verify: {path} cannot be written: {(error.strerror or str(error)).lower()}", err=True)
        ctx.exit(UNABLE)


def _as_dict(session: _Session, *, ok: bool) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "ok": ok,
        "machines": [
            {"machine": model.file, "properties": [result.as_dict() for result in results]}
            for model, results in session.reports
        ],
        "findings": [item.as_dict() for item in session.findings],
    }
