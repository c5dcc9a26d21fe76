"""A part that fails is a state, a dump and a sentence; and it is started again."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.test_keep import Moment, Notes
from tests.daemon.test_lifecycle import MODEL
from wanctl.daemon.state.dump import MOST_DUMPS, PATTERN, Dumps
from wanctl.daemon.supervisor import Supervisor
from wanctl.engine import compile_model
from wanctl.lifecycle import Lifecycle

TICK_NS = 50_000_000
PROGRAM = compile_model(MODEL)
SECRET = 'ca"nary\\7781'


class Watched:
    def __init__(self, folder: Path | None) -> None:
        self.now_ns, self.notes = 0, Notes()
        dumps = Dumps(folder, lambda: [SECRET], Moment(), self.notes.said.append)
        self.supervisor = Supervisor(Lifecycle(PROGRAM, 0), dumps, lambda: {"wans": ["cable"]}, self.notes.said.append)
        self.supervisor.life.condition.decided = True
        self.ticks(1)

    def ticks(self, count: int) -> list[str]:
        asked = []
        for _ in range(count):
            self.now_ns += TICK_NS
            asked += [intent.action for intent in self.supervisor.tick(self.now_ns).intents]
        return asked

    @property
    def state(self) -> str:
        return self.supervisor.life.state


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def fault(text: str = "surprise") -> BaseException:
    def deep() -> None:
        raise ValueError(text)

    try:
        deep()
    except ValueError as error:
        return error
    raise AssertionError


def dumped(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob(PATTERN))]


@pytest.mark.parametrize("part", ["decisions", "shaper"])
def test_what_decides_or_writes_opens_the_queues_when_it_fails(watched: Watched, part: str) -> None:
    watched.supervisor.failed(part, fault())
    assert watched.ticks(1) == ["rates.open", "service.ready"]
    assert watched.state == "SAFE"
    assert watched.supervisor.remark == f"SAFE: {part}: ValueError: surprise"


@pytest.mark.parametrize("part", ["control socket", "http", "disk"])
def test_any_other_part_leaves_the_rates_alone(watched: Watched, part: str) -> None:
    watched.supervisor.failed(part, fault())
    assert watched.ticks(10) == []
    assert watched.state == "RUNNING.IMPAIRED"
    assert watched.supervisor.remark == f"IMPAIRED: {part}: ValueError: surprise"


def test_while_all_is_well_there_is_no_remark(watched: Watched) -> None:
    assert watched.state == "RUNNING.WHOLE"
    assert watched.supervisor.remark == ""


def test_a_failure_leaves_a_dump_that_says_where_and_what_the_site_was_doing(watched: Watched, tmp_path: Path) -> None:
    watched.supervisor.failed("http", fault())
    (dump,) = dumped(tmp_path)
    assert (dump["schema"], dump["part"], dump["error"]) == ("wanctl.dump/1", "http", "ValueError: surprise")
    assert "in deep" in dump["traceback"]
    assert dump["facts"] == {"wans": ["cable"]}
    (path,) = tmp_path.glob(PATTERN)
    assert path.stat().st_mode & 0o777 == 0o600
    assert watched.notes.said == [f"a fault of wanctl in http: ValueError: surprise; see {path}"]


def test_no_secret_is_in_a_dump(watched: Watched, tmp_path: Path) -> None:
    watched.supervisor.failed("shaper", fault(f"login with {SECRET} and {[SECRET]!r}"))
    text = next(tmp_path.glob(PATTERN)).read_text()
    assert "7781" not in text
    assert "(hidden)" in text


def test_the_newest_ten_dumps_stay(watched: Watched, tmp_path: Path) -> None:
    for number in range(30):
        watched.supervisor.failed("http", fault(f"number {number}"))
        watched.supervisor._dumps._clock.monotonic += 1_000_000  # type: ignore[attr-defined]
    assert [dump["error"] for dump in dumped(tmp_path)] == [
        f"ValueError: number {n}" for n in range(30 - MOST_DUMPS, 30)
    ]


def test_a_failure_that_comes_again_and_again_is_dumped_once(watched: Watched, tmp_path: Path) -> None:
    for _ in range(5):
        watched.supervisor.failed("http", fault())
    assert len(dumped(tmp_path)) == 1
    assert watched.supervisor.count == 5


def test_a_disk_that_refuses_is_said_and_the_failure_counts_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    watched = Watched(tmp_path / "state")
    watched.supervisor.failed("shaper", fault())
    watched.ticks(1)
    assert watched.state == "SAFE"
    assert "no dump can be written" in watched.notes.said[0]


def test_a_part_is_started_again_after_thirty_seconds(watched: Watched) -> None:
    started: list[str] = []
    watched.supervisor.watch("http", lambda: started.append("http"))
    watched.supervisor.failed("http", fault())
    watched.ticks(600)
    assert started == []
    watched.ticks(3)
    assert started == ["http"]
    assert watched.state == "RUNNING.WHOLE"
    assert watched.notes.said[-1] == "http: started again"


def test_a_part_that_cannot_be_started_is_tried_again(watched: Watched) -> None:
    tries: list[int] = []

    def restart() -> None:
        tries.append(len(tries))
        if len(tries) < 3:
            raise OSError("address in use")

    watched.supervisor.watch("http", restart)
    watched.supervisor.failed("http", fault())
    watched.ticks(1_900)
    assert len(tries) == 3
    assert watched.state == "RUNNING.WHOLE"


def test_what_decides_is_started_anew_after_a_minute(watched: Watched) -> None:
    watched.supervisor.watch("decisions", lambda: None)
    watched.supervisor.failed("decisions", fault())
    watched.ticks(1)
    assert "rates.decide" not in watched.ticks(1_199)
    assert watched.ticks(5)[-1] == "rates.decide"
    assert watched.state == "RUNNING.WHOLE"


def test_failures_of_many_threads_are_all_counted(watched: Watched) -> None:
    threads = [
        threading.Thread(target=lambda n=n: watched.supervisor.failed(f"part {n % 4}", fault(f"{n}")))
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert watched.supervisor.count == 40
    assert len(watched.supervisor.failures) == 4


def test_the_essential_part_is_named_first(watched: Watched) -> None:
    watched.supervisor.failed("control socket", fault())
    watched.supervisor.failed("shaper", fault())
    assert [told.partition(":")[0] for told in watched.supervisor.failures] == ["shaper", "control socket"]
