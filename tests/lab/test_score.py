"""From the files of a run to its figures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lab.form import load_scenario, scenarios
from lab.report import calls, table
from lab.scenario import Change, Scenario
from lab.score import Figures, carried, cuts, figures, quantile
from lab.timeline import Capacity

ROWS = [Capacity(0.0, 8_000_000, 2_000_000), Capacity(30.0, 4_000_000, 1_000_000)]


@pytest.fixture
def scenario() -> Scenario:
    return load_scenario(scenarios(["drop"])[0])


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """8 s of settling, then 10 ms of queue in one probe of ten; 3 Mbit/s come down all the time."""
    rtts = [f"{n / 50:.3f},{30.0 if n % 10 == 0 and n > 400 else 20.0}" for n in range(80 * 50)]
    rtts[3_000] = "60.000,"
    (tmp_path / "rtt.csv").write_text("\n".join(["t_s,rtt_ms", *rtts]))
    got = [f"{n / 10},{n * 37_500},{n * 1_000}" for n in range(801)]
    (tmp_path / "delivered.csv").write_text("\n".join(["t_s,down_bytes,up_bytes", *got]))
    (tmp_path / "writes.csv").write_text("t_s,device,rate_bps\n10,ifb-wan,3000000\n20,ifb-wan,4000000\n30,wan,500000\n")
    (tmp_path / "job.json").write_text(json.dumps({"initial_bps": [4_000_000, 1_000_000]}))
    (tmp_path / "ran.json").write_text(json.dumps({"ended_early": False}))
    return tmp_path


def test_a_run_is_told_by_its_quantiles_above_the_idle_time(run: Path, scenario: Scenario) -> None:
    found = figures(run, scenario, "wanctl", 1, ROWS)
    assert (found.p50_ms, found.p95_ms, found.worst_ms) == (0.0, 10.0, 10.0)
    assert found.lost_share == round(1 / ((74 - 8) * 50), 4)


def test_use_is_what_came_through_of_what_could(run: Path, scenario: Scenario) -> None:
    found = figures(run, scenario, "wanctl", 1, ROWS)
    assert found.down_share == pytest.approx(72 * 3 / (22 * 8 + 50 * 4), abs=1e-3)
    assert found.up_share is None  # nobody tries to fill it


def test_writes_and_cuts_are_counted(run: Path, scenario: Scenario) -> None:
    found = figures(run, scenario, "wanctl", 1, ROWS)
    assert (found.writes, found.cuts) == (3, 2)


def test_the_first_limit_of_an_unlimited_queue_is_a_cut() -> None:
    assert cuts([("wan", 1_000)], {"wan": 0}) == 1


def test_a_capacity_carries_what_stands_between_two_times() -> None:
    assert carried(ROWS, 20.0, 40.0, 1) == 10 * 8_000_000 + 10 * 4_000_000
    assert carried(ROWS, 40.0, 50.0, 2) == 10 * 1_000_000


def test_a_quantile_is_a_value_that_was_seen() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0
    assert quantile([1.0], 0.99) == 1.0


def test_the_table_has_means_the_worst_and_ratios() -> None:
    one = Figures("step", "wanctl", 1, 1.0, 8.0, 20.0, 50.0, 0.0, 0.94, None, 300, 70, ended_early=False)
    other = replace(one, seed=2, p95_ms=12.0, worst_ms=90.0)
    oracle = replace(one, contender="oracle", p95_ms=4.0, writes=12, cuts=8)
    lines = table([one, other, oracle]).splitlines()
    assert "| step | wanctl | 1, 2 | 1.0 | 10.0 | 20.0 | 90.0 | 94.0 |  | 0.0 | 300 | 70 | 2.5 |  |" in lines
    assert len(lines) == 4


def test_a_way_that_got_longer_is_no_delay_of_anybody(run: Path, scenario: Scenario) -> None:
    longer = replace(scenario, path=replace(scenario.path, changes=(Change(40.0, 20.0),)))
    rows = (run / "rtt.csv").read_text().splitlines()
    moved = [rows[0]]
    for row in rows[1:]:
        at, _, rtt = row.partition(",")
        moved.append(f"{at},{float(rtt) + 20.0}" if rtt and float(at) >= 40.0 else row)
    (run / "rtt.csv").write_text("\n".join(moved))
    found = figures(run, longer, "wanctl", 1, ROWS)
    assert (found.p50_ms, found.p95_ms, found.worst_ms) == (0.0, 10.0, 10.0)


def test_use_counts_only_while_somebody_tries(run: Path, scenario: Scenario) -> None:
    late = replace(scenario, load=(replace(scenario.load[0], start_s=40.0, stop_s=60.0),))
    assert figures(run, late, "wanctl", 1, ROWS).down_share == pytest.approx(0.75, abs=1e-3)  # 3 of 4 Mbit/s


def test_a_call_is_told_by_its_worse_direction_and_by_what_is_missing_of_both(run: Path, scenario: Scenario) -> None:
    call = replace(scenario.load[0], kind="call", direction="both", start_s=3.0, stop_s=80.0)
    for name, late_ms in (("call-down.csv", 30.0), ("call-up.csv", 45.0)):
        rows = [f"{n},0.0,{late_ms if n % 50 == 0 else 10.0}" for n in range(3_850) if name != "call-up.csv" or n % 10]
        (run / name).write_text("\n".join(["number,sent_s,delay_ms", *rows]))
    rows = (run / "call-up.csv").read_text().splitlines()
    (run / "call-up.csv").write_text(
        "\n".join([*rows[:1], *(f"{row[:-4]}45.0" if i % 40 == 0 else row for i, row in enumerate(rows[1:]))])
    )
    found = figures(run, replace(scenario, load=(call,)), "wanctl", 1, ROWS)
    assert found.call_ms == 35.0
    assert found.call_lost_share == pytest.approx(0.05, abs=1e-3)
    assert "| drop | wanctl | 35.0 | 5.0 |" in calls([found])
    assert calls([replace(found, call_ms=None)]) == ""
