"""Transitions that outlive the process: what is kept, how much of it, and what a bad disk does to it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.test_keep import BOOT_NS, Moment, Notes
from wanctl.config.law import law_model
from wanctl.control.sample import Confirmation
from wanctl.daemon.state.archive import BATCH_NS, MOST_BYTES, NAME, Archive, Archivist, Bounds, Row, read
from wanctl.daemon.state.disk import Disk
from wanctl.decision import Decision, SetRate
from wanctl.engine import Transition, compile_model
from wanctl.observe.history import History

SECOND_NS = 1_000_000_000
DAY_US = 86_400_000_000
PROGRAM = compile_model(law_model("default"))


def transition(at_ns: int, source: str = "download.GREEN.CRUISE", target: str = "download.YELLOW") -> Transition:
    return Transition(
        at_ns=at_ns, machine="cable/wan", row="download.GREEN#2", event="tick", source=source, targets=(target,),
        guard="delta > limit", why="a queue stands", values=(("delta", 31.5),), margins=(), actions=("rate.cut",),
        exited=(source,), entered=(target,),
    )  # fmt: skip


class Daemon:
    """What an archivist sees of one, and a disk that is done when asked."""

    def __init__(self, folder: Path, bounds: Bounds | None = None) -> None:
        self.folder, self.clock, self.notes = folder, Moment(), Notes()
        self.history = History({("cable", "download"): 20_000_000, ("cable", "upload"): 5_000_000}, 0)
        self.disk = Disk(self.notes.fail)
        self.archive = Archive(folder, bounds or Bounds(), self.notes.said.append)
        self.archivist = Archivist(
            self.history, lambda: {"cable": PROGRAM}, self.archive, self.disk, self.clock, self.notes.said.append
        )
        self.disk.start()

    def tick(self, at_ns: int, *transitions: Transition, intents: tuple[SetRate, ...] = ()) -> None:
        self.clock.monotonic = at_ns
        decision = Decision(at_ns, intents, transitions, {})
        if transitions:
            self.history.note(decision)
        self.archivist.decided(decision)

    def stop(self) -> None:
        self.archivist.close()
        assert self.disk.stop()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path)
    yield daemon
    if daemon.disk.is_alive:
        daemon.stop()
    assert daemon.notes.failed == []


def test_a_transition_is_kept_with_what_the_router_made_of_it(daemon: Daemon) -> None:
    cut = SetRate("cable", "download", 15_000_000, cut=True)
    daemon.tick(SECOND_NS, transition(SECOND_NS), intents=(cut,))
    daemon.history.confirm([Confirmation("cable", "download", 15_000_000, SECOND_NS + 38_000_000)])
    daemon.tick(10 * SECOND_NS)
    daemon.stop()
    (told,) = read(daemon.folder, 0, None, 10)
    assert (told["wan"], told["from"], told["to"]) == ("cable", "GREEN.CRUISE", "YELLOW")
    assert told["why"] == "a queue stands"
    assert told["values"] == [{"name": "delta", "value": 31.5, "text": "31.5 ms"}]
    assert told["rate"]["wanted_bps"] == told["router"]["applied_bps"] == 15_000_000
    assert told["at_s"] == pytest.approx(BOOT_NS / 1e9 + 1.0)


def test_while_nothing_moves_nothing_is_written(daemon: Daemon) -> None:
    for number in range(1, 10_000):
        daemon.tick(number * SECOND_NS // 20)
    assert not (daemon.folder / NAME).exists()


def test_transitions_go_out_in_batches(daemon: Daemon) -> None:
    for number in range(1, 400):
        at_ns = number * SECOND_NS // 20
        daemon.tick(at_ns, transition(at_ns))
    daemon.tick(BATCH_NS * 10)
    daemon.stop()
    assert len(read(daemon.folder, 0, None, 1_000)) == 399


def test_what_happened_in_the_last_moment_is_written_at_the_end(daemon: Daemon) -> None:
    daemon.tick(SECOND_NS, transition(SECOND_NS))
    daemon.stop()
    assert len(read(daemon.folder, 0, None, 10)) == 1


def test_the_history_can_be_read_while_it_is_written_and_goes_on_after_a_restart(daemon: Daemon) -> None:
    daemon.tick(SECOND_NS, transition(SECOND_NS))
    daemon.stop()
    again = Daemon(daemon.folder)
    again.tick(2 * SECOND_NS, transition(2 * SECOND_NS, "upload.GREEN", "upload.RED"))
    again.archivist._hand_over(3 * SECOND_NS)
    again.archivist.close()
    assert again.disk.stop()
    assert [told["region"] for told in read(daemon.folder, 0, None, 10)] == ["download", "upload"]


def test_it_can_be_asked_for_a_time_a_wan_and_a_number(tmp_path: Path) -> None:
    archive = Archive(tmp_path, Bounds(), [].append)
    archive.append(
        [(second * 1_000_000, "cable" if second % 2 else "lte", f'{{"n":{second}}}') for second in range(10)], 0
    )
    archive.close()
    assert [told["n"] for told in read(tmp_path, 7_000_000, None, 10)] == [7, 8, 9]
    assert [told["n"] for told in read(tmp_path, 0, "lte", 2)] == [6, 8]


def rows(count: int, at_us: int) -> list[Row]:
    return [(at_us, "cable", f'{{"fill":"{"x" * 900}"}}')] * count


def test_what_is_older_than_the_bound_in_days_goes(tmp_path: Path) -> None:
    archive = Archive(tmp_path, Bounds(days=2), [].append)
    archive.append(rows(5, 0), 0)
    archive.append(rows(1, DAY_US), DAY_US)
    archive.append(rows(1, 3 * DAY_US - 1), 3 * DAY_US - 1)
    archive.close()
    assert len(read(tmp_path, 0, None, 100)) == 2


def test_the_file_never_grows_far_beyond_its_bound_in_bytes(tmp_path: Path) -> None:
    bound = 512 * 1_024
    archive = Archive(tmp_path, Bounds(most_bytes=bound), [].append)
    for number in range(100):
        archive.append(rows(50, number), number)
        held = sum(path.stat().st_size for path in tmp_path.iterdir())
        # The file, its write-ahead log (SQLite folds it in every 1,000 pages) and the index of that.
        assert held < bound * 1.2 + 1_000 * 4_200 + 64 * 1_024
    archive.close()
    assert (tmp_path / NAME).stat().st_size < bound * 1.2
    kept = read(tmp_path, 0, None, 10_000)
    assert 300 < len(kept) < 600


@pytest.mark.parametrize("content", [b"", b"x" * 5_000, b"SQLite format 3\0" + b"\xff" * 4_000])
def test_a_file_that_is_none_is_put_aside_and_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    notes = Notes()
    archive = Archive(tmp_path, Bounds(), notes.said.append)
    archive.append(rows(1, 5), 5)
    archive.close()
    assert len(read(tmp_path, 0, None, 10)) == 1
    if content:  # an empty file is an empty database
        assert "put aside as history.damaged" in notes.said[0]
        assert (tmp_path / "history.damaged").read_bytes() == content


def test_a_file_of_another_version_is_put_aside(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    notes = Notes()
    archive = Archive(tmp_path, Bounds(), notes.said.append)
    archive.append(rows(1, 5), 5)
    archive.close()
    assert "its tables are of version 9, and 1 is wanted" in notes.said[0]


def test_a_disk_that_refuses_is_said_once_and_nothing_is_lost(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("a file in the folder's place")
    daemon = Daemon(state)
    for number in (1, 7, 13):
        at_ns = number * SECOND_NS
        daemon.tick(at_ns, transition(at_ns))
        daemon.tick(at_ns + 5 * SECOND_NS)
    daemon.disk.stop()
    assert len(daemon.notes.said) == 1
    assert "the history cannot be written" in daemon.notes.said[0]
    state.unlink()
    daemon.archivist._disk = again = Disk(daemon.notes.fail)
    again.start()
    daemon.archivist.close()
    assert again.stop()
    assert len(read(state, 0, None, 10)) == 3
    assert daemon.notes.said[1:] == ["the history can be written again"]


def test_others_cannot_read_the_history(daemon: Daemon) -> None:
    daemon.tick(SECOND_NS, transition(SECOND_NS))
    daemon.stop()
    assert (daemon.folder / NAME).stat().st_mode & 0o777 == 0o600


def test_the_bounds_are_those_of_the_documents() -> None:
    assert (Bounds().days, MOST_BYTES) == (30, 64 * 1_024 * 1_024)
