"""What a WAN knows after a restart: its baselines, its rates, and what its machine was doing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.site.loop import make_plan
from tests.site.test_wan import Line
from wanctl.classic import ClassicWan
from wanctl.config.law import law_model
from wanctl.control.memory import RecallError
from wanctl.control.sample import Sample, Sent
from wanctl.engine import compile_model
from wanctl.plan import DirectionPlan, WanPlan
from wanctl.wan import DefaultWan

RUNGS = ["none", {}, [], -1, None, float("nan"), True, [1, "x"], [["icmp", "r0", {}]], [["icmp", 1, {}]]]


def memory_of(wan: DefaultWan | ClassicWan) -> dict[str, Any]:
    """As it comes back from a disk."""
    kept: dict[str, Any] = json.loads(json.dumps(wan.memory(), allow_nan=False))
    return kept


def restarted(line: Line, *, machine: bool = True, rates: bool = True) -> Line:
    """The same line with a new process."""
    fresh = Line()
    fresh.now_ns, fresh._bytes, fresh._sent = line.now_ns, line._bytes, line._sent
    fresh.wan = DefaultWan(line_plan(), fresh.wan.machine.program, line.now_ns)
    fresh.signals = fresh.wan.signals
    assert fresh.wan.recall(memory_of(line.wan), line.now_ns, machine=machine, rates=rates) == ""
    return fresh


def line_plan() -> WanPlan:
    return make_plan()


def learnt() -> Line:
    """A line that was idle for a while, then full: its rate has been cut to what it carries."""
    line = Line()
    line.ticks(400, 20.0, 1.0, 0.2)
    line.ticks(100, 90.0, 12.0, 0.2)
    assert line.signals.download.state != "GREEN.CRUISE"
    return line


def test_a_queue_is_seen_at_once_after_a_restart() -> None:
    fresh = restarted(learnt())
    fresh.ticks(4, 90.0, 12.0, 0.2)
    assert fresh.signals.baseline_ms == 20.0
    assert fresh.signals.delta_ms == pytest.approx(70.0)


def test_without_a_memory_the_queue_would_have_passed_for_the_path() -> None:
    fresh = Line()
    fresh.ticks(4, 90.0, 12.0, 0.2)
    assert fresh.signals.delta_ms == 0.0


def test_the_machine_goes_on_where_it_was() -> None:
    line = learnt()
    fresh = restarted(line)
    assert fresh.wan.machine.leaves == line.wan.machine.leaves
    assert fresh.signals.states == line.signals.states
    assert fresh.signals.download.state == line.signals.download.state


def test_the_rates_go_on_where_they_were() -> None:
    line = learnt()
    fresh = restarted(line)
    assert fresh.signals.download.wanted_bps == line.signals.download.wanted_bps
    assert fresh.signals.download.capacity_bps == line.signals.download.capacity_bps
    assert fresh.signals.download.wanted_bps != line_plan().download.start_bps


def test_an_old_memory_gives_baselines_alone() -> None:
    fresh = restarted(learnt(), machine=False, rates=False)
    assert "baseline.LEARNING" in fresh.signals.states
    assert fresh.signals.download.wanted_bps == line_plan().download.start_bps
    fresh.ticks(4, 90.0, 12.0, 0.2)
    assert fresh.signals.baseline_ms == 20.0


def test_a_memory_of_a_memory_loses_nothing() -> None:
    line = learnt()
    assert memory_of(restarted(line).wan) == memory_of(line.wan)


def test_a_reflector_that_is_asked_no_more_is_forgotten() -> None:
    line = learnt()
    kept = memory_of(line.wan)
    for floor in kept["delay"]["floors"]:
        floor[1] = f"once-{floor[1]}"
        floor[2]["baseline_ms"] = 3.0
    fresh = Line()
    fresh.wan.recall(kept, 0, machine=False, rates=False)
    fresh.ticks(100, 20.0, 1.0, 0.2)
    assert fresh.signals.baseline_ms == 20.0


def test_rates_stay_within_the_limits_of_today() -> None:
    plan = make_plan()
    ceiling_bps = learnt().signals.download.wanted_bps // 2
    lower = DirectionPlan(1_000_000, ceiling_bps, ceiling_bps)
    wan = DefaultWan(WanPlan("cable", "default", lower, lower, plan.params), Line().wan.machine.program)
    wan.recall(memory_of(learnt().wan), 0, machine=False, rates=True)
    assert wan.signals.download.wanted_bps == ceiling_bps


def test_a_machine_that_has_changed_is_said_and_the_rest_is_kept() -> None:
    line = learnt()
    kept = memory_of(line.wan)
    kept["machine"]["source"] = "another"
    fresh = Line()
    assert "has changed since" in fresh.wan.recall(kept, line.now_ns, machine=True, rates=True)
    assert fresh.signals.download.wanted_bps == line.signals.download.wanted_bps
    assert "baseline.LEARNING" in fresh.signals.states


def classic() -> ClassicWan:
    down, up = DirectionPlan(200_000_000, 940_000_000, 500_000_000), DirectionPlan(8_000_000, 38_000_000, 30_000_000)
    return ClassicWan(WanPlan("cable", "classic", down, up), compile_model(law_model("classic")))


def test_the_classic_law_goes_on_too() -> None:
    wan = classic()
    for number in range(1, 200):
        now_ns = number * 50_000_000
        sent = (
            Sent("cable", "r", now_ns - 21_000_000, "icmp"),
            Sample("cable", "r", now_ns - 21_000_000, now_ns, "icmp"),
        )
        wan.tick(now_ns, sent, (), ())
    fresh = classic()
    assert fresh.recall(memory_of(wan), now_ns, machine=True, rates=True) == ""
    assert memory_of(fresh) == memory_of(wan)
    assert fresh.signals.baseline_ms == wan.signals.baseline_ms
    assert fresh.signals.download.wanted_bps == wan.signals.download.wanted_bps > 500_000_000


def test_a_memory_of_the_other_law_is_refused() -> None:
    with pytest.raises(RecallError, match="law 'default', and this is 'classic'"):
        classic().recall(memory_of(learnt().wan), 0, machine=False, rates=False)
    with pytest.raises(RecallError, match="law 'classic', and this is 'default'"):
        Line().wan.recall(memory_of(classic()), 0, machine=False, rates=False)


def damaged(value: Any) -> Iterator[Any]:
    """The value with one part of it replaced or gone, each part in turn."""
    if isinstance(value, dict):
        for key in value:
            yield {name: item for name, item in value.items() if name != key}
            for inner in damaged(value[key]):
                yield value | {key: inner}
    yield from RUNGS


@pytest.mark.parametrize("make", [lambda: learnt().wan, classic], ids=["default", "classic"])
def test_whatever_is_wrong_with_a_memory_is_an_error_of_its_own(make: Any) -> None:
    wan = make()
    program, plan = wan.machine.program, line_plan() if isinstance(wan, DefaultWan) else classic()._plan
    refused = 0
    for broken in damaged(memory_of(wan)):
        try:
            if isinstance(broken, dict):
                type(wan)(plan, program).recall(broken, 0, machine=True, rates=True)
        except RecallError:
            refused += 1
    assert refused > 50
