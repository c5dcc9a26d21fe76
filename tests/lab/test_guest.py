"""One short run in the guest's real kernel in which everything happens that can happen to a link and to wanctl."""

import json
from pathlib import Path

import pytest

from lab.form import load_scenario
from lab.kernel import cache, kernel
from lab.race import jobs, kept_figures, run
from lab.score import Figures, read

TEXT = """
about: Everything at once.
time: 11s
score_from: 3s
pings: first
grants: 2ms..6ms
lies: [{silent: 2}, {high: 3, by: 40ms, start: 4s, stop: 6s}]
route: {9500ms: 30ms}
outages: {8s: 1s}
kill: 7s
load: [{bulk: down, flows: 2, start: 1s, stop: 7500ms}, {call: both, start: 1s}]
"""
KILLED_S = 7.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def found(folder: Path) -> Figures:
    program = kernel()
    if program is None:
        pytest.skip(f"no kernel with CAKE in {cache()}: make lab-kernel builds one")
    (folder / "all.yaml").write_text(TEXT)
    (job,) = jobs([load_scenario(folder / "all.yaml")], ["wanctl"], [1])
    figures = run(job, program, folder / "run")
    assert kept_figures(job, program, folder / "run") == figures  # a second race does not run it again
    return figures


@pytest.fixture
def probes(found: Figures, folder: Path) -> list[tuple[float, float | None]]:
    rows = read(folder / "run/rtt.csv")
    return [(float(row["t_s"]), float(row["rtt_ms"]) if row["rtt_ms"] else None) for row in rows]


def test_a_controller_that_is_killed_under_load_leaves_a_rate_between_its_limits(found: Figures, folder: Path) -> None:
    assert found.ended_early
    link = json.loads((folder / "run/job.json").read_text())["link"]
    writes = read(folder / "run/writes.csv")
    assert writes, "it never wrote"
    assert all(float(row["t_s"]) <= KILLED_S + 0.1 for row in writes)
    for device, way in (("ifb-wan", "dl"), ("wan", "ul")):
        last_bps = [int(row["rate_bps"]) for row in writes if row["device"] == device][-1:]
        assert all(link[f"{way}_min_bps"] - 8 <= bps <= link[f"{way}_max_bps"] for bps in last_bps)


def test_nothing_is_answered_in_an_outage_and_all_is_after_it(probes: list[tuple[float, float | None]]) -> None:
    assert {rtt_ms for at_s, rtt_ms in probes if 8.1 <= at_s <= 8.9} == {None}
    assert all(rtt_ms is not None for at_s, rtt_ms in probes if 9.1 <= at_s <= 10.5)


def test_a_way_that_gets_longer_is_longer(probes: list[tuple[float, float | None]]) -> None:
    before = min(rtt_ms for at_s, rtt_ms in probes if rtt_ms is not None and 9.1 <= at_s <= 9.4)
    after = min(rtt_ms for at_s, rtt_ms in probes if rtt_ms is not None and 9.6 <= at_s <= 10.5)
    assert 29.0 <= after - before <= 36.0


def test_a_call_loses_what_was_said_in_the_outage(found: Figures, folder: Path) -> None:
    for name in ("call-up.csv", "call-down.csv"):
        spoken_s = [1.0 + int(row["number"]) * 0.02 for row in read(folder / "run" / name)]
        assert not [at_s for at_s in spoken_s if 8.1 <= at_s <= 8.9]
        assert len([at_s for at_s in spoken_s if at_s < 7.9]) > 330  # of 345
