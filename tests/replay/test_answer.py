"""`wanctl graph --trace` with what `wanctl why --json` says of a site that runs."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import run
from tests.replay.golden import FIXTURES
from wanctl.diagram import Usage, excursion
from wanctl.engine import Machine, Transition
from wanctl.engine.blocked import Still
from wanctl.engine.model import Model
from wanctl.observe.history import History
from wanctl.observe.why import Moment, why
from wanctl.replay.feed import Feed
from wanctl.replay.rates import Rates
from wanctl.replay.subject import from_profile
from wanctl.replay.trace import Trace
from wanctl.replay.transcript import Transcript, read_transcript

STEP = str(FIXTURES / "lab-step.rtt.csv")


class Ran:
    """A site that has run through a trace as a daemon would, and what it answers."""

    def __init__(self) -> None:
        subject = from_profile("cable", "default")
        trace = Trace(STEP, tolerant=False, wans=("cable",))
        rates = Rates(str(FIXTURES / "lab-step.rates.csv"), "cable", tolerant=False)
        feed = Feed(trace, subject.wan_of(trace), rates)
        site = subject.build(feed.first[1])
        self.machine: Machine = site.wans["cable"].machine
        self.began, self.transitions = self.machine.leaves, list[Transition]()
        history = History({}, feed.first[1])
        for _, now_ns, observations, readings, _ in feed:
            decision = site.tick(now_ns, observations, readings, ())
            self.transitions += decision.transitions
            if decision.transitions or decision.intents:
                history.note(decision)
        still = {"cable": Still.of(self.machine)}
        self.answer: dict[str, Any] = why(
            Moment("home", now_ns, now_ns / 1e9, tuple(history.records), still), None, 500
        )

    @property
    def model(self) -> Model:
        """The machine that ran."""
        return self.machine.model


@pytest.fixture(scope="module")
def ran() -> Ran:
    return Ran()


def told(folder: Path, answer: object, model: Model) -> Transcript:
    (folder / "answer.json").write_text(answer if isinstance(answer, str) else json.dumps(answer))
    return read_transcript(str(folder / "answer.json"), model)


def test_an_answer_tells_what_the_machine_did(ran: Ran, tmp_path: Path) -> None:
    (recording,) = told(tmp_path, ran.answer, ran.model).recordings
    assert len(ran.transitions) > 5
    assert sorted(recording.leaves) == sorted(ran.began)
    for one, other in zip(recording.transitions, ran.transitions, strict=True):
        assert (one.row, one.at_ns, one.targets, one.why) == (other.row, other.at_ns, other.targets, other.why)
        assert (set(one.exited), set(one.entered)) == (set(other.exited), set(other.entered))


def test_its_times_add_up_from_the_first_transition_to_the_answer(ran: Ran, tmp_path: Path) -> None:
    read = told(tmp_path, ran.answer, ran.model)
    (recording,) = read.recordings
    usage = Usage(ran.model, read.recordings)
    whole_s = (recording.ended_ns - recording.began_ns) / 1e9
    children = [s for s in ran.model.states if s.parent == ran.model.state("download").index]
    seconds = [usage.state_fields(state)["active_s"] for state in children if state.kind != "history"]
    assert sum(seconds) == pytest.approx(whole_s)
    assert excursion(ran.model, read.recordings, "GREEN", None).moves


def test_the_history_on_disk_does_without_the_states_of_now(ran: Ran, tmp_path: Path) -> None:
    (recording,) = told(tmp_path, ran.answer | {"states": []}, ran.model).recordings
    assert len(recording.transitions) == len(ran.transitions)


def test_a_region_of_which_the_history_says_nothing_is_named(ran: Ran, tmp_path: Path) -> None:
    others = [item for item in ran.answer["transitions"] if item["region"] != "download"]
    (tmp_path / "answer.json").write_text(json.dumps(ran.answer | {"states": [], "transitions": others}))
    done = run("graph", "wan", "--trace", "answer.json", "--json", cwd=tmp_path)
    assert "does not say where connectivity, baseline, download was: drawn as never active" in done.stderr


def test_the_command_draws_it(ran: Ran, tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_text(json.dumps(ran.answer, ensure_ascii=False) + "\n")
    found = json.loads(run("graph", "wan", "--trace", "answer.json", "--json", cwd=tmp_path).stdout)
    assert found["trace"]["transitions"] == len(ran.transitions)
    assert found["trace"]["instances"] == ["cable/wan"]


def without(answer: dict[str, Any], key: str) -> dict[str, Any]:
    first, *others = answer["transitions"]
    return answer | {"transitions": [{name: first[name] for name in first if name != key}, *others]}


def test_what_cannot_be_read_is_refused_with_a_reason(ran: Ran, tmp_path: Path) -> None:
    cases = [
        (json.dumps(ran.answer)[:-40], "the answer is torn"),
        (ran.answer | {"schema": "wanctl.why/2"}, "the answer is of 'wanctl.why/2', and wanctl.why/1 can be read"),
        (without(ran.answer, "from"), "the answer lacks something: KeyError 'from'"),
        (
            {"schema": "wanctl.why/1", "at_s": 1.0, "transitions": [], "states": []},
            "the answer tells of no machine wan",
        ),
        ({"schema": "wanctl.why/1"}, "the answer lacks something"),
    ]
    for answer, says in cases:
        (tmp_path / "answer.json").write_text(answer if isinstance(answer, str) else json.dumps(answer))
        done = run("graph", "wan", "--trace", "answer.json", "--json", cwd=tmp_path)
        assert done.returncode == 2
        assert "answer.json:1:1: error[WC71" in done.stderr
        assert says in done.stderr
