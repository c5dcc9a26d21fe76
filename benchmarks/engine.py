"""What a tick costs: our engine beside its peers, interleaved in one run.

    python -m benchmarks.engine [--json] [--write [FILE]]

`wan` is `machines/wan.yaml` (four regions, every guard, every hold) in a calm tick, on our engine and on `transitions`'
HierarchicalMachine with the same tree, the same rows under one trigger and the same guards as compiled Python. `small`
is one machine that four engines can express: two regions of three states with numeric guards. Contenders take turns;
each figure is the median of the rounds, the ratio the median of the rounds' ratios.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sismic.interpreter import Interpreter
from sismic.io import import_from_yaml
from statemachine import State, StateChart
from transitions.extensions.nesting import HierarchicalMachine, NestedState

from wanctl.config.law import law_model
from wanctl.control.sample import Reading, Sample, Sent
from wanctl.engine import Machine, compile_model, load
from wanctl.engine.expression import symbols
from wanctl.engine.program import Program
from wanctl.engine.source import Source
from wanctl.plan import DirectionPlan, WanPlan
from wanctl.wan import DefaultWan

ROUNDS = 9
ROUND_S = 0.15
PERIOD_NS = 50_000_000
RESULTS = "docs/results/engine.md"
IDLE_WANTED_US, RATIO_WANTED = 1.0, 25.0
TRANSITION_WANTED_US = 60.0


def calm_machine() -> Machine:
    """The machine of a WAN that has come to rest under its own controller: baseline tracked, both directions green."""
    limits = DirectionPlan(1_000_000, 100_000_000, 50_000_000)
    wan = DefaultWan(WanPlan("bench", "default", limits, limits), compile_model(law_model("default")))
    for tick in range(1, 400):
        now_ns = tick * PERIOD_NS
        sent = Sent("bench", f"r{tick % 6}", now_ns - 20_500_000, "icmp")
        answer = Sample("bench", sent.reflector, sent.sent_ns, now_ns - 500_000, "icmp")
        wan.tick(now_ns, (sent, answer), (Reading("bench", now_ns, tick * 60_000, tick * 6_000),), ())
    machine = wan.machine
    assert "baseline.TRACKING" in machine.leaves, machine.leaves
    return machine


class _Dotted(NestedState):
    separator = "."


class _Peer(HierarchicalMachine):
    state_cls = _Dotted


def hsm_of(program: Program, inputs: object) -> Callable[[], object]:
    """The same tree and rows on `transitions`: one trigger, guards as compiled Python over the same inputs."""
    model = program.model

    def tree(index: int) -> list[dict[str, Any]]:
        found = []
        for child in model.states[index].children:
            state = model.states[child]
            if state.kind == "history":
                continue
            node: dict[str, Any] = {"name": state.name}
            if state.children:
                node["children"] = tree(child)
                if state.kind == "parallel":
                    node["initial"] = [model.states[c].name for c in state.children]
                else:
                    inner = model.states[state.initial[0]].path.removeprefix(f"{state.path}.")
                    node["initial"] = inner
            found.append(node)
        return found

    class Model:
        pass

    regions = [model.states[child].name for child in model.states[0].children]
    subject = Model()
    machine = _Peer(
        model=subject,
        states=[{"name": "wan", "parallel": tree(0), "initial": regions}],
        initial="wan",
        auto_transitions=False,
        ignore_invalid_triggers=True,
    )
    active = [True] * len(model.states)
    for row in (row for state in model.states for row in state.ticks):
        guard = _python_guard(row.guard, program, inputs, active)
        for named in row.targets or (row.state,):
            state = model.states[named]
            target = model.states[state.initial[0]] if state.kind == "history" else state
            source, destination = f"wan.{model.states[row.state].path}", f"wan.{target.path}"
            machine.add_transition("step", source, destination, conditions=[guard])
    return subject.step  # type: ignore[attr-defined, no-any-return]


def _python_guard(guard: Any, program: Program, inputs: object, active: list[bool]) -> Callable[[], bool]:
    if guard is None:
        return lambda: True
    names = [s.name for s in symbols(guard) if s.role == "input"]
    lines = ["def guard():", *(f"    v_{name} = I.{name}" for name in names)]
    lines.append(f"    return bool({Source(program.params).condition(guard)})")
    space: dict[str, Any] = {"I": inputs, "A": active}
    exec("\n".join(lines), space)
    made: Callable[[], bool] = space["guard"]
    return made


# -- one small machine for four engines ------------------------------------------------------------------------------

SMALL = """
schema: 1
machine: small
inputs: {delta: {unit: ms}, load: {unit: ratio}}
type: parallel
states:
  down: &side
    initial: GREEN
    states:
      GREEN: {on: {tick: [{when: delta > 15ms, to: YELLOW}]}}
      YELLOW: {on: {tick: [{when: delta > 80ms, to: RED}, {when: delta <= 15ms and load < 0.9, to: GREEN}]}}
      RED: {on: {tick: [{when: delta <= 80ms, to: YELLOW}]}}
  up: *side
