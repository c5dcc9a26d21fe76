"""A small machine with everything that tests can ask about, and running test files against it."""

from pathlib import Path

from wanctl.actions import ACTIONS
from wanctl.engine import FileError, Findings, Model, load
from wanctl.machines import templates_for
from wanctl.suite import CaseResult, Coverage, Suite, read_suite, run_case

SMALL = """\
schema: 1
machine: small
inputs:
  delta: {unit: ms, range: [0, 1000]}
  up: {type: bool}
  probe: {enum: [icmp, tcp, x5]}
params:
  target: {unit: ms, default: 10ms, range: [1ms, 100ms]}
  strict: {type: bool, default: false}
data:
  count: {range: [0, 9], default: 0}
  mode: {enum: [low, high]}
define: {bloated: delta > target}
initial: GREEN
states:
  GREEN:
    on:
      tick:
        - {when: bloated, for: 3 ticks, to: RED, do: [{assign: {count: count + 1}}], why: three hot ticks}
      operator.hold: [{when: count < 5, to: HOLD, why: the operator says so}]
  RED:
    initial: CUT
    entry: [{rate.settle: {share: 90%, wait: target}}]
    on: {tick: [{when: not bloated, to: GREEN, why: calm again}]}
    states:
      CUT:
        entry: [{rate.cut: {least: 5%, most: 60%, pace: 50ms, blind: 10%}}]
        after: {100ms: [{to: DRAIN}]}
      DRAIN:
        during: [{rate.drain: {}}]
  HOLD:
    on: {operator.release: [{to: GREEN}]}
"""


def small() -> Model:
    """The model of the small machine, read anew."""
    return load(SMALL, "small.yaml", actions=ACTIONS)


def read(text: str, findings: Findings, machine: str = SMALL) -> Suite | None:
    """A test file whose machine is the small one, whatever it is called."""

    def open_machine(name: str) -> Model | None:
        if name == "none":
            return None
        path = Path(name)
        return load(machine, name, actions=ACTIONS, read_template=templates_for(path))

    return read_suite(text, "small.test.yaml", findings, open_machine)


def codes(text: str) -> list[str]:
    """The codes of everything that is wrong with a test file, in file order."""
    findings = Findings()
    try:
        read(text, findings)
    except FileError as error:
        return [item.code for item in error.findings]
    return [item.code for item in findings]


def suite_of(body: str, machine: str = SMALL) -> Suite:
    """A test file with one test, given by the lines below its name."""
    findings = Findings()
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    found = read(f"machine: small\ntests:\n  - name: it\n{lines}\n", findings, machine)
    assert found is not None, findings.render()
    return found


def outcome(body: str, coverage: Coverage | None = None) -> CaseResult:
    """What came of one test, given by the lines below its name."""
    (case,) = suite_of(body).cases
    return run_case(case, coverage)


def told(result: CaseResult) -> list[tuple[str, str, str]]:
    """What failed: what was asked, expected and got."""
    return [(failure.what, failure.expected, failure.got) for failure in result.failures]
