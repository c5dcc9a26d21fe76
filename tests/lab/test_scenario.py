"""Scenarios: the shipped ones say what they mean, and one that contradicts itself is refused with its place."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from lab.boot import ROOT
from lab.contender import controller_command
from lab.form import load_scenario, scenarios
from lab.race import described, jobs
from lab.scenario import Scenario
from lab.sitefile import site_text
from lab.timeline import capacity, noise
from wanctl.config import load_site
from wanctl.engine.diagnostic import FileError

SHIPPED = scenarios()


def written(folder: Path, text: str) -> Scenario:
    path = folder / "mine.yaml"
    path.write_text(text)
    return load_scenario(path)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_scenario_says_what_it_is_about_and_loads_a_direction(path: Path) -> None:
    scenario = load_scenario(path)
    assert scenario.about
    assert scenario.load


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_seed_always_plays_the_same_and_another_one_differs(path: Path) -> None:
    scenario = load_scenario(path)
    played = [(capacity(scenario, seed), noise(scenario.noise, scenario.time_s, seed)) for seed in (1, 1, 2)]
    assert played[0] == played[1] != played[2]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_capacity_begins_at_0_grows_in_time_and_stays_within_the_plan(path: Path, seed: int) -> None:
    scenario = load_scenario(path)
    rows = capacity(scenario, seed)
    assert rows[0].at_s == 0.0
    assert [row.at_s for row in rows] == sorted({row.at_s for row in rows})
    assert all(row.down_bps <= scenario.down_bps and row.up_bps <= scenario.up_bps for row in rows)
    out = {begin_s for begin_s, _ in scenario.path.outages}
    assert all((row.down_bps > 0 and row.up_bps > 0) != (row.at_s in out) for row in rows)


def test_what_is_not_given_comes_from_the_scenario_it_is_like() -> None:
    step, far = (load_scenario(path) for path in scenarios(["step", "step-rtt200"]))
    assert far.path.rtt_ms == 200.0
    assert (far.capacity, far.load, far.time_s) == (step.capacity, step.load, step.time_s)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("tiem: 90s\n", 1, "tiem"),
        ("time: ninety\n", 1, "ninety"),
        ("rtt: 20Mbit\n", 1, "20Mbit"),
        ("time: 8s\nscore_from: 9s\n", 2, "begins when all is over"),
        ("capacity: {steps: {0s: 100%}, blocks: {}}\n", 1, "contradict"),
        ("capacity:\n  steps: {5s: 40%}\n", 2, "before it"),
        ("capacity:\n  steps: {0s: 100%, 9s: 40%, 10s: 50%}\n", 2, "at least 2s apart"),
        ("time: 20s\ncapacity:\n  steps: {0s: 100%, 30s: 40%}\n", 3, "after the end"),
        ("capacity:\n  steps: {0s: 0%}\n", 2, "above 0 %"),
        ("capacity:\n  wander: {mean: 10%, min: 20%}\n", 2, "min <= mean"),
        ("limits: {floor: 60%}\n", 1, "floor <= start"),
        ("load:\n  - {bulk: sideways}\n", 2, "sideways"),
        ("load:\n  - {bulk: down, rate: 1Mbit}\n", 2, "finds its own"),
        ("load:\n  - {paced: up}\n", 2, "has a rate"),
        ("load:\n  - {bulk: down, start: 50s, stop: 40s}\n", 2, "nothing"),
        ("load:\n  - {bulk: down, tcp: reno}\n", 2, "reno"),
        ("load:\n  - {bulk: down, flows: 0}\n", 2, "above 0"),
        ("load: many\n", 1, "a list"),
        ("like: nobody\n", 1, "nobody"),
        ("like: mine\n", 1, "itself"),
        ("noise: {burst: 9ms..3ms}\n", 1, "empty"),
        ("policer: 20ms\nbuffer: 300ms\n", 1, "contradict"),
        ("policer: 20ms\ngrants: 2ms..6ms\n", 2, "contradict"),
        ("buffer: 0ms\n", 1, "holds something"),
        ("pings: never\n", 1, "never"),
        ("pings: first\nlies:\n  - {low: 1}\n", 2, "no lie"),
        ("lies:\n  - {low: 7}\n", 2, "6 reflectors"),
        ("lies:\n  - {high: 2}\n", 2, "late"),
        ("lies:\n  - {silent: 2}\n  - {low: 2}\n", 1, "one lie"),
        ("lies:\n  - {silent: 2, start: 50s, stop: 40s}\n", 2, "nothing"),
        ("outages:\n  30s: 8s\n  35s: 8s\n", 2, "begins before"),
        ("outages:\n  85s: 8s\n", 2, "not over"),
        ("route:\n  95s: 20ms\n", 2, "before the end"),
        ("load:\n  - {call: both, flows: 2}\n", 2, "one call"),
        ("load:\n  - {bulk: down, stop: 7s}\n", 1, "over before the score"),
        ("kill: 95s\n", 1, "nobody is left"),
        ("plan: {up: 0bit}\n", 1, "carries something"),
        ("capacity:\n  mahimahi: {down: nothing.trace}\n", 2, "down, up"),
        ("capacity:\n  recorded: {table: nothing.csv}\n", 2, "cannot be read"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_refused_at_its_place(
    text: str, line: int, told: str, tmp_path: Path
) -> None:
    with pytest.raises(FileError) as raised:
        written(tmp_path, text)
    errors = raised.value.findings.errors
    assert any(item.place.line == line and told in item.message for item in errors), [str(item) for item in errors]


def test_a_controller_is_told_the_limits_and_nothing_of_the_capacity() -> None:
    scenario = load_scenario(scenarios(["step"])[0])
    (job,) = jobs([scenario], ["wanctl"], [1])
    link = described(job, capacity(scenario, 1))["link"]
    assert (link["dl_min_bps"], link["dl_base_bps"], link["dl_max_bps"]) == (1_600_000, 20_000_000, 48_000_000)
    assert set(link) == {
        "wan_if", "dl_if", "ul_if", "reflectors",
        "dl_min_bps", "dl_base_bps", "dl_max_bps", "ul_min_bps", "ul_base_bps", "ul_max_bps",
    }  # fmt: skip


def test_the_controller_is_wanctl_run() -> None:
    assert controller_command().endswith("exec wanctl run /run/lab.yaml")


def test_the_site_file_of_the_lab_is_one_that_wanctl_runs(tmp_path: Path) -> None:
    scenario = load_scenario(scenarios(["step"])[0])
    (job,) = jobs([scenario], ["wanctl"], [1])
    path = tmp_path / "lab.yaml"
    path.write_text(site_text(described(job, capacity(scenario, 1))["link"]))
    site = load_site(path)
    site.require_runnable()
    (wan,) = site.plan().wans
    assert (wan.download.floor_bps, wan.download.start_bps, wan.download.ceiling_bps) == (
        1_600_000, 20_000_000, 48_000_000,
    )  # fmt: skip


def test_what_the_lab_does_not_know_gets_a_sentence() -> None:
    for arguments, told in (
        (["stp"], "step"),
        (["step", "--contenders", "nobody"], "nobody"),
        (["--seeds", "one"], "one"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "lab", "race", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert told in done.stderr
        assert "Traceback" not in done.stderr


def test_a_recorded_capacity_drives_the_bottleneck_from_a_place_that_the_seed_says(tmp_path: Path) -> None:
    (tmp_path / "link.csv").write_text("t_s,dl_mbit,ul_mbit\n0,40,10\n1,20,5\n2,10,0\n")
    scenario = written(tmp_path, "time: 30s\ncapacity: {recorded: {table: link.csv}}\n")
    rows = capacity(scenario, 1)
    assert {row[1:] for row in rows} == {(40_000_000, 10_000_000), (20_000_000, 5_000_000), (10_000_000, 12_000)}
    assert all(later.at_s - earlier.at_s == pytest.approx(1.0) for earlier, later in pairwise(rows[1:]))
    assert rows[1].at_s != capacity(scenario, 2)[1].at_s


def test_a_mahimahi_trace_is_the_packets_that_could_go_and_begins_again_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "down").write_text("".join(f"{ms}\n" for ms in range(1, 201)))  # a packet each ms: 12 Mbit/s
    (tmp_path / "up").write_text("".join(f"{ms}\n" for ms in range(10, 101, 10)))  # half as long
    scenario = written(tmp_path, "capacity: {mahimahi: {down: down, up: up}}\n")
    rows = capacity(scenario, 1)
    assert {row.down_bps for row in rows} <= {11_911_680, 12_032_000}
    assert {row.up_bps for row in rows} <= {1_082_880, 1_203_200}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("t_s,dl_mbit\n0,40\n", "wanted are"),
        ("t_s,dl_mbit,ul_mbit\n0,many,1\n", "link.csv:2"),
        ("t_s,dl_mbit,ul_mbit\n0,41,1\n1,1,1\n", "more than the plan"),
        ("t_s,dl_mbit,ul_mbit\n5,4,1\n1,1,1\n", "begin at 0"),
    ],
)
def test_a_recording_that_cannot_be_played_is_refused(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "link.csv").write_text(text)
    with pytest.raises(FileError, match=told):
        written(tmp_path, "capacity: {recorded: {table: link.csv}}\n")


def test_nothing_comes_through_an_outage_and_the_capacity_is_back_after_it() -> None:
    (path,) = scenarios(["outage"])
    rows = capacity(load_scenario(path), 1)
    assert [(row.at_s, row.down_bps) for row in rows[:3]] == [(0.0, 40_000_000), (30.0, 0), (38.0, 40_000_000)]


def test_a_router_pace_is_a_write_budget_in_the_site_file() -> None:
    scenario = load_scenario(scenarios(["step"])[0])
    (job,) = jobs([scenario], ["routeros-pace"], [1])
    assert "lab.sitefile --router-pace" in job.contender.command
    link = described(job, capacity(scenario, 1))["link"]
    assert "budget: {minute: 30, day: 10000}" in site_text(link, router_pace=True)
    assert "budget" not in site_text(link)
