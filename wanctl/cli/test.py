"""`wanctl test`: machine tests, and what of a machine they exercise."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from wanctl.cli.registry import actions_option
from wanctl.cli.report import count, lines, report_width
from wanctl.data import data_folder
from wanctl.engine.action import ActionRegistry
from wanctl.engine.diagnostic import FileError, Findings, Place
from wanctl.engine.load import load
from wanctl.engine.model import Model
from wanctl.machines import SUFFIX, TEST_SUFFIX, find_machine, is_file, known_machines, read_text, templates_for
from wanctl.suite import Coverage, Suite, SuiteResult, read_suite, run_case
from wanctl.suite.junit import junit
from wanctl.suite.words import coverage_lines, result_lines

SCHEMA = "wanctl.test/1"
FAILED, UNABLE = 1, 2

HELP = """Run the tests of machines.

FILE is a test file (NAME.test.yaml), a folder of them, or a machine: its test file stands beside it. Without FILE, the
tests in ./machines/ run; where there is no such folder, those of the machines that come with wanctl.

\b
  wanctl test                                    all tests
  wanctl test wan --run 'baseline|outage'        those whose names match
  wanctl test --coverage --coverage-threshold 100

Coverage counts rows that fired, guards that were seen true and false, and states that were entered.

Exit code: 0 all passed, 1 a test failed or coverage is too low, 2 a file cannot be used or there was nothing to run.
"""


@dataclass(slots=True)
class _Session:
    """Everything that one command reads and runs."""

    wanted: re.Pattern[str] | None
    measured: bool
    actions: ActionRegistry
    findings: Findings = field(default_factory=Findings)
    models: dict[Path, Model] = field(default_factory=dict)
    coverage: dict[str, Coverage] = field(default_factory=dict)  # by machine file
    results: list[SuiteResult] = field(default_factory=list)

    def run(self, path: Path) -> None:
        """Read and run one test file; what is wrong with it goes to `findings`."""
        try:
            suite = read_suite(read_text(path), str(path), self.findings, lambda name: self._open(name, path))
        except FileError as error:
            self._take(error.findings)
            return
        if suite is None:
            return
        coverage = self._coverage_of(suite)
        cases = [case for case in suite.cases if self.wanted is None or self.wanted.search(case.name)]
        if cases:
            self.results.append(SuiteResult(suite, [run_case(case, coverage) for case in cases]))

    def _coverage_of(self, suite: Suite) -> Coverage | None:
        return self.coverage.setdefault(suite.model.file, Coverage(suite.model)) if self.measured else None

    def _open(self, name: str, test: Path) -> Model | None:
        for path in _places(name, test):
            if is_file(path):
                key = path.resolve()
                if key not in self.models:
                    self.models[key] = load(
                        read_text(path), str(path), actions=self.actions, read_template=templates_for(path)
                    )
                return self.models[key]
        return None

    def _take(self, findings: Findings) -> None:
        self.findings.items += [item for item in findings.items if item not in self.findings.items]
        self.findings.sources |= findings.sources

    @property
    def failed(self) -> int:
        """How many tests failed."""
        return sum(1 for suite in self.results for case in suite.results if not case.passed)

    @property
    def ran(self) -> int:
        """How many tests ran."""
        return sum(len(suite.results) for suite in self.results)


@click.command(help=HELP)
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--coverage", is_flag=True, help="Say what of each machine no test has exercised.")
@click.option("--coverage-threshold", type=click.FloatRange(0, 100), metavar="N", help="Fail below N % of coverage.")
@click.option("--junit", "junit_file", metavar="FILE", help="Write the results to this file, as JUnit XML.")
@click.option("--run", "wanted", metavar="RE", help="Only tests whose name this regular expression finds.")
@actions_option
@click.option("--json", "as_json", is_flag=True, help="The results as JSON.")
@click.pass_context
def test(
    ctx: click.Context,
    files: tuple[str, ...],
    coverage: bool,
    coverage_threshold: float | None,
    junit_file: str | None,
    wanted: str | None,
    actions: ActionRegistry,
    as_json: bool,
) -> None:
    """The verb `test`."""
    try:
        pattern = re.compile(wanted) if wanted is not None else None
    except re.error as error:
        ctx.fail(f"--run: not a regular expression: {error}")
    session = _Session(pattern, coverage or coverage_threshold is not None, actions)
    paths = list(dict.fromkeys(_test_files(files, session.findings)))
    for path in paths:
        session.run(path)
    low = [item for item in session.coverage.values() if item.percent < (coverage_threshold or 0)]
    code = _exit_code(session, low)
    if as_json:
        click.echo(json.dumps(_as_dict(session, ok=code == 0), indent=2))
    else:
        _tell(session)
    if junit_file is not None:
        _write(ctx, Path(junit_file), junit(session.results))
    _sum_up(session, paths, low, coverage_threshold)
    ctx.exit(code)


def _exit_code(session: _Session, low: list[Coverage]) -> int:
    if session.findings.errors or not session.ran:
        return UNABLE
    return FAILED if session.failed or low else 0


# -- which files -------------------------------------------------------------------------------------------------------
def _test_files(names: tuple[str, ...], findings: Findings) -> Iterator[Path]:
    folder = Path("machines") if Path("machines").is_dir() else data_folder("machines")
    for name in names or (str(folder),):
        path = Path(name)
        try:
            if path.is_dir():
                yield from _in_folder(path, findings)
            elif name.endswith(TEST_SUFFIX):
                yield path
            else:
                machine = path if is_file(path) else find_machine(name)
                yield machine.with_name(machine.name.removesuffix(SUFFIX) + TEST_SUFFIX)
        except FileError as error:
            findings.items += error.findings.items
        except (OSError, ValueError) as error:
            findings.error("WC140", f"cannot be read: {error}", Place(name))


def _in_folder(folder: Path, findings: Findings) -> list[Path]:
    found = sorted(folder.glob(f"*{TEST_SUFFIX}"))
    if not found:
        findings.error("WC143", "there is no test file in this folder", Place(str(folder)), f"NAME{TEST_SUFFIX}")
    return found


def _places(name: str, test: Path) -> list[Path]:
    """Where a machine may be that a test file names."""
    if "/" in name or name.endswith(SUFFIX):
        return [test.parent / name, test.parent.parent / name, Path(name)]
    known = known_machines().get(name)
    return [test.parent / f"{name}{SUFFIX}", *([known] if known else [])]


# -- what is told ------------------------------------------------------------------------------------------------------
def _tell(session: _Session) -> None:
    for text in lines(session.findings, "full", report_width()):
        click.echo(text, err=True)
    for result in session.results:
        for line in result_lines(result):
            colour = "red" if line.startswith("  FAILED") else None
            click.echo(click.style(_printable(line), fg=colour, bold=colour is not None))
    for coverage in session.coverage.values():
        for line in coverage_lines(coverage):
            click.echo(_printable(line))


def _sum_up(session: _Session, paths: list[Path], low: list[Coverage], threshold: float | None) -> None:
    for coverage in low:
        told = f"coverage of {coverage.model.file} is {coverage.percent:.1f} %, below {threshold:g} %"
        click.echo(click.style(told, fg="red"), err=True)
    if not session.ran and not session.findings.errors:
        names = ", ".join(str(path) for path in paths)
        pattern = session.wanted.pattern if session.wanted else ""
        click.echo(click.style(f"no test in {names} has a name with '{pattern}'", fg="red"), err=True)
        return
    passed = session.ran - session.failed
    faulty = f", {count(session.findings)} in files" if session.findings.errors else ""
    colour = "red" if session.failed or faulty else "green"
    told = f"{passed} passed, {session.failed} failed{faulty}"
    click.echo(click.style(told, fg=colour, bold=True), err=True)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _write(ctx: click.Context, path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        click.echo(f"wanctl test: {path} cannot be written: {(error.strerror or str(error)).lower()}", err=True)
        ctx.exit(UNABLE)


def _as_dict(session: _Session, *, ok: bool) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "ok": ok,
        "passed": session.ran - session.failed,
        "failed": session.failed,
        "files": [_suite_dict(result) for result in session.results],
        "coverage": [_coverage_dict(item) for item in session.coverage.values()],
        "findings": [item.as_dict() for item in session.findings],
    }


def _suite_dict(result: SuiteResult) -> dict[str, object]:
    tests = []
    for case in result.results:
        failures = [
            {
                "line": failure.place.line,
                "at_s": failure.at_ns / 1e9,
                "what": failure.what,
                "expected": failure.expected,
                "got": failure.got,
                "led": list(failure.led),
                "blocked": list(failure.blocked),
            }
            for failure in case.failures
        ]
        place = case.case.place
        tests.append({"name": case.case.name, "line": place.line, "passed": case.passed, "failures": failures})
    return {"file": result.suite.file, "machine": result.suite.model.file, "tests": tests}


def _coverage_dict(coverage: Coverage) -> dict[str, object]:
    counts = {what.replace(" ", "_"): {"done": done, "of": of} for what, (done, of) in coverage.counts().items()}
    gaps = [gap._asdict() for gap in coverage.gaps()]
    return {"machine": coverage.model.file, "percent": coverage.percent, **counts, "gaps": gaps}
