"""What is recorded of a site can be replayed, and decides the same."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.test_keep import Notes
from wanctl.control.sample import Observation, Reading, Sample, Sent, Void
from wanctl.daemon.state.disk import Disk
from wanctl.daemon.state.recorder import Recorder, RecordError
from wanctl.replay.trace import Trace

SECOND_NS = 1_000_000_000
BEGAN_NS = 1_000 * SECOND_NS
HOUR_NS = 3_600 * SECOND_NS


class Recorded:
    def __init__(self, folder: Path) -> None:
        self.notes = Notes()
        self.disk = Disk(self.notes.fail)
        self.disk.start()
        self.recorder = Recorder(folder, self.disk, self.notes.said.append)

    def finish(self) -> None:
        assert self.disk.stop()
        assert self.notes.failed == []


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    recorded = Recorded(tmp_path)
    yield recorded
    if recorded.disk.is_alive:
        recorded.finish()


def echo(at_s: float, rtt_ms: float | None, wan: str = "cable", source: str = "icmp") -> list[Observation]:
    sent_ns = BEGAN_NS + round(at_s * SECOND_NS)
    sent: list[Observation] = [Sent(wan, "192.0.2.1", sent_ns, source)]
    return sent if rtt_ms is None else [*sent, Sample(wan, "192.0.2.1", sent_ns, sent_ns + round(rtt_ms * 1e6), source)]


def test_echoes_and_rates_are_written_as_a_pair_of_files_that_a_replay_reads(recorded: Recorded) -> None:
    folder = recorded.recorder.start(["cable"], BEGAN_NS, HOUR_NS)
    total = 0
    for number in range(400):
        now_ns = BEGAN_NS + number * SECOND_NS // 20
        total += 62_500  # 10 Mbit/s
        readings = [Reading("cable", now_ns, total, total // 10)]
        recorded.recorder.take(echo(number / 20, None if number % 100 == 99 else 20.0 + number % 3), readings, now_ns)
    assert recorded.recorder.stop() == folder
    recorded.recorder.take([], [], BEGAN_NS + 20 * SECOND_NS)
    recorded.finish()
    rows = list(Trace(str(folder / "cable.csv")).probes())
    assert len(rows) == 400
    assert rows[1] == (50_000_000, "", "192.0.2.1", 21_000_000)
    assert sum(rtt is None for *_, rtt in rows) == 4
    rates = (folder / "cable.rates.csv").read_text().splitlines()
    assert rates[:2] == ["t_s,dl_rx_mbit,ul_tx_mbit", "0.000000,10.0000,1.0000"]


def test_the_verb_replay_runs_a_recording(recorded: Recorded) -> None:
    folder = recorded.recorder.start(["cable"], BEGAN_NS, HOUR_NS)
    for number in range(200):
        recorded.recorder.take(echo(number / 20, 20.0), [], BEGAN_NS + number * SECOND_NS // 20)
    recorded.recorder.close(BEGAN_NS + 10 * SECOND_NS)
    recorded.finish()
    command = [sys.executable, "-m", "wanctl", "replay", "--json", str(folder / "cable.csv")]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    assert json.loads(outcome.stdout)["ticks"] >= 199


def test_each_wan_has_files_of_its_own_and_a_new_one_is_left_out(recorded: Recorded) -> None:
    folder = recorded.recorder.start(["cable", "lte"], BEGAN_NS, HOUR_NS)
    recorded.recorder.take([*echo(0, 20), *echo(0, 45, "lte"), *echo(0, 1, "later")], [], BEGAN_NS)
    recorded.recorder.close(BEGAN_NS)
    recorded.finish()
    assert (folder / "lte.csv").read_text().splitlines()[1:] == ["0.000000,192.0.2.1,45.000"]
    # Nobody has counted bytes, so there are no rates.
    assert sorted(path.name for path in folder.iterdir()) == ["cable.csv", "lte.csv"]


def test_rows_stand_in_order_of_sending_whatever_answers_first(recorded: Recorded) -> None:
    folder = recorded.recorder.start(["cable"], BEGAN_NS, HOUR_NS)
    slow, quick = echo(0, 1_500), echo(0.05, 20)
    recorded.recorder.take([slow[0], *quick], [], BEGAN_NS)
    recorded.recorder.take([slow[1]], [], BEGAN_NS + 2 * SECOND_NS)
    recorded.recorder.close(BEGAN_NS + 3 * SECOND_NS)
    recorded.finish()
    assert (folder / "cable.csv").read_text().splitlines()[1:] == [
        "0.000000,192.0.2.1,1500.000",
        "0.050000,192.0.2.1,20.000",
    ]


def test_what_says_nothing_about_the_link_is_left_out(recorded: Recorded) -> None:
    folder = recorded.recorder.start(["cable"], BEGAN_NS, HOUR_NS)
    before, void = echo(-1, 20), echo(0.1, None)
    recorded.recorder.take(
        [*before, *void, Void("cable", "192.0.2.1", void[0].sent_ns, "icmp"), *echo(0.2, 30, source="tcp")],  # type: ignore[union-attr]
        [],
        BEGAN_NS,
    )
    recorded.recorder.close(BEGAN_NS)
    recorded.finish()
    assert (folder / "cable.csv").read_text() == "t_s,reflector,rtt_ms\n"


def test_a_counter_that_begins_anew_is_no_rate(recorded: Recorded) -> None:
    folder = recorded.recorder.start(["cable"], BEGAN_NS, HOUR_NS)
    readings = [
        Reading("cable", BEGAN_NS + n * SECOND_NS, b, b) for n, b in enumerate((1_000_000, 1_125_000, 5, 125_005))
    ]
    recorded.recorder.take([], readings, BEGAN_NS)
    recorded.recorder.close(BEGAN_NS)
    recorded.finish()
    assert (folder / "cable.rates.csv").read_text().splitlines()[1:] == [
        "0.000000,1.0000,1.0000",
        "1.000000,,",
        "2.000000,1.0000,1.0000",
    ]


def test_a_recording_ends_after_its_time_and_says_so(recorded: Recorded) -> None:
    folder = recorded.recorder.start(["cable"], BEGAN_NS, 2 * SECOND_NS)
    for number in range(60):
        recorded.recorder.take(echo(number / 20, 20.0), [], BEGAN_NS + number * SECOND_NS // 20)
    recorded.finish()
    assert recorded.notes.said == [f"the recording has ended: {folder}"]
    assert recorded.recorder.folder is None
    assert len((folder / "cable.csv").read_text().splitlines()) == 1 + 41


def test_there_is_one_recording_at_a_time(recorded: Recorded) -> None:
    folder = recorded.recorder.start(["cable"], BEGAN_NS, HOUR_NS)
    with pytest.raises(RecordError, match=f"goes on already, to {folder}"):
        recorded.recorder.start(["cable"], BEGAN_NS, HOUR_NS)
    recorded.recorder.close(BEGAN_NS)
    with pytest.raises(RecordError, match="no recording goes on"):
        recorded.recorder.stop()
    assert recorded.recorder.start(["cable"], BEGAN_NS, HOUR_NS).name == "record-2"
    recorded.recorder.close(BEGAN_NS)


def test_a_disk_that_is_no_folder_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    recorded = Recorded(tmp_path / "state")
    with pytest.raises(RecordError, match="cannot record to"):
        recorded.recorder.start(["cable"], BEGAN_NS, HOUR_NS)
    recorded.finish()


def test_without_a_recording_nothing_is_collected(recorded: Recorded) -> None:
    for number in range(100):
        recorded.recorder.take(echo(number, 20), [], BEGAN_NS)
    assert recorded.recorder._items == []
