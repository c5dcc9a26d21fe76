"""`wanctl graph --sequence`: one time out of a calm state, as a picture in time."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.diagram.drawn import SVG, box, by_id, groups, ids, svg_of, texts, tooltip
from tests.diagram.recorded import TICK_NS, pump, recorded
from wanctl.cli import wanctl
from wanctl.diagram.theme import RULES
from wanctl.engine import compile_model, load
from wanctl.engine.transcript import closing, entry, opening


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a machine and a transcript of it, and the place where commands run."""
    monkeypatch.chdir(tmp_path)
    recorded(tmp_path)
    return tmp_path


def sequence(*args: str) -> Result:
    return CliRunner().invoke(wanctl, ["graph", "pump.yaml", "--trace", "run.jsonl", "--sequence", *args])


def told(*args: str) -> dict[str, object]:
    done = sequence("--json", *args)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_the_longest_excursion_is_the_default(folder: Path) -> None:
    found = told()
    assert (found["schema"], found["number"], found["of"]) == ("wanctl.excursion/1", 2, 2)
    assert (found["began_s"], found["lasted_s"], found["left"]) == (6.0, 3.0, ["motor.GREEN"])


def test_stderr_says_which_one_it_is(folder: Path) -> None:
    assert "excursion 2 of 2 (one/pump); --excursion N takes another" in sequence().stderr


def test_another_can_be_asked_for(folder: Path) -> None:
    found = told("--excursion", "1")
    assert (found["began_s"], found["lasted_s"]) == (2.0, 2.0)


def test_each_region_has_a_lane_of_bars_without_a_gap(folder: Path) -> None:
    lanes = {lane["region"]: lane["bars"] for lane in told()["lanes"]}  # type: ignore[attr-defined]
    assert [bar["state"] for bar in lanes["motor"]] == ["motor.GREEN", "motor.YELLOW", "motor.RED", "motor.GREEN"]
    assert [bar["state"] for bar in lanes["lamp"]] == ["lamp.OFF", "lamp.ON", "lamp.OFF"]
    for bars in lanes.values():
        assert all(one["to_s"] == other["from_s"] for one, other in pairwise(bars))
        assert bars[0]["from_s"] == pytest.approx(6.0 - 0.24)


def test_moves_have_their_reasons_and_values(folder: Path) -> None:
    moves = told()["moves"]
    shown = [(move["number"], move["at_s"], move["row"]) for move in moves]  # type: ignore[attr-defined]
    assert shown == [
        (1, 6.0, "motor.GREEN#2"),
        (2, 6.0, "lamp.OFF#1"),
        (3, 7.0, "motor.YELLOW#1"),
        (4, 9.0, "motor.RED#1"),
        (5, 9.0, "lamp.ON#1"),
    ]
    assert moves[2]["why"] == "it would burst"  # type: ignore[index]
    assert moves[2]["values"] == {"pressure": 90.0}  # type: ignore[index]


def test_the_picture_has_the_bars_the_numbers_and_the_reasons(folder: Path) -> None:
    root = svg_of(sequence().stdout)
    shown = texts(root)
    assert "one/pump: 3.00 s out of motor.GREEN" in shown
    assert ids(root, "move-") == ["move-1", "move-2", "move-3", "move-4", "move-5"]
    assert {"YELLOW → RED", "it would burst", "pressure 90", "+1 s"} <= set(texts(by_id(root, "move-3")))
    bars = [tooltip(group).partition("\n")[0] for group in groups(root, "state")]
    assert "motor.RED, 2.00 s" in bars
    assert all("state red" in g.get("class", "") for g in groups(root, "state") if tooltip(g).startswith("motor.RED"))


def test_a_lane_is_as_wide_as_its_time(folder: Path) -> None:
    root = svg_of(sequence().stdout)
    widths = {}
    for group in groups(root, "state"):
        rect = group.find("{http://www.w3.org/2000/svg}rect")
        if rect is not None:
            widths[tooltip(group).partition("\n")[0]] = float(rect.get("width", "0"))
    assert widths["motor.RED, 2.00 s"] == pytest.approx(2 * widths["motor.YELLOW, 1.00 s"], abs=0.5)


def test_mermaid_has_a_participant_for_each_region(folder: Path) -> None:
    lines = sequence("--format", "mermaid").stdout.splitlines()
    assert lines[0] == "sequenceDiagram"
    assert "    participant L0 as motor" in lines
    assert "    L0->>L0: +1.00 s YELLOW → RED<br/>it would burst" in lines


def test_an_excursion_that_is_not_over_ends_with_the_run(folder: Path) -> None:
    recorded(folder, pressure=(10, 60, 60))
    found = told()
    assert (found["is_over"], found["ended_s"]) == (False, 4.0)
    assert any("not back at the end" in text for text in texts(svg_of(sequence().stdout)))


