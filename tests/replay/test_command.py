"""`wanctl replay` as a person or a script runs it."""

import csv
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.command import PLAIN, WANCTL, on_terminal, run
from tests.config.sites import SITE
from tests.replay.golden import FIXTURES, golden_path
from wanctl.cli import wanctl
from wanctl.replay.decisions import COLUMNS

STEP = str(FIXTURES / "lab-step.rtt.csv")
TICKS = "t_ms,rtt_ms\n" + "".join(f"{number * 50},24\n" for number in range(20))


def test_a_replay_says_what_it_took_and_what_came_out_in_80_columns(tmp_path: Path) -> None:
    done = run("replay", STEP, cwd=tmp_path)
    assert done.returncode == 0
    assert "no --site and no --profile: default law, profile cable" in done.stderr
    assert "rates from" in done.stderr
    assert "196 ticks in 9.8 s, 190 probes" in done.stdout
    for word in (
        "connectivity",
        "download",
        "upload",
        "transitions",
        "x real time",
        "lowest",
        "longest time out of GREEN",
    ):
        assert word in done.stdout
    assert max(map(len, done.stdout.replace(STEP, "step.csv").splitlines())) <= 80


def test_the_classic_law_writes_its_eleven_columns(tmp_path: Path) -> None:
    done = run("replay", STEP, "--law", "classic", "--profile", "dsl", "--decisions", "out.csv", cwd=tmp_path)
    assert "196 ticks of decisions in out.csv" in done.stderr
    assert (tmp_path / "out.csv").read_text() == golden_path("lab-step.rtt.csv", "dsl").read_text()


def test_the_default_law_writes_the_same_columns_and_what_it_knows_beyond_them(tmp_path: Path) -> None:
    run("replay", STEP, "--profile", "cable", "--decisions", "out.csv", cwd=tmp_path)
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert (tmp_path / "out.csv").read_text().startswith(COLUMNS + ",connectivity,")
    assert {row["download_state"] for row in rows} <= {"GREEN", "YELLOW", "SOFT_RED", "RED", "HOLD"}
    assert rows[-1]["connectivity"]
    assert float(rows[-1]["download_achieved_bps"]) > 30e6  # the rates beside the trace were read


def test_the_summary_as_json_has_a_schema_and_adds_up(tmp_path: Path) -> None:
    found = json.loads(run("replay", STEP, "--law", "classic", "--json", cwd=tmp_path).stdout)
    assert found["schema"] == "wanctl.replay/1"
    assert (found["law"], found["configuration"], found["ticks"]) == ("classic", "profile cable", 196)
    assert found["samples"] == {"sent": 190, "lost": 0, "late": 0, "in_flight": 0}
    wan = found["wans"]["cable"]
    assert sum(wan["state_s"]["download"].values()) == pytest.approx(9.8)
    assert sum(wan["rows"].values()) == wan["transitions"]
    assert wan["download"]["lowest_bps"] == 200_000_000


