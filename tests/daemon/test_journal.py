"""What the daemon says: one line a transition, none a tick, and nothing again and again."""

import io
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.test_archive import transition
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.journal import Journal
from wanctl.daemon.sink import TRANSITION_ID, Entry, JournaldSink, JsonSink, TextSink, is_journal, sink_of
from wanctl.decision import Decision
from wanctl.engine import Fault

SECOND_NS = 1_000_000_000


class StandingClock(SystemClock):
    """A clock that goes on when it is told."""

    now_ns = 0

    def __init__(self) -> None:
        self.monotonic_ns = lambda: self.now_ns  # type: ignore[method-assign]
        self.realtime_ns = lambda: 1_790_000_000 * SECOND_NS + self.now_ns  # type: ignore[method-assign]


class Memory:
    """Keeps entries."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def write(self, entry: Entry) -> None:
        self.entries.append(entry)

    @property
    def texts(self) -> list[str]:
        return [entry.text for entry in self.entries]


class Speaking:
    def __init__(self) -> None:
        self.clock, self.heard = StandingClock(), Memory()
        self.journal = Journal(self.clock, self.heard)

    def tick(self, seconds: float, *said: str) -> None:
        self.clock.now_ns = round(seconds * SECOND_NS)
        for text in said:
            self.journal.say(text)
        self.journal.decided(Decision(self.clock.now_ns, (), (), {}))


@pytest.fixture
def speaking() -> Speaking:
    return Speaking()


def test_a_tick_says_nothing(speaking: Speaking) -> None:
    for number in range(1_000):
        speaking.tick(number / 20)
    assert speaking.heard.entries == []


def test_each_transition_is_one_line_with_its_fields(speaking: Speaking) -> None:
    speaking.journal.decided(Decision(0, (), (transition(0), transition(0)), {}))
    assert speaking.heard.texts == ["cable download  GREEN.CRUISE → YELLOW: a queue stands (delta 31.5)"] * 2
    fields = speaking.heard.entries[0].fields
    assert (fields["wan"], fields["from"], fields["to"]) == ("cable", "download.GREEN.CRUISE", "download.YELLOW")
    assert (fields["guard"], fields["row"]) == ("delta > limit", "download.GREEN#2")


def test_an_error_that_repeats_is_said_at_once_and_then_counted(speaking: Speaking) -> None:
    for number in range(412):
        speaking.tick(number / 10, f"write to queue: timed out after {number} ms")
    assert speaking.heard.texts == ["write to queue: timed out after 0 ms"]
    speaking.tick(60)
    assert speaking.heard.texts[1:] == ["write to queue: timed out after 411 ms (×411 more within 60 s)"]
    assert speaking.heard.entries[1].fields["repeated"] == "411"


def test_after_its_minute_it_is_said_again(speaking: Speaking) -> None:
    speaking.tick(0, "the router refuses")
    speaking.tick(61)
    speaking.tick(62, "the router refuses")
    assert speaking.heard.texts == ["the router refuses"] * 2


def test_an_error_for_days_is_two_lines_a_minute(speaking: Speaking) -> None:
    for number in range(1_800):
        speaking.tick(number * 2, "no answer")
    assert len(speaking.heard.entries) <= 2 * 60


def test_different_sentences_do_not_hide_each_other(speaking: Speaking) -> None:
    speaking.tick(0, "download: refused", "upload: refused", "download: refused")
    assert speaking.heard.texts == ["download: refused", "upload: refused"]


def test_the_kinds_that_are_counted_are_bounded_and_none_is_lost(speaking: Speaking) -> None:
    names = [f"{a}{b}" for a in "abcdefghijklm" for b in "abcdefghijklm"]
    for name in names:
        speaking.tick(0, f"{name} refused")
    assert len(speaking.heard.entries) == len(names)


def test_faults_of_machines_are_errors_and_collapse(speaking: Speaking) -> None:
    for number in range(100):
        fault = Fault(number, "cable/wan", "always went round 128 times")
        speaking.journal.decided(Decision(number, (), (), {}, (fault,)))
    assert [entry.priority for entry in speaking.heard.entries] == ["error"]


def test_what_was_counted_is_said_at_the_end(speaking: Speaking) -> None:
    speaking.tick(0, "no answer", "no answer", "no answer")
    speaking.journal.close()
    assert speaking.heard.texts == ["no answer", "no answer (×2 more within 60 s)"]


def test_text_has_the_time_of_day() -> None:
    stream = io.StringIO()
    TextSink(StandingClock(), stream).write(Entry("ready"))
    TextSink(StandingClock(), stream, stamped=False).write(Entry("ready"))
    first, second = stream.getvalue().splitlines()
    assert first[2] == ":"
    assert first.endswith("  ready")
    assert second == "ready"


def test_json_lines_carry_schema_time_and_fields() -> None:
    stream = io.StringIO()
    JsonSink(StandingClock(), stream).write(Entry("cable GREEN → RED", "info", {"wan": "cable"}))
    assert json.loads(stream.getvalue()) == {
        "schema": "wanctl.log/1",
        "at_s": 1_790_000_000.0,
        "priority": "info",
        "message": "cable GREEN → RED",
        "wan": "cable",
    }


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "journal"))
        receiver.settimeout(5)
        yield receiver


def test_the_journal_of_systemd_gets_fields(journald: socket.socket, tmp_path: Path) -> None:
    fallback = Memory()
    sink = JournaldSink(fallback, str(tmp_path / "journal"))
    Journal(StandingClock(), sink).decided(Decision(0, (), (transition(0),), {}))
    fields = dict(line.split("=", 1) for line in journald.recv(65_536).decode().splitlines())
    assert fields["MESSAGE"].startswith("cable download")
    assert fields["PRIORITY"] == "6"
    assert (fields["WANCTL_WAN"], fields["WANCTL_TO"]) == ("cable", "download.YELLOW")
    assert fields["MESSAGE_ID"] == TRANSITION_ID
    assert fallback.entries == []


def test_a_line_end_in_a_text_makes_no_field(journald: socket.socket, tmp_path: Path) -> None:
    JournaldSink(Memory(), str(tmp_path / "journal")).write(Entry("one\nPRIORITY=0", "warning"))
    assert journald.recv(65_536) == b"MESSAGE=one PRIORITY=0\nPRIORITY=4\nSYSLOG_IDENTIFIER=wanctl\n"


def test_a_journal_that_is_gone_leaves_the_stream(tmp_path: Path) -> None:
    fallback = Memory()
    JournaldSink(fallback, str(tmp_path / "nobody")).write(Entry("ready"))
    assert fallback.texts == ["ready"]


def test_the_journal_is_taken_where_systemd_has_connected_it(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w") as stream:
        found = os.fstat(stream.fileno())
        ours = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert is_journal(stream, ours)
        assert not is_journal(stream, {"JOURNAL_STREAM": "8:1"})
        assert not is_journal(stream, {})
        assert not is_journal(io.StringIO(), ours)
        assert isinstance(sink_of("auto", SystemClock(), stream, ours), JournaldSink)
        assert isinstance(sink_of("text", SystemClock(), stream, ours), TextSink)
        assert isinstance(sink_of("json", SystemClock(), stream, ours), JsonSink)
        assert isinstance(sink_of("auto", SystemClock(), stream, {}), TextSink)