"""

SMALL_SISMIC = """
statechart:
  name: small
  preamble: |
    delta = 3.0
    load = 0.2
  root state:
    name: root
    parallel states:
"""


def small_ours() -> Callable[[], object]:
    """The small machine on our engine."""
    machine = compile_model(load(SMALL, "small.yaml")).start(0)
    machine.set_inputs({"delta": 3.0, "load": 0.2})
    now = [0]

    def tick() -> object:
        now[0] += PERIOD_NS
        return machine.tick(now[0])

    return tick


def small_transitions() -> Callable[[], object]:
    """The small machine on `transitions`."""

    class Model:
        delta, load = 3.0, 0.2

    subject = Model()
    sides = [{"name": s, "children": ["GREEN", "YELLOW", "RED"], "initial": "GREEN"} for s in ("down", "up")]
    machine = _Peer(
        model=subject,
        states=[{"name": "w", "parallel": sides}],
        initial="w",
        auto_transitions=False,
        ignore_invalid_triggers=True,
    )
    for side in ("down", "up"):
        for source, target, guard in (
            ("GREEN", "YELLOW", lambda: subject.delta > 15.0),
            ("YELLOW", "RED", lambda: subject.delta > 80.0),
            ("YELLOW", "GREEN", lambda: subject.delta <= 15.0 and subject.load < 0.9),
            ("RED", "YELLOW", lambda: subject.delta <= 80.0),
        ):
            machine.add_transition("step", f"w.{side}.{source}", f"w.{side}.{target}", conditions=[guard])
    return subject.step  # type: ignore[attr-defined, no-any-return]


class _SmallChart(StateChart):
    """The small machine on python-statemachine."""

    delta, load = 3.0, 0.2

    class sides(State.Parallel):  # noqa: N801
        class down(State.Compound):  # noqa: N801
            green = State(initial=True)
            yellow = State()
            red = State()
            tick = (
                green.to(yellow, cond="hot")
                | yellow.to(red, cond="severe")
                | yellow.to(green, cond="calm")
                | red.to(yellow, cond="mild")
            )

        class up(State.Compound):  # noqa: N801
            green = State(initial=True)
            yellow = State()
            red = State()
            tick = (
                green.to(yellow, cond="hot")
                | yellow.to(red, cond="severe")
                | yellow.to(green, cond="calm")
                | red.to(yellow, cond="mild")
            )

    def hot(self) -> bool:
        """The guard of GREEN."""
        return self.delta > 15.0

    def severe(self) -> bool:
        """The guard of YELLOW to RED."""
        return self.delta > 80.0

    def calm(self) -> bool:
        """The guard of YELLOW to GREEN."""
        return self.delta <= 15.0 and self.load < 0.9

    def mild(self) -> bool:
        """The guard of RED."""
        return self.delta <= 80.0


def small_python_statemachine() -> Callable[[], object]:
    """The small machine on python-statemachine."""
    chart = _SmallChart(allow_event_without_transition=True)
    return lambda: chart.send("tick")


def small_sismic() -> Callable[[], object]:
    """The small machine on sismic."""
    sides = ""
    for side in ("down", "up"):
        sides += f"""      - name: {side}
        initial: {side}GREEN
        states:
          - name: {side}GREEN
            transitions: [{{event: tick, guard: delta > 15, target: {side}YELLOW}}]
          - name: {side}YELLOW
            transitions:
              - {{event: tick, guard: delta > 80, target: {side}RED, priority: high}}
              - {{event: tick, guard: delta <= 15 and load < 0.9, target: {side}GREEN}}
          - name: {side}RED
            transitions: [{{event: tick, guard: delta <= 80, target: {side}YELLOW}}]
