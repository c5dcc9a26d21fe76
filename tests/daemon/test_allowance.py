"""The write budget over restarts, crashes and clocks that jump."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wanctl.actuator import Actuator, Target
from wanctl.budget import DAY_NS, MINUTE_NS, WriteBudget
from wanctl.daemon.clock import SystemClock
from wanctl.daemon.shaping.allowance import AHEAD, Allowance
from wanctl.daemon.state.store import Store

S = 1_000_000_000


class TwoClocks(SystemClock):
    """A wall clock and one that counts from the start of a process."""

    def __init__(self) -> None:
        self.wall_ns, self.began_ns = 1_800_000_000 * S, 0

    def monotonic_ns(self) -> int:
        return self.wall_ns - self.began_ns

    def realtime_ns(self) -> int:
        return self.wall_ns


class Process:
    """One life of a daemon, as far as its budget goes."""

    def __init__(self, folder: Path, clock: TwoClocks, minute: int = 30, day: int = 200) -> None:
        self.clock, self.troubles = clock, list[str]()
        target = Target("cable", "download", "q", 1_000, 100_000_000, applied_bps=50_000_000)
        self.actuator = Actuator((target,), WriteBudget(minute, day))
        self.allowance = Allowance(self.actuator, Store(folder, "budget"), clock)
        self.lost = self.allowance.load()

    def tell(self, _what: str, trouble: str) -> None:
        if trouble:
            self.troubles.append(trouble)

    def write(self, *, cut: bool = True) -> bool:
        """Send a write if the budget has one."""
        now_ns = self.clock.monotonic_ns()
        if self.actuator.budget.wait_ns(now_ns, cut=cut) > 0:
            return False
        self.allowance.before_write(self.tell)
        self.actuator.budget.spend(now_ns)
        return True

    @property
    def left(self) -> tuple[int | None, int | None]:
        return self.actuator.budget.left(self.clock.monotonic_ns())


@pytest.fixture
def clock() -> TwoClocks:
    return TwoClocks()


def test_the_first_start_has_the_whole_budget(tmp_path: Path, clock: TwoClocks) -> None:
    first = Process(tmp_path, clock)
    assert (first.left, first.lost) == ((30, 200), "")


def test_a_restart_goes_on_where_the_last_process_stopped(tmp_path: Path, clock: TwoClocks) -> None:
    before = Process(tmp_path, clock)
    for _ in range(25):
        assert before.write()
    before.allowance.close(before.tell)
    assert Process(tmp_path, clock).left == (5, 175)


def test_what_flows_in_meanwhile_counts_and_never_more_than_the_size(tmp_path: Path, clock: TwoClocks) -> None:
    before = Process(tmp_path, clock)
    for _ in range(30):
        assert before.write()
    before.allowance.close(before.tell)
    clock.wall_ns += 20 * S
    assert Process(tmp_path, clock).left == (10, 170)
    clock.wall_ns += 3600 * S
    assert Process(tmp_path, clock).left[0] == 30


def test_a_clock_that_went_back_adds_nothing_and_is_told(tmp_path: Path, clock: TwoClocks) -> None:
    before = Process(tmp_path, clock)
    for _ in range(30):
        assert before.write()
    before.allowance.close(before.tell)
    clock.wall_ns -= 86_400 * S
    after = Process(tmp_path, clock)
    assert after.left == (0, 170)
    assert "clock has gone back" in after.lost


def test_a_crash_costs_a_few_writes_that_were_never_made(tmp_path: Path, clock: TwoClocks) -> None:
    killed = Process(tmp_path, clock)
    for _ in range(AHEAD + 1):  # the sixth needs a second save
        assert killed.write()
    after = Process(tmp_path, clock)
    assert after.left == (30 - 2 * AHEAD, 200 - 2 * AHEAD)


def test_a_state_that_is_lost_leaves_what_is_kept_for_cuts(tmp_path: Path, clock: TwoClocks) -> None:
    before = Process(tmp_path, clock)
    before.write()
    before.allowance.close(before.tell)
    for path in tmp_path.iterdir():
        path.write_bytes(b"nothing of ours")
    after = Process(tmp_path, clock)
    assert after.left == (10, 66)
    assert "raises wait and cuts go out" in after.lost
    assert not after.write(cut=False)
    assert after.write(cut=True)


@pytest.mark.parametrize("value", [{}, {"left": 3, "wall_ns": 1, "owed": 0}, {"left": {}, "wall_ns": "x", "owed": 0}])
def test_a_state_that_makes_no_sense_is_taken_for_lost(
    value: dict[str, object], tmp_path: Path, clock: TwoClocks
) -> None:
    Store(tmp_path, "budget").save(value)
    after = Process(tmp_path, clock)
    assert after.left == (10, 66)
    assert after.lost


def test_another_budget_in_the_site_file_holds_from_the_next_start(tmp_path: Path, clock: TwoClocks) -> None:
    before = Process(tmp_path, clock)
    before.write()
    before.allowance.close(before.tell)
    assert Process(tmp_path, clock, minute=10, day=50).left == (10, 50)


def test_a_disk_that_refuses_stops_no_write_and_is_told(tmp_path: Path, clock: TwoClocks) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")
    one = Process(tmp_path / "state", clock)
    assert one.write()
    assert any("a restart may grant writes" in trouble for trouble in one.troubles)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(("write", "write", "write", "quiet", "kill", "stop")), st.integers(0, 20)),
        max_size=120,
    )
)
def test_no_sequence_of_crashes_and_restarts_exceeds_the_buckets(steps: list[tuple[str, int]]) -> None:
    """A bucket of size n passes at most n + n * t / period writes in any time t, whoever is killed when."""
    with TemporaryDirectory() as name:
        clock = TwoClocks()
        process = Process(Path(name), clock)
        written = []
        for what, seconds in steps:
            clock.wall_ns += seconds * S
            if what == "quiet":
                process.allowance.quiet(clock.monotonic_ns(), process.tell)
            elif what == "write":
                if process.write():
                    written.append(clock.wall_ns)
            else:
                if what == "stop":
                    process.allowance.close(process.tell)
                clock.began_ns = clock.wall_ns  # the other clock of a new process says something else
                process = Process(Path(name), clock)
        for index, start in enumerate(written):
            for count, end in enumerate(written[index:], start=1):
                assert count <= 30 + 30 * (end - start) / MINUTE_NS + 1e-3
                assert count <= 200 + 200 * (end - start) / DAY_NS + 1e-3


KILLED = """
import sys
from pathlib import Path
from tests.daemon.test_allowance import Process, TwoClocks
clock = TwoClocks()
process = Process(Path(sys.argv[1]), clock, minute=1000, day=2000)
while process.write():
    print("w", flush=True)
"""


@pytest.fixture
def writing(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, cwd=root) as process:
        yield process
        process.kill()


def test_a_process_that_is_killed_has_made_no_write_that_the_next_one_grants(
    writing: "subprocess.Popen[bytes]", tmp_path: Path, clock: TwoClocks
) -> None:
    assert writing.stdout is not None
    writing.stdout.readline()
    time.sleep(0.05)
    os.kill(writing.pid, signal.SIGKILL)
    made = 1 + len(writing.stdout.read().split())
    minute_left, _ = Process(tmp_path, clock, minute=1000, day=2000).left
    assert minute_left is not None
    assert 1000 - made - AHEAD - 1 <= minute_left <= 1000 - made + 1  # the last one may be granted and not yet told