def test_hundreds_of_moves_are_listed_from_both_ends_and_share_numbers_in_the_lanes(folder: Path) -> None:
    recorded(folder, pressure=(60, 10) * 100)
    done = sequence("--calm", "BROKEN")
    root = svg_of(done.stdout)
    assert len(ids(root, "move-")) == 38
    assert "… 362 more, 27 to 388: --format json has them all" in texts(root)
    assert len(list(groups(root, "moved"))) < 100


def test_states_that_are_too_short_to_be_seen_are_one_bar(folder: Path) -> None:
    recorded(folder, pressure=(60, 10) * 3_000)
    done = sequence("--calm", "BROKEN")
    root = svg_of(done.stdout)
    assert [tooltip(group) for group in groups(root, "state")][:2] == ["6,001 states in turn, 100 min 1 s"] * 2
    assert len(done.stdout) < 60_000


def test_long_names_leave_room_for_the_lanes(folder: Path) -> None:
    long = "motor-" * 30
    for name in ("pump.yaml", "run.jsonl"):
        (folder / name).write_text((folder / name).read_text().replace("motor", long))
    root = svg_of(sequence().stdout)
    left, right = zip(*(box(group)[::2] for group in groups(root, "state") if tooltip(group)), strict=True)
    assert min(left) < 400
    assert max(right) < 1080
    assert any(text.startswith("motor-") and text.endswith("…") for text in texts(root))


def test_the_calm_state_can_be_another(folder: Path) -> None:
    found = told("--calm", "OFF")
    assert (found["left"], found["lasted_s"]) == (["lamp.OFF"], 3.0)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--calm", "GREN"], "pump has no state 'GREN' to leave: --calm names the one (did you mean 'GREEN'?)"),
        (["--excursion", "3"], "there are 2 excursions, from 1 to 2"),
        (["--excursion", "0"], "there are 2 excursions, from 1 to 2"),
        (["--calm", "BROKEN", "--excursion", "7"], "there are 1 excursions"),
        (["--format", "dot"], "--sequence is drawn as svg, png, mermaid, json, not as dot"),
        (["--brief"], "--sequence goes without --brief and --active"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_reason(folder: Path, args: list[str], says: str) -> None:
    done = sequence(*args)
    assert done.exit_code == 2
    assert says in done.stderr.replace("\n", " ")


def test_a_run_that_stayed_calm_has_no_excursion(folder: Path) -> None:
    recorded(folder, pressure=(10, 10))
    assert "GREEN was never left in this trace" in sequence().stderr


def test_a_trace_in_which_no_time_passes_has_nothing_to_show(folder: Path) -> None:
    recorded(folder, pressure=(), closed=False)
    assert "no time passes in this trace" in sequence("--calm", "BROKEN").stderr


def test_a_machine_without_regions_is_one_lane(folder: Path) -> None:
    text = "schema: 1\nmachine: pump\nstates: {GREEN: {on: {tick: [{to: RED}]}}, RED: {on: {tick: [{to: GREEN}]}}}\n"
    (folder / "pump.yaml").write_text(text)
    machine = compile_model(load(text, "pump.yaml")).start(0)
    moved = [entry(item) for second in (1, 2, 3) for item in machine.tick(second * TICK_NS).transitions]
    head = opening([compile_model(load(text, "pump.yaml")).start(0)], 0)
    (folder / "run.jsonl").write_text("".join([head, *moved, closing(5 * TICK_NS)]))
    (lane,) = told("--excursion", "1")["lanes"]  # type: ignore[misc]
    assert (lane["region"], [bar["state"] for bar in lane["bars"]]) == ("", ["GREEN", "RED", "GREEN"])
    assert "pump" in texts(svg_of(sequence().stdout))


def test_a_sequence_needs_a_run(folder: Path) -> None:
    done = CliRunner().invoke(wanctl, ["graph", "pump.yaml", "--sequence"])
    assert done.exit_code == 2
    assert "wanctl replay TRACE --transitions FILE" in done.stderr
    alone = CliRunner().invoke(wanctl, ["graph", "pump.yaml", "--calm", "OFF"])
    assert "--excursion and --calm go with --sequence" in alone.stderr


def test_no_group_is_of_the_class_of_a_shape_whose_colours_its_shapes_would_inherit(folder: Path) -> None:
    shapes = {rule.look for rule in RULES}
    for root in (svg_of(sequence().stdout), svg_of(picture_of_hits().stdout)):
        classes = {look for group in root.iter(f"{SVG}g") for look in group.get("class", "").split()}
        assert classes & shapes == set()


def picture_of_hits() -> Result:
    return CliRunner().invoke(wanctl, ["graph", "pump.yaml", "--trace", "run.jsonl"])


def test_the_machine_of_these_tests_is_one() -> None:
    assert pump().name == "pump"