"""
    interpreter = Interpreter(import_from_yaml(SMALL_SISMIC + sides))
    interpreter.execute()
    return lambda: interpreter.queue("tick").execute()


# -- measuring -------------------------------------------------------------------------------------------------------


def once_us(tick: Callable[[], object]) -> float:
    """Microseconds a call, over about `ROUND_S`."""
    count, spent = 0, 0.0
    while spent < ROUND_S:
        start = time.perf_counter()
        for _ in range(200):
            tick()
        spent += time.perf_counter() - start
        count += 200
    return spent / count * 1e6


def measure(contenders: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Every contender in every round, in turn."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, tick in contenders.items():
            found[name].append(once_us(tick))
    return found


def transition_us(machine: Machine) -> float:
    """Microseconds of a tick in which one row fires, as the baseline freezes and thaws: median of many."""
    now, took = machine.now_ns, []
    for step in range(6_000):
        machine.inputs.download_loaded = bool(step // 30 % 2)  # type: ignore[attr-defined]
        now += PERIOD_NS
        start = time.perf_counter()
        outcome = machine.tick(now)
        spent = time.perf_counter() - start
        if len(outcome.transitions) == 1:
            took.append(spent * 1e6)
    assert len(took) > 50, "the baseline was to freeze and thaw"
    return statistics.median(took)


def main() -> None:
    """Run, print, and on request write the results page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="nothing but one JSON object")
    parser.add_argument("--write", nargs="?", const=RESULTS, metavar="FILE", help=f"write a page ({RESULTS})")
    given = parser.parse_args()
    machine = calm_machine()
    now = [machine.now_ns]

    def ours() -> object:
        now[0] += PERIOD_NS
        return machine.tick(now[0])

    wan = measure({"ours": ours, "transitions": hsm_of(machine.program, machine.inputs)})
    small = measure(
        {
            "ours": small_ours(),
            "transitions": small_transitions(),
            "python-statemachine": small_python_statemachine(),
            "sismic": small_sismic(),
        }
    )
    result = {
        "schema": "wanctl.benchmark.engine/1",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("transitions", "python-statemachine", "sismic")},
        "idle_us": round(statistics.median(wan["ours"]), 3),
        "hsm_idle_us": round(statistics.median(wan["transitions"]), 2),
        "ratio": round(statistics.median(b / a for a, b in zip(*wan.values(), strict=True)), 1),
        "spread_us": {name: [round(min(v), 3), round(max(v), 3)] for name, v in wan.items()},
        "transition_us": round(transition_us(calm_machine()), 1),
        "load_and_compile_ms": round(_load_ms(), 1),
        "small_us": {name: round(statistics.median(v), 3) for name, v in small.items()},
        "small_ratio": {
            name: round(statistics.median(b / a for a, b in zip(small["ours"], v, strict=True)), 1)
            for name, v in small.items()
        },
    }
    if not given.json:
        print(page(result))
    if given.write:
        Path(given.write).write_text(page(result))
    print(json.dumps(result))


def _load_ms() -> float:
    """Load, check and compile `wan.yaml` with both its directions."""
    start = time.perf_counter()
    law_model.cache_clear()
    compile_model(law_model("default"))
    return (time.perf_counter() - start) * 1e3


def page(result: dict[str, Any]) -> str:
    """The results as Markdown."""
    names = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    low, high = result["spread_us"]["ours"]
    lines = [
        "# What a tick costs",
        "",
        f"`python -m benchmarks.engine --write`; Python {result['python']}, {names}. Contenders interleaved,",
        f"{ROUNDS} rounds, medians; the ratio is the median of the rounds' ratios.",
        "",
        "| calm tick of `wan.yaml` (four regions) | us | wanted |",
        "|---|---|---|",
        f"| this engine | {result['idle_us']} ({low} to {high}) | <= {IDLE_WANTED_US} |",
        f"| `transitions` HierarchicalMachine, same tree and guards | {result['hsm_idle_us']} | |",
        f"| ratio | {result['ratio']} | >= {RATIO_WANTED:.0f} |",
        "",
        f"A tick in which a row fires: {result['transition_us']} us (wanted: <= {TRANSITION_WANTED_US:.0f}).",
        f"Load, check and compile `wan.yaml`: {result['load_and_compile_ms']} ms.",
        "",
        "| calm tick of one small machine (two regions of three states) | us | times ours |",
        "|---|---|---|",
    ]
    lines += [f"| {n} | {us} | {result['small_ratio'][n]} |" for n, us in result["small_us"].items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