def test_a_site_brings_its_own_limits_and_parameters(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(SITE.replace("cable:", "cable:\n    profile: cable\n    params: {target: 9ms}"))
    done = run("replay", STEP, "--site", "home.yaml", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["wans"]["cable"]["download"]["highest_bps"] <= 0.85 * 940e6
    assert "no --site" not in done.stderr
    classic = run("replay", STEP, "--site", "home.yaml", "--law", "classic", cwd=tmp_path)
    assert "classic law, site home.yaml" in classic.stdout


TWO_WANS = SITE + "  lte:\n    download: {queue: L-Down, plan: 60Mbit}\n    upload: {queue: L-Up, plan: 20Mbit}\n"


def test_a_trace_of_several_wans_is_replayed_through_a_site_that_has_them(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(TWO_WANS)
    rows = "".join(
        f"{number / 20:.2f},{wan},r1,{rtt}\n" for number in range(40) for wan, rtt in (("cable", 20), ("lte", 45))
    )
    (tmp_path / "t.csv").write_text("t_s,wan,reflector,rtt_ms\n" + rows)
    done = run("replay", "t.csv", "--site", "home.yaml", "--decisions", "out.csv", "--json", cwd=tmp_path)
    assert set(json.loads(done.stdout)["wans"]) == {"cable", "lte"}
    with (tmp_path / "out.csv").open() as file:
        last = {row["wan"]: row["baseline_ms"] for row in csv.DictReader(file)}
    assert last == {"cable": "20", "lte": "45"}


def test_a_trace_of_one_wan_needs_to_be_told_which_of_several_it_is(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(TWO_WANS)
    (tmp_path / "t.csv").write_text(TICKS)
    done = run("replay", "t.csv", "--site", "home.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "--wan NAME" in done.stderr
    assert run("replay", "t.csv", "--site", "home.yaml", "--wan", "lte", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("text", "arguments", "wanted"),
    [
        (TICKS + "1000,-1\n", [], "t.csv:22:1: error[WC706]: rtt_ms is negative: -1"),
        (TICKS + "10", [], "t.csv:22:1: error[WC704]"),
        ("", [], "t.csv:1:1: error[WC702]: the trace is empty"),
        ("t_ms,rtt_ms\n", [], "t.csv:1:1: error[WC702]: the trace holds no row"),
        ("t_s,wan,reflector,rtt_ms\n0,att,r1,9\n", [], "the site has no WAN 'att'"),
        (TICKS, ["--profile", "kable"], "did you mean 'cable'?"),
        (TICKS, ["--profile", "lte"], "no absolute rates"),
        (TICKS, ["--site", "nowhere"], "there is no site 'nowhere'"),
        (TICKS, ["--profile", "dsl", "--site", "home"], "give one of them"),
        (TICKS, ["--rates", "none.csv"], "none.csv: error[WC140]: cannot be read: no such file"),
        (TICKS, ["--decisions", "/dev/full"], "/dev/full: error[WC710]: cannot be written: no space left on device"),
        (TICKS, ["--decisions", "-", "--json"], "both would go to standard output"),
    ],
)
def test_what_cannot_be_replayed_ends_with_2_and_a_reason(
    text: str, arguments: list[str], wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(text)
    done = CliRunner().invoke(wanctl, ["replay", "t.csv", *arguments])
    assert done.exit_code == 2
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_faulty_rows_are_skipped_and_counted_when_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TICKS + "x,1\n1000,-3\n1050,24\n1100,2")
    done = run("replay", "t.csv", "--tolerant", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["skipped_rows"]["count"] == 3
    assert json.loads(done.stdout)["ticks"] == 21
    assert "skipped 3 rows of t.csv" in done.stderr


def test_a_failed_replay_leaves_no_decisions_behind(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TICKS + "bad\n")
    (tmp_path / "out.csv").write_text("older\n")
    assert run("replay", "t.csv", "--decisions", "out.csv", cwd=tmp_path).returncode == 2
    assert (tmp_path / "out.csv").read_text() == "older\n"
    assert sorted(os.listdir(tmp_path)) == ["out.csv", "t.csv"]


def test_a_trace_comes_from_standard_input_and_decisions_go_to_standard_output(tmp_path: Path) -> None:
    done = run("replay", "-", "--law", "classic", "--decisions", "-", cwd=tmp_path, stdin=TICKS.encode())
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 21
    assert done.stdout.startswith(COLUMNS)
    assert "stdin  classic law" in done.stderr


def test_ctrl_c_ends_with_the_summary_of_what_was_replayed_and_keeps_whole_rows(tmp_path: Path) -> None:
    arguments = ["replay", "-", "--law", "classic", "--decisions", "out.csv"]
    with subprocess.Popen(
        [*WANCTL, *arguments],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=PLAIN,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"t_ms,rtt_ms\n" + b"".join(b"%d,24\n" % (number * 50) for number in range(40_000)))
        process.stdin.flush()
        part = re.compile(r"\.out\.csv\.\d+\.part")
        while not any(part.fullmatch(name) and (tmp_path / name).stat().st_size for name in os.listdir(tmp_path)):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        shown, talk = process.stdout.read().decode(), process.stderr.read().decode()
        process.stdin.close()
    assert process.returncode == 130
    assert "interrupted: this is what there was by then" in shown
    rows = (tmp_path / "out.csv").read_text().splitlines()
    assert f"{len(rows) - 1:,} ticks of decisions in out.csv, up to the interruption" in talk
    assert {row.count(",") for row in rows} == {10}
    assert os.listdir(tmp_path) == ["out.csv"]


def test_progress_is_shown_on_a_terminal_and_taken_away_again(tmp_path: Path) -> None:
    rows = "".join(f"{number * 50},{24 + number % 3}\n" for number in range(60_000))
    (tmp_path / "t.csv").write_text("t_ms,rtt_ms\n" + rows)
    shown = on_terminal("replay", "t.csv", "--law", "classic", cwd=tmp_path)
    assert re.search(r"\r +\d+ %, [^\r]+ replayed, [\d,]+ x real time, [^\r]+ left", shown)
    assert f"\r{'':<79}\r" in shown
