"""`wanctl replay --transitions`: every row that fired, as a line of JSON."""

import json
from pathlib import Path

import pytest

from tests.cli.command import run
from tests.config.sites import SITE
from tests.replay.golden import FIXTURES
from wanctl.actions import ACTIONS
from wanctl.diagram import Usage
from wanctl.engine import load
from wanctl.engine.model import Model
from wanctl.machines import read_machine, templates_for
from wanctl.replay.transcript import read_transcript

STEP = str(FIXTURES / "lab-step.rtt.csv")


def machine(name: str) -> Model:
    text, file = read_machine(name)
    return load(text, file, actions=ACTIONS, read_template=templates_for(Path(file)))


@pytest.mark.parametrize("law", ["default", "classic"])
def test_a_transcript_counts_what_the_summary_counts(tmp_path: Path, law: str) -> None:
    done = run("replay", STEP, "--law", law, "--transitions", "out.jsonl", "--json", cwd=tmp_path)
    (wan,) = json.loads(done.stdout)["wans"].values()
    model = machine("classic" if law == "classic" else "wan")
    read = read_transcript(str(tmp_path / "out.jsonl"), model)
    usage = Usage(model, read.recordings)
    hits = {row.id: usage.row_fields(row)["hits"] for row in model.rows}
    assert {row: count for row, count in hits.items() if count} == wan["rows"]
    assert f"{wan['transitions']} transitions in out.jsonl" in done.stderr
    for region in ("download", "upload"):
        for state, seconds in wan["state_s"][region].items():
            path = f"{region}.{state}"
            assert usage.state_fields(model.state(path))["active_s"] == pytest.approx(seconds)
    assert read.is_closed
    assert read.is_current


def test_the_first_line_is_the_beginning_and_the_last_the_end(tmp_path: Path) -> None:
    run("replay", STEP, "--transitions", "out.jsonl", cwd=tmp_path)
    first, *middle, last = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert first["schema"] == "wanctl.transitions/1"
    assert [item["name"] for item in first["machines"]] == ["cable/wan"]
    assert "download.GREEN.CRUISE" in first["machines"][0]["leaves"]
    assert last == {"end_ns": first["at_ns"] + 9_800_000_000}
    assert middle
    assert all({"at_ns", "machine", "row", "from", "to", "why"} <= set(item) for item in middle)


def test_each_wan_of_a_site_is_an_instance(tmp_path: Path) -> None:
    more = "  lte:\n    download: {queue: L-Down, plan: 60Mbit}\n    upload: {queue: L-Up, plan: 20Mbit}\n"
    (tmp_path / "home.yaml").write_text(SITE + more)
    rows = "".join(f"{tick * 0.05:.2f},{wan},192.0.2.1,20\n" for tick in range(60) for wan in ("cable", "lte"))
    (tmp_path / "two.csv").write_text(f"t_s,wan,reflector,rtt_ms\n{rows}")
    done = run("replay", "two.csv", "--site", "home.yaml", "--transitions", "out.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    read = read_transcript(str(tmp_path / "out.jsonl"), machine("wan"))
    assert [item.name for item in read.recordings] == ["cable/wan", "lte/wan"]


def test_transitions_go_to_a_pipe_and_the_summary_out_of_their_way(tmp_path: Path) -> None:
    done = run("replay", STEP, "--transitions", "-", cwd=tmp_path)
    assert all(json.loads(line) for line in done.stdout.splitlines())
    assert "transitions; the busiest rows:" in done.stderr


def test_a_file_that_cannot_be_written_is_named_with_its_option(tmp_path: Path) -> None:
    done = run("replay", STEP, "--transitions", "nowhere/out.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "nowhere/out.jsonl: error[WC710]: cannot be written" in done.stderr
    assert "name another file with --transitions" in done.stderr.replace("\n           ", " ")


def test_two_things_do_not_share_standard_output(tmp_path: Path) -> None:
    done = run("replay", STEP, "--transitions", "-", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert "both would go to standard output" in done.stderr
